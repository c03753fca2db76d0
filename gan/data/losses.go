package data

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// mostLost is how many samples may go bad within one batch, or as many as it
// has rows: where more do, it is not the files that are bad.
const mostLost = 64

// losses are samples that cannot be read. A value never changes.
type losses map[int32]struct{}

// instead is the sample that takes the turn of one of n: the next that is not
// lost, behind the last the first. There is one: not all are lost.
func (l losses) instead(sample int32, n int64) int32 {
	for {
		if _, lost := l[sample]; !lost {
			return sample
		}
		sample = int32((int64(sample) + 1) % n)
	}
}

func (l losses) with(sample int32) losses {
	more := maps.Clone(l)
	if more == nil {
		more = losses{}
	}
	more[sample] = struct{}{}
	return more
}

// loss is a sample that went bad, and where the first batch begins that goes
// without it.
type loss struct {
	sample int32
	at     int64 // -1: known from the beginning
	err    error
}

// known is what was lost before and in the batches that Next has given out.
func (l *Loader) known() losses {
	if k := l.bad.Load(); k != nil {
		return *k
	}
	return nil
}

// remember replaces what is known to be lost.
func (l *Loader) remember(list []loss) {
	var all losses
	if len(list) > 0 {
		all = make(losses, len(list))
	}
	for _, one := range list {
		all[one.sample] = struct{}{}
	}
	l.lost = list
	l.bad.Store(&all)
}

// Lost are the samples that the batches which begin before position go without,
// in the order in which they went bad: part of what a checkpoint stores, beside the
// position. Batches read ahead have no part in it.
func (l *Loader) Lost(position int64) []int {
	var samples []int
	for _, one := range l.lost {
		if one.at < position {
			samples = append(samples, int(one.sample))
		}
	}
	return samples
}

// settle makes each row of the batch that is next hold the sample whose turn
// it is, or the one instead. Workers read ahead, at any time and in any order,
// so what they made of a bad sample is not what counts: a row whose sample was
// not read is read again here, in the batches' order, and only one that fails
// here is lost, to this batch and all behind it. So the rows are a function of
// what was lost before and of what can be read now.
func (l *Loader) settle(s *slot) error {
	known := l.known()
	if known == nil && !s.failed.Load() {
		return nil
	}
	var found []loss
	for row := 0; row < len(s.samples); {
		want := known.instead(s.samples[row], l.order.n)
		if s.holds[row] == want {
			row++
			continue
		}
		err := l.put(s, row, want)
		if err == nil {
			row++
			continue
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err // the set was told to stop; the sample is not known to be bad
		}
		known, found = known.with(want), append(found, loss{want, s.batch.Index, err})
		if len(found) > max(mostLost, len(s.samples)) || len(known) == int(l.order.n) {
			return fmt.Errorf("%d samples cannot be read any more, the last: %w; is the disk still there?", len(found), err)
		}
		row = 0 // one above may hold it
	}
	if len(found) == 0 {
		return nil
	}
	l.remember(append(l.lost, found...))
	l.beside.tell(l, found)
	if l.config.OnLoss != nil {
		for _, one := range found {
			l.config.OnLoss(int(one.sample), one.err)
		}
	}
	return nil
}

// group is loaders of one set, and of parts of it. What one of them loses is
// lost to all from then on, though another had read it well or could: a run
// that goes on knows that it was lost, and no more.
type group struct{ members []*Loader }

// join makes l one of the loaders that another is in, or begins with l alone.
func (l *Loader) join(other *Loader) error {
	if other == nil {
		l.beside = &group{[]*Loader{l}}
		return nil
	}
	if here, there := wholeOf(l.set).Len(), wholeOf(other.set).Len(); here != there {
		return fmt.Errorf("data: a loader of %d samples cannot stand beside one of %d others", here, there)
	}
	l.beside = other.beside
	l.beside.members = append(l.beside.members, l)
	return nil
}

func (g *group) leave(l *Loader) {
	g.members = slices.DeleteFunc(g.members, func(m *Loader) bool { return m == l })
}

// tell has the others go without what one found.
func (g *group) tell(finder *Loader, found []loss) {
	for _, l := range g.members {
		if l == finder {
			continue
		}
		for _, one := range found {
			l.learn(inWhole(finder.set, int(one.sample)), one.err)
		}
	}
}

// learn loses a sample of the whole from the next batch on, if it has it.
func (l *Loader) learn(i int, err error) {
	sample := ofWhole(l.set, i)
	if sample < 0 {
		return
	}
	switch known := l.known().with(int32(sample)); {
	case len(known) == len(l.known()):
	case len(known) == int(l.order.n):
		l.failed = fmt.Errorf("data: none of the %d samples can be read any more, the last: %w", l.order.n, err)
	default:
		l.remember(append(l.lost, loss{int32(sample), l.position, err}))
	}
}
