package main

import (
	"bytes"
	"image/gif"
	"strings"
	"testing"
)

func TestInterpolate(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	walk := func(args ...string) string {
		return p.run(append([]string{"interpolate", "-run", "0", "-out", "@/runs", "-seeds", "1,7,3", "-steps", "4"}, args...)...)
	}
	for _, test := range []struct {
		args   []string
		frames int
	}{{nil, 9}, {[]string{"-loop"}, 12}, {[]string{"-mode", "lerp"}, 9}} {
		walk(append(test.args, "-o", "@/w.gif")...)
		g, err := gif.DecodeAll(bytes.NewReader(p.read("w.gif")))
		if err != nil || len(g.Image) != test.frames || g.LoopCount != 0 {
			t.Errorf("%v: %d frames, want %d (%v)", test.args, len(g.Image), test.frames, err)
		}
	}
	if out := walk("-o", "@/w.png"); !strings.Contains(out, "10 images") {
		t.Errorf("two rows of five: %s", out)
	}
	if out := walk("-loop", "-o", "@/loop.png"); !strings.Contains(out, "15 images") {
		t.Errorf("three rows of five: %s", out)
	}
	for _, test := range []struct {
		steps string
		args  []string
	}{{"8", []string{"-o", "@/w.gif"}}, {"12", []string{"-loop", "-o", "@/w.gif"}}, {"8", []string{"-o", "@/w.png"}}, {"12", []string{"-loop", "-o", "@/w.png"}}} {
		if out := walk(test.args...); !strings.Contains(out, "\nlargest of "+test.steps+" steps 0.") || !strings.Contains(out, " times the median, 0.") {
			t.Errorf("%v: %s", test.args, out)
		}
	}
	walk("-loop", "-o", "@/loop.png")
	walk("-o", "@/w.png")
	if open, loop := p.png("w.png").Bounds(), p.png("loop.png").Bounds(); loop.Dy() <= open.Dy() || loop.Dx() != open.Dx() {
		t.Errorf("a walk of two legs is %v, of three %v", open, loop)
	}
}

// Uniform latents are walked through on straight lines, which stay among them.
func TestInterpolateUniform(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("-config", "@/images.toml", "-set", "model.z_dist=uniform", "-out", "@/runs", "-quiet")
	walk := func(run, name string, args ...string) ([]byte, string) {
		t.Helper()
		status, _, errs := p.try(append([]string{"interpolate", "-run", run, "-out", "@/runs", "-seeds", "1,7", "-o", "@/" + name}, args...)...)
		if status != 0 {
			t.Fatalf("status %d: %s", status, errs)
		}
		return p.read(name), errs
	}
	for _, test := range []struct{ run, mode string }{{"0", "slerp"}, {"1", "lerp"}} {
		byDefault, said := walk(test.run, "d.png")
		asked, also := walk(test.run, "a.png", "-mode", test.mode)
		if !bytes.Equal(byDefault, asked) || said+also != "" {
			t.Errorf("run %s: the default is not %s, or something is said: %q", test.run, test.mode, said+also)
		}
	}
	if _, said := walk("1", "s.png", "-mode", "slerp"); strings.Count(said, "\n") != 1 || !strings.Contains(said, "-mode lerp") {
		t.Errorf("slerp among uniform latents: %q", said)
	}
	if _, said := walk("0", "l.png", "-mode", "lerp"); said != "" {
		t.Errorf("lerp among normal latents: %q", said)
	}
}
