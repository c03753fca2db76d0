//go:build cuda && cgo && linux

package cudnn

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// built is the double of cuDNN (cuda/software/cudnn) with an empty cuBLASLt and
// the least of a driver beside it.
var built = struct {
	once sync.Once
	dir  string
	err  error
}{}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

func build() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "cudnn-double"); err != nil {
		return "", err
	}
	sources, err := filepath.Glob("../software/cudnn/*.cc")
	if err != nil {
		return dir, err
	}
	for _, command := range [][]string{
		append([]string{"g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", "libcudnn.so.9"}, sources...),
		{"cc", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", "driver.so", "testdata/fakecuda.c"},
		{"cc", "-shared", "-o", "libcublasLt.so.13", "-x", "c", os.DevNull},
	} {
		for i := range command {
			if i > 0 && command[i-1] == "-o" {
				command[i] = filepath.Join(dir, command[i])
			}
		}
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return dir, nil
}

// double loads the test double.
func double(t testing.TB) *Library {
	t.Helper()
	if _, err := exec.LookPath("g++"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no C++ compiler: %v", err)
	}
	built.once.Do(func() { built.dir, built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	t.Setenv("SOFTWARE_CUDNN_DRIVER", filepath.Join(built.dir, "driver.so"))
	l, err := load(filepath.Join(built.dir, "libcudnn.so.9"), 13000)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func handle(t testing.TB, l *Library) *Handle {
	t.Helper()
	h, err := l.NewHandle(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// example is a convolution with operands, and what each direction gives.
type example struct {
	conv   Conv
	exact  [3][]float64 // x, w and y: operands as the engine multiplies them, or results
	scale  [3][]float64 // sums of the terms' absolute values
	memory [3][]byte
}

func (c Conv) shapes() [3]graph.Shape {
	return [3]graph.Shape{{c.N, c.H, c.W, c.C}, {c.K, c.R, c.S, c.C / c.Groups}, {c.N, c.P, c.Q, c.K}}
}

func (c Conv) element() graph.DType {
	if c.Type == BFloat16 {
		return graph.BF16
	}
	return graph.F32
}

// result is which of x, w and y the convolution computes.
func (c Conv) result() int { return [...]int{2, 0, 1}[c.Direction] }

// roundTF32 rounds an fp32 number as cvt.rna.tf32.f32 does.
func roundTF32(x float64) float64 {
	return float64(math.Float32frombits((math.Float32bits(float32(x)) + 0x1000) &^ 0x1fff))
}

// newExample draws operands, which are multiplied as round makes them, and
// computes results by the plain loops of package reference in float64.
func newExample(t *testing.T, c Conv, round func(float64) float64) *example {
	t.Helper()
	e := &example{conv: c}
	rng := rand.New(rand.NewPCG(uint64(c.N), uint64(c.C)))
	for i, s := range c.shapes() {
		for range s.Size() {
			v := c.element().Round(rng.NormFloat64())
			if i == c.result() {
				e.memory[i] = appendElement(e.memory[i], c.element(), math.NaN())
			} else {
				e.memory[i] = appendElement(e.memory[i], c.element(), v)
			}
			e.exact[i] = append(e.exact[i], round(v))
			e.scale[i] = append(e.scale[i], math.Abs(round(v)))
		}
	}
	for _, values := range []*[3][]float64{&e.exact, &e.scale} {
		values[c.result()] = results(t, c, *values)
	}
	return e
}

// results is what the convolution computes of the other two tensors.
func results(t *testing.T, c Conv, values [3][]float64) []float64 {
	t.Helper()
	p, err := graph.Build("conv", graph.NewVars(), func(b *graph.Builder) {
		var in [3]*graph.Node
		for i, s := range c.shapes() {
			in[i] = b.Input([...]string{"x", "w", "y"}[i], graph.F64, s)
		}
		y := graph.Conv2D(in[0], in[1], graph.Conv{Stride: c.Stride, PadLow: [2]int{c.Pad[0], c.Pad[2]},
			PadHigh: [2]int{c.Pad[1], c.Pad[3]}, Groups: c.Groups})
		grads := graph.Gradients(graph.Total(graph.Mul(y, in[2])), nil, in[0], in[1])
		b.Output("result", [...]*graph.Node{grads[0], grads[1], y}[c.result()])
	})
	if err != nil {
		t.Fatal(err)
	}
	var in []reference.Array
	for i, s := range c.shapes() {
		a, err := reference.From(graph.F64, s, values[i])
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, a)
	}
	out, _, err := reference.Run(p, nil, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Data
}

func appendElement(b []byte, t graph.DType, v float64) []byte {
	bits := math.Float32bits(float32(v))
	if t == graph.BF16 {
		return binary.NativeEndian.AppendUint16(b, uint16(bits>>16)) // v is one of bf16
	}
	return binary.NativeEndian.AppendUint32(b, bits)
}

// compute runs a plan on the example's operands.
func (e *example) compute(t *testing.T, p *Plan) []float64 {
	t.Helper()
	var held [4][]byte
	var at [4]uint64
	for i := range held {
		size := int(p.Workspace)
		if i < 3 {
			size = len(e.memory[i])
		}
		held[i] = make([]byte, size+alignment)
		start := -int(uintptr(unsafe.Pointer(&held[i][0]))) & (alignment - 1)
		held[i] = held[i][start : start+size]
		if size > 0 {
			at[i] = uint64(uintptr(unsafe.Pointer(&held[i][0])))
		}
		if i < 3 {
			copy(held[i], e.memory[i])
		}
	}
	call, err := p.Bind(at[0], at[1], at[2], at[3])
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if err := call.Run(); err != nil {
		t.Fatal(err)
	}
	r := e.conv.result()
	a, err := reference.FromBytes(e.conv.element(), e.conv.shapes()[r], held[r])
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(held)
	return a.Data
}

// off is how many results are further from the truth than the rounding of every
// term and of the result allows.
func (e *example) off(got []float64) (n int) {
	c, r := e.conv, e.conv.result()
	terms := [...]int{c.R * c.S * c.C, c.R * c.S * c.K, c.N * c.P * c.Q}[c.Direction]
	for i, g := range got {
		bound := 0x1p-24 * float64(terms+1) * e.scale[r][i]
		if c.Type == BFloat16 {
			bound += 0x1p-8 * math.Abs(e.exact[r][i])
		}
		if !(math.Abs(g-e.exact[r][i]) <= bound) {
			n++
		}
	}
	return n
}

// examples are convolutions with every kind of border, of blocks of channels
// and of groups, in all directions.
func examples() (all []Conv) {
	grouped := square(2, 9, 8, 12, 3, 2, 1)
	grouped.Groups = 4
	ragged := Conv{N: 2, H: 7, W: 10, C: 3, K: 5, R: 3, S: 4, P: 5, Q: 4, Stride: [2]int{2, 3}, Pad: [4]int{4, 0, 0, 3}, Groups: 1}
	for _, c := range []Conv{square(3, 8, 3, 40, 4, 2, 1), square(1, 5, 33, 1, 5, 1, 0), square(2, 4, 32, 64, 1, 1, 0), grouped, ragged} {
		for c.Type = range types {
			for c.Direction = range directions {
				all = append(all, c)
			}
		}
	}
	return all
}

// TestDouble: each engine of the double computes every convolution rightly, with
// operands rounded as its notes say, and the order that a knob sets changes bits
// and nothing else.
func TestDouble(t *testing.T) {
	l := double(t)
	h := handle(t, l)
	reordered := 0
	for _, c := range examples() {
		plans, err := l.Plans(c, h, Options{Nondeterministic: true}, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := [types]string{Float32: "4 2=0, 4 2=1, 6", TF32: "2, 1 2=0, 1 2=1, 4 2=0, 4 2=1, 6", BFloat16: "2, 1 2=0, 1 2=1, 4 2=0, 4 2=1, 6"}[c.Type]
		if c.Groups > 1 {
			want = strings.Replace(want, " 1 2=0, 1 2=1,", "", 1)
		}
		var got []string
		before := map[int64]string{}
		for _, p := range plans {
			got = append(got, p.Choice.String())
			round := func(x float64) float64 { return x }
			if p.Notes&TensorCore != 0 && c.Type != BFloat16 {
				round = roundTF32
			}
			e := newExample(t, c, round)
			values := e.compute(t, p)
			if n := e.off(values); n > 0 {
				t.Errorf("%v, engine %v: %d of %d results are wrong", c, p.Choice, n, len(values))
			}
			if text := fmt.Sprint(values); before[p.Choice.Engine] == "" {
				before[p.Choice.Engine] = text
			} else if before[p.Choice.Engine] != text {
				reordered++
			}
			p.Close()
		}
		if list := strings.Join(got, ", "); list != want {
			t.Errorf("%v: engines %s, want %s", c, list, want)
		}
	}
	if reordered < 10 {
		t.Errorf("the order of sums changed the bits of %d convolutions only", reordered)
	}
}

// TestDoubleUnsteady: the engine that is not deterministic is not.
func TestDoubleUnsteady(t *testing.T) {
	l := double(t)
	c := square(3, 8, 3, 40, 4, 2, 1)
	p, err := l.Plan(c.as(FilterGrad, TF32), handle(t, l), Options{Nondeterministic: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	e := newExample(t, p.Conv, roundTF32)
	if a, b := e.compute(t, p), e.compute(t, p); p.Notes&Nondeterministic == 0 || fmt.Sprint(a) == fmt.Sprint(b) {
		t.Errorf("engine %v (%v) gives the same bits twice", p.Choice, p.Notes)
	}
}

func (c Conv) as(d Direction, t Type) Conv {
	c.Direction, c.Type = d, t
	return c
}

// TestDoubleIsWrongWhereAsked: so that what finds wrong engines can be tested.
func TestDoubleIsWrongWhereAsked(t *testing.T) {
	l := double(t)
	h := handle(t, l)
	t.Setenv("SOFTWARE_CUDNN_WRONG", "9,4")
	for _, choice := range []Choice{{4, []Knob{{2, 0}}}, {6, nil}} {
		p, err := l.Plan(square(1, 5, 33, 1, 5, 1, 0), h, Options{Choice: &choice})
		if err != nil {
			t.Fatal(err)
		}
		e := newExample(t, p.Conv, func(x float64) float64 { return x })
		if n := e.off(e.compute(t, p)); (n > 0) != (choice.Engine == 4) {
			t.Errorf("engine %v: %d results are wrong", choice, n)
		}
		p.Close()
	}
}
