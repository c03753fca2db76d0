package train

import (
	"slices"
	"testing"
)

func TestSequence(t *testing.T) {
	const d, dr, dg, dgr = progD, progDReg, progDG, progDGReg
	for _, c := range []struct {
		set  []string
		want []int // programs in order
		used []int
	}{
		{nil, []int{dg, dg, dg, dg}, []int{dg}},
		{[]string{"loss.r1=1"}, []int{dg, dg}, []int{dg}},
		{[]string{"loss.r1=1", "loss.every=2"}, []int{dg, dgr, dg, dgr}, []int{dg, dgr}},
		{[]string{"train.d_steps=3"}, []int{d, d, dg, d, d, dg}, []int{d, dg}},
		{[]string{"train.d_steps=2", "loss.gp=1", "loss.every=2"}, []int{d, dgr, d, dgr}, []int{d, dgr}},
		{[]string{"train.d_steps=2", "loss.gp=1", "loss.every=3"}, []int{d, dg, dr, dg, d, dgr, d, dg, dr}, []int{d, dr, dg, dgr}},
	} {
		s := newSequence(configure(t, tinyImages, c.set...))
		var got []int
		for i := range int64(len(c.want)) {
			got = append(got, s.at(i/s.dSteps, i%s.dSteps))
		}
		used, counts := s.used()
		if !slices.Equal(got, c.want) || !slices.Equal(used, c.used) {
			t.Errorf("%v: programs %v, want %v; used %v, want %v", c.set, got, c.want, used, c.used)
		}
		var sum int64
		for _, n := range counts {
			sum += n
		}
		if sum != s.every*s.dSteps {
			t.Errorf("%v: %v programs in %d steps of %d", c.set, counts, s.every, s.dSteps)
		}
	}
}

// Both pairs of networks have two layers. A product is computed forward, for
// the gradient of the weights, and for that of what comes in where it is needed.
func TestFlops(t *testing.T) {
	const n = 4 // batch
	for _, c := range []struct {
		text           string
		set            []string
		g1, g2, d1, d2 float64 // multiply-accumulates of each layer
	}{
		{tinyRing, []string{"loss.gp=0", "loss.every=1", "train.d_steps=1"}, n * 4 * 8, n * 8 * 2, n * 2 * 8, n * 8},
		// 4×4 filters: latents to 4×4, to 8×8; back to 4×4, to the logit.
		{tinyImages, nil, n * 4 * 16 * 4, n * 16 * 4 * 16, n * 16 * 4 * 16, n * 16 * 4},
	} {
		h, _ := testHost(t, "")
		r, err := newRig(t.Context(), configure(t, c.text, c.set...), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		fakes := 2 * (c.g1 + c.g2)         // one batch for each update
		d := 2 * (2*c.d1 + 3*c.d2)         // real and fake samples
		g := 2*(c.d1+c.d2) + c.g1 + 2*c.g2 // through D and back, then G's weights
		if got, want := r.trainer.flopsPerStep(), 2*(fakes+d+g); got != want {
			t.Errorf("%s: %g flops a step, want %g", r.cfg.Run.Name, got, want)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}
}
