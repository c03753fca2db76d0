package train

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/game"
)

// outline prints what plays what: players, optimisers, the turns of a step and the
// programs for people, a table each.
func (p *printer) outline(g *game.Game, programs []string) error {
	p.table("players", []string{"player", "what", "parameters", "updated by", "average"}, playerRows(g))
	p.table("optimisers", []string{"optimiser", "rule", "learning rate", "of"}, optimiserRows(g))
	p.table("a step runs these turns, in this order (running statistics and state follow a pass with *)",
		[]string{"turn", "when", "takes", "draws", "runs", "updates"}, turnRows(g))
	for _, l := range g.Sequence.Lazies() {
		if by := asking(g, l); l.Every > 1 && len(by) > 0 {
			p.printf("  %s is part of each %s run of %s\n", l.Name, ordinal(l.Every), strings.Join(by, ", "))
		}
	}
	if n := g.Config.Train.Accumulate; n > 1 {
		p.printf("  each of these is %d runs: the gradients add up, and the last one updates\n", n)
	}
	p.printf("  compiled as %s\n", strings.Join(programs, ", "))
	rows, err := samplerRows(g)
	p.table("for people", []string{"sampler", "takes", "runs", "gives"}, rows)
	if of := g.Standing(); len(of) > 0 {
		runs, _ := g.StandingRuns()
		p.printf("  with statistics of %s over %d batches of %d fresh samples (sample.standing)\n", playerNames(of), runs, g.Config.Train.Batch)
	}
	return err
}

// sections says which data there are, a line for each section, and who reads them.
func (p *printer) sections(c *config.Config, s sets, g *game.Game) {
	line := func(title, section string, d *config.Data) {
		set := s.of(section)
		var readers []string
		for _, st := range g.Streams {
			if st.Section == section {
				readers = append(readers, fmt.Sprintf("stream %s in batches of %d", st.Name, st.StreamOptions.Batch))
			}
		}
		p.printf("%s: %s, %d samples of %s%s, %s; %s; %s\n", title, d.Kind, set.Len(), SampleShape(set), stored(set), set.Fingerprint(), data.HeldBy(set), orNone(readers, "nobody reads them"))
	}
	line("data", "", &c.Data)
	for i := range c.Streams {
		line("data."+c.Streams[i].Name, c.Streams[i].Name, &c.Streams[i].Data)
	}
}

// stored is what samples are like before they are brought to a shape, in brackets.
func stored(set data.Set) string {
	if s := data.Stored(set); s != "" {
		return " (" + s + ")"
	}
	return ""
}

func playerRows(g *game.Game) (rows [][]string) {
	for _, p := range g.Players {
		if whole := p.PartOf(); whole != nil {
			rows = append(rows, []string{p.Name, "part of " + whole.Name, "", "", ""})
			continue
		}
		var by []string
		for _, o := range g.Optimizers {
			for _, of := range o.Players() {
				if of.Net == p.Net {
					by = append(by, o.Name)
				}
			}
		}
		average := "none"
		if o, ok := p.Followed(); ok && o.Mean {
			average = "of all steps"
		} else if ok {
			average = fmt.Sprintf("half-life %g kimg", o.Kimg)
		}
		none := "none"
		if p.Ref != nil {
			none = fmt.Sprintf("frozen: %s of %s", p.Ref.Network, p.Ref.Path)
		}
		rows = append(rows, []string{p.Name, p.Title(), fmt.Sprint(p.Net.Count()), orNone(by, none), average})
	}
	return rows
}

func optimiserRows(g *game.Game) (rows [][]string) {
	for _, o := range g.Optimizers {
		c := g.Config.Optim(o.Section)
		rate := fmt.Sprintf("%g", g.Rate(o, 0))
		if last := g.Rate(o, int64(max(g.Config.Train.Steps-1, 0))); last != g.Rate(o, 0) {
			rate += fmt.Sprintf(" to %.4g", last)
		}
		rows = append(rows, []string{o.Name, c.Kind + " of [optim." + o.Section + "]", rate, playerNames(o.Players())})
	}
	return rows
}

func turnRows(g *game.Game) (rows [][]string) {
	for _, e := range g.Sequence.Order() {
		u := &e.Turn.Uses
		var takes, draws, runs, updates []string
		for _, f := range u.Fed {
			takes = append(takes, taken(f))
		}
		for _, c := range u.Drawn {
			draws = append(draws, c.Name)
		}
		for _, r := range u.Passes {
			mark := ""
			if r.Tracks() {
				mark = "*"
			}
			runs = append(runs, r.Player.Name+mark)
		}
		for _, o := range u.Updates {
			updates = append(updates, o.Name)
		}
		rows = append(rows, []string{e.Turn.Name, when(e), orNone(takes, "-"), orNone(draws, "-"), orNone(runs, "-"), orNone(updates, "-")})
	}
	return rows
}

func samplerRows(g *game.Game) (rows [][]string, err error) {
	for _, s := range g.Samplers {
		u, err := s.Uses()
		if err != nil {
			return nil, err
		}
		var takes []string
		for _, f := range u.Fed {
			takes = append(takes, taken(f))
		}
		for _, c := range u.Drawn {
			takes = append(takes, c.Name)
		}
		rows = append(rows, []string{s.Kind, orNone(takes, "-"), playerNames(u.Players()), orNone(u.Gives, "-")})
	}
	return rows, nil
}

// taken is what a stream feeds: its samples by its name, other fields by theirs.
func taken(f game.Fed) string {
	if f.Again {
		return f.Name + " again"
	}
	return f.Name
}

// when says in which steps an entry of the order runs, and how often.
func when(e game.Entry) string {
	s := "each step"
	if e.Every > 1 {
		s = fmt.Sprintf("each %s step", ordinal(e.Every))
	}
	if first := (e.Offset%e.Every + e.Every) % e.Every; first != 0 {
		s += fmt.Sprintf(", the %s first", ordinal(first+1))
	}
	if e.Times > 1 {
		s = fmt.Sprintf("%d times %s", e.Times, s)
	}
	if e.From > 0 {
		s += fmt.Sprintf(", from step %d", e.From)
	}
	if e.Until > 0 {
		s += fmt.Sprintf(", until step %d", e.Until)
	}
	return s
}

func ordinal(n int64) string {
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n) + suffix
}

// asking are the turns of a step that something lazy is part of, each once.
func asking(g *game.Game, l *game.Lazy) (out []string) {
	for _, e := range g.Sequence.Order() {
		for _, other := range e.Turn.Uses.Lazies {
			if other == l && !slices.Contains(out, e.Turn.Name) {
				out = append(out, e.Turn.Name)
			}
		}
	}
	return out
}

func playerNames(all []*game.Player) string {
	var out []string
	for _, p := range all {
		out = append(out, p.Name)
	}
	return orNone(out, "-")
}

// orNone is a list for people, or what is said where it is empty.
func orNone(all []string, none string) string {
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}

// table prints rows in columns under a title.
func (p *printer) table(title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.printf("\n%s\n", title)
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		fmt.Fprintf(t, "  %s\n", strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	if err := t.Flush(); p.err == nil {
		p.err = err
	}
}
