package emit_test

import (
	"maps"
	"testing"

	"ganengine/configs"
	"ganengine/cuda/emit"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/lower"
)

// started counts what a program starts on CUDA: launches of this package's kernels,
// each of which may be several passes through memory, and products, each of which is
// at least one launch.
type started struct{ launches, passes, products int }

// iterations are the programs that an iteration runs: d for an update of D alone, dg
// for one of both, flow for a flow's.
var iterations = map[string]map[string]started{
	"cgan/fp32":         {"d": {21, 30, 11}, "g": {20, 30, 14}},
	"cgan/bf16":         {"d": {21, 35, 11}, "g": {21, 34, 14}},
	"dcgan/fp32":        {"dg": {60, 149, 38}},
	"dcgan/bf16":        {"dg": {61, 160, 38}},
	"gan/fp32":          {"dg": {32, 54, 25}},
	"gan/bf16":          {"dg": {32, 60, 25}},
	"glyphs/fp32":       {"dg": {48, 111, 30}},
	"glyphs/bf16":       {"dg": {49, 120, 30}},
	"ring/fp32":         {"dg": {31, 44, 25}},
	"ring/bf16":         {"dg": {31, 46, 25}},
	"ring-flow/fp32":    {"flow": {88, 115, 71}},
	"ring-flow/bf16":    {"flow": {89, 122, 71}},
	"ring-r1/fp32":      {"dg": {37, 49, 35}},
	"ring-r1/bf16":      {"dg": {37, 51, 35}},
	"ring-wgan-gp/fp32": {"d": {25, 32, 21}, "dg": {38, 51, 35}},
	"ring-wgan-gp/bf16": {"d": {25, 34, 21}, "dg": {38, 53, 35}},
	"wgan-gp/fp32":      {"d": {71, 131, 44}, "dg": {110, 215, 68}},
	"wgan-gp/bf16":      {"d": {72, 141, 44}, "dg": {111, 225, 68}},
}

// TestLaunches holds the shipped configurations to their launches, so that no change
// of a program loses a fusion unseen. Whoever means to change them changes the table.
func TestLaunches(t *testing.T) {
	for _, name := range configs.Names() {
		for _, precision := range []string{"fp32", "bf16"} {
			got := map[string]started{}
			for _, p := range programs(t, name, "run.precision="+precision) {
				switch p.Name {
				case "init", "latents", "sample", "judge": // no part of an iteration
				default:
					got[p.Name] = starts(p)
				}
			}
			if want := iterations[name+"/"+precision]; !maps.Equal(got, want) {
				t.Errorf("%s in %s starts {launches passes products} %v, want %v", name, precision, got, want)
			}
		}
	}
}

func starts(p *graph.Program) (n started) {
	s := fuse.Make(lower.Expand(p), fuse.Options{})
	for _, group := range emit.Arrange(s.Kernels, (*fuse.Kernel).IsProduct) {
		if group[0].Kernel.IsProduct() {
			n.products++
		} else {
			n.launches++
		}
	}
	n.passes = len(s.Kernels) - n.products
	return n
}
