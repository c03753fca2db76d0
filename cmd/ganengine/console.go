package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"ganengine/engine/debug"
	"ganengine/engine/printable"
	"ganengine/gan/train"
)

// volume is how much a console shows.
type volume int

const (
	quiet volume = iota - 1
	normal
	verbose
)

// console shows a run: on a terminal one line of progress that is drawn again
// and again, elsewhere a line for each logged step. Once writing fails, because
// the reader of a pipe went away or the terminal was closed, it is silent.
type console struct {
	out      io.Writer // takes the control sequences of the progress line as they are
	volume   volume
	terminal bool
	drawn    time.Time // when the progress was drawn last
	open     bool      // the progress line has no end yet
	begun    bool      // a first estimate was given
	lost     error     // why nothing is written any more
}

var _ train.Console = (*console)(nil)

// redraw is the shortest time between two drawings of the progress line.
const redraw = 100 * time.Millisecond

// newConsole is a console on out; what GANENGINE_DEBUG asks for is shown at any
// volume.
func (a *app) newConsole(out printable.Writer, v volume) *console {
	if a.switches.Level > debug.Quiet {
		v = verbose
	}
	return &console{out: out.W, volume: v, terminal: isTerminal(out.W)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Line implements train.Console.
func (c *console) Line(text string) {
	if c.volume > quiet {
		c.clear()
		c.print(printable.Line(text) + "\n")
	}
}

// Detail implements train.Console.
func (c *console) Detail(text string) {
	if c.volume >= verbose {
		c.Line(text)
	}
}

// Lost implements train.Console.
func (c *console) Lost() error { return c.lost }

// Progress implements train.Console.
func (c *console) Progress(p train.Progress) {
	switch {
	case c.volume == quiet:
	case !c.terminal:
		if p.Logged || !c.begun && p.Left > 0 {
			c.print(p.String() + "\n")
			c.begun = true
		}
	case time.Since(c.drawn) >= redraw || p.Step == p.Steps:
		c.print("\r\x1b[K\x1b[?7l" + p.String() + "\x1b[?7h") // a narrow terminal shows what fits in its one line
		c.drawn, c.open = time.Now(), true
	}
}

// clear removes the progress line; the next Progress draws it again.
func (c *console) clear() {
	if c.open {
		c.print("\r\x1b[K")
		c.open, c.drawn = false, time.Time{}
	}
}

// end leaves the progress line as it is and goes to the next.
func (c *console) end() {
	if c.open {
		c.print("\n")
		c.open = false
	}
}

func (c *console) print(text string) {
	if c.lost == nil {
		_, c.lost = io.WriteString(c.out, text)
	}
}
