//go:build systems

package systems_test

import (
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/data"
)

// imagesOf are n images of a section of data from number first on, with their classes.
// Glyphs never end: those from the set's length on are ones that a training has not seen.
func imagesOf(t *testing.T, d *config.Data, first, n int) (pixels []byte, labels []int) {
	t.Helper()
	spec := data.Spec{Kind: d.Kind, Path: d.Path, Height: d.Height, Width: d.Width, Channels: d.Channels, Characters: d.Characters, Labels: true}
	if d.Kind == "glyphs" {
		spec.Limit = first + n
	}
	set, err := data.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	size := d.Height * d.Width * d.Channels
	pixels, labels = make([]byte, n*size), make([]int, n)
	for i := range n {
		if err := set.(data.Images).Read(pixels[i*size:(i+1)*size], first+i); err != nil {
			t.Fatal(err)
		}
		labels[i] = set.Label(first + i)
	}
	return pixels, labels
}
