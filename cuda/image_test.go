//go:build cuda && cgo && linux

package cuda

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/driver"
	"ganengine/engine/debug"
	"ganengine/engine/graph"
	"ganengine/engine/lower"
	"ganengine/kernels"
)

// imageRig is a convolution of package kernels' with operands in memory.
type imageRig struct {
	*example
	d      *Device
	list   *driver.List
	owned  []*memory
	result cu.DevicePtr
}

// newImageRig puts each operand and the result `away` elements behind the start of
// its memory.
func newImageRig(t testing.TB, d *Device, e *example, away [3]int) *imageRig {
	t.Helper()
	q, ok := kernels.Image(kernels.Direction(e.c.Direction), ownShape(e.c))
	if !ok {
		t.Fatalf("there is no kernel for %v", e.c)
	}
	r := &imageRig{example: e, d: d}
	room := func(bytes int64) *memory {
		m, err := d.allocate("a test", bytes)
		if err != nil {
			t.Fatal(err)
		}
		r.owned = append(r.owned, m)
		return m
	}
	var at [3]cu.DevicePtr // of x, w and y
	for i, size := range e.sizes {
		offset := int64(away[i] * e.t.Size())
		m := room(int64(size*e.t.Size()) + offset)
		inner := &memory{d: d, label: m.label, at: m.at + cu.DevicePtr(offset), bytes: m.bytes - offset}
		data := e.bytes(i)
		if i == e.result {
			data = e.none()
		}
		if err := d.repeat(inner, data); err != nil {
			t.Fatal(err)
		}
		at[i] = inner.at
	}
	var err error
	if r.list, err = d.launches(ownLaunches(q, operands(e.c.Direction)), at[:], room(q.Scratch).at, 0, d.function); err != nil {
		t.Fatal(err)
	}
	r.result = at[e.result]
	return r
}

// run computes the result and answers its bytes.
func (r *imageRig) run() ([]byte, error) {
	if err := r.list.Run(r.d.compute); err != nil {
		return nil, err
	}
	return r.d.fetch(r.result, int64(r.sizes[r.example.result]*r.t.Size()))
}

func (r *imageRig) close(t testing.TB) {
	r.list.Close()
	for _, m := range r.owned {
		if err := m.Free(); err != nil {
			t.Error(err)
		}
	}
}

// randomImage is a convolution that the kernels for images of few channels compute,
// in any direction.
func randomImage(rng *rand.Rand) cudnn.Conv {
	one := func(below int) int { return 1 + rng.IntN(below) }
	for {
		c := cudnn.Conv{Type: cudnn.BFloat16, N: one(3), H: one(30), W: one(50), C: one(4), K: 8 * one(10), R: one(5), S: one(5),
			Stride: [2]int{one(3), one(3)}, Groups: 1}
		for i := range c.Pad {
			c.Pad[i] = rng.IntN(4)
		}
		if rng.IntN(4) == 0 { // what some kernels were compiled for
			c.C, c.R, c.S, c.Stride, c.Pad = 3, 4, 4, [2]int{2, 2}, [4]int{1, 1, 1, 1}
		}
		high, wide := c.H+c.Pad[0]+c.Pad[1]-c.R, c.W+c.Pad[2]+c.Pad[3]-c.S
		c.P, c.Q = high/c.Stride[0]+1, wide/c.Stride[1]+1
		if high >= 0 && wide >= 0 && c.R*c.S*c.C <= 64 {
			return c
		}
	}
}

// TestImage compares every result of random convolutions with sums in float64,
// where operands begin anywhere, and some are infinite: what does not meet these
// has to be finite. Two runs leave the same bits.
func TestImage(t *testing.T) {
	d := open(t, debug.Switches{}).(*Device)
	rng := rand.New(rand.NewPCG(5, 6))
	many := cudnn.Conv{Type: cudnn.BFloat16, N: 97, H: 24, W: 66, C: 3, K: 8, R: 4, S: 4, P: 12, Q: 33, // four tiles a split, but for the last
		Stride: [2]int{2, 2}, Pad: [4]int{1, 1, 1, 1}, Groups: 1}
	for i := range 41 {
		c := many
		if i > 0 {
			c = randomImage(rng)
		}
		for c.Direction = cudnn.Forward; c.Direction <= cudnn.FilterGrad; c.Direction++ {
			e := newExample(c)
			var away [3]int
			if i%4 == 1 {
				away = [3]int{rng.IntN(9), rng.IntN(9), rng.IntN(9)}
			}
			if i%4 == 2 { // not of an operand that meets the padding's zeros
				e.values[[...]int{0, 2, 0}[c.Direction]][rng.IntN(500)] = math.Inf(1)
			}
			t.Run(fmt.Sprint(c, away), func(t *testing.T) { checkImage(t, d, e, away) })
			if t.Failed() {
				return // a broken context fails whatever follows
			}
		}
	}
}

func checkImage(t *testing.T, d *Device, e *example, away [3]int) {
	defer d.leave()
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	r := newImageRig(t, d, e, away)
	got, err := r.run()
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.run()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, again) {
		t.Error("the same launch left other bits")
	}
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	for i := range e.sizes[e.result] {
		want, scale, terms := e.terms(i)
		g := lower.Float(got[i*e.t.Size():], e.t)
		if finite(want) != finite(g) || finite(want) && math.Abs(g-want) > e.bound(want, scale, terms) {
			t.Fatalf("element %d is %g, and %g is right", i, g, want)
		}
	}
	r.close(t)
}

// TestImageIsOurs: cuDNN is not asked for a convolution that package kernels
// computes by choice, and a run's record does not name it.
func TestImageIsOurs(t *testing.T) {
	for filters, recorded := range map[int]int{8: 0, 5: 3} { // in all directions
		d := open(t, debug.Switches{}).(*Device)
		p, err := graph.Build("p", graph.NewVars(), func(b *graph.Builder) {
			x := b.Input("x", graph.BF16, graph.Shape{2, 8, 8, 3})
			w := b.Input("w", graph.BF16, graph.Shape{filters, 4, 4, 3})
			y := graph.Conv2D(x, w, graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}})
			g := graph.Gradients(y, b.Input("dy", graph.BF16, y.Shape), x, w)
			for i, n := range append(g, y) {
				b.Output(fmt.Sprint(i), n)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Lower(p); err != nil {
			t.Fatal(err)
		}
		if chosen := d.chooser.Chosen(); len(chosen) != recorded || len(d.plans) != recorded {
			t.Errorf("%d filters: the record is %v, of %d plans; want %d", filters, chosen, len(d.plans), recorded)
		}
	}
}

// BenchmarkImage is the convolution of DCGAN-64's images, by our kernels and by the
// engine that cuDNN names first.
func BenchmarkImage(b *testing.B) {
	d := open(b, debug.Switches{}).(*Device)
	if strings.Contains(d.info.Model, "test double") {
		b.Skip("not the time of a GPU")
	}
	for _, batch := range []int{128, 256} {
		c := cudnn.Conv{Type: cudnn.BFloat16, N: batch, H: 64, W: 64, C: 3, K: 64, R: 4, S: 4, P: 32, Q: 32,
			Stride: [2]int{2, 2}, Pad: [4]int{1, 1, 1, 1}, Groups: 1}
		for c.Direction = cudnn.Forward; c.Direction <= cudnn.FilterGrad; c.Direction++ {
			name := fmt.Sprintf("%v/%d/", c.Direction, batch)
			b.Run(name+"own", func(b *testing.B) { benchOwn(b, d, c) })
			b.Run(name+"cudnn", func(b *testing.B) { benchLibrary(b, d, c) })
		}
	}
}

func benchOwn(b *testing.B, d *Device, c cudnn.Conv) {
	defer d.leave()
	if err := d.enter(); err != nil {
		b.Fatal(err)
	}
	r := newImageRig(b, d, newExample(c), [3]int{})
	defer r.close(b)
	timeRuns(b, d, func() error { return r.list.Run(d.compute) })
}

func benchLibrary(b *testing.B, d *Device, c cudnn.Conv) {
	defer d.leave()
	if err := d.enter(); err != nil {
		b.Fatal(err)
	}
	p, err := d.library.Plan(c, d.handle, cudnn.Options{})
	if err != nil {
		b.Skip(err)
	}
	defer p.Close()
	r, err := d.newTrial(p)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := r.close(); err != nil {
			b.Error(err)
		}
	}()
	timeRuns(b, d, r.enqueue)
}

// timeRuns reports the time of one of many runs in a row, as the device has it.
func timeRuns(b *testing.B, d *Device, run func() error) {
	const runs = 50
	for b.Loop() {
		for range runs {
			if err := run(); err != nil {
				b.Fatal(err)
			}
		}
		if err := d.compute.Synchronize(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/runs/float64(b.N), "µs/run")
}
