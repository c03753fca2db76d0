package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestComplete: what may follow is commands, then the command's flags, and behind a flag
// what it takes; nothing where files are meant.
func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll(filepath.FromSlash("runs/00003-faces"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words string // separated by blanks
		want  []string
		more  bool // there are others beside those
	}{
		{"", []string{"train", "sample", "help", "completion"}, true},
		{"sam", []string{"sample"}, false},
		{"help inter", []string{"interpolate"}, false},
		{"-conf", []string{"-config"}, false},
		{"-config ring-f", []string{"ring-flow"}, false},
		{"train -config dcgan -batch", []string{"-batch"}, false},
		{"sample -run ", []string{"latest", "runs/00003-faces"}, false},
		{"sample -run l", []string{"latest"}, false},
		{"sample --cap", []string{"-captions"}, false},
		{"sample -run latest -captions -o", []string{"-o", "-out"}, false},
		{"sample -run latest -o ", nil, false},
		{"-config dcgan -data ", nil, false},
		{"-config dcgan -set train.ste", []string{"train.steps="}, false},
		{"eval -run latest -metrics fd,covera", []string{"fd,coverage"}, false},
		{"compare ", []string{"runs/00003-faces"}, false},
		{"data in", []string{"inspect"}, false},
		{"nothing -o", nil, false},
	} {
		words := strings.Split(c.words, " ")
		p := newPlace(t)
		got := strings.Fields(p.run(append([]string{"completion", "words", "--"}, words...)...))
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q: %q is not among %q", c.words, w, got)
			}
		}
		if !c.more && len(got) != len(c.want) {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}

// TestCompletionInBash: bash takes the lines, and what it offers is what the program says.
func TestCompletionInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	p := newPlace(t)
	p.write("completion", p.run("completion", "bash"))
	p.write("ganengine", "#!/bin/sh\n[ \"$*\" = 'completion words -- sample -ca' ] && echo -captions\n[ \"$*\" = 'completion words -- -set ' ] && echo train.steps=\n")
	if err := os.Chmod(p.at("ganengine"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := `compopt() { echo "$@"; }; . ./completion
		PATH=.:$PATH; for COMP_LINE in "ganengine sample -ca" "ganengine -set "; do COMP_POINT=${#COMP_LINE}; _ganengine; echo "${COMPREPLY[@]}"; done`
	cmd := exec.Command(bash, "-c", script)
	cmd.Dir = p.at("")
	out, err := cmd.CombinedOutput()
	if got, want := string(out), "-captions\n-o nospace\ntrain.steps=\n"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}
