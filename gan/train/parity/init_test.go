package parity

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/gan/train"
)

// saved are files that scripts/parity/make_init.py had PyTorch write, of the state after step
// 4 of the fixture dcgan, and which optimisers they have.
var saved = []struct {
	files      []string
	optimisers string
	note       string
}{
	{[]string{"netG.pth", "netD.pt"}, "", ""},
	{[]string{"netD.safetensors", "netG.pth"}, "", ""},
	{[]string{"optimizerG.pth", "netG.pth", "netD.safetensors"}, "g", "optimiser g goes on after 5 updates, from testdata/pytorch/optimizerG.pth"},
	{[]string{"checkpoint.pth"}, "gd", "optimiser g goes on after 5 updates, from testdata/pytorch/checkpoint.pth: optimizerG; optimiser d goes on after 5 updates, from testdata/pytorch/checkpoint.pth: optimizerD"},
	{[]string{"netG.pth"}, "", "testdata/pytorch/netG.pth holds the generator alone: the discriminator starts from drawn weights"},
}

// begun is a rig whose networks begin with files that PyTorch wrote.
func begun(t *testing.T, f *fixture, files ...string) (*rig, string) {
	t.Helper()
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	r := newRig(t, dev, f, graph.F32)
	var paths []string
	for _, name := range files {
		paths = append(paths, filepath.Join("testdata/pytorch", name))
	}
	note, err := train.LoadWeights(r.game, r.session, paths)
	if err != nil {
		t.Fatal(err)
	}
	return r, note
}

// Files that PyTorch wrote are the state that they were written of, bit for bit: weights,
// running statistics, and where an optimiser is there its moments and count.
func TestWrittenByPyTorch(t *testing.T) {
	f := open(t, "dcgan")
	for _, c := range saved {
		t.Run(strings.Join(c.files, "+"), func(t *testing.T) {
			r, note := begun(t, f, c.files...)
			if note != c.note {
				t.Errorf("the note is %q, want %q", note, c.note)
			}
			compared := 0
			for _, v := range r.state() {
				net, optimiser, _ := strings.Cut(v, "/")
				if net == "opt" {
					optimiser, _, _ = strings.Cut(optimiser, "/")
				} else {
					optimiser = ""
				}
				given := net == "g" || net == "d" && len(c.files) > 1 || net == "d" && c.optimisers == "gd" || optimiser != "" && strings.Contains(c.optimisers, optimiser)
				if !given {
					continue
				}
				compared++
				if !slices.Equal(r.read(v), f.values("step4/"+v)) {
					t.Errorf("%s is not what was written", v)
				}
			}
			if compared < 10 {
				t.Errorf("only %d Variables were compared", compared)
			}
		})
	}
}

// What begins with PyTorch's networks and optimisers takes the step that PyTorch takes.
func TestStepAfterPyTorch(t *testing.T) {
	f := open(t, "dcgan")
	r, _ := begun(t, f, "checkpoint.pth")
	c := &checker{f: f}
	c.scores("step5/score/", r.step(f, "step5", 1, false), c.spread)
	for _, v := range r.state() {
		c.spread("step5/"+v, r.read(v))
	}
	c.report(t)
	// Without the moments it would be another one.
	r, _ = begun(t, f, "netG.pth", "netD.pt")
	without := &checker{f: f}
	r.step(f, "step5", 1, false)
	without.spread("step5/g/image/w", r.read("g/image/w"))
	if len(without.errs) == 0 {
		t.Error("a step without the optimisers' states is the same")
	}
}

// A generator makes the images that PyTorch's makes.
func TestImagesOfPyTorch(t *testing.T) {
	images, err := safetensors.Open("testdata/pytorch/images.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer images.Close()
	r, _ := begun(t, open(t, "dcgan"), "netG.pth")
	p, err := r.game.Player("g").Program("images", 3, true)
	if err != nil {
		t.Fatal(err)
	}
	r.compile(p)
	z := &fixture{file: images}
	got := floats(r.run("images", z, "")["image"], graph.F32)
	for i, want := range z.values("images") {
		if off := abs(got[i] - want); !(off < 1e-6) {
			t.Fatalf("number %d is %g, PyTorch's %g", i, got[i], want)
		}
	}
}
