package data

import (
	"fmt"
	"strings"

	"ganengine/engine/printable"
)

// Report is what Inspect found.
type Report struct {
	Kind    string  `json:"kind"`
	Path    string  `json:"path"`
	Samples int     `json:"samples"` // that can be read
	Classes []Count `json:"classes"` // in label order; empty without labels
	Sizes   []Count `json:"sizes"`   // "width x height" when upright, commonest first

	Orientations []Count    `json:"orientations"` // landscape, portrait and square, commonest first
	Turned       int        `json:"turned"`       // are stored on their side or mirrored, as their EXIF says
	Channels     []Count    `json:"modes"`        // "grey", "colour", with "alpha" and "16-bit"; commonest first
	Unreadable   []string   `json:"unreadable"`   // one line each, naming the file
	Duplicates   [][]string `json:"duplicates"`   // groups of exactly equal images
	Alike        []Pair     `json:"alike"`        // pairs that look the same, nearest first
	Notes        []string   `json:"notes"`        // what was left out, and what looks odd

	Side  int    `json:"-"` // the length of the middle image's shorter side; 0 of points
	Grey  bool   `json:"-"` // no image has colour
	Sheet *Sheet `json:"-"` // nil unless asked for
}

// Count is how many samples have a property.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// Pair is two images, by name.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
}

// shown is how many lines of a list String prints.
const shown = 20

// Err is an error where training by default would refuse the data, or would
// have to pass over some: files that cannot be read.
func (r Report) Err() error {
	switch n := len(r.Unreadable); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s; replace or remove it, or train with data.bad = \"skip\"", r.Unreadable[0])
	default:
		return fmt.Errorf("%d of %d images in %s cannot be read; replace or remove them, or train with data.bad = \"skip\"", n, n+r.Samples, r.Path)
	}
}

// String is the report for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-11s %s %s\n%-11s %d\n", "data", r.Kind, printable.Line(r.Path), "samples", r.Samples)
	counts := func(title string, list []Count) {
		for i, c := range list[:min(shown, len(list))] {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&b, "%-11s %-24s %d\n", title, printable.Line(c.Name), c.N)
		}
		if rest := len(list) - shown; rest > 0 {
			fmt.Fprintf(&b, "%-11s ... and %d more\n", "", rest)
		}
	}
	if len(r.Classes) > shown {
		fmt.Fprintf(&b, "%-11s %d in all\n", "classes", len(r.Classes))
	}
	counts("classes", r.Classes)
	counts("sizes", r.Sizes)
	counts("shapes", r.Orientations)
	counts("modes", r.Channels)
	lines := func(title string, list []string, most int) {
		fmt.Fprintf(&b, "%-11s %d\n", title, len(list))
		for _, line := range list[:min(most, len(list))] {
			fmt.Fprintf(&b, "%-11s %s\n", "", printable.Line(line))
		}
		if rest := len(list) - most; rest > 0 {
			fmt.Fprintf(&b, "%-11s ... and %d more\n", "", rest)
		}
	}
	lines("unreadable", r.Unreadable, len(r.Unreadable)) // all: each is to be mended
	var groups []string
	for _, g := range r.Duplicates {
		line := strings.Join(g[:min(shown, len(g))], " = ")
		if rest := len(g) - shown; rest > 0 {
			line += fmt.Sprintf(" and %d more", rest)
		}
		groups = append(groups, line)
	}
	lines("duplicates", groups, shown)
	var pairs []string
	for _, p := range r.Alike {
		pairs = append(pairs, p.A+" ~ "+p.B)
	}
	lines("look alike", pairs, shown)
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "%-11s %s\n", "note", printable.Line(note))
	}
	return b.String()
}
