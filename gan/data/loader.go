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
	"time"
)

// SmallBatch is up to how many bytes of points a batch takes no longer to make than
// handing it over would. Such batches are made one after the other by one goroutine,
// which is woken for several at once where there are buffers for them.
const SmallBatch = 16 << 10

// LoaderConfig says how a set becomes batches. A zero takes the default.
type LoaderConfig struct {
	Batch   int
	Cycle   bool // the batch may be larger than the set: its rows go on through the epochs that follow
	Seed    uint64
	Stream  string   // a name that gives order and flips of its own under one seed; "" for the first stream
	Shuffle bool     // a new order each epoch; else the set's own
	Mirror  bool     // flips images left to right, each with probability ½ in each epoch
	Workers int      // goroutines that read samples; all processors, 8 at most
	Ahead   int      // batches prepared before they are asked for: 3
	Buffers []Buffer // memory to fill, Ahead + 1 of them; the loader's own if nil

	Beside *Loader                     // another of the same set, or of parts of it: each goes without what one lost, and all are for one goroutine
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
	Index int64 // the position of its first row
	Slot  int   // which of LoaderConfig.Buffers it fills
	slot  *slot
}

// Loader is an endless stream of samples, handed out in batches that straddle
// epochs. Positions count samples of the stream from 0: the batch at position p
// holds those at p to p + Batch - 1, so that what stands at a position does not
// depend on the size of batches. Batches come in order, whatever the workers do,
// and cost no allocation. A sample that cannot be read is lost from then on: the
// next one in the set takes its turns. Next, Release, Position, Lost, SeekTo and
// Close are for one goroutine; several loaders may read one set at the same time.
type Loader struct {
	set      Set
	config   LoaderConfig
	fill     func(s *slot, row, sample int) error
	bad      atomic.Pointer[losses] // those of lost, for the workers
	lost     []loss
	beside   *group
	order    order
	small    bool
	slots    []*slot
	idle     []*slot // released and not yet given back to the workers
	parent   context.Context
	position int64 // of the next batch
	held     int
	next     *slot // taken from filled, not yet ready
	failed   error
	waited   time.Duration

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

// NewLoader starts reading ahead at position 0. Cancelling ctx, or Close, ends the
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
	case config.Batch > n && !config.Cycle:
		return nil, fmt.Errorf("data: batch = %d is larger than the data set, which holds %d: use a smaller batch or more data", config.Batch, n)
	case n > math.MaxInt32:
		return nil, fmt.Errorf("data: %d samples are more than the loader's %d: set a limit", n, math.MaxInt32)
	}
	l := &Loader{set: set, config: config, parent: ctx,
		order: order{n: int64(n), seed: streamSeed(config.Seed, config.Stream), shuffle: config.Shuffle}}
	if err := l.makeRing(); err != nil {
		return nil, err
	}
	if len(config.Lost) >= n {
		return nil, fmt.Errorf("data: none of the %d samples can be read any more", n)
	}
	var lost []loss
	for _, sample := range config.Lost {
		lost = append(lost, loss{sample: int32(sample), at: -1})
	}
	l.remember(lost)
	if err := l.join(config.Beside); err != nil {
		return nil, err
	}
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
		if len(b.Labels) > want.labels && want.labels == 0 {
			return noClasses("a batch with labels")
		}
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
	var asked time.Time // where there is something to wait for
	if l.next == nil {
		if len(l.filled) == 0 {
			l.giveBack()
			asked = time.Now()
		}
		select {
		case l.next = <-l.filled:
		case <-ctx.Done():
			return nil, l.interrupted(ctx)
		case <-l.run.Done():
			return nil, l.interrupted(l.run)
		}
	}
	if asked.IsZero() && len(l.next.ready) == 0 {
		asked = time.Now()
	}
	select {
	case <-l.next.ready:
	case <-ctx.Done():
		return nil, l.interrupted(ctx)
	case <-l.run.Done():
		return nil, l.interrupted(l.run)
	}
	if !asked.IsZero() {
		l.waited += time.Since(asked)
	}
	s := l.next
	if err := l.settle(s); err != nil {
		l.failed = fmt.Errorf("data: loading the batch at sample %d: %w", s.batch.Index, err)
		l.stop(l.failed)
		return nil, l.failed
	}
	l.next = nil
	s.held = true
	l.held++
	l.position = s.batch.Index + int64(l.config.Batch)
	return &s.batch, nil
}

func (l *Loader) interrupted(ctx context.Context) error {
	return fmt.Errorf("data: loading the batch at sample %d: %w", l.position, context.Cause(ctx))
}

// Waited is the time that Next waited for batches that were not read yet.
func (l *Loader) Waited() time.Duration { return l.waited }

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

// Position is where the batches that Next has given out end, however much has
// been read ahead: what a checkpoint stores. A caller that takes batches before
// it uses them stores the Index of the first unused one instead.
func (l *Loader) Position() int64 { return l.position }

// mostPosition leaves room to count on while reading ahead.
const mostPosition = math.MaxInt64 / 2

// SeekTo makes the next batch begin at a position; what was lost in batches
// that begin there or behind is tried again. Batches that are held stay valid
// and are still to be released.
func (l *Loader) SeekTo(position int64) error {
	if position < 0 || position > mostPosition {
		return fmt.Errorf("data: there is no sample %d to seek", position)
	}
	if errors.Is(l.failed, errClosed) {
		return l.failed
	}
	if cause := context.Cause(l.parent); cause != nil {
		return fmt.Errorf("data: seeking sample %d: %w", position, cause)
	}
	l.stop(nil)
	l.position, l.failed = position, nil
	l.remember(slices.DeleteFunc(l.lost, func(one loss) bool { return one.at >= position }))
	l.start()
	return nil
}

// Close ends the workers and waits for them. The set stays open.
func (l *Loader) Close() error {
	l.failed = fmt.Errorf("data: %w", errClosed)
	l.beside.leave(l)
	l.stop(errClosed)
	return nil
}
