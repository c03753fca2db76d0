package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ganengine/engine/printable"
	"ganengine/gan/rundir"
)

// tiles are the numbers that people look for first.
func (b *Book) tiles(own settings, info rundir.Info, metrics []metric) []fact {
	now := b.curves.latest
	step := int64(now["step"])
	if n := len(info.Segments); n > 0 {
		step = max(step, info.Segments[n-1].ToStep)
	}
	tiles := []fact{{"Step", count(step), ""}}
	if own.Train.Steps > 0 {
		tiles[0].More = "of " + count(own.Train.Steps)
	}
	elapsed := info.Elapsed()
	if seconds, ok := now["seconds"]; ok {
		elapsed = max(elapsed, time.Duration(seconds*float64(time.Second)))
	}
	trained := fact{"Trained for", clock(elapsed), ""}
	if left := own.Train.Steps - step; info.ExitReason == "" && left > 0 && step > 0 {
		trained.More = "about " + clock(elapsed/time.Duration(step)*time.Duration(left)) + " left"
	}
	tiles = append(tiles, trained)
	if images, ok := now["images"]; ok {
		tiles = append(tiles, fact{"Images", count(int64(images)), "taken from the data"})
	}
	if speed, ok := now["images_per_second"]; ok {
		tiles = append(tiles, fact{"Images a second", short(speed), "while it trains"})
	}
	if n := len(metrics); n > 0 {
		m := metrics[n-1]
		tiles = append(tiles, fact{m.Name, m.Last, "at " + m.At})
	}
	return tiles
}

// machine is what a run is of, and what it ran on.
func machine(own settings, info rundir.Info) []fact {
	facts := []fact{{"Model", own.Model.Kind, ""}, {"Loss", own.Loss.Kind, ""}}
	if own.Train.Batch > 0 {
		facts = append(facts, fact{"Batch", count(own.Train.Batch), ""})
	}
	facts = append(facts, fact{"Seed", fmt.Sprint(info.Seed), ""}, fact{"Precision", info.Precision, ""}, fact{"Device", info.Device, ""})
	if info.Threads > 0 {
		facts = append(facts, fact{"Threads", fmt.Sprint(info.Threads), ""})
	}
	for _, name := range slices.Sorted(maps.Keys(info.Libraries)) {
		facts = append(facts, fact{name, info.Libraries[name], ""})
	}
	for _, name := range slices.Sorted(maps.Keys(info.Frozen)) {
		w := info.Frozen[name]
		facts = append(facts, fact{"Frozen " + name, w.Network + " of " + w.Path, "SHA-256 " + w.SHA256})
	}
	if info.Best != nil {
		facts = append(facts, fact{"Best checkpoint", "step " + count(info.Best.Step), fmt.Sprintf("%s %s", info.Best.Metric, short(info.Best.Value))})
	}
	facts = append(facts, fact{"ganengine", info.Version, info.Revision})
	return printed(facts)
}

// mostClasses is how many classes a page names.
const mostClasses = 40

// dataFacts is what the run learnt from.
func dataFacts(info rundir.Info) []fact {
	facts := dataOf("", info.Data, info.Classes)
	for _, name := range slices.Sorted(maps.Keys(info.Sections)) {
		s := info.Sections[name]
		facts = append(facts, dataOf("data."+name+": ", s.Data, s.Classes)...)
	}
	return printed(facts)
}

func dataOf(section string, d rundir.Data, classes []string) []fact {
	facts := []fact{{section + "Kind", d.Kind, ""}, {section + "Path", d.Path, ""}}
	if d.Items > 0 {
		facts = append(facts, fact{section + "Samples", count(int64(d.Items)), "of " + strings.Trim(strings.ReplaceAll(fmt.Sprint(d.Shape), " ", " × "), "[]")})
	}
	if n := len(classes); n > 0 {
		more := strings.Join(classes[:min(n, mostClasses)], ", ")
		if n > mostClasses {
			more += ", …"
		}
		facts = append(facts, fact{section + "Classes", count(int64(n)), more})
	}
	if d.LeftOut > 0 {
		facts = append(facts, fact{section + "Left out", count(int64(d.LeftOut)), "files that could not be read when the run began"})
	}
	if d.Lost > 0 {
		facts = append(facts, fact{section + "Lost", count(int64(d.Lost)), "files that went bad since; log.txt names them"})
	}
	return append(facts, fact{section + "Fingerprint", d.Fingerprint, ""})
}

// printed are facts without those that say nothing, safe to read.
func printed(facts []fact) (out []fact) {
	for _, f := range facts {
		if f.Value != "" {
			out = append(out, fact{printable.Line(f.Name), printable.Line(f.Value), printable.Line(f.More)})
		}
	}
	return out
}

// segment is a row of the table of a run's uninterrupted stretches.
type segment struct {
	From, To, Ended, On string
	Exact               bool
	Start               time.Time
}

func segments(info rundir.Info) (out []segment) {
	for _, s := range info.Segments {
		row := segment{From: count(s.FromStep), To: count(s.ToStep), Ended: printable.Line(s.ExitReason), On: printable.Line(s.Device), Exact: s.Exact, Start: s.Start}
		if s.Threads > 0 {
			row.On += fmt.Sprintf(", %d threads", s.Threads)
		}
		out = append(out, row)
	}
	return out
}

// count writes a whole number with commas: 12,800.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// short writes a number with four digits, and large ones whole.
func short(x float64) string {
	if x >= 1e4 && x < 1e15 {
		return count(int64(x + .5))
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// clock writes a duration with its two largest units: 2 h 05 min, 3 min 07 s, 12 s.
func clock(d time.Duration) string {
	s := int64((d + time.Second/2) / time.Second)
	switch {
	case s >= 24*3600:
		return fmt.Sprintf("%d d %02d h", s/86400, s/3600%24)
	case s >= 3600:
		return fmt.Sprintf("%d h %02d min", s/3600, s/60%60)
	case s >= 60:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	}
	return fmt.Sprintf("%d s", s)
}
