package train

import (
	"fmt"
	"math"
	"strings"
	"time"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/game"
)

// Host is what a run needs from outside.
type Host struct {
	Systems  *game.Systems // that configurations may choose
	Device   device.Device // the caller's to close
	Fallback string        // in a few words, why it is this device and not a better one; "" if there is nothing to say
	Switches debug.Switches
	Out      string   // parent of run directories
	Weights  []string // files whose weights a fresh run starts from; none draws them
	// Checkpoint is what a resume goes on from: latest (or nothing), best, or a step.
	Checkpoint string
	Console    Console // nil shows nothing
	Meter      Meter   // nil tells nobody
	Version    string  // of the program, for run.json
	Revision   string
	Started    time.Time // when the process started, for the time that starting takes

	now  func() time.Time                // nil is the machine's clock
	free func(dir string) (int64, error) // bytes that files there may take; nil asks the system
}

func (h Host) clock() func() time.Time {
	if h.now == nil {
		return time.Now
	}
	return h.now
}

func (h Host) console() Console {
	if h.Console == nil {
		return silent{}
	}
	return h.Console
}

// Console shows a run to people. Its methods are called from one goroutine and
// should return quickly. Lines are also written to the run's log.txt.
type Console interface {
	// Line is something to know: what was found, where things are.
	Line(text string)
	// Detail is a line for those who ask for more.
	Detail(text string)
	// Progress follows every finished step. A terminal may redraw one line with
	// it; elsewhere the ones with Logged set are printed as lines.
	Progress(p Progress)
	// Lost is why nothing is shown any more, such as a pipe whose reader went
	// away; nil while lines are shown. It is asked after each step.
	Lost() error
}

// silent shows nothing.
type silent struct{}

func (silent) Line(string)       {}
func (silent) Detail(string)     {}
func (silent) Progress(Progress) {}
func (silent) Lost() error       { return nil }

// Progress is how far a run has come.
type Progress struct {
	Step, Steps     int64
	ImagesPerSecond float64 // samples of the first stream taken
	Losses          []Loss  // of the optimisers, in order
	Watched         bool    // whether there are Real and Fake
	Real, Fake      float64 // D(x) and D(G(z)), likewise: probabilities where the loss has them, else logits
	Left            time.Duration
	Blind           bool // Left is without evaluations, of which none was made yet
	Logged          bool // a multiple of log.every
}

// Loss is what an optimiser minimises: its mean since the last logged step.
type Loss struct {
	Name string
	Mean float64
}

// String is the progress as one line.
func (p Progress) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "step %*d/%d ", len(fmt.Sprint(p.Steps)), p.Step, p.Steps)
	for _, l := range p.Losses {
		fmt.Fprintf(&s, " %s %s", title(l.Name), score(l.Mean, 3))
	}
	if p.Watched {
		fmt.Fprintf(&s, "  D(x) %s D(G(z)) %s", score(p.Real, 2), score(p.Fake, 2))
	}
	fmt.Fprintf(&s, "  %s images/s  %s left", rate(p.ImagesPerSecond), clock(p.Left))
	if p.Blind {
		s.WriteString(" without evaluations")
	}
	return s.String()
}

// score prints so many digits after the point, or a power of ten where the number
// would take the line.
func score(x float64, digits int) string {
	if math.Abs(x) >= 1e5 {
		return fmt.Sprintf("%.2e", x)
	}
	return fmt.Sprintf("%.*f", digits, x)
}

// rate prints three digits or more.
func rate(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// clock prints a duration to its two largest units: 2h05m, 3m07s, 12s.
func clock(d time.Duration) string {
	s := int64((d + time.Second/2) / time.Second)
	switch {
	case s >= 24*3600:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	case s >= 3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	case s >= 60:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%ds", s)
}

// Interrupted is the error of a run whose context was cancelled. The step in
// flight was finished and its checkpoint written.
type Interrupted struct {
	Cause error // context.Cause
	Dir   string
	Step  int64
}

func (e *Interrupted) Error() string {
	return fmt.Sprintf("%v after step %d; continue with: ganengine -resume %s", e.Cause, e.Step, e.Dir)
}

func (e *Interrupted) Unwrap() error { return e.Cause }

// NotFinite is the error of a run that met a NaN or an infinity. The last good
// state was saved.
type NotFinite struct {
	Program string
	Step    int64    // steps that were finished
	Node    string   // the first bad node, its shapes and the line that built it; "" if the second run found none
	Rates   []string // keys of the learning rates that the system has
	Dir     string
}

// what is what was met, and where.
func (e *NotFinite) what() string {
	what := fmt.Sprintf("program %s met a NaN or an infinity in step %d", e.Program, e.Step+1)
	if e.Node != "" {
		what += ", first in " + e.Node
	}
	return what
}

func (e *NotFinite) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s; lower %s", e.what(), strings.Join(e.Rates, " and "))
	if e.Dir != "" {
		fmt.Fprintf(&s, ", or look at the last good state, checkpoint %d of %s", e.Step, e.Dir)
	}
	return s.String()
}
