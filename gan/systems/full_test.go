//go:build systems

package systems_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ganengine/engine/cpu"
	"ganengine/gan/systems/rows"
)

var (
	full     = flag.Bool("full", false, "run the full checks: all seeds and the longer trainings, held to what is published")
	keep     = flag.String("keep", "", "with -full: a folder of rows that are finished, which are not run again")
	anyBuild = flag.Bool("any-build", false, "with -keep: nor those that another build of these checks has finished")
	revision = flag.String("revision", "", "with -full: what the sources are called in the file of figures")
)

// figures is the file that full checks write what they reach to, for docs/systems/README.md.
const figures = "testdata/full.json"

// reached are the rows of this run of the checks, finished in it or before.
var reached []rows.Row

// TestMain prints what full checks reached when all is over.
func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if len(reached) > 0 {
		slices.SortFunc(reached, func(a, b rows.Row) int { return strings.Compare(a.Name, b.Name) })
		fmt.Print("\n", rows.Table(reached))
	}
	os.Exit(status)
}

// fully skips a full check where they were not asked for.
func fully(t *testing.T) {
	t.Helper()
	if !*full {
		t.Skip("a full check: make check-systems-full")
	}
}

// A check is a test of what a training reached.
type check struct {
	*testing.T
	level string // of GANENGINE_CPU; "" is all that the processor has
	row   rows.Row
}

// hold tells a figure and holds it to a bound.
func (c *check) hold(name string, value float64, bound rows.Bound) {
	c.Helper()
	f := rows.Figure{Name: name, Value: value, Bound: bound}
	c.row.Figures = append(c.row.Figures, f)
	c.Logf("%s: %.4g", name, value)
	c.judge(f)
}

// judge is an error where a figure is not what it is held to.
func (c *check) judge(f rows.Figure) {
	c.Helper()
	if !f.Met() {
		c.Errorf("%s is %.4g, want %s", f.Name, f.Value, f.Bound)
	}
}

// device is the CPU up to the check's level.
func (c *check) device() *cpu.Device {
	c.Helper()
	return deviceOf(c.T, c.level)
}

// as runs a check as a subtest, and gives its figures, none where it did not come to its
// end. A full check that a run before this one has finished is told, not run again.
func as(t *testing.T, name, level string, f func(c *check)) (out []rows.Figure) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		c := &check{T: t, level: level, row: rows.Row{Name: t.Name(), Revision: *revision}}
		if !*full {
			f(c)
			out = c.row.Figures
			return
		}
		if c.finished() {
			out = c.row.Figures
			return
		}
		start, worked := time.Now(), processorTime(t)
		f(c)
		c.row.Seconds, c.row.Busy = tenths(time.Since(start)), tenths(processorTime(t)-worked)
		out = c.row.Figures
		c.keep()
	})
	return out
}

// tenths is a time in seconds.
func tenths(d time.Duration) float64 {
	return float64(d.Round(100*time.Millisecond)/(100*time.Millisecond)) / 10
}

// processorTime is what this program has used of all processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// finished tells a row that was kept, if there is one.
func (c *check) finished() bool {
	c.Helper()
	if *keep == "" {
		return false
	}
	s := &rows.Store{Dir: *keep}
	if !*anyBuild {
		s.Build = build(c.T)
	}
	r, err := s.Finished(c.row.Name)
	if err != nil {
		c.Fatal(err)
	}
	if r == nil {
		return false
	}
	c.Logf("finished before, at %s in %.0f s", r.Revision, r.Seconds)
	c.row = *r
	for _, f := range r.Figures {
		c.Logf("%s: %.4g", f.Name, f.Value)
		c.judge(f)
	}
	c.publish()
	return true
}

// keep keeps a row that ran to its end. One that failed in another way than by its figures
// has not come to it.
func (c *check) keep() {
	c.Helper()
	if c.Failed() && !slices.ContainsFunc(c.row.Figures, func(f rows.Figure) bool { return !f.Met() }) {
		return
	}
	if *keep != "" {
		if err := (&rows.Store{Dir: *keep}).Keep(&c.row, build(c.T)); err != nil {
			c.Fatal(err)
		}
	}
	c.publish()
}

// publish has a row in the table at the end, and in the file of figures if rows are kept.
func (c *check) publish() {
	c.Helper()
	reached = append(reached, c.row)
	if *keep == "" {
		return
	}
	if err := rows.Publish(figures, &c.row); err != nil {
		c.Fatal(err)
	}
}

// thisBuild reads the whole program, which is the same for every row.
var thisBuild = sync.OnceValues(rows.ThisBuild)

func build(t *testing.T) string {
	t.Helper()
	b, err := thisBuild()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// processors are the levels of GANENGINE_CPU under which full checks hold. Trainings on
// points depend on the order of sums so much that they have to hold in another one, too.
var (
	processors = []string{"avx2"}
	sumOrders  = []string{"avx2", "plain"}
)

// seeded runs a check with the first seed; a full one with five, under each level.
func seeded(t *testing.T, levels []string, f func(c *check, seed int)) {
	t.Helper()
	if !*full {
		as(t, "seed0", "", func(c *check) { f(c, 0) })
		return
	}
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			for seed := range 5 {
				as(t, fmt.Sprint("seed", seed), level, func(c *check) { f(c, seed) })
			}
		})
	}
}
