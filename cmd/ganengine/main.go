// Command ganengine trains generative adversarial networks and looks into
// what it has trained. `ganengine help` lists its commands; docs/cli.md has
// every flag.
//
// Exit status: 0 done; 1 the work failed; 2 the command line or the
// configuration is wrong; 129 hung up, 130 interrupted and 143 terminated, all
// after a checkpoint where something was being trained.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ganengine/engine/debug"
	"ganengine/engine/printable"
	"ganengine/gan/config"
	"ganengine/gan/rundir"
)

// version is stamped by the linker: -X main.version=v1.2.3.
var version string

func main() {
	ctx := untilSignal(context.Background(), func(first *interrupt) {
		if isTerminal(os.Stderr) { // the last step may take long
			fmt.Fprintf(os.Stderr, "\n%s: stopping after this step; once more stops at once\n", first)
		}
	}, os.Exit)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// interrupt is the cause of a context that a signal cancelled.
type interrupt struct {
	what   string
	status int
}

func (i *interrupt) Error() string { return i.what }

func interruptOf(s os.Signal) *interrupt {
	switch s {
	case syscall.SIGTERM:
		return &interrupt{"terminated", 143}
	case syscall.SIGHUP:
		return &interrupt{"hung up", 129}
	}
	return &interrupt{"interrupted", 130}
}

// untilSignal cancels the context at the first SIGINT, SIGTERM or SIGHUP (the
// terminal was closed), of which it tells notice, and stops the process at the
// second. A SIGHUP that the process was started to ignore, by nohup, stays
// ignored; scripts start what they put into the background with SIGINT ignored,
// and that is meant when they send it.
func untilSignal(parent context.Context, notice func(*interrupt), exit func(status int)) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		first := interruptOf(<-signals)
		cancel(first)
		notice(first)
		exit(interruptOf(<-signals).status)
	}()
	return ctx
}

// app is the program with what surrounds it.
type app struct {
	stdout, stderr printable.Writer // all that is printed goes through them
	started        time.Time
	switches       debug.Switches
}

// run is the whole program but for signals; it gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: printable.Writer{W: stdout}, stderr: printable.Writer{W: stderr}, started: time.Now()}
	var err error
	if a.switches, err = debug.Read(os.Environ()); err != nil {
		err = usage("%w", err)
	} else {
		err = a.dispatch(ctx, args)
	}
	if err == nil {
		return 0
	}
	if errors.Is(err, syscall.EPIPE) { // the reader has what it wanted, as where SIGPIPE ends the program
		return brokenPipe
	}
	status := statusOf(ctx, err)
	fmt.Fprintf(a.stderr, "ganengine: %s\n", oneLine(err))
	return status
}

// brokenPipe is the status that shells have for a program that SIGPIPE ended.
const brokenPipe = 141

// usageError is a command line that is wrong.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func statusOf(ctx context.Context, err error) int {
	var stopped *interrupt
	if errors.As(err, &stopped) || errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &stopped) {
		return stopped.status
	}
	var wrong *usageError
	var setting *config.Error
	if errors.As(err, &wrong) || errors.As(err, &setting) || errors.Is(err, rundir.ErrNoRun) || errors.Is(err, rundir.ErrNoCheckpoint) {
		return 2
	}
	return 1
}

// oneLine joins the lines of joined errors.
func oneLine(err error) string {
	return printable.Line(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
}
