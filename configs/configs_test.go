package configs

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, want := range []string{"began", "cyclegan-points", "dcgan", "gan", "glyphs", "ring", "ring-flow", "ring-r1", "ring-wgan-gp", "sngan", "wgan-gp"} {
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
		if s := Summary(text); !strings.HasSuffix(s, ".") || len(s) > 160 {
			t.Errorf("%s.toml begins with %q, not with a sentence of at most 160 letters", name, s)
		}
	}
	for _, name := range []string{"nothing", "", "../configs/dcgan", "dcgan.toml"} {
		if _, err := Read(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Read(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
}

// What has a paper's size has a quick twin.
func TestPaper(t *testing.T) {
	for _, name := range Names() {
		if quick := strings.TrimSuffix(name, "-paper"); Paper(name) != (quick != name) || Paper(name) && !slices.Contains(Names(), quick) {
			t.Errorf("%s (of a paper's size: %t) has no twin %s", name, Paper(name), quick)
		}
	}
	for name, want := range map[string]bool{"gan-paper": true, "gan": false, "paper": false, "gan-paper-2": false} {
		if Paper(name) != want {
			t.Errorf("%s is of a paper's size: %t", name, !want)
		}
	}
}

func TestSummary(t *testing.T) {
	for text, want := range map[string]string{
		"# One thing, ring.toml\n# and more. Then another.\n\n# no\n": "One thing, ring.toml and more.",
		"# No end\n#\n#   command\n":                                  "No end",
		"key = 1\n":                                                   "",
	} {
		if got := Summary(text); got != want {
			t.Errorf("of %q: %q, want %q", text, got, want)
		}
	}
}
