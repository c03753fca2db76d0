// Package filestest is how tests make files of images, and look through sets of them.
package filestest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"ganengine/gan/data/files"
)

// PNG is an image as a file.
func PNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Flat is a PNG of one colour, in RGB or RGBA.
func Flat(t testing.TB, w, h int, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, c)
	}
	return PNG(t, m)
}

// Grey is a PNG of 4×3 grey pixels.
func Grey(t testing.TB, v byte) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 3))
	for i := range m.Pix {
		m.Pix[i] = v
	}
	return PNG(t, m)
}

// Folder makes a directory of files named by relative paths.
func Folder(t testing.TB, contents map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, b := range contents {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Listed is each image of a set: its name, its class and its first value.
func Listed(t testing.TB, s *files.Set) (list []string) {
	t.Helper()
	h, w, c := s.Shape()
	dst := make([]byte, h*w*c)
	for i := range s.Len() {
		if err := s.Read(dst, i); err != nil {
			t.Error(err)
		}
		list = append(list, fmt.Sprintf("%s %d %d", s.Name(i), s.Label(i), dst[0]))
	}
	return list
}
