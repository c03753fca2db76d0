package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/measure"
	"ganengine/gan/rundir"
)

func measured(metric, better string, value float64, split string) measure.Row {
	return measure.Row{Name: metric + "_" + split, Metric: metric, Better: better, Value: rundir.Number(value), Protocol: measure.Protocol{Samples: 10, Split: split}}
}

func TestKeys(t *testing.T) {
	const text = "[data]\nkind = \"mixture\"\n[model]\nkind = \"mlp\"\n"
	run := func(more string) *Run { return &Run{Config: configtest.Text(t, text+more)} }
	keys := Keys([]*Run{run(""), run("[train]\nsteps = 7\n"), run("[loss]\nr1 = 2\n[train]\nsteps = 9\n")})
	var got []string
	for _, k := range keys {
		got = append(got, k.Name+": "+strings.Join(k.Values, " "))
	}
	def := fmt.Sprint(run("").Config.Train.Steps)
	if want := []string{"train.steps: " + def + " 7 9", "loss.r1: 0.0 0.0 2.0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if keys := Keys([]*Run{run(""), run("")}); keys != nil {
		t.Errorf("equal runs differ in %v", keys)
	}
}

// Values share a line where their protocols are the same, the last of each run; those that
// never do are refused by name.
func TestMetrics(t *testing.T) {
	runs := []*Run{
		{Rows: []measure.Row{measured("fd", "lower", 9, "test"), measured("fd", "lower", 3, "test"), measured("kd", "lower", 1, "train"), measured("recall", "higher", .5, "test")}},
		{Rows: []measure.Row{measured("fd", "lower", 4, "test"), measured("fd", "lower", 1, "train"), measured("kd", "lower", 2, "test"), measured("recall", "higher", .5, "test")}},
		{Rows: []measure.Row{measured("fd", "lower", math.NaN(), "test"), measured("recall", "higher", .25, "test"), measured("nn2s", "0.5", .9, "test")}},
	}
	metrics, refused := Metrics(runs)
	var got []string
	for _, m := range metrics {
		line := m.Name
		for i, r := range m.Rows {
			switch {
			case r == nil:
				line += " -"
			case i == m.Best:
				line += fmt.Sprintf(" *%g", float64(r.Value))
			default:
				line += fmt.Sprintf(" %g", float64(r.Value))
			}
		}
		got = append(got, line)
	}
	want := []string{"fd_test *3 4 NaN", "kd_train 1 - -", "recall_test 0.5 0.5 0.25", "fd_train - 1 -", "kd_test - 2 -", "nn2s_test - - 0.9"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(refused) != 1 || refused[0].Error() != "kd_train and kd_test are not compared: their protocols differ in split train and test" {
		t.Errorf("refused: %v", refused)
	}
}
