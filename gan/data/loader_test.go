package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ganengine/gan/data/files/filestest"
)

// labelled is a set whose image i is three pixels: i, 0, i+1; its label is i%4.
type labelled struct {
	counting
	wait time.Duration // of a read of an even image
}

func (l *labelled) Shape() (h, w, c int) { return 1, 3, 1 }
func (l *labelled) Classes() []string    { return []string{"a", "b", "c", "d"} }
func (l *labelled) Label(i int) int      { return i % 4 }
func (l *labelled) Read(dst []byte, i int) error {
	if i%2 == 0 && l.wait > 0 {
		time.Sleep(l.wait)
	}
	dst[0], dst[1], dst[2] = byte(i), 0, byte(i+1)
	return nil
}

func numbers(n int) *labelled { return &labelled{counting: counting{n: n}} }

func load(t testing.TB, set Set, c LoaderConfig) *Loader {
	t.Helper()
	l, err := NewLoader(context.Background(), set, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// take copies the next batches' images and labels.
func take(t testing.TB, l *Loader, batches int) (images []byte, labels []int32) {
	t.Helper()
	for range batches {
		want := l.Position()
		b, err := l.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b.Index != want || l.Position() != want+int64(l.config.Batch) {
			t.Fatalf("the batch at %d came at position %d, which became %d", b.Index, want, l.Position())
		}
		images, labels = append(images, b.Images...), append(labels, b.Labels...)
		l.Release(b)
	}
	return images, labels
}

// samples are the sample numbers of images of a labelled set, mirrored or not.
func samples(images []byte) (list []int) {
	for ; len(images) > 0; images = images[3:] {
		list = append(list, int(min(images[0], images[2])))
	}
	return list
}

func TestOrderStraddlesEpochs(t *testing.T) {
	const n, batch = 10, 4
	for _, shuffle := range []bool{false, true} {
		images, labels := take(t, load(t, numbers(n), LoaderConfig{Batch: batch, Shuffle: shuffle, Workers: 3}), 10) // four epochs
		list := samples(images)
		var epochs [][]int
		for e := 0; e < len(list); e += n {
			epoch := list[e : e+n]
			sorted := slices.Sorted(slices.Values(epoch))
			if !slices.Equal(sorted, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
				t.Errorf("epoch %d holds %v", e/n, epoch)
			}
			if slices.IsSorted(epoch) == shuffle {
				t.Errorf("shuffle %v: epoch %d has order %v", shuffle, e/n, epoch)
			}
			epochs = append(epochs, epoch)
		}
		if shuffle && slices.Equal(epochs[0], epochs[1]) {
			t.Error("two epochs have one order")
		}
		for i, label := range labels {
			if int(label) != list[i]%4 {
				t.Errorf("sample %d has label %d", list[i], label)
			}
		}
	}
}

func TestStreamDependsOnTheSeedOnly(t *testing.T) {
	config := LoaderConfig{Batch: 7, Seed: 3, Shuffle: true, Mirror: true, Workers: 1}
	want, wantLabels := take(t, load(t, numbers(33), config), 20)
	for _, c := range []struct {
		workers, ahead int
		wait           time.Duration
	}{{4, 0, 0}, {4, 8, 50 * time.Microsecond}, {2, 1, 0}} {
		config.Workers, config.Ahead = c.workers, c.ahead
		set := numbers(33)
		set.wait = c.wait
		got, labels := take(t, load(t, set, config), 20)
		if !bytes.Equal(got, want) || !slices.Equal(labels, wantLabels) {
			t.Errorf("%d workers give another stream than one", c.workers)
		}
	}
	config.Seed = 4
	if got, _ := take(t, load(t, numbers(33), config), 20); bytes.Equal(got, want) {
		t.Error("another seed gives the same stream")
	}
}

func TestMirrorIsAFairCoinPerEpochAndSample(t *testing.T) {
	const n = 100
	images, _ := take(t, load(t, numbers(n), LoaderConfig{Batch: 50, Mirror: true, Shuffle: true}), 20)
	flips := map[int]int{}
	total := 0
	for i, s := range samples(images) {
		if images[3*i] > images[3*i+2] {
			flips[s]++
			total++
		}
	}
	if total < 400 || total > 600 {
		t.Errorf("%d of 1000 images are mirrored", total)
	}
	for s := range n {
		if flips[s] == 0 || flips[s] == 10 {
			t.Errorf("sample %d is mirrored in %d of 10 epochs", s, flips[s])
		}
	}
	rgb := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}
	mirror(rgb, 3, 3)
	if want := []byte{7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12}; !bytes.Equal(rgb, want) {
		t.Errorf("mirrored %v, want %v", rgb, want)
	}
}

// Every sample of the stream can be sought, whatever the batches were before.
func TestSeekIsExact(t *testing.T) {
	const stream = 210
	config := LoaderConfig{Batch: 7, Seed: 9, Shuffle: true, Mirror: true, Workers: 4}
	whole, _ := take(t, load(t, numbers(24), config), stream/7)
	for _, batch := range []int64{7, 4, 1} {
		config.Batch = int(batch)
		l := load(t, numbers(24), config)
		for _, p := range []int64{0, stream - batch, 28, 21, 119, 119, 23, 24, 25} {
			if err := l.SeekTo(p); err != nil {
				t.Fatal(err)
			}
			if l.Position() != p {
				t.Errorf("position %d after seeking %d", l.Position(), p)
			}
			if got, _ := take(t, l, 1); !bytes.Equal(got, whole[3*p:3*(p+batch)]) {
				t.Errorf("batch of %d: at %d after seeking is another one", batch, p)
			}
		}
		behind := (stream - l.Position()) / batch
		from := l.Position()
		if got, _ := take(t, l, int(behind)); !bytes.Equal(got, whole[3*from:3*(from+behind*batch)]) {
			t.Errorf("batches of %d: the stream after a seek is another one", batch)
		}
	}
	l := load(t, numbers(24), config)
	for _, p := range []int64{-1, mostPosition + 1} {
		if err := l.SeekTo(p); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("there is no sample %d to seek", p)) {
			t.Errorf("seeking %d: %v", p, err)
		}
	}
	if err := l.SeekTo(mostPosition); err != nil {
		t.Fatal(err)
	}
	take(t, l, 2)
}

func TestSeekKeepsHeldBatches(t *testing.T) {
	l := load(t, numbers(12), LoaderConfig{Batch: 4, Ahead: 2})
	held, err := l.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(held.Images)
	if err := l.SeekTo(4); err != nil {
		t.Fatal(err)
	}
	take(t, l, 9)
	if !bytes.Equal(held.Images, before) || held.Index != 0 {
		t.Error("a held batch was overwritten after a seek")
	}
	l.Release(held)
	l.Release(held) // does nothing
	take(t, l, 9)
}

func TestBuffersAreTheOwnersAndHeldOnesStay(t *testing.T) {
	buffers := make([]Buffer, 2)
	for i := range buffers {
		buffers[i] = Buffer{Images: make([]byte, 12), Labels: make([]int32, 4)}
	}
	l := load(t, numbers(12), LoaderConfig{Batch: 4, Buffers: buffers})
	ctx := context.Background()
	a, err := l.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if &a.Images[0] != &buffers[0].Images[0] || &b.Labels[0] != &buffers[1].Labels[0] {
		t.Error("batches do not lie in the owner's buffers")
	}
	if _, err := l.Next(ctx); err == nil || !strings.Contains(err.Error(), "all 2 batch buffers are held: release one") {
		t.Errorf("with every buffer held: %v", err)
	}
	l.Release(b)
	if c, err := l.Next(ctx); err != nil || c != b || c.Index != 8 {
		t.Errorf("the released buffer did not come back: %v", err)
	}
}

func TestLoaderErrors(t *testing.T) {
	points, _ := open(t, Spec{Kind: "mixture", Limit: 100})
	for _, c := range []struct {
		set  Set
		c    LoaderConfig
		want string
	}{
		{numbers(0), LoaderConfig{Batch: 1}, "the set is empty"},
		{numbers(5), LoaderConfig{}, "batch = 0 is impossible"},
		{numbers(5), LoaderConfig{Batch: 6}, "batch = 6 is larger than the data set, which holds 5"},
		{points, LoaderConfig{Batch: 5, Mirror: true}, "these data are points: set mirror = false"},
		{numbers(5), LoaderConfig{Batch: 2, Buffers: []Buffer{{Images: make([]byte, 5)}}}, "buffer 0 has 5 image bytes, 0 point values and 0 labels, wanted 6, 0 and 2"},
	} {
		if _, err := NewLoader(context.Background(), c.set, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.c, err, c.want)
		}
	}
}

// settled waits until as few goroutines run as before.
func settled(t *testing.T, before int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Errorf("%d goroutines run, %d did before", runtime.NumGoroutine(), before)
}

func TestCancellationStopsTheWorkers(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancelCause(context.Background())
	l, err := NewLoader(ctx, numbers(12), LoaderConfig{Batch: 4, Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	take(t, l, 2)
	stop := errors.New("interrupted by the user")
	cancel(stop)
	settled(t, before)
	for range 10 { // batches that were ready may still come
		if b, e := l.Next(context.Background()); e == nil {
			l.Release(b)
		} else {
			err = e
		}
	}
	if !errors.Is(err, stop) {
		t.Errorf("after cancelling: %v", err)
	}
	if err := l.SeekTo(0); !errors.Is(err, stop) {
		t.Errorf("seeking after cancelling: %v", err)
	}
	l.Close()
	settled(t, before)
}

func TestCloseAndNextsOwnContext(t *testing.T) {
	before := runtime.NumGoroutine()
	set := numbers(12)
	set.wait = 20 * time.Millisecond
	l := load(t, set, LoaderConfig{Batch: 4, Workers: 2})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 3 { // giving up a wait loses no batch
		if b, err := l.Next(ctx); err == nil {
			l.Release(b)
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
	next := l.Position()
	got, _ := take(t, l, 1)
	if want := int(next) % 12; samples(got)[0] != want {
		t.Errorf("the batch at %d begins with %d, want %d", next, samples(got)[0], want)
	}
	l.Close()
	settled(t, before)
	if _, err := l.Next(context.Background()); err == nil || !strings.Contains(err.Error(), "the loader is closed") {
		t.Errorf("after closing: %v", err)
	}
	if err := l.SeekTo(0); err == nil || !strings.Contains(err.Error(), "the loader is closed") {
		t.Errorf("seeking after closing: %v", err)
	}
}

func TestSteadyLoadingAllocatesNothing(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"train-images-idx3-ubyte": ramp(200)})
	for name, spec := range map[string]Spec{
		"glyphs": {Limit: 200, Labels: true}, "idx": {Path: root, Height: 4, Width: 4, Channels: 3},
		"mixture": {Kind: "mixture", Limit: 200},
	} {
		set, _ := open(t, spec)
		l := load(t, set, LoaderConfig{Batch: 16, Shuffle: true, Workers: 2})
		take(t, l, 200/16+20) // every image is cached and every worker has its scratch
		ctx := context.Background()
		step := func() {
			b, err := l.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			l.Release(b)
		}
		if n := testing.AllocsPerRun(200, step); n >= 1 {
			t.Errorf("%s: a steady batch allocates %g times", name, n)
		}
	}
}

func BenchmarkLoader(b *testing.B) {
	images := make([]byte, 2000*28*28)
	root := filestest.Folder(b, map[string][]byte{"train-images-idx3-ubyte": idxOf(images, 2000, 28, 28)})
	for name, spec := range map[string]Spec{
		"glyphs32": {}, "idx32": {Path: root, Height: 32, Width: 32, Channels: 1}, "idx64x3": {Path: root, Height: 64, Width: 64, Channels: 3},
	} {
		b.Run(name, func(b *testing.B) {
			set, _ := open(b, spec)
			l := load(b, set, LoaderConfig{Batch: 128, Shuffle: true})
			take(b, l, 2000/128+1)
			b.ReportAllocs()
			for b.Loop() {
				batch, err := l.Next(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				l.Release(batch)
			}
			b.ReportMetric(float64(b.N)*128/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// Waited is the time for which Next had nothing to give, and not that for which batches
// waited to be asked for.
func TestWaited(t *testing.T) {
	set := numbers(64)
	set.wait = 30 * time.Millisecond
	l := load(t, set, LoaderConfig{Batch: 2, Workers: 1, Ahead: 1})
	take(t, l, 2) // each has an even image
	if w := l.Waited(); w < 20*time.Millisecond {
		t.Errorf("it waited %v for two batches of 30 ms", w)
	}
	before := l.Waited()
	time.Sleep(150 * time.Millisecond) // the next batch is read meanwhile
	take(t, l, 1)
	if w := l.Waited() - before; w > 20*time.Millisecond {
		t.Errorf("it waited %v for a batch that was there", w)
	}
}
