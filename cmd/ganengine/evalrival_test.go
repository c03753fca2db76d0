package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"ganengine/gan/measure"
)

// Two runs judge each other's samples: seen from the other side ratios turn over, and
// against itself a run is even.
func TestEvalGAM(t *testing.T) {
	p := newPlace(t)
	for _, run := range [][]string{{"one", "run.seed=5"}, {"other", "run.seed=6"}} {
		p.run("-config", "@/points.toml", "-name", run[0], "-set", run[1], "-set", "train.steps=150", "-set", "optim.g.lr=0.01", "-set", "optim.d.lr=0.003", "-out", "@/runs", "-quiet")
	}
	gam := func(run, with string) map[string]measure.Row {
		rows := map[string]measure.Row{}
		for line := range strings.Lines(p.run("eval", "-run", run, "-with", with, "-out", "@/runs", "-metrics", "gam", "-n", "300", "-json")) {
			var row measure.Row
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			rows[row.Metric] = row
		}
		return rows
	}
	one, other, self := gam("0", "1"), gam("1", "0"), gam("1", "1")
	for _, name := range []string{"gam", "gam-test", "gam-accuracy", "gam-test-accuracy"} {
		a, b := one[name], other[name]
		if product := float64(a.Value * b.Value); math.Abs(product-1) > 1e-9 || self[name].Value != 1 {
			t.Errorf("%s is %g, from the other side %g, against itself %g", name, float64(a.Value), float64(b.Value), float64(self[name].Value))
		}
		if a.With != "00001-other step 150" || a.Samples != 300 || a.Reals != 300 || a.Split != "train" || a.Name != name+"300_points_train" {
			t.Errorf("%s: protocol %+v", a.Name, a.Protocol)
		}
	}
	if found := one["gam"].Found; found["errors"] != other["gam"].Found["errors_other"] || found["winner"] != -other["gam"].Found["winner"] || found["errors"] == found["errors_other"] {
		t.Errorf("found %v, from the other side %v", found, other["gam"].Found)
	}
	if out := p.run("eval", "-run", "1", "-with", "1", "-out", "@/runs", "-metrics", "gam", "-n", "300"); !strings.Contains(out, "\ngam: neither wins") || !strings.Contains(out, "\ngam-accuracy: neither wins") {
		t.Errorf("against itself:\n%s", out)
	}
	p.write("critic.toml", strings.Replace(points, "[train]", "[loss]\nkind = \"wasserstein\"\n[train]", 1))
	p.train("critic")
	p.train("images")
	p.run("-config", "@/points.toml", "-set", "train.steps=0", "-out", "@/runs", "-quiet")
	for _, test := range []struct{ args, want string }{
		{"-run|0|-metrics|gam", "gam is of two runs: name the other one with -with RUN"}, {"-run|0|-metrics|modes|-with|1", "-with: none of the metrics is of two runs"},
		{"-run|0|-metrics|gam|-with|9", "run 9: no such run"}, {"-run|0|-metrics|gam|-with|2", "-with 2: the mlp of this run has no discriminator that gives probabilities"},
		{"-run|0|-metrics|gam|-with|3", "-with 3: its samples are [8,8,1] and those of -run are [2]"},
		{"-run|0|-metrics|gam|-with|4", "has learned nothing yet: its checkpoint is of step 0"},
		{"-run|0|-metrics|ratio", "-metrics ratio: the density of what the mlp of this run generates is not known"},
	} {
		if status, _, errs := p.try(append([]string{"eval", "-out", "@/runs", "-n", "100"}, strings.Split(test.args, "|")...)...); status != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%s: status %d: %s", test.args, status, errs)
		}
	}
}

// An affine generator has a density, so that logits have something to be held to.
func TestEvalRatio(t *testing.T) {
	p := newPlace(t)
	p.run("-config", "@/points.toml", "-set", "model.g_hidden=[]", "-set", "train.steps=20", "-set", "optim.g.lr=1e-30", "-out", "@/runs", "-quiet")
	var row measure.Row
	if err := json.Unmarshal([]byte(p.run("eval", "-run", "0", "-out", "@/runs", "-metrics", "ratio", "-n", "500", "-json")), &row); err != nil {
		t.Fatal(err)
	}
	if row.Name != "ratio500_points_train" || row.Reals != 500 || !(row.Value > -1 && row.Value < 1) || row.Value == 0 {
		t.Errorf("row %+v", row)
	}
}
