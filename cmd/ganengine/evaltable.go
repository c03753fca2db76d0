package main

import (
	"encoding/json"
	"fmt"
	"maps"
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
	p := protocolOf(rows)
	fmt.Fprintf(&s, "%s: %d samples from seed %d\n", what, p.Samples, p.Seed)
	if p.Reals > 0 {
		fmt.Fprintf(&s, "against %d real ones (%s) of %s, resize %s, by %s\n", p.Reals, p.Split, printable.Line(p.Data), p.Resize, p.Feature)
	}
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
	return a.print(s.String())
}

// protocolOf is what all rows have in common; real samples are those of a row that
// needed any.
func protocolOf(rows []measure.Row) measure.Protocol {
	for _, row := range rows {
		if row.Reals > 0 {
			return row.Protocol
		}
	}
	return rows[0].Protocol
}

func settingsOf(row measure.Row) string {
	if len(row.Settings) == 0 {
		return "-"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(row.Settings)) {
		list = append(list, fmt.Sprintf("%s %.4g", name, row.Settings[name]))
	}
	return strings.Join(list, ", ")
}
