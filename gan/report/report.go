// Package report writes report.html, the page of a run: its curves, a slider over its sample grids, what was measured
// and how, what went wrong, its configuration and machine.
//
// A page is one file that fetches nothing, and is made from the run's files alone. It has at most 64 grids and 8 MB:
// of more, evenly chosen ones, and curves of at most 1,500 points. Whatever cannot be read is left out, and the page says
// so. All that comes from files is text there, never markup; a policy in the page lets no scripts run but its own, and
// nothing be loaded (https://www.w3.org/TR/CSP3/).
//
// Charts are drawn by uPlot; see assets/README.md.
package report

import (
	"io"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/gan/rundir"
)

// File is the name of a run's page.
const File = "report.html"

// share is how much of a run's time its page takes: one part in so many.
const share = 100

// A Book keeps what the page of a run was made of, so that writing it again reads only what is new.
type Book struct {
	dir    rundir.Dir
	curves *curves
	grids  *album
	reals  *album

	spent, last time.Duration // on all pages, and on the last
	written     int           // pages
}

// NewBook is the book of a run. Nothing is read yet.
func NewBook(dir rundir.Dir) *Book {
	return &Book{dir: dir, curves: newCurves(), grids: newAlbum("grids"), reals: newAlbum("reals")}
}

// Update writes the page again where the run, which has taken so long, has time for that.
func (b *Book) Update(elapsed time.Duration) error {
	if b.written > 0 && b.spent+b.last > elapsed/share {
		return nil
	}
	return b.Write(elapsed)
}

// Write writes the page of a run that has taken so long.
func (b *Book) Write(elapsed time.Duration) error {
	start := time.Now()
	err := b.writeTo(b.dir.Path(File), start.Add(elapsed/share-b.spent-b.last), atomicfile.ReplaceSoon)
	b.last = time.Since(start)
	b.spent, b.written = b.spent+b.last, b.written+1
	return err
}

// Spent is the time that pages took.
func (b *Book) Spent() time.Duration { return b.spent }

// writeTo makes the page with a write of its own. After the deadline it makes no picture smaller.
func (b *Book) writeTo(path string, deadline time.Time, write func(string, func(io.Writer) error) error) error {
	page := b.page(deadline)
	return write(path, page.render)
}

// Write makes the page of a run anew, at a path that a user names.
func Write(dir rundir.Dir, path string) error {
	return NewBook(dir).writeTo(path, time.Now().Add(time.Hour), atomicfile.Write)
}

// Rewrite makes the page of a run anew in its place.
func Rewrite(run *rundir.Run) error {
	return NewBook(run.Dir).writeTo(run.Path(File), time.Now().Add(time.Hour), atomicfile.Replace)
}
