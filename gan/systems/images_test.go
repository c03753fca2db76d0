//go:build systems

package systems_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/train"
)

// imagesOf are n images of a section of data from number first on, with their classes.
// Glyphs never end: those from the set's length on are ones that a training has not seen.
func imagesOf(t *testing.T, d *config.Data, first, n int) (pixels []byte, labels []int) {
	t.Helper()
	whole := *d
	whole.Labels, whole.Limit = true, 0
	if d.Kind == "glyphs" {
		whole.Limit = first + n
	}
	set, err := train.OpenData(t.Context(), &whole, nil, nil)
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

// onImages is the text of a shipped configuration with the images of an idx file in place
// of glyphs.
func onImages(t *testing.T, name, path string, size int) string {
	t.Helper()
	text, err := configs.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^(characters|kind = "glyphs"|size) ?.*\n`).ReplaceAllString(text, "")
	return strings.Replace(text, "[data]\n", fmt.Sprintf("[data]\nkind = \"idx\"\npath = %q\nsize = %d\n", path, size), 1)
}

// stepsOr is how many steps STEPS lets a long training have, for machines that are not
// those of its paper; its row says how many.
func stepsOr(usual int) string {
	if s := os.Getenv("STEPS"); s != "" {
		return s
	}
	return strconv.Itoa(usual)
}

// mnist is the folder of MNIST's files, of which make check-systems-full says where it is;
// a test is skipped where nobody does.
func mnist(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MNIST")
	if dir == "" {
		t.Skip("MNIST names no folder with its files: make check-systems-full")
	}
	return dir
}
