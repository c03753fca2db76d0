package train

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"ganengine/engine/nn"
)

// Schedules are of steps: each of D's five updates of a step has the step's rate,
// G's one has it too, and both move until the end.
func TestScheduleIsOfSteps(t *testing.T) {
	const steps, dSteps = 8, 5
	set := []string{"loss.kind=hinge", "loss.gp=0", "loss.every=1", "optim.g.kind=sgd", "optim.g.schedule=linear", "optim.g.lr=0.5", "optim.d.lr=0.25",
		fmt.Sprintf("train.steps=%d", steps), fmt.Sprintf("train.d_steps=%d", dSteps)}
	h, _ := testHost(t, "")
	r, err := newRig(t.Context(), configure(t, tinyRing, set...), h, true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	tr := r.trainer
	if err := errors.Join(tr.initialise(""), tr.feed(t.Context(), r.set)); err != nil {
		t.Fatal(err)
	}
	for run := range int64(steps * dSteps) {
		step, k := run/dSteps, run%dSteps
		d, g := tr.values(t, tr.game.D), tr.values(t, tr.game.G)
		scores := tr.once(t, step, k)
		left := 1 - float64(step)/steps
		rate := distance(d, tr.values(t, tr.game.D)) / scores("d_grad") // plain descent moves by it times the gradient
		if want := .25 * left; !(math.Abs(rate-want) <= 1e-4*want) {
			t.Errorf("step %d, update %d of D: rate %.6g, want %.6g", step, k, rate, want)
		}
		if k < dSteps-1 {
			continue
		}
		rate = distance(g, tr.values(t, tr.game.G)) / scores("g_grad")
		if want := .5 * left; !(math.Abs(rate-want) <= 1e-4*want) {
			t.Errorf("step %d, update of G: rate %.6g, want %.6g", step, rate, want)
		}
	}
}

// once runs one program, of step at place k, and gives its scores by name.
func (t *trainer) once(tt *testing.T, step, k int64) func(score string) float64 {
	tt.Helper()
	batch, err := t.loader.Next(tt.Context())
	if err != nil {
		tt.Fatal(err)
	}
	program := t.programs[t.seq.at(step, k)]
	result, err := program.Run(t.args(batch)...)
	if err == nil {
		err = result.Wait()
	}
	if err != nil {
		tt.Fatal(err)
	}
	t.loader.Release(batch)
	t.tally.reset()
	t.tally.add(program.slots, result.Floats(program.scores))
	return func(score string) float64 {
		x, ok := t.tally.mean(score)
		if !ok {
			tt.Fatalf("program %s has no %s", program.Graph.Name, score)
		}
		return x
	}
}

// values are all parameters of a network as one vector.
func (t *trainer) values(tt *testing.T, net *nn.Net) (out []float64) {
	tt.Helper()
	for _, v := range net.Params() {
		b, err := t.ses.ReadBytes(v.Name)
		if err != nil {
			tt.Fatal(err)
		}
		for _, x := range floats(b) {
			out = append(out, float64(x))
		}
	}
	return out
}

func distance(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}
