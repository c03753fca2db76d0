package train

import (
	"math"
	"testing"

	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
)

// A value that tells nothing is not the best one, for which no later one would be better
// and which run.json could not hold.
func TestBestIsFinite(t *testing.T) {
	m, err := metric.Find("kd")
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{rig: &rig{eval: &measure.Request{Metrics: []*metric.Metric{m}}}}
	r.cfg.Checkpoint.Best = m.Name
	for i, test := range []struct {
		value float64
		best  bool
	}{{math.NaN(), false}, {math.Inf(1), false}, {3, true}, {math.NaN(), false}, {2, true}, {2.5, false}} {
		rows := []measure.Row{{Value: rundir.Number(test.value)}}
		rows[0].Metric, rows[0].Name = m.Values[0].Name, "x"
		if got := r.improved(int64(i), rows); got != test.best {
			t.Errorf("value %g is the best: %v", test.value, got)
		}
	}
}
