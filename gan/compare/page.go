package compare

import "ganengine/gan/report"

// Page is runs side by side as a page: what Keys and Metrics say, curves of all of them on the same axes, and a picture
// of each.
func Page(runs []*Run, pictures report.Side) report.Comparison {
	c := report.Comparison{Side: pictures}
	for _, r := range runs {
		c.Runs = append(c.Runs, report.Compared{Dir: r.Dir, Name: r.Title(), Step: r.Step})
	}
	for _, k := range Keys(runs) {
		c.Keys = append(c.Keys, report.Line{Name: k.Name, Cells: k.Values})
	}
	metrics, refused := Metrics(runs)
	for _, m := range metrics {
		one := *first(m.Rows)
		line := report.Line{Name: m.Name, Best: m.Best, Better: one.Better, Protocol: report.Protocol(one)}
		for _, row := range m.Rows {
			cell := ""
			if row != nil {
				cell = report.Value(*row)
			}
			line.Cells = append(line.Cells, cell)
		}
		c.Metrics = append(c.Metrics, line)
	}
	for _, err := range refused {
		c.Refused = append(c.Refused, err.Error())
	}
	return c
}
