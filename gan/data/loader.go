package data

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// SmallBatch is up to how many bytes of points a batch takes no longer to make than
// handing it over would. Such batches are made one after the other by one goroutine,
// which is woken for several at once where there are buffers for them.
const SmallBatch = 16 << 10

// LoaderConfig says how a set becomes batches. A zero takes the default.
type LoaderConfig struct {
	Batch   int
	Seed    uint64
	Shuffle bool     // a new order each epoch; else the set's own
	Mirror  bool     // flips images left to right, each with probability ½ in each epoch
	Workers int      // goroutines that read samples; all processors, 8 at most
	Ahead   int      // batches prepared before they are asked for: 3
	Buffers []Buffer // memory to fill, Ahead + 1 of them; the loader's own if nil

	Lost   []int                       // samples that are not read: those that Lost gave at the position that is sought first
	OnLoss func(sample int, err error) // is told by Next of each more that cannot be read; may be nil
}

// Buffer is the memory of one batch. The owner may place it where copies to a
// device are fast.
type Buffer struct {
	Images []byte    // batch·h·w·c for Images, else empty
	Points []float32 // batch·dimension for Points, else empty
	Labels []int32   // batch, empty for a set without classes
}

// Batch is a filled buffer.
type Batch struct {
	Buffer
	Index int64 // its place in the stream, from 0
	Slot  int   // which of LoaderConfig.Buffers it fills
	slot  *slot
}

// Loader is an endless stream of batches that straddle epochs. Batches come in
// order, whatever the workers do, and cost no allocation. A sample that cannot
// be read is lost from then on: the next one in the set takes its turns. Next,
// Release, Position, Lost, SeekTo and Close are for one goroutine.
type Loader struct {
	set      Set
	config   LoaderConfig
	fill     func(s *slot, row, sample int) error
	bad      atomic.Pointer[losses] // those of lost, for the workers
	lost     []loss
	order    order
	small    bool
	slots    []*slot
	idle     []*slot // released and not yet given back to the workers
	parent   context.Context
	consumed int64
	held     int
	next     *slot // taken from filled, not yet ready
	failed   error

	// One run of the workers, from start to stop.
	run    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	free   chan *slot
	filled chan *slot // in batch order, perhaps still being read
	tasks  chan task
}

// slot is one buffer of the ring and the batch in it.
type slot struct {
	batch   Batch
	samples []int32 // whose turn it is in each row
	holds   []int32 // what was read for it, -1 if nothing could be
	flips   []bool
	failed  atomic.Bool   // some row holds nothing
	pending atomic.Int32  // tasks to go
	ready   chan struct{} // one token when pending reaches zero
	held    bool          // by the caller, between Next and Release
}

// task is some rows of a batch.
type task struct {
	slot      *slot
	low, high int
}

var errClosed = errors.New("the loader is closed")

// NewLoader starts reading ahead at batch 0. Cancelling ctx, or Close, ends the
// workers; the set stays open.
func NewLoader(ctx context.Context, set Set, config LoaderConfig) (*Loader, error) {
	if config.Workers <= 0 {
		config.Workers = min(8, runtime.GOMAXPROCS(0))
	}
	if config.Ahead <= 0 {
		config.Ahead = 3
	}
	n := set.Len()
	switch {
	case n == 0:
		return nil, errors.New("data: the set is empty: there is nothing to load")
	case config.Batch <= 0:
		return nil, fmt.Errorf("data: batch = %d is impossible: use 1 or more", config.Batch)
	case config.Batch > n:
		return nil, fmt.Errorf("data: batch = %d is larger than the data set, which holds %d: use a smaller batch or more data", config.Batch, n)
	case n > math.MaxInt32:
		return nil, fmt.Errorf("data: %d samples are more than the loader's %d: set a limit", n, math.MaxInt32)
	}
	l := &Loader{set: set, config: config, parent: ctx,
		order: order{n: int64(n), seed: config.Seed, shuffle: config.Shuffle}}
	if err := l.makeRing(); err != nil {
		return nil, err
	}
	if len(config.Lost) >= n {
		return nil, fmt.Errorf("data: none of the %d samples can be read any more", n)
	}
	var lost []loss
	for _, sample := range config.Lost {
		lost = append(lost, loss{sample: int32(sample), batch: -1})
	}
	l.remember(lost)
	l.start()
	return l, nil
}

// makeRing checks or makes the buffers and says how their rows are filled.
func (l *Loader) makeRing() error {
	h, w, c := l.set.Shape()
	var want struct{ images, points, labels int }
	switch set := l.set.(type) {
	case Images:
		size := h * w * c
		want.images = l.config.Batch * size
		l.fill = func(s *slot, row, sample int) error {
			image := s.batch.Images[row*size : (row+1)*size]
			if err := set.Read(image, sample); err != nil {
				return err
			}
			if s.flips[row] {
				mirror(image, w, c)
			}
			return nil
		}
	case Points:
		if l.config.Mirror {
			return errors.New("data: mirror = true flips images, but these data are points: set mirror = false")
		}
		want.points = l.config.Batch * c
		l.fill = func(s *slot, row, sample int) error {
			return set.Read(s.batch.Points[row*c:(row+1)*c], sample)
		}
	default:
		return fmt.Errorf("data: a %T is neither Images nor Points", l.set)
	}
	if l.set.Classes() != nil {
		want.labels = l.config.Batch
	}
	buffers := l.config.Buffers
	if buffers == nil {
		for range l.config.Ahead + 1 {
			buffers = append(buffers, Buffer{make([]byte, want.images), make([]float32, want.points), make([]int32, want.labels)})
		}
	}
	for i, b := range buffers {
		if len(b.Images) != want.images || len(b.Points) != want.points || len(b.Labels) != want.labels {
			return fmt.Errorf("data: buffer %d has %d image bytes, %d point values and %d labels, wanted %d, %d and %d", i,
				len(b.Images), len(b.Points), len(b.Labels), want.images, want.points, want.labels)
		}
		s := &slot{samples: make([]int32, l.config.Batch), holds: make([]int32, l.config.Batch), flips: make([]bool, l.config.Batch),
			ready: make(chan struct{}, 1)}
		s.batch = Batch{Buffer: b, Slot: i, slot: s}
		l.slots = append(l.slots, s)
	}
	l.small = want.images == 0 && 4*want.points <= SmallBatch
	l.idle = make([]*slot, 0, len(l.slots))
	return nil
}

// start sets the workers going from batch l.consumed on.
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
	first := l.consumed
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
func (l *Loader) deal(index int64) {
	rows := max(1, l.config.Batch/(4*l.config.Workers))
	for ; ; index++ {
		var s *slot
		select {
		case s = <-l.free:
		case <-l.run.Done():
			return
		}
		l.lay(s, index)
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

// lay decides whose turn it is in batch index.
func (l *Loader) lay(s *slot, index int64) {
	s.batch.Index = index
	s.failed.Store(false)
	for row := range s.samples {
		sample, epoch := l.order.at(index*int64(l.config.Batch) + int64(row))
		s.samples[row] = sample
		s.flips[row] = l.config.Mirror && mirrored(l.config.Seed, epoch, sample)
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

// Next waits for the next batch. It stays valid until Release; with every
// buffer held there can be no next. Where hardly a sample can be read any more
// there is an error, until SeekTo.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	if l.failed != nil {
		return nil, l.failed
	}
	if l.held == len(l.slots) {
		return nil, fmt.Errorf("data: all %d batch buffers are held: release one before asking for the next", l.held)
	}
	if l.next == nil {
		if len(l.filled) == 0 {
			l.giveBack()
		}
		select {
		case l.next = <-l.filled:
		case <-ctx.Done():
			return nil, l.interrupted(ctx)
		case <-l.run.Done():
			return nil, l.interrupted(l.run)
		}
	}
	select {
	case <-l.next.ready:
	case <-ctx.Done():
		return nil, l.interrupted(ctx)
	case <-l.run.Done():
		return nil, l.interrupted(l.run)
	}
	s := l.next
	if err := l.settle(s); err != nil {
		l.failed = fmt.Errorf("data: loading batch %d: %w", s.batch.Index, err)
		l.stop(l.failed)
		return nil, l.failed
	}
	l.next = nil
	s.held = true
	l.held++
	l.consumed = s.batch.Index + 1
	return &s.batch, nil
}

func (l *Loader) interrupted(ctx context.Context) error {
	return fmt.Errorf("data: loading batch %d: %w", l.consumed, context.Cause(ctx))
}

// Release gives a batch's buffer back; releasing it again does nothing.
func (l *Loader) Release(b *Batch) {
	if s := b.slot; s.held {
		s.held = false
		l.held--
		l.idle = append(l.idle, s)
		if !l.small || 2*len(l.idle) >= len(l.slots) {
			l.giveBack()
		}
	}
}

// giveBack has released buffers filled again.
func (l *Loader) giveBack() {
	for _, s := range l.idle {
		l.free <- s
	}
	l.idle = l.idle[:0]
}

// Position is how many batches Next has given out, however many have been read
// ahead: what a checkpoint stores. A caller that takes batches before it uses
// them stores the Index of the first unused one instead.
func (l *Loader) Position() int64 { return l.consumed }

// SeekTo makes batch number position the next one; what was lost in it and
// behind it is tried again. Batches that are held stay valid and are still to
// be released.
func (l *Loader) SeekTo(position int64) error {
	if position < 0 || position > math.MaxInt64/int64(l.config.Batch)-1 {
		return fmt.Errorf("data: there is no batch %d to seek", position)
	}
	if errors.Is(l.failed, errClosed) {
		return l.failed
	}
	if cause := context.Cause(l.parent); cause != nil {
		return fmt.Errorf("data: seeking batch %d: %w", position, cause)
	}
	l.stop(nil)
	l.consumed, l.failed = position, nil
	l.remember(slices.DeleteFunc(l.lost, func(one loss) bool { return one.batch >= position }))
	l.start()
	return nil
}

// Close ends the workers and waits for them. The set stays open.
func (l *Loader) Close() error {
	l.failed = fmt.Errorf("data: %w", errClosed)
	l.stop(errClosed)
	return nil
}
