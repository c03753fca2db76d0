package systems_test

import (
	"math"
	"slices"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
)

const tinyBEGAN = `
[data]
kind = "mixture"
layout = "ring"
modes = 8
radius = 2.0
sigma = 0.1
[model]
kind = "began"
z = 2
hidden = [8]
[train]
batch = 16
steps = 60
[log]
every = 1
[sample]
every = 0
[checkpoint]
every = 0
`

// TestBEGANBalance holds k to section 3.4 of arXiv 1703.10717, computed in float64
// from the errors that the run tells of; runs that begin in the middle, and that meet
// either end.
func TestBEGANBalance(t *testing.T) {
	for _, test := range []struct {
		name             string
		gamma, lambda, k float64
		set              []string
		low, high        bool // ends that k meets
	}{
		{"inside", .5, .01, .5, []string{"loss.lambda=0.01", "loss.k=0.5"}, false, false},
		{"low", 0, .2, .5, []string{"loss.gamma=0", "loss.lambda=0.2", "loss.k=0.5"}, true, false},
		{"high", 1, 1, .5, []string{"loss.gamma=1", "loss.lambda=1", "loss.k=0.5"}, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := beganRows(t, test.set...)
			if len(rows) != 60 {
				t.Fatalf("%d rows, want one a step, 60", len(rows))
			}
			k, low, high := test.k, false, false
			for i, r := range rows {
				if math.Abs(r.K-k) > 1e-6 {
					t.Fatalf("step %d: k is %v, want %v", i, r.K, k)
				}
				if m := r.Real + math.Abs(test.gamma*r.Real-r.Fake); math.Abs(r.M-m) > 1e-6 {
					t.Errorf("step %d: the convergence measure is %v, want %v", i, r.M, m)
				}
				if d := r.Real - k*r.Fake; math.Abs(r.D-d) > 1e-6 || math.Abs(r.G-r.Fake) > 1e-6 {
					t.Errorf("step %d: losses %v and %v, want %v and %v", i, r.D, r.G, d, r.Fake)
				}
				k = min(max(k+test.lambda*(test.gamma*r.Real-r.Fake), 0), 1)
				low, high = low || k == 0, high || k == 1
			}
			if low != test.low || high != test.high {
				t.Errorf("k met 0: %v, and 1: %v; want %v and %v", low, high, test.low, test.high)
			}
		})
	}
}

// beganRow is a step of stats.jsonl.
type beganRow struct {
	Real float64 `json:"error_real"`
	Fake float64 `json:"error_fake"`
	K    float64 `json:"k"`
	M    float64 `json:"convergence"`
	D    float64 `json:"d_loss"`
	G    float64 `json:"g_loss"`
}

func beganRows(t *testing.T, set ...string) []beganRow {
	t.Helper()
	return readBEGAN(t, trained(t, newDevice(t), configtest.Text(t, tinyBEGAN, set...)))
}

func readBEGAN(t *testing.T, run rundir.Dir) []beganRow {
	t.Helper()
	return readRows[beganRow](t, run)
}

// An exported discriminator is Linear, ELU, Linear, Linear, ELU, Linear, and names all of
// its parameters.
func TestBEGANTorch(t *testing.T) {
	d := configtest.Declare(t, configtest.Text(t, tinyBEGAN)).Player("d")
	var got []string
	for _, x := range d.Torch {
		got = append(got, x.Name+" "+x.Variable)
	}
	want := []string{"main.0.weight encode0/w", "main.0.bias encode0/b", "main.2.weight code/w", "main.2.bias code/b",
		"main.3.weight decode0/w", "main.3.bias decode0/b", "main.5.weight sample/w", "main.5.bias sample/b"}
	if !slices.Equal(got, want) || len(got) != len(d.Net.Params()) {
		t.Errorf("%q of %d parameters, want %q", got, len(d.Net.Params()), want)
	}
}
