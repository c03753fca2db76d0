//go:build cuda && cgo && linux

package cudnn

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// considered is how many of the library's engines are tried for a convolution
// where they are measured, unless a Chooser says so; and how many where they are
// not, so that the first right one is taken.
const (
	considered = 24
	unmeasured = 8
)

// A Chooser takes one engine for each convolution: the one that a record names,
// else the one that was once measured to be the fastest, else the fastest of
// those that it measures now, else the library's first. It owns no memory of the
// device; what runs plans comes from outside.
type Chooser struct {
	Library *Library
	Target  Target
	Options Options // without a Choice
	Limit   int     // of engines that are considered; 0: 24, and 8 where nothing is measured

	Record Record // engines to take where possible
	Cache  *Cache // nil: none

	// Check says what is wrong with a plan's results, "" if nothing is; such a
	// plan is not taken. nil: plans are not checked.
	Check func(p *Plan) (wrong string, err error)
	// Time says how long a plan takes. nil: nothing is measured.
	Time   func(p *Plan) (time.Duration, error)
	Budget time.Duration // for all measurements, and the plans to be measured; 0: as long as they take

	// Rival says how long a convolution takes without the library; ok is false where
	// nothing else computes it. Where that is less than the fastest engine takes, no
	// engine is taken. nil: there is no rival.
	Rival func(conv Conv) (took time.Duration, ok bool, err error)

	// Broken says whether an error of Check or Time is one that no other engine
	// would mend: the device is lost. After others, such as a workspace for which
	// there is no memory, the next engine is tried. nil: it never is.
	Broken func(err error) bool

	Note func(line string) // hears why an expected engine was not taken; nil: nobody

	chosen    Record
	spent     time.Duration
	exhausted bool             // and said so
	now       func() time.Time // time.Now if nil
}

// Plan makes the plan of a convolution. Where no engine is taken, because none
// is allowed and right, or because the record says so, the error is
// ErrUnsupported; where each that was tried failed, it is the last one's.
func (c *Chooser) Plan(conv Conv) (*Plan, error) {
	if c.chosen == nil {
		c.chosen = Record{}
	}
	p, err := c.plan(conv)
	switch {
	case err == nil:
		c.chosen[conv.String()] = p.Choice.String()
	case errors.Is(err, ErrUnsupported):
		c.chosen[conv.String()] = Own
	}
	return p, err
}

// Chosen is what Plan has taken so far.
func (c *Chooser) Chosen() Record { return maps.Clone(c.chosen) }

func (c *Chooser) plan(conv Conv) (*Plan, error) {
	text := conv.String()
	if c.Record[text] == Own {
		return nil, fmt.Errorf("%v: %w: the record of engines names none", conv, ErrUnsupported)
	}
	if c.Record[text] == "" && c.Cache != nil && c.Cache.engines[text] == Own {
		return nil, fmt.Errorf("%v: %w: none was measured to be as fast as a kernel of our own", conv, ErrUnsupported)
	}
	p, err := c.named(conv, c.Record[text], "of the record cannot be used, so results may differ in their last bits")
	if p != nil || err != nil {
		return p, err
	}
	if c.Cache != nil {
		p, err = c.named(conv, c.Cache.engines[text], "was measured to be the fastest and cannot be used")
		if p != nil || err != nil {
			return p, err
		}
	}
	return c.search(conv)
}

// named is the plan with the engine of a choice's text; nil without an error if
// there is no text, or if the engine cannot be used, which is noted in the words
// given.
func (c *Chooser) named(conv Conv, text, failed string) (*Plan, error) {
	if text == "" {
		return nil, nil
	}
	choice, err := ParseChoice(text)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", conv, err)
	}
	o := c.Options
	o.Choice = &choice
	p, err := c.Library.Plan(conv, c.Target, o)
	if err != nil {
		c.note("engine %v %s: %v", choice, failed, err)
		return nil, nil
	}
	right, err := c.right(p)
	if c.broken(err) {
		p.Close()
		return nil, err
	}
	if !right {
		p.Close()
		return nil, nil
	}
	return p, nil
}

// search takes the first of the library's plans, or the fastest where that is
// measured, that is right.
func (c *Chooser) search(conv Conv) (*Plan, error) {
	start := c.clock()
	plans, err := c.Library.Plans(conv, c.Target, c.Options, c.limit())
	c.spent += c.clock().Sub(start) // it may compile kernels
	if err != nil {
		return nil, err
	}
	var chosen *Plan
	defer func() {
		for _, p := range plans {
			if p != chosen {
				p.Close()
			}
		}
	}()
	ordered, took, failed := c.measure(plans)
	all := c.Time != nil && len(took) == len(ordered) // were measured
	if c.broken(failed) {
		return nil, failed
	}
	for _, p := range ordered {
		right, err := c.right(p)
		if c.broken(err) {
			return nil, err
		}
		if err != nil {
			failed = err
		}
		if !right {
			continue
		}
		if took[p] > 0 {
			own, err := c.beaten(p, took[p])
			if c.broken(err) {
				return nil, err
			}
			if own {
				c.keep(conv, Own, all)
				return nil, fmt.Errorf("%v: %w as fast", conv, ErrUnsupported)
			}
		}
		chosen = p
		c.keep(conv, p.Choice.String(), all)
		return p, nil
	}
	if failed != nil {
		return nil, fmt.Errorf("%v: none of %d engines can be used, the last one for this: %w", conv, len(plans), failed)
	}
	return nil, fmt.Errorf("%v: %w: %d engines compute it wrongly", conv, ErrUnsupported, len(plans))
}

// keep remembers a choice between runs, if it was made among all.
func (c *Chooser) keep(conv Conv, choice string, all bool) {
	if all && c.Cache != nil {
		c.Cache.put(conv, choice)
	}
}

// beaten says whether the rival takes less time than the fastest plan.
func (c *Chooser) beaten(p *Plan, took time.Duration) (bool, error) {
	if c.Rival == nil {
		return false, nil
	}
	start := c.clock()
	own, ok, err := c.Rival(p.Conv)
	c.spent += c.clock().Sub(start)
	if err != nil || !ok || own >= took {
		return false, err
	}
	c.note("%v: a kernel of our own takes %v, engine %v of cuDNN %s %v", p.Conv, own, p.Choice, c.Library.Version(), took)
	return true, nil
}

func (c *Chooser) limit() int {
	switch {
	case c.Limit > 0:
		return c.Limit
	case c.Time == nil || c.overspent():
		return unmeasured
	}
	return considered
}

// measure orders plans by the time they take, without those that fail; those for
// which the budget was spent come last, as the library has them, and took has no time
// of theirs. The error is that of the last plan that failed, or of the one that broke
// the device.
func (c *Chooser) measure(plans []*Plan) (ordered []*Plan, took map[*Plan]time.Duration, err error) {
	if c.Time == nil {
		return plans, nil, nil
	}
	took = map[*Plan]time.Duration{}
	var rest []*Plan
	for _, p := range plans {
		if c.overspent() {
			if !c.exhausted {
				c.exhausted = true
				c.note("%v were spent on measuring engines; from %v on, the library's order decides", c.Budget, p.Conv)
			}
			rest = append(rest, p)
			continue
		}
		start := c.clock()
		t, failed := c.Time(p)
		c.spent += c.clock().Sub(start)
		if failed != nil {
			err = fmt.Errorf("%v, engine %v: measuring: %w", p.Conv, p.Choice, failed)
			if c.broken(err) {
				return nil, nil, err
			}
			c.unused(p, failed)
			continue
		}
		took[p] = t
		ordered = append(ordered, p)
	}
	slices.SortStableFunc(ordered, func(a, b *Plan) int { return cmp.Compare(took[a], took[b]) })
	return append(ordered, rest...), took, err
}

// right says whether a plan computes what it should; where it does not, or cannot
// be tried, that is noted.
func (c *Chooser) right(p *Plan) (bool, error) {
	if c.Check == nil {
		return true, nil
	}
	wrong, err := c.Check(p)
	switch {
	case err != nil:
		c.unused(p, err)
		return false, fmt.Errorf("%v, engine %v: checking: %w", p.Conv, p.Choice, err)
	case wrong != "":
		c.unused(p, errors.New(wrong))
	}
	return wrong == "", nil
}

// unused notes that an engine is not used.
func (c *Chooser) unused(p *Plan, why error) {
	c.note("%v: engine %v of cuDNN %s is not used: %v", p.Conv, p.Choice, c.Library.Version(), why)
}

// overspent says that the budget leaves no time to measure.
func (c *Chooser) overspent() bool { return c.Budget > 0 && c.spent >= c.Budget }

func (c *Chooser) clock() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

func (c *Chooser) broken(err error) bool { return err != nil && c.Broken != nil && c.Broken(err) }

func (c *Chooser) note(format string, args ...any) {
	if c.Note != nil {
		c.Note(fmt.Sprintf(format, args...))
	}
}
