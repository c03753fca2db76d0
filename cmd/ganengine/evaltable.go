package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"ganengine/engine/printable"
	"ganengine/gan/measure"
)

// show prints rows: as metrics.jsonl has them, or as a table under what was measured.
func (a *app) show(e *evalFlags, what string, rows []measure.Row) error {
	var s strings.Builder
	if e.asJSON {
		for _, row := range rows {
			b, err := json.Marshal(row)
			if err != nil {
				return fmt.Errorf("writing JSON: %w", err)
			}
			s.Write(append(b, '\n'))
		}
		return a.print(s.String())
	}
	s.WriteString(what + ": " + described(rows))
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tvalue\terror\tbetter\tsettings")
	for _, row := range rows {
		wrong := "-"
		if row.Error != nil {
			wrong = fmt.Sprintf("%.2g", float64(*row.Error))
		}
		fmt.Fprintf(t, "%s\t%.5g\t%s\t%s\t%s\n", row.Name, float64(row.Value), wrong, row.Better, settingsOf(row))
	}
	t.Flush()
	for _, line := range verdicts(rows) {
		s.WriteString(line + "\n")
	}
	return a.print(s.String())
}

// described is what the rows have been measured on: their protocols, each in a line.
func described(rows []measure.Row) string {
	var pairs, alone, real *measure.Row
	for i := range rows {
		switch row := &rows[i]; {
		case row.Pairing != "":
			pairs = row
		case row.Reals > 0:
			real = row
		default:
			alone = row
		}
	}
	var s strings.Builder
	of := func(row *measure.Row) string {
		return fmt.Sprintf("(%s) of %s, resize %s, by %s", row.Split, printable.Line(row.Data), row.Resize, row.Feature)
	}
	if drawn := cmp.Or(real, alone); drawn != nil {
		fmt.Fprintf(&s, "%d samples from seed %d\n", drawn.Samples, drawn.Seed)
	}
	if real != nil {
		fmt.Fprintf(&s, "against %d real ones %s\n", real.Reals, of(real))
	}
	if pairs != nil {
		fmt.Fprintf(&s, "%d pairs (%s) with real ones %s\n", pairs.Samples, pairs.Pairing, of(pairs))
	}
	return s.String()
}

func settingsOf(row measure.Row) string {
	if len(row.Settings) == 0 {
		return "-"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(row.Settings)) {
		v := row.Settings[name]
		if v == math.Trunc(v) { // a number of things
			list = append(list, fmt.Sprintf("%s %.0f", name, v))
			continue
		}
		list = append(list, fmt.Sprintf("%s %.4g", name, v))
	}
	return strings.Join(list, ", ")
}
