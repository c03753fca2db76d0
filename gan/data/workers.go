package data

import "context"

// start sets the workers going from l.position on.
func (l *Loader) start() {
	l.run, l.cancel = context.WithCancelCause(l.parent)
	l.free = make(chan *slot, len(l.slots))
	l.filled = make(chan *slot, len(l.slots))
	l.tasks = make(chan task, 2*l.config.Workers)
	l.idle = l.idle[:0]
	for _, s := range l.slots {
		if !s.held {
			select { // a token left by the run before
			case <-s.ready:
			default:
			}
			l.free <- s
		}
	}
	first := l.position
	l.wg.Go(func() { l.deal(first) })
	for range l.config.Workers {
		l.wg.Go(l.work)
	}
}

// stop ends the workers and waits for them.
func (l *Loader) stop(cause error) {
	l.cancel(cause)
	l.wg.Wait()
	l.next = nil
}

// deal lays out one batch after another and hands its rows to the workers.
func (l *Loader) deal(position int64) {
	rows := max(1, l.config.Batch/(4*l.config.Workers))
	for ; ; position += int64(l.config.Batch) {
		var s *slot
		select {
		case s = <-l.free:
		case <-l.run.Done():
			return
		}
		l.lay(s, position)
		if l.small {
			l.read(s, 0, l.config.Batch)
			s.ready <- struct{}{}
			l.filled <- s // has room for every slot
			continue
		}
		s.pending.Store(int32((l.config.Batch + rows - 1) / rows))
		l.filled <- s
		for low := 0; low < l.config.Batch; low += rows {
			select {
			case l.tasks <- task{s, low, min(low+rows, l.config.Batch)}:
			case <-l.run.Done():
				return
			}
		}
	}
}

// lay decides whose turn it is in the batch at a position.
func (l *Loader) lay(s *slot, position int64) {
	s.batch.Index = position
	s.failed.Store(false)
	for row := range s.samples {
		sample, epoch := l.order.at(position + int64(row))
		s.samples[row] = sample
		s.flips[row] = l.config.Mirror && mirrored(l.order.seed, epoch, sample)
	}
}

// work reads rows until the run ends.
func (l *Loader) work() {
	for {
		select {
		case t := <-l.tasks:
			l.read(t.slot, t.low, t.high)
			if t.slot.pending.Add(-1) == 0 {
				t.slot.ready <- struct{}{}
			}
		case <-l.run.Done():
			return
		}
	}
}

// read fills rows low to high. What cannot be read is settled in its turn.
func (l *Loader) read(s *slot, low, high int) {
	lost := l.known()
	for row := low; row < high; row++ {
		if l.put(s, row, lost.instead(s.samples[row], l.order.n)) != nil {
			s.failed.Store(true)
		}
	}
}

// put reads a sample into a row.
func (l *Loader) put(s *slot, row int, sample int32) error {
	s.holds[row] = -1
	if err := l.fill(s, row, int(sample)); err != nil {
		return err
	}
	s.holds[row] = sample
	if len(s.batch.Labels) > 0 {
		s.batch.Labels[row] = int32(l.set.Label(int(sample)))
	}
	return nil
}
