package train

import (
	"fmt"

	"ganengine/gan/report"
	"ganengine/gan/rundir"
)

// page is report.html of the run. It is for people to look at: a page that cannot be written is told of, once, and the
// run goes on.
type page struct {
	book  *report.Book
	rec   *recorder
	fault string // that was told
}

func newPage(dir rundir.Dir, rec *recorder) *page { return &page{book: report.NewBook(dir), rec: rec} }

// update writes the page where the run has time for it; that time is the pictures'.
func (p *page) update() {
	_, err := p.rec.clock.do(drawing, func() error { return p.book.Update(p.rec.clock.total()) })
	p.tell(err)
}

// finish writes the page of a segment that ended.
func (p *page) finish() {
	p.tell(p.book.Write(p.rec.clock.total()))
	p.rec.detail(fmt.Sprintf("%s took %.2f s of this segment", report.File, p.book.Spent().Seconds()))
}

func (p *page) tell(err error) {
	if err != nil && p.fault == "" {
		p.fault = err.Error()
		p.rec.line("%s; training does not need it and goes on: `ganengine report RUN -o FILE.html` writes it at another place", p.fault)
	}
}
