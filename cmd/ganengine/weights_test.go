package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
	"ganengine/gan/rundir"
)

// What was exported is what a run that starts from it has; the other network is drawn.
func TestInitFromExports(t *testing.T) {
	p := newPlace(t)
	next := 0
	export := func(run int, net, to string) map[string][]float32 {
		p.run("export", "-run", fmt.Sprint(run), "-out", "@/runs", "-raw-weights", "-net", net, "-o", "@/"+to)
		return p.trained(to)
	}
	for _, config := range []string{"images", "points"} {
		p.train(config)
		want := map[string]map[string][]float32{}
		for _, net := range []string{"g", "d"} {
			want[net] = export(next, net, net+".safetensors")
		}
		next++
		for net, lacks := range map[string]string{"g": "the generator alone", "d": "the discriminator alone"} {
			out := p.run("-config", "@/"+config+".toml", "-out", "@/runs", "-init", "@/"+net+".safetensors", "-steps", "1", "-seed", "5",
				"-set", "optim.g.lr=1e-30", "-set", "optim.d.lr=1e-30")
			if strings.Count(out, lacks) != 1 {
				t.Errorf("-init of %s does not say in one line that it is %s:\n%s", net, lacks, out)
			}
			for other := range want {
				if same := near(export(next, other, "again.safetensors"), want[other]); same != (other == net) {
					t.Errorf("%s from %s.safetensors: %s has the weights of the run before: %v", config, net, other, same)
				}
			}
			next++
		}
		out := p.run("-config", "@/"+config+".toml", "-out", "@/runs", "-init", "@/d.safetensors", "-init", "@/g.safetensors", "-steps", "1", "-seed", "5",
			"-set", "optim.g.lr=1e-30", "-set", "optim.d.lr=1e-30")
		if !near(export(next, "g", "again.safetensors"), want["g"]) || !near(export(next, "d", "again.safetensors"), want["d"]) || strings.Contains(out, "alone") {
			t.Errorf("%s: both files together are not the weights of the run before:\n%s", config, out)
		}
		next++
		other := map[string]string{"images": "points", "points": "images"}[config]
		status, _, errs := p.try("-config", "@/"+other+".toml", "-out", "@/runs", "-init", "@/g.safetensors")
		if status != 1 || !strings.Contains(errs, "g.safetensors is of another model: ") || strings.Count(errs, "\n") != 1 {
			t.Errorf("-init of another model's export: status %d, %s", status, errs)
		}
	}
	if runs, err := rundir.List(p.at("runs")); err != nil || len(runs) != next {
		t.Errorf("%d runs (%v), want %d: what was refused made none", len(runs), err, next)
	}
}

// trained are the tensors of an export that optimisers update.
func (p *place) trained(file string) map[string][]float32 {
	p.t.Helper()
	f, err := safetensors.Open(p.at(file))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]float32{}
	for _, x := range f.Tensors() {
		if strings.HasSuffix(x.Name, ".weight") || strings.HasSuffix(x.Name, ".bias") {
			out[x.Name] = make([]float32, x.Elements())
			if err := safetensors.Read(f, x.Name, out[x.Name]); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	return out
}

// near compares weights; one step at a rate of 1e-30 moves those that are 0.
func near(a, b map[string][]float32) bool {
	same := func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-20 }
	return len(a) > 0 && maps.EqualFunc(a, b, func(x, y []float32) bool { return slices.EqualFunc(x, y, same) })
}

// A wrong bit in a checkpoint is found by all that load it, and each says which one to take instead.
func TestDamagedCheckpoint(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	path := "runs/00000-dcgan-glyphs-b8/checkpoints/000004.safetensors"
	good := p.read(path)
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(p.at(path), bad, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-resume", "latest", "-set", "train.steps=6"},
		{"sample", "-run", "latest", "-o", "@/x.png"},
		{"export", "-run", "latest", "-o", "@/x.safetensors"},
		{"interpolate", "-run", "latest", "-seeds", "1,2", "-o", "@/x.png"},
		{"arithmetic", "-run", "latest", "-expr", "1", "-o", "@/x.png"},
	} {
		args = append(args, "-out", "@/runs")
		status, _, errs := p.try(args...)
		if status != 1 || !strings.Contains(errs, `000004.safetensors: tensor "`) || !strings.Contains(errs, "damaged") ||
			!strings.HasSuffix(errs, "; -checkpoint 2 takes the one before\n") {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
		if args[0] != "-resume" {
			p.run(append(args, "-checkpoint", "2")...)
		}
	}
	status, _, errs := p.try("-config", "@/images.toml", "-out", "@/runs", "-init", "0", "-set", "optim.g.lr=1e-30", "-steps", "1")
	if before := p.at("runs/00000-dcgan-glyphs-b8/checkpoints/000002.safetensors"); status != 1 || !strings.Contains(errs, "damaged") || !strings.HasSuffix(errs, "-init too: "+before+"\n") {
		t.Errorf("-init: status %d, %s", status, errs)
	}
	out := p.run("-resume", "latest", "-out", "@/runs", "-checkpoint", "2")
	if !strings.Contains(out, "after step 2 of 4") || !bytes.Equal(p.read(path), good) {
		t.Errorf("going on from the one before does not lead to the same state:\n%s", out)
	}
	for args, want := range map[string]string{
		"-resume latest -checkpoint 3":                     "step 3: no such checkpoint: run ",
		"-config @/images.toml -checkpoint 2":              "-checkpoint is what -resume continues from",
		"-config @/points.toml -resume auto -checkpoint 2": "no such run",
	} {
		if _, _, errs := p.try(append(strings.Fields(args), "-out", "@/runs")...); !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: %s", args, errs)
		}
	}
}

// A start that came to no checkpoint hides no run that has one.
func TestFailedStartHidesNothing(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	auto := []string{"-config", "@/images.toml", "-out", "@/runs", "-resume", "auto", "-steps", "6"}
	dead, err := rundir.Create(p.at("runs"), "dcgan-glyphs-b8") // as a kill in the first second leaves it
	if err != nil {
		t.Fatal(err)
	}
	if status, _, errs := p.try(auto...); status != 1 || !strings.Contains(errs, "in use by process") {
		t.Errorf("auto while another process starts a run of that name: status %d, %s", status, errs)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	p.write("wrong.safetensors", "no weights")
	if status, _, errs := p.try("-config", "@/images.toml", "-out", "@/runs", "-init", "@/wrong.safetensors"); status != 1 || !strings.Contains(errs, "wrong.safetensors: header of") {
		t.Errorf("-init of garbage: status %d, %s", status, errs)
	}
	if runs, err := rundir.List(p.at("runs")); err != nil || len(runs) != 2 {
		t.Errorf("runs %v (%v): a start that failed left one", runs, err)
	}
	p.run("sample", "-run", "latest", "-out", "@/runs", "-o", "@/x.png")
	if out := p.run(auto...); !strings.Contains(out, "resuming "+p.at("runs/00000-dcgan-glyphs-b8")+" after step 4 of 6") {
		t.Errorf("auto began anew:\n%s", out)
	}
	if out := p.run("-resume", "latest", "-out", "@/runs", "-set", "train.steps=7"); !strings.Contains(out, "after step 6 of 7") {
		t.Errorf("latest is another run:\n%s", out)
	}
}
