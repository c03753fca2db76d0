package rows

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// seed is the end of the name of a row that others repeat with other seeds.
var seed = regexp.MustCompile(`/seed(\d+)$`)

// Table is rows as a table in Markdown, those of one check with several seeds in one line.
// Figures that are not within their bounds are in bold.
func Table(all []Row) string {
	var out strings.Builder
	out.WriteString("| row | figure | reached | bound | seconds | of processors |\n|---|---|---|---|---|---|\n")
	for len(all) > 0 {
		name := seed.ReplaceAllString(all[0].Name, "")
		n := 1
		for n < len(all) && seed.MatchString(all[n].Name) && seed.ReplaceAllString(all[n].Name, "") == name {
			n++
		}
		group := all[:n]
		all = all[n:]
		seconds, busy, seeds := 0., 0., []string(nil)
		for _, r := range group {
			seconds, busy = seconds+r.Seconds, busy+r.Busy
			if m := seed.FindStringSubmatch(r.Name); m != nil {
				seeds = append(seeds, m[1])
			}
		}
		title := strings.TrimPrefix(name, "Test")
		if seeds != nil {
			title += ", seeds " + strings.Join(seeds, " ")
		}
		took := fmt.Sprintf("%.0f | %.0f", math.Ceil(seconds), math.Ceil(busy))
		for i, f := range group[0].Figures {
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", title, f.Name, reached(group, i), f.Bound, took)
			title, took = "", " | "
		}
	}
	return out.String()
}

// reached are the values of a figure in rows that have the same figures.
func reached(group []Row, figure int) string {
	var out []string
	for _, r := range group {
		if figure >= len(r.Figures) {
			continue
		}
		f := r.Figures[figure]
		x := fmt.Sprintf("%.4g", f.Value)
		if !f.Met() {
			x = "**" + x + "**"
		}
		out = append(out, x)
	}
	return strings.Join(out, ", ")
}
