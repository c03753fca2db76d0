package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fragile is numbers of which some cannot be read.
type fragile struct {
	*labelled
	mu    sync.Mutex
	reads map[int]int
	bad   func(sample, read int) bool // read counts the reads of the sample, from 1
}

func (f *fragile) Read(dst []byte, i int) error {
	f.mu.Lock()
	f.reads[i]++
	bad := f.bad(i, f.reads[i])
	f.mu.Unlock()
	if bad {
		return fmt.Errorf("image %d is bad", i)
	}
	return f.labelled.Read(dst, i)
}

func (f *fragile) count(i int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads[i]
}

func breaking(n int, bad func(sample, read int) bool) *fragile {
	return &fragile{labelled: numbers(n), reads: map[int]int{}, bad: bad}
}

func always(samples ...int) func(int, int) bool {
	return func(sample, _ int) bool { return slices.Contains(samples, sample) }
}

func TestTheNextSampleTakesTheTurnsOfALostOne(t *testing.T) {
	set := breaking(12, always(5, 6, 11))
	var told []string
	l := load(t, set, LoaderConfig{Batch: 4, Workers: 4, OnLoss: func(sample int, err error) { told = append(told, fmt.Sprint(sample, ": ", err)) }})
	images, labels := take(t, l, 6)
	epoch := []int{0, 1, 2, 3, 4, 7, 7, 7, 8, 9, 10, 0}
	if want := slices.Concat(epoch, epoch); !slices.Equal(samples(images), want) {
		t.Errorf("samples %v, want %v", samples(images), want)
	}
	for i, sample := range samples(images) {
		if int(labels[i]) != sample%4 {
			t.Errorf("sample %d has label %d", sample, labels[i])
		}
	}
	if want := []string{"5: image 5 is bad", "6: image 6 is bad", "11: image 11 is bad"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	for position, want := range [][]int{nil, nil, {5, 6}, {5, 6, 11}, {5, 6, 11}} {
		if got := l.Lost(4 * int64(position)); !slices.Equal(got, want) {
			t.Errorf("lost before batch %d: %v, want %v", position, got, want)
		}
	}
	if n := set.count(5); n > 6 { // by workers that were ahead, and in its turn
		t.Errorf("a lost sample was read %d times", n)
	}
}

// The stream is a function of what can be read and of what was lost before,
// whatever the workers do, and can be taken up anywhere.
func TestLossesAreExact(t *testing.T) {
	const n, batch, batches = 23, 5, 20
	config := LoaderConfig{Batch: batch, Seed: 3, Shuffle: true, Mirror: true, Workers: 1}
	bad := always(0, 4, 5, 22, 13)
	whole := load(t, breaking(n, bad), config)
	want, wantLabels := take(t, whole, batches)
	for _, c := range []struct {
		workers, ahead int
		wait           time.Duration
	}{{4, 0, 0}, {3, 8, 50 * time.Microsecond}} {
		config.Workers, config.Ahead = c.workers, c.ahead
		set := breaking(n, bad)
		set.wait = c.wait
		got, labels := take(t, load(t, set, config), batches)
		if !bytes.Equal(got, want) || !slices.Equal(labels, wantLabels) {
			t.Errorf("%d workers give another stream than one", c.workers)
		}
	}
	for p := range int64(batches) {
		config.Lost = whole.Lost(p * batch)
		l := load(t, breaking(n, bad), config)
		if err := l.SeekTo(p * batch); err != nil {
			t.Fatal(err)
		}
		got, _ := take(t, l, int(batches-p))
		if !bytes.Equal(got, want[p*batch*3:]) {
			t.Errorf("from batch %d on without %v the stream is another one", p, config.Lost)
		}
		if !slices.Equal(l.Lost(batch*batches), whole.Lost(batch*batches)) {
			t.Errorf("from batch %d on %v are lost, in one go %v", p, l.Lost(batch*batches), whole.Lost(batch*batches))
		}
	}
}

// What was read ahead of a loss counts as little as a failure to read ahead.
func TestWhatIsReadAheadDecidesNothing(t *testing.T) {
	reads := func(set *fragile, sample, n int) {
		t.Helper()
		for range 1000 {
			if set.count(sample) >= n {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("sample %d was read %d times, want %d", sample, set.count(sample), n)
	}
	// Batches hold 0 1 2, 3 0 1, 2 3 0: sample 0 is good only when it is read ahead for the second.
	set := breaking(4, func(sample, read int) bool { return sample == 0 && read != 2 })
	l := load(t, set, LoaderConfig{Batch: 3, Workers: 1, Ahead: 2})
	reads(set, 0, 3)
	images, _ := take(t, l, 3)
	if want := []int{1, 1, 2, 3, 1, 1, 2, 3, 1}; !slices.Equal(samples(images), want) || !slices.Equal(l.Lost(1), []int{0}) {
		t.Errorf("samples %v without %v, want %v", samples(images), l.Lost(1), want)
	}
	// And here bad only when it is read ahead.
	set = breaking(4, func(sample, read int) bool { return sample == 0 && read <= 3 })
	l = load(t, set, LoaderConfig{Batch: 3, Workers: 1, Ahead: 2})
	reads(set, 0, 3)
	images, _ = take(t, l, 3)
	if want := []int{0, 1, 2, 3, 0, 1, 2, 3, 0}; !slices.Equal(samples(images), want) || l.Lost(9) != nil {
		t.Errorf("samples %v without %v, want %v", samples(images), l.Lost(9), want)
	}
}

// Where all goes bad it is not the files: the state before stays good.
func TestADiskThatIsGone(t *testing.T) {
	gone := true
	set := breaking(500, func(sample, _ int) bool { return gone && sample >= 4 })
	told := 0
	l := load(t, set, LoaderConfig{Batch: 4, Workers: 4, OnLoss: func(int, error) { told++ }})
	take(t, l, 1)
	for range 2 { // the error stays
		_, err := l.Next(context.Background())
		if err == nil || err.Error() != "data: loading the batch at sample 4: 65 samples cannot be read any more, the last: image 68 is bad; is the disk still there?" {
			t.Errorf("error %v", err)
		}
	}
	if l.Position() != 4 || l.Lost(8) != nil || told > 0 {
		t.Errorf("position %d without %v, %d told", l.Position(), l.Lost(8), told)
	}
	set.mu.Lock()
	gone = false
	set.mu.Unlock()
	if err := l.SeekTo(4); err != nil {
		t.Fatal(err)
	}
	if got, _ := take(t, l, 1); !slices.Equal(samples(got), []int{4, 5, 6, 7}) {
		t.Errorf("after mending, the batch at 4 holds %v", samples(got))
	}
	_, err := NewLoader(context.Background(), numbers(2), LoaderConfig{Batch: 1, Lost: []int{0, 1}})
	if err == nil || !strings.Contains(err.Error(), "none of the 2 samples can be read") {
		t.Errorf("nothing left: %v", err)
	}
}

// A read that was told to stop says nothing of its sample.
func TestAnInterruptedReadIsNoLoss(t *testing.T) {
	l := load(t, interrupted{numbers(8)}, LoaderConfig{Batch: 4})
	if _, err := l.Next(t.Context()); !errors.Is(err, context.Canceled) || l.Lost(1) != nil || l.Position() != 0 {
		t.Errorf("error %v, lost %v, position %d", err, l.Lost(1), l.Position())
	}
}

// interrupted is numbers of which one is waited for until that is called off.
type interrupted struct{ *labelled }

func (s interrupted) Read(dst []byte, i int) error {
	if i == 2 {
		return fmt.Errorf("waiting for memory: %w", context.Canceled)
	}
	return s.labelled.Read(dst, i)
}

func TestSeekingTriesAgain(t *testing.T) {
	broken := true
	set := breaking(8, func(sample, _ int) bool { return broken && sample == 5 })
	l := load(t, set, LoaderConfig{Batch: 4})
	take(t, l, 2)
	set.mu.Lock()
	broken = false
	set.mu.Unlock()
	for _, c := range []struct {
		position int64
		want     []int
	}{{8, []int{0, 1, 2, 3, 4, 6, 6, 7}}, {6, []int{6, 7, 0, 1, 2, 3, 4, 6}}, {4, []int{4, 5, 6, 7, 0, 1, 2, 3}}} {
		if err := l.SeekTo(c.position); err != nil {
			t.Fatal(err)
		}
		if got, _ := take(t, l, 2); !slices.Equal(samples(got), c.want) {
			t.Errorf("from %d: %v, want %v", c.position, samples(got), c.want)
		}
	}
}

// Loaders beside each other go without what one of them lost, though they read
// it well before, in part or whole; so they go on where a run is taken up that
// knows of the loss and no more.
func TestWhatOneLosesTheOthersGoWithout(t *testing.T) {
	broken := false
	set := breaking(12, func(sample, _ int) bool { return broken && sample == 5 })
	part := made(t)(Subset(set, []int{4, 5, 6, 8}))
	elsewhere := made(t)(Subset(set, []int{1, 2}))
	var told []string
	config := func(name string, batch int, beside *Loader) LoaderConfig {
		return LoaderConfig{Batch: batch, Workers: 1, Ahead: 1, Cycle: true, Beside: beside,
			OnLoss: func(sample int, _ error) { told = append(told, fmt.Sprint(name, sample)) }}
	}
	first := load(t, elsewhere, config("elsewhere", 2, nil))
	some := load(t, part, config("part", 3, first))
	whole := load(t, set, config("whole", 6, some)) // reads ahead of its first batches
	alone := load(t, set, config("alone", 6, nil))
	take(t, some, 1)
	take(t, alone, 1)
	for set.count(5) < 5 { // twice in the part, once in the whole, twice in the one alone
		time.Sleep(time.Millisecond)
	}
	set.mu.Lock()
	broken = true
	set.mu.Unlock()
	finder := load(t, set, config("finder", 4, whole))
	take(t, finder, 2)
	set.mu.Lock()
	broken = false // and can be read again
	set.mu.Unlock()
	for _, c := range []struct {
		name     string
		l        *Loader
		position int64
		want     []int
		lost     []int
	}{
		{"elsewhere", first, 0, []int{1, 2, 1, 2}, nil},
		{"part", some, 3, []int{8, 4, 6, 6, 8, 4}, []int{1}},
		{"whole", whole, 0, []int{0, 1, 2, 3, 4, 6, 6, 7, 8, 9, 10, 11}, []int{5}},
		{"alone", alone, 6, []int{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5}, nil},
	} {
		if c.l.Position() != c.position || c.l.Lost(c.position) != nil {
			t.Errorf("%s stands at %d without %v", c.name, c.l.Position(), c.l.Lost(c.position))
		}
		images, _ := take(t, c.l, 2)
		if !slices.Equal(samples(images), c.want) || !slices.Equal(c.l.Lost(c.l.Position()), c.lost) {
			t.Errorf("%s holds %v without %v, want %v without %v", c.name, samples(images), c.l.Lost(c.l.Position()), c.want, c.lost)
		}
		again := load(t, c.l.set, LoaderConfig{Batch: c.l.config.Batch, Cycle: true, Lost: c.lost})
		if err := again.SeekTo(c.position); err != nil {
			t.Fatal(err)
		}
		if got, _ := take(t, again, 2); !bytes.Equal(got, images) {
			t.Errorf("%s taken up is %v", c.name, samples(got))
		}
	}
	if !slices.Equal(told, []string{"finder5"}) {
		t.Errorf("told %v", told)
	}
	if err := whole.SeekTo(0); err != nil {
		t.Fatal(err)
	}
	if got, _ := take(t, whole, 1); samples(got)[5] != 5 {
		t.Errorf("sought again: %v", samples(got))
	}
}

// What a part finds is known to the whole by its place there.
func TestTheWholeLearnsFromAPart(t *testing.T) {
	set := breaking(12, always(6))
	whole := load(t, set, LoaderConfig{Batch: 12})
	some := load(t, made(t)(Subset(set, []int{4, 6})), LoaderConfig{Batch: 2, Beside: whole})
	take(t, some, 1)
	if !slices.Equal(some.Lost(1), []int{1}) || !slices.Equal(whole.Lost(1), []int{6}) {
		t.Errorf("the part is without %v, the whole without %v", some.Lost(1), whole.Lost(1))
	}
}

// What has no sample left says so, and a loader stands only beside those of its set.
func TestNothingLeftBeside(t *testing.T) {
	set := breaking(12, always(4, 5))
	part := made(t)(Subset(set, []int{4, 5}))
	whole := load(t, set, LoaderConfig{Batch: 6})
	some, closed := load(t, part, LoaderConfig{Batch: 1, Beside: whole}), load(t, part, LoaderConfig{Batch: 1, Beside: whole})
	closed.Close()
	take(t, whole, 1)
	if err := closed.SeekTo(0); err == nil || !strings.Contains(err.Error(), "the loader is closed") {
		t.Errorf("a closed one learned of it: %v", err)
	}
	if _, err := some.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "none of the 2 samples can be read any more, the last: image 5 is bad") {
		t.Errorf("error %v", err)
	}
	if _, err := NewLoader(t.Context(), numbers(9), LoaderConfig{Batch: 1, Beside: whole}); err == nil || !strings.Contains(err.Error(), "a loader of 9 samples cannot stand beside one of 12 others") {
		t.Errorf("error %v", err)
	}
}

func TestLoadingAroundLossesAllocatesNothing(t *testing.T) {
	l := load(t, breaking(64, always(3, 30)), LoaderConfig{Batch: 16, Shuffle: true, Workers: 2})
	take(t, l, 20)
	if n := testing.AllocsPerRun(200, func() {
		b, err := l.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		l.Release(b)
	}); n >= 1 {
		t.Errorf("a batch allocates %g times", n)
	}
}
