package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
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

// What is written to a directory that is not there is refused before anything is opened or
// computed.
func TestOutputsAreCheckedFirst(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{
		{"sample", "-o", "@/none/s.png"}, {"sample", "-o", "@/none/s.npy"},
		{"interpolate", "-seeds", "1,2", "-o", "@/none/s.gif"},
		{"arithmetic", "-expr", "1+2", "-o", "@/none/s.png"},
		{"encode", "-i", "@/nothing", "-o", "@/none/s.npy"}, {"encode", "-i", "@/nothing", "-o", "@/none/s.png"},
		{"translate", "-i", "@/nothing", "-o", "@/none/s.png"},
		{"export", "-o", "@/none/s.safetensors"},
		{"eval", "-neighbours", "@/none/s.png"},
	} {
		status, _, errs := p.try(append(args, "-run", "@/points.toml")...)
		if status == 0 || !strings.Contains(errs, "there is no directory "+p.at("none")+"; make it") {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
	if status, _, errs := p.try("graph", "-config", "@/nothing.toml", "-o", "@/none/g.dot"); status == 0 || !strings.Contains(errs, "there is no directory") {
		t.Errorf("graph: status %d: %s", status, errs)
	}
}
