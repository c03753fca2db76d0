//go:build cuda && cgo && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/cu"

	"ganengine/cuda/cudnn"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/lower"
	"ganengine/kernels"
)

// sampled is how many results of an engine are compared, fewer where each has
// many terms, so that their sums take no longer than so many terms do.
const (
	sampled    = 96
	leastTried = 16
	manyTerms  = 1 << 21
)

// period is the number of operands' values that are drawn; they repeat, so that
// any element is known without the array. A prime, so that no extent divides it.
const period = 8191

// trial is what computes a convolution, with operands of its own.
type trial struct {
	*example
	d       *Device
	enqueue func() error
	end     func()     // nil before there is something to end
	at      [3]*memory // x, w and y
	owned   []*memory
}

// newTrial makes a trial of a plan.
func (d *Device) newTrial(p *cudnn.Plan) (*trial, error) {
	t := &trial{example: newExample(p.Conv), d: d}
	return t.prepared(p.Workspace, func(at [3]cu.DevicePtr, space cu.DevicePtr) error {
		call, err := p.Bind(uint64(at[0]), uint64(at[1]), uint64(at[2]), uint64(space))
		if err == nil {
			t.enqueue, t.end = call.Run, call.Close
		}
		return err
	})
}

// newOwnTrial makes a trial of package kernels' product for a convolution.
func (d *Device) newOwnTrial(c cudnn.Conv, q kernels.Product) (*trial, error) {
	t := &trial{example: newExample(c), d: d}
	return t.prepared(q.Scratch, func(at [3]cu.DevicePtr, space cu.DevicePtr) error {
		list, err := d.launches(ownLaunches(q, operands(c.Direction)), at[:], space, 0, d.function)
		if err == nil {
			t.enqueue, t.end = func() error { return list.Run(d.compute) }, list.Close
		}
		return err
	})
}

// operands are a convolution's operands and result among x, w and y, as its operator
// has them; and x, w and y among those, since each direction swaps two at most.
func operands(d cudnn.Direction) []int {
	return [...][]int{cudnn.Forward: {0, 1, 2}, cudnn.InputGrad: {2, 1, 0}, cudnn.FilterGrad: {0, 2, 1}}[d]
}

// prepared makes room for operands and working memory, and binds what computes the
// convolution to them.
func (t *trial) prepared(workspace int64, bind func(at [3]cu.DevicePtr, space cu.DevicePtr) error) (*trial, error) {
	if err := t.prepare(workspace, bind); err != nil {
		return nil, device.First(err, t.close())
	}
	return t, nil
}

func (t *trial) prepare(workspace int64, bind func(at [3]cu.DevicePtr, space cu.DevicePtr) error) (err error) {
	var at [3]cu.DevicePtr
	for i, size := range t.sizes {
		if t.at[i], err = t.room([...]string{"x", "w", "y"}[i], int64(size*t.t.Size())); err != nil {
			return err
		}
		data := t.bytes(i)
		if i == t.result {
			data = t.none()
		}
		if err := t.d.repeat(t.at[i], data); err != nil {
			return err
		}
		at[i] = t.at[i].at
	}
	space, err := t.room("workspace", workspace)
	if err != nil {
		return err
	}
	return bind(at, space.at)
}

func (t *trial) room(label string, bytes int64) (*memory, error) {
	m, err := t.d.allocate(label+" for a trial of a convolution", bytes)
	if err == nil {
		t.owned = append(t.owned, m)
	}
	return m, err
}

// run computes the convolution to its end.
func (t *trial) run() error {
	err := t.enqueue()
	if err == nil {
		err = t.d.compute.Synchronize()
	}
	return err
}

func (t *trial) close() error {
	if t.end != nil {
		t.end()
	}
	var errs []error
	for _, m := range t.owned {
		errs = append(errs, m.Free())
	}
	return device.First(errs...)
}

// check runs a plan on random operands and compares results at random places,
// the first and the last among them, with sums in float64. It answers what is
// wrong, "" if nothing is.
func (d *Device) check(p *cudnn.Plan) (wrong string, err error) {
	t, err := d.newTrial(p)
	if err != nil {
		return "", err
	}
	defer func() { err = device.First(err, t.close()) }()
	return t.wrong()
}

// wrong computes the convolution and says what is wrong with it.
func (t *trial) wrong() (string, error) {
	if err := t.run(); err != nil {
		return "", err
	}
	return t.compare(func(i int) (float64, error) {
		size := t.t.Size()
		data, err := t.d.fetch(t.at[t.result].at+cu.DevicePtr(i*size), int64(size))
		if err != nil {
			return 0, err
		}
		return lower.Float(data, t.t), nil
	})
}

// repeat fills memory with data, over and over.
func (d *Device) repeat(m *memory, data []byte) error {
	first := min(int64(len(data)), m.bytes)
	if err := d.Write(m, 0, data[:first]); err != nil {
		return err
	}
	for filled := first; filled < m.bytes; filled *= 2 {
		n := min(filled, m.bytes-filled)
		if err := cu.MemcpyDtoDAsync(m.at+cu.DevicePtr(filled), m.at, n, d.compute); err != nil {
			return fmt.Errorf("filling operands: %w", err)
		}
	}
	return nil
}

// example is a convolution with operands.
type example struct {
	c      cudnn.Conv
	t      graph.DType
	sizes  [3]int // of x, w and y
	result int    // which of them is computed
	values [3][]float64
}

func newExample(c cudnn.Conv) *example {
	t := graph.F32
	if c.Type == cudnn.BFloat16 {
		t = graph.BF16
	}
	e := &example{c: c, t: t, sizes: [3]int{c.N * c.H * c.W * c.C, c.K * c.R * c.S * (c.C / c.Groups), c.N * c.P * c.Q * c.K}}
	e.result = operands(c.Direction)[2]
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range e.values {
		for range period {
			e.values[i] = append(e.values[i], t.Round(rng.NormFloat64()))
		}
	}
	return e
}

// bytes is a period of operand i as memory holds it.
func (e *example) bytes(i int) (b []byte) {
	for _, v := range e.values[i] {
		b = appendElement(b, e.t, v)
	}
	return b
}

// none is what lies in the result's place before: no number.
func (e *example) none() (b []byte) {
	for range period {
		b = appendElement(b, e.t, math.NaN())
	}
	return b
}

// compare looks at results, which got gives by their index.
func (e *example) compare(got func(i int) (float64, error)) (wrong string, err error) {
	rng := rand.New(rand.NewPCG(3, 4))
	size := e.sizes[e.result]
	terms := e.c.N * e.c.P * e.c.Q * e.c.K * e.c.R * e.c.S * (e.c.C / e.c.Groups) / size
	for n := range min(sampled, max(leastTried, manyTerms/max(terms, 1))) {
		i := rng.IntN(size)
		if n < 2 {
			i = n * (size - 1)
		}
		sum, scale, terms := e.terms(i)
		g, err := got(i)
		if err != nil {
			return "", err
		}
		if off := math.Abs(g - sum); !(off <= e.bound(sum, scale, terms)) {
			return fmt.Sprintf("element %d of its %v is %g, and %.6g is right", i, e.c.Direction, g, sum), nil
		}
	}
	return "", nil
}

// bound is how far a result may be off: roundings of sums of n terms, which grow
// like the root of n against the sum of absolute values, of operands to TF32,
// and of the result to bf16; eight times what is expected of them.
func (e *example) bound(sum, scale float64, n int) float64 {
	root := math.Sqrt(float64(max(n, 1)))
	b := 8 * 0x1p-24 * (root + 1) * scale
	if e.c.Type == cudnn.TF32 {
		b += 8 * 0x1p-11 * math.Sqrt2 * scale / root
	}
	if e.t == graph.BF16 {
		b += 0x1p-8 * math.Abs(sum)
	}
	return b
}

// terms is the exact result at index i, the sum of its terms' absolute values,
// and their number.
func (e *example) terms(i int) (sum, scale float64, n int) {
	c := e.c
	add := func(a, b int, u, v int) {
		term := e.values[a][u%period] * e.values[b][v%period]
		sum, scale, n = sum+term, scale+math.Abs(term), n+1
	}
	per, filters := c.C/c.Groups, c.K/c.Groups
	switch c.Direction {
	case cudnn.Forward:
		k, q, p, image := i%c.K, i/c.K%c.Q, i/c.K/c.Q%c.P, i/c.K/c.Q/c.P
		e.window(p, q, func(r, s, x int) {
			for ch := range per {
				add(0, 1, (image*c.H*c.W+x)*c.C+k/filters*per+ch, ((k*c.R+r)*c.S+s)*per+ch)
			}
		})
	case cudnn.InputGrad:
		ch, w, h, image := i%c.C, i/c.C%c.W, i/c.C/c.W%c.H, i/c.C/c.W/c.H
		for r := range c.R {
			for s := range c.S {
				p, q := h+c.Pad[0]-r, w+c.Pad[2]-s
				if p < 0 || q < 0 || p%c.Stride[0] != 0 || q%c.Stride[1] != 0 || p/c.Stride[0] >= c.P || q/c.Stride[1] >= c.Q {
					continue
				}
				y := (image*c.P+p/c.Stride[0])*c.Q + q/c.Stride[1]
				for f := range filters {
					k := ch/per*filters + f
					add(2, 1, y*c.K+k, ((k*c.R+r)*c.S+s)*per+ch%per)
				}
			}
		}
	case cudnn.FilterGrad:
		ch, s, r, k := i%per, i/per%c.S, i/per/c.S%c.R, i/per/c.S/c.R
		for y := range c.N * c.P * c.Q {
			h, w := y/c.Q%c.P*c.Stride[0]+r-c.Pad[0], y%c.Q*c.Stride[1]+s-c.Pad[2]
			if h >= 0 && w >= 0 && h < c.H && w < c.W {
				add(0, 2, ((y/c.Q/c.P*c.H+h)*c.W+w)*c.C+k/filters*per+ch, y*c.K+k)
			}
		}
	}
	return sum, scale, n
}

// window calls f for each filter position that meets the image at output p, q,
// with the pixel.
func (e *example) window(p, q int, f func(r, s, pixel int)) {
	c := e.c
	for r := range c.R {
		for s := range c.S {
			if h, w := p*c.Stride[0]+r-c.Pad[0], q*c.Stride[1]+s-c.Pad[2]; h >= 0 && w >= 0 && h < c.H && w < c.W {
				f(r, s, h*c.W+w)
			}
		}
	}
}
