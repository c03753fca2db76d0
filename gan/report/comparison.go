package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/engine/printable"
	"ganengine/gan/rundir"
)

// A Comparison is what the page of several runs shows of them.
type Comparison struct {
	Runs    []Compared
	Keys    []Line // of configurations, in which they differ
	Metrics []Line
	Refused []string // why values are not compared
	Side    Side
	Notes   []string // what is left out, and why
	Written time.Time
}

// Compared is one of the runs.
type Compared struct {
	Dir  rundir.Dir
	Name string // with its number
	Step int64
}

// Place is the directory, for people.
func (c Compared) Place() string { return printable.Line(string(c.Dir)) }

// Line is a row of a table with a cell for each run, "" where a run has nothing.
type Line struct {
	Name     string
	Cells    []string
	Best     int // whose is the best one; -1 for nobody's. Keys have none.
	Better   string
	Protocol string
}

// Side is a picture of each run.
type Side struct {
	Title    string
	Pictures []SidePicture
}

// SidePicture is a PNG file of a run; nil where it has none.
type SidePicture struct {
	PNG     []byte
	Caption string
}

// LastGrid is the last sample grid of a run and its step; nil where there is none that can be read.
func LastGrid(dir rundir.Dir) (png []byte, step int64) {
	files, err := dir.Samples()
	if err != nil || len(files) == 0 {
		return nil, 0
	}
	last := files[len(files)-1]
	if png, err = readPicture(last.Path); err != nil {
		return nil, 0
	}
	return png, last.Step
}

// Write writes the page to a path that a user names.
func (c Comparison) Write(path string) error {
	c.Written = time.Now()
	c.printed()
	d := drawn{}
	for i, r := range c.Runs {
		read := newCurves()
		if err := read.read(r.Dir.Path(rundir.StatsFile)); err != nil {
			c.Notes = append(c.Notes, printable.Line(fmt.Sprintf("curves of %s are left out: %v", r.Name, err)))
		}
		if note := read.note(); note != "" {
			c.Notes = append(c.Notes, r.Name+": "+note)
		}
		d.Tables = append(d.Tables, read.table())
		d.overlay(charts(read.keys(), i), i, r.Name)
	}
	curves, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("what a page draws: %w", err)
	}
	pictures := c.pictures(roomOf(curves, 1<<18))
	return atomicfile.Write(path, func(w io.Writer) error { return assemble(w, "comparison", "Runs compared", c, curves, pictures) })
}

// overlay adds the curves of a run's charts to those of runs before it, a chart for each key.
func (d *drawn) overlay(own []chart, run int, name string) {
	for _, c := range own {
		for _, s := range c.Series {
			title := c.Title
			if !strings.EqualFold(s.Label, c.Title) {
				title += ": " + s.Label
			}
			at := slices.IndexFunc(d.Charts, func(c chart) bool { return c.Series[0].Key == s.Key })
			if at < 0 {
				at = len(d.Charts)
				d.Charts = append(d.Charts, chart{Title: title, Note: c.Note})
			}
			s.Label, s.Color, s.Dash = name, run%colors, run/colors
			d.Charts[at].Series = append(d.Charts[at].Series, s)
		}
	}
}

// pictures are those of the runs that fit, each in a group of its own.
func (c *Comparison) pictures(room int64) (out []Picture) {
	each := room / int64(max(1, len(c.Side.Pictures)))
	for i, side := range c.Side.Pictures {
		if side.PNG == nil {
			continue
		}
		p := Picture{Group: fmt.Sprint("run", i), Source: dataURL("image/png", side.PNG)}
		if int64(len(p.Source)) > each {
			small, err := compact(side.PNG)
			if err != nil || encoded(int64(len(small))) > each {
				c.Notes = append(c.Notes, "the picture of "+c.Runs[i].Name+" has no room on this page")
				continue
			}
			p.Source, p.Note = dataURL("image/jpeg", small), "compressed for this page"
		}
		out = append(out, p)
	}
	return out
}

// printed makes all text safe to read.
func (c *Comparison) printed() {
	for i := range c.Runs {
		c.Runs[i].Name = printable.Line(c.Runs[i].Name)
	}
	for i := range c.Refused {
		c.Refused[i] = printable.Line(c.Refused[i])
	}
	for i := range c.Side.Pictures {
		c.Side.Pictures[i].Caption = printable.Line(c.Side.Pictures[i].Caption)
	}
	for _, lines := range [][]Line{c.Keys, c.Metrics} {
		for i := range lines {
			l := &lines[i]
			l.Name, l.Better = printable.Line(l.Name), printable.Line(l.Better)
			for k := range l.Cells {
				l.Cells[k] = printable.Line(l.Cells[k])
			}
		}
	}
}
