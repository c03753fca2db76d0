package emit_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"ganengine/cuda/emit"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/rewrite"
	"ganengine/gan/config/configtest"
)

var update = flag.Bool("update", false, "rewrite testdata/launches")

// started counts what a program starts on CUDA: launches of this package's kernels,
// each of which may be several passes through memory, and products, each of which is
// at least one launch.
type started struct{ launches, passes, products int }

// TestLaunches holds the shipped configurations to their launches, so that no change
// of a program loses a fusion unseen: testdata/launches has a file for each, with a
// line for each program of an iteration.
func TestLaunches(t *testing.T) {
	configtest.Kept(t, "testdata/launches", "go test ./cuda/emit -run TestLaunches -update", *update,
		func(name string) string { return launches(t, name) })
}

// launches has a line for each program that an iteration of a configuration runs, in
// either precision.
func launches(t *testing.T, name string) string {
	t.Helper()
	var text strings.Builder
	for _, precision := range []string{"fp32", "bf16"} {
		for _, p := range programs(t, name, "run.precision="+precision) {
			switch p.Name {
			case "init", "latents", "sample", "judge": // no part of an iteration
			default:
				n := starts(p)
				fmt.Fprintf(&text, "%s %s: %d launches, %d passes, %d products\n", precision, p.Name, n.launches, n.passes, n.products)
			}
		}
	}
	return text.String()
}

func starts(p *graph.Program) (n started) {
	s := fuse.Make(rewrite.ForKernels(p, emit.Claims), fuse.Options{})
	for _, group := range emit.Arrange(s.Kernels, (*fuse.Kernel).HasItsOwn) {
		if group[0].Kernel.HasItsOwn() {
			n.products++
		} else {
			n.launches++
		}
	}
	n.passes = len(s.Kernels) - n.products
	return n
}
