package configs

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, want := range []string{"began", "cyclegan-points", "dcgan", "gan", "glyphs", "ring", "ring-flow", "ring-r1", "ring-wgan-gp", "wgan-gp"} {
		if !slices.Contains(Names(), want) {
			t.Errorf("%s is not embedded", want)
		}
	}
	if !slices.IsSorted(Names()) {
		t.Errorf("names are not sorted: %v", Names())
	}
}

// Each file begins with a comment that says what it is for.
func TestRead(t *testing.T) {
	for _, name := range Names() {
		text, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, "# ") {
			t.Errorf("%s.toml does not begin with a comment", name)
		}
	}
	for _, name := range []string{"nothing", "", "../configs/dcgan", "dcgan.toml"} {
		if _, err := Read(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Read(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
}
