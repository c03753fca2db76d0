package main

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/rundir"
)

// tiny configurations train for a few steps within milliseconds.
const (
	points = `
[data]
kind = "mixture"
[model]
kind = "mlp"
z = 4
g_hidden = [8]
d_hidden = [8]
[train]
batch = 8
steps = 4
[sample]
count = 9
`
	images = `
[data]
size = 8
channels = 1
limit = 64
[model]
z = 4
g_channels = 4
d_channels = 4
[train]
batch = 8
steps = 4
ema_kimg = 0.1
[log]
every = 2
[sample]
count = 9
[checkpoint]
every = 2
`
	domains = `
[data]
kind = "mixture"
[data.b]
radius = 1.0
[model]
kind = "cyclegan-points"
g_hidden = [4]
d_hidden = [4]
[optim.g]
lr = { at = [0, 100], to = [1e-3, 0] }
[train]
batch = 8
steps = 4
pool = 12
[log]
every = 2
[checkpoint]
every = 2
`
)

// place is a directory with configurations, in which commands run.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t, t.TempDir()}
	p.write("points.toml", points)
	p.write("images.toml", images)
	return p
}

func (p *place) at(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.at(name), []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// try runs a command line, in which @ stands for the place's directory.
func (p *place) try(args ...string) (status int, stdout, stderr string) {
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "@", p.dir)
	}
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// run is try for what must succeed.
func (p *place) run(args ...string) string {
	p.t.Helper()
	status, out, errs := p.try(args...)
	if status != 0 || errs != "" {
		p.t.Fatalf("%v: status %d: %s", args, status, errs)
	}
	return out
}

// train makes a run of 4 steps.
func (p *place) train(config string) {
	p.t.Helper()
	p.run("-config", "@/"+config+".toml", "-out", "@/runs", "-quiet")
}

func (p *place) steps(run string) (steps []int64) {
	p.t.Helper()
	dir, err := rundir.Find(p.at("runs"), run)
	if err != nil {
		p.t.Fatal(err)
	}
	files, err := dir.Checkpoints()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range files {
		steps = append(steps, f.Step)
	}
	return steps
}

func (p *place) read(name string) []byte {
	p.t.Helper()
	b, err := os.ReadFile(p.at(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// outputs are command lines of everything that writes a file, without the file, which the
// last argument begins the name of.
var outputs = [][]string{
	{"sample", "-o", "s.png"}, {"sample", "-o", "s.npy"}, {"sample", "-o", "s/"},
	{"interpolate", "-seeds", "1,2", "-o", "s.gif"}, {"interpolate", "-seeds", "1,2", "-o", "s.png"},
	{"arithmetic", "-expr", "1+2", "-o", "s.png"},
	{"encode", "-i", "@/nothing", "-o", "s.npy"}, {"encode", "-i", "@/nothing", "-o", "s.png"},
	{"translate", "-i", "@/nothing", "-o", "s.png"}, {"translate", "-i", "@/nothing", "-o", "s"},
	{"export", "-o", "s.safetensors"},
	{"eval", "-neighbours", "s.png"},
}

// What is written to a place that takes no file is refused before anything is opened or
// computed, and so is what training keeps in a run directory.
func TestOutputsAreCheckedFirst(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	d, err := rundir.Find(p.at("runs"), "0")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range outputs {
		last := len(args) - 1
		args, name := slices.Clone(args[:last]), args[last]
		for dir, want := range map[string]string{"@/none": "there is no directory " + p.at("none") + "; make it", "@/images.toml": "a file: choose another place"} {
			if dir == "@/none" && filepath.Ext(name) == "" { // folders are made
				continue
			}
			status, _, errs := p.try(append(slices.Clone(args), dir+"/"+name, "-run", "@/points.toml")...)
			if status == 0 || !strings.Contains(errs, want) {
				t.Errorf("%v to %s/%s: status %d: %s", args, dir, name, status, errs)
			}
		}
		held := map[string]string{".png": d.SamplePath(4), "": string(d) + "/samples/"}[filepath.Ext(name)]
		if filepath.Ext(name) == ".safetensors" {
			held = d.CheckpointPath(4)
		}
		if held == "" { // training keeps no such files
			continue
		}
		before := p.tree(string(d))
		status, _, errs := p.try(append(slices.Clone(args), held, "-run", string(d))...)
		if status != 2 || !strings.Contains(errs, "is kept by the training of run "+string(d)+": name another place") {
			t.Errorf("%v to %s: status %d: %s", args, held, status, errs)
		}
		if !maps.Equal(before, p.tree(string(d))) {
			t.Errorf("%v changed the run", args)
		}
	}
	if status, _, errs := p.try("graph", "-config", "@/nothing.toml", "-o", "@/none/g.dot"); status == 0 || !strings.Contains(errs, "there is no directory") {
		t.Errorf("graph: status %d: %s", status, errs)
	}
}

// tree is the content of all files below a directory.
func (p *place) tree(dir string) map[string]string {
	p.t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
	return all
}
