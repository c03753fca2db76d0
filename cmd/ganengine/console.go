package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"ganengine/engine/debug"
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
// and again, elsewhere a line for each logged step.
type console struct {
	out      io.Writer
	volume   volume
	terminal bool
	drawn    time.Time // when the progress was drawn last
	open     bool      // the progress line has no end yet
	begun    bool      // a first estimate was given
}

var _ train.Console = (*console)(nil)

// redraw is the shortest time between two drawings of the progress line.
const redraw = 100 * time.Millisecond

// newConsole is a console on out; what GANENGINE_DEBUG asks for is shown at any
// volume.
func (a *app) newConsole(out io.Writer, v volume) *console {
	if a.switches.Level > debug.Quiet {
		v = verbose
	}
	return &console{out: out, volume: v, terminal: isTerminal(out)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Line implements train.Console.
func (c *console) Line(text string) {
	if c.volume > quiet {
		c.clear()
		fmt.Fprintln(c.out, text)
	}
}

// Detail implements train.Console.
func (c *console) Detail(text string) {
	if c.volume >= verbose {
		c.Line(text)
	}
}

// Progress implements train.Console.
func (c *console) Progress(p train.Progress) {
	switch {
	case c.volume == quiet:
	case !c.terminal:
		if p.Logged || !c.begun && p.Left > 0 {
			fmt.Fprintln(c.out, p)
			c.begun = true
		}
	case time.Since(c.drawn) >= redraw || p.Step == p.Steps:
		fmt.Fprintf(c.out, "\r\x1b[K\x1b[?7l%s\x1b[?7h", p) // a narrow terminal shows what fits in its one line
		c.drawn, c.open = time.Now(), true
	}
}

// clear removes the progress line; the next Progress draws it again.
func (c *console) clear() {
	if c.open {
		fmt.Fprint(c.out, "\r\x1b[K")
		c.open, c.drawn = false, time.Time{}
	}
}

// end leaves the progress line as it is and goes to the next.
func (c *console) end() {
	if c.open {
		fmt.Fprintln(c.out)
		c.open = false
	}
}
