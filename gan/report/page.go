package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"ganengine/engine/plainfile"
	"ganengine/engine/printable"
	"ganengine/gan/measure"
	"ganengine/gan/rundir"
)

// page is all that the page of a run shows.
type page struct {
	Title    string
	Dir      string
	State    state
	Tiles    []fact
	Warnings []rundir.Warning
	Metrics  []metric
	Run      []fact
	Data     []fact
	Segments []segment
	Config   string
	Notes    []string // what is left out, and why
	Written  time.Time
	curves   []byte // what the script draws, as JSON
	reals    *Picture
	grids    []Picture
}

// fact is something to know, with more of it.
type fact struct{ Name, Value, More string }

// drawn is the charts that a page's script draws.
type drawn struct {
	Charts []chart `json:"charts"`
	Tables []table `json:"tables"`
}

// settings are the keys of config.toml that a page needs.
type settings struct {
	Model struct{ Kind string }
	Loss  struct{ Kind string }
	Train struct{ Steps, Batch int64 }
}

// page reads what is new of the run. After the deadline it makes no picture smaller.
func (b *Book) page(deadline time.Time) *page {
	p := &page{Title: printable.Line(b.dir.Name()), Dir: printable.Line(string(b.dir)), Written: time.Now()}
	text, own := b.configuration(p)
	p.Config = text
	info, err := b.dir.ReadInfo()
	p.omit("run.json", err)
	p.omit(rundir.StatsFile, b.curves.read(b.dir.Path(rundir.StatsFile)))
	if note := b.curves.note(); note != "" {
		p.Notes = append(p.Notes, note)
	}
	rows, err := rundir.ReadRows[measure.Row](b.dir, rundir.MetricsFile)
	p.omit(rundir.MetricsFile, err)
	p.Metrics = metricsOf(rows)
	checkpoints, err := b.dir.Checkpoints()
	p.omit("checkpoints", err)
	p.State = b.state(info, checkpoints)
	p.Tiles = b.tiles(own, info, p.Metrics)
	p.Run, p.Data, p.Segments = machine(own, info), dataFacts(info), segments(info)
	for _, w := range info.Warnings {
		p.Warnings = append(p.Warnings, rundir.Warning{Step: w.Step, Text: printable.Line(w.Text)})
	}
	p.draw(b.curves)
	b.pictures(p, deadline)
	return p
}

// draw has the charts: what was measured at several steps, then what training tells.
func (p *page) draw(c *curves) {
	d := drawn{Tables: []table{c.table()}}
	for _, m := range p.Metrics {
		if t := m.table(); len(t.X) > 1 {
			d.Charts = append(d.Charts, chart{Title: m.Name, Points: true, Series: []series{{Label: m.Name, Table: len(d.Tables), Key: m.Name, Color: colorFree}}})
			d.Tables = append(d.Tables, t)
		}
	}
	d.Charts = append(d.Charts, charts(c.keys(), 0)...)
	var err error
	p.curves, err = json.Marshal(d)
	p.omit("curves", err)
}

// omit notes what could not be read; nothing of what does not exist.
func (p *page) omit(what string, err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.Notes = append(p.Notes, printable.Line(fmt.Sprintf("%s is left out: %v", what, err)))
	}
}

// pictures chooses those of the page, in the room that the rest leaves.
func (b *Book) pictures(p *page, deadline time.Time) {
	room := roomOf(p.curves, 2*len(p.Config)+128<<10)
	p.reals = b.reals.single(b.dir.Path("reals.png"), room/4, deadline)
	if p.reals != nil {
		room -= int64(len(p.reals.Source))
	}
	files, err := b.dir.Samples()
	p.omit("samples", err)
	p.grids = b.grids.choose(files, room, deadline)
	if b.grids.left > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d of %d sample grids are shown; all are in samples/", len(p.grids), len(files)))
	}
	for _, a := range []*album{b.reals, b.grids} {
		for _, err := range a.broken {
			p.omit("a picture", err)
			break // one says enough
		}
	}
}

// configuration is config.toml as text, and what the page needs of it.
func (b *Book) configuration(p *page) (text string, s settings) {
	raw, err := plainfile.ReadFile(b.dir.Path("config.toml"))
	p.omit("config.toml", err)
	if _, err := toml.Decode(string(raw), &s); err != nil {
		p.omit("what config.toml says", err)
	}
	return printable.Text(string(raw)), s
}

// state is how a run stands, for people.
type state struct {
	Word   string // training, done, interrupted, failed, killed
	Kind   string // good, busy, stopped, bad: how the page shows it
	Why    string
	Resume string // what to type to go on; "" where there is nothing to go on
	After  string
}

func (b *Book) state(info rundir.Info, checkpoints []rundir.StepFile) (s state) {
	reason := info.ExitReason
	_, locked := b.dir.Owner()
	switch {
	case reason == "" && locked:
		return state{Word: "training", Kind: "busy"}
	case reason == "":
		s = state{Word: "killed", Kind: "bad", Why: "The process ended without a word: it was killed, or the machine stopped."}
	case reason == "done":
		s = state{Word: "done", Kind: "good"}
	case slices.Contains([]string{"interrupted", "terminated", "hung up"}, reason):
		s = state{Word: reason, Kind: "stopped"}
	case strings.HasPrefix(reason, "rolled back"):
		s = state{Word: "rolled back", Kind: "stopped", Why: printable.Line(reason)}
	default:
		s = state{Word: "failed", Kind: "bad", Why: printable.Line(reason)}
	}
	command := "ganengine -resume " + quoted(string(b.dir))
	switch n := len(checkpoints); {
	case s.Kind == "good":
		s.Resume, s.After = command+" -set train.steps=N", "It has its steps. To train it longer:"
	case n == 0:
		s.After = "It has no checkpoint to go on from."
	default:
		s.Resume, s.After = command, fmt.Sprintf("It goes on after step %s, exactly where its last checkpoint stands:", count(checkpoints[n-1].Step))
	}
	return s
}

// quoted is a word as shells read it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 && word[0] != '-' {
		return word
	}
	return "'" + strings.ReplaceAll(printable.Line(word), "'", `'\''`) + "'"
}
