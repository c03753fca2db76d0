package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// nasty is a name that takes a terminal's title, clears it and reverses text.
const nasty = "\x1b]0;x\x07\u009b2J\u202e"

// Names from outside reach neither the terminal nor the log as they are, from
// whichever place they come.
func TestNothingRawIsPrinted(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "16", "-o", "@/photos/class"+nasty+"/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-o", "@/photos/b\nc/")
	p.write("photos/class"+nasty+"/\x1b]0;x\x07.png", "no picture")
	p.write("nasty"+nasty+".toml", "[train]\n\"a"+strings.ReplaceAll(nasty, "\x1b", `\u001b`)+"\" = 1\n")
	p.write("broken"+nasty+".npy", "no array")
	if err := os.Rename(p.at("runs/00000-dcgan-glyphs-b8"), p.at("runs/00000-"+nasty)); err != nil {
		t.Skip("this system has no such names: ", err)
	}
	for _, args := range [][]string{
		{"data", "inspect", "@/photos"},
		{"-config", "@/images.toml", "-set", "data.limit=0", "-data", "@/photos", "-out", "@/out" + nasty, "-v"},
		{"-config", "@/images.toml", "-dry-run", "-set", "data.limit=0", "-data", "@/photos/class" + nasty},
		{"-config", "@/images.toml", "-data", "@/no" + nasty},
		{"-config", "@/nasty" + nasty + ".toml"},
		{"-config", nasty},
		{"-set", nasty + "=1", "-config", "glyphs"},
		{"-" + nasty},
		{nasty},
		{"runs", "@/runs"},
		{"runs", "@/" + nasty},
		{"sample", "-run", "0", "-out", "@/runs", "-n", "1", "-o", "@/" + nasty + ".npy"},
		{"sample", "-run", "0", "-out", "@/runs", "-z", "@/broken" + nasty + ".npy", "-o", "@/x.npy"},
		{"sample", "-run", nasty, "-out", "@/runs", "-o", "@/x.npy"},
		{"export", "-run", "0", "-out", "@/runs", "-o", "@/" + nasty + "/x.safetensors"},
		{"graph", "-config", "@/points.toml", "-o", "@/" + nasty + ".dot"},
	} {
		_, out, errs := p.try(args...)
		for _, text := range []string{out, errs} {
			for line := range strings.Lines(text) {
				if raw := strings.IndexFunc(strings.TrimSuffix(line, "\n"), disturbs); raw >= 0 {
					t.Errorf("%q prints %q", args, line)
				}
			}
		}
		if out+errs == "" {
			t.Errorf("%q prints nothing", args)
		}
	}
	logs, err := filepath.Glob(p.at("out*/*/log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(logs, p.at("runs/00000-"+nasty+"/log.txt")) {
		log, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if raw := strings.IndexFunc(strings.ReplaceAll(string(log), "\n", " "), disturbs); raw >= 0 {
			t.Errorf("%q has a control character: %q", path, log)
		}
	}
}

func disturbs(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
