package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"ganengine/engine/printable"
	measured "ganengine/gan/measure"
	quantity "ganengine/gan/metric"
)

// metric is a value that was measured, perhaps several times, always in the same way.
type metric struct {
	Name, Last, At string
	Best, BestAt   string // "" where there is one value
	Better         string
	Protocol       string
	rows           []measured.Row
}

// metricsOf are the values of metrics.jsonl, in the order in which each was measured first. Rows of different
// protocols are different values.
func metricsOf(rows []measured.Row) (out []metric) {
	for _, row := range rows {
		at := slices.IndexFunc(out, func(m metric) bool { return m.rows[0].Name == row.Name && measured.Comparable(m.rows[0], row) == nil })
		if at < 0 {
			at = len(out)
			out = append(out, metric{Name: printable.Line(row.Name), Better: printable.Line(row.Better), Protocol: Protocol(row)})
		}
		out[at].rows = append(out[at].rows, row)
	}
	for i := range out {
		out[i].sumUp()
	}
	return out
}

// sumUp says which of the values is the last, and which the best.
func (m *metric) sumUp() {
	last := m.rows[len(m.rows)-1]
	m.Last, m.At = Value(last), when(last)
	better, ok := quantity.BetterOf(m.Better)
	if len(m.rows) == 1 || !ok {
		return
	}
	best := m.rows[0]
	for _, r := range m.rows[1:] {
		if math.IsNaN(float64(best.Value)) || better.Than(float64(r.Value), float64(best.Value)) {
			best = r
		}
	}
	m.Best, m.BestAt = Value(best), when(best)
}

// Value is a value for people, with its error where it has one.
func Value(r measured.Row) string {
	text := short(float64(r.Value))
	if math.IsNaN(float64(r.Value)) {
		text = "not a number"
	}
	if r.Error != nil {
		text += " ± " + short(float64(*r.Error))
	}
	return text
}

// when says of which weights a value is.
func when(r measured.Row) string {
	if r.Checkpoint == nil {
		return "a folder"
	}
	if r.Average != nil && *r.Average {
		return "step " + count(*r.Checkpoint) + ", average"
	}
	return "step " + count(*r.Checkpoint)
}

// Protocol says how a value came about.
func Protocol(r measured.Row) string {
	parts := []string{count(int64(r.Samples)) + " generated"}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if r.Reals > 0 {
		add("%s real", count(int64(r.Reals)))
		if r.Split != "" {
			parts[len(parts)-1] += " of the " + r.Split + " split"
		}
	}
	if r.Feature != "" {
		by := "measured by " + r.Feature
		if r.Network != "" {
			by += " (" + r.Network + ")"
		}
		if r.Hash != "" {
			by += ", hash " + r.Hash[:min(len(r.Hash), 12)]
		}
		add("%s", by)
	}
	if r.Resize != "" && r.Resize != "none" {
		add("resized: %s", r.Resize)
	}
	if r.Pairing != "" {
		add("pairs by %s", r.Pairing)
	}
	if r.With != "" {
		add("compared with %s", r.With)
	}
	add("seed %d", r.Seed)
	for _, settings := range []map[string]float64{r.Settings, r.Found} {
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			add("%s %s", name, short(settings[name]))
		}
	}
	return printable.Line(strings.Join(parts, "; "))
}

// table is the values by the step of their weights.
func (m metric) table() table {
	at := map[int64]float64{}
	for _, r := range m.rows {
		if r.Checkpoint != nil {
			at[*r.Checkpoint] = float64(r.Value)
		}
	}
	t := table{X: slices.Sorted(maps.Keys(at)), Y: map[string]numbers{}}
	for _, step := range t.X {
		t.Y[m.Name] = append(t.Y[m.Name], at[step])
	}
	return t
}
