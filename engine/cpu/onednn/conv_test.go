//go:build linux && cgo

package onednn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// square is a convolution of square images and filters, equal pads, one group.
func square(n, h, c, k, r, stride, pad int) Conv {
	return asymmetric(n, h, h, c, k, r, r, [2]int{stride, stride}, [4]int{pad, pad, pad, pad}, 1)
}

func asymmetric(n, h, w, c, k, r, s int, stride [2]int, pad [4]int, groups int) Conv {
	return Conv{
		N: n, H: h, W: w, C: c, K: k, R: r, S: s,
		P: (h+pad[0]+pad[1]-r)/stride[0] + 1, Q: (w+pad[2]+pad[3]-s)/stride[1] + 1,
		Stride: stride, Pad: pad, Groups: groups,
	}
}

var shapes = map[string]Conv{
	"4x4 s2 p1":            square(2, 8, 16, 24, 4, 2, 1),
	"4x4 s2 p1, C 3":       square(2, 16, 3, 16, 4, 2, 1),
	"4x4 s2 p1, C 1":       square(3, 8, 1, 8, 4, 2, 1),
	"4x4 s2 p1, K 3":       square(2, 8, 16, 3, 4, 2, 1),
	"4x4 s1 p0, whole":     square(3, 4, 32, 1, 4, 1, 0),
	"4x4 s1 p0, z 100":     square(3, 4, 16, 100, 4, 1, 0),
	"4x4 s1 p0, larger":    square(2, 7, 8, 16, 4, 1, 0),
	"3x3 s1 p1":            square(2, 9, 16, 16, 3, 1, 1),
	"3x3 s1 p1, odd":       square(1, 11, 13, 7, 3, 1, 1),
	"3x3 s1 p1, N 1":       square(1, 5, 64, 64, 3, 1, 1),
	"3x3 s2, floor":        square(2, 8, 8, 8, 3, 2, 0),
	"5x5 s2, asymmetric":   asymmetric(2, 9, 12, 8, 16, 5, 5, [2]int{2, 2}, [4]int{1, 2, 2, 1}, 1),
	"5x3 s1x2, asymmetric": asymmetric(2, 8, 10, 5, 6, 5, 3, [2]int{1, 2}, [4]int{2, 2, 0, 1}, 1),
	"1x1":                  square(2, 6, 24, 40, 1, 1, 0),
	"1x1 s2":               square(2, 8, 16, 16, 1, 2, 0),
	"1x1 of one pixel":     square(5, 1, 12, 20, 1, 1, 0),
	"grouped":              asymmetric(2, 8, 8, 16, 32, 3, 3, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 4),
	"grouped, odd":         asymmetric(2, 7, 5, 6, 9, 3, 3, [2]int{2, 1}, [4]int{1, 1, 1, 1}, 3),
	"depthwise":            asymmetric(2, 8, 8, 16, 16, 3, 3, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 16),
}

var directions = []struct {
	name    string
	result  int // of x, w, y
	prepare func(*Library, Conv) (*Primitive, error)
}{
	{"forward", 2, (*Library).ConvForward},
	{"input gradient", 0, (*Library).ConvInputGrad},
	{"filter gradient", 1, (*Library).ConvFilterGrad},
}

func (c Conv) sizes() [3]int {
	return [3]int{c.N * c.H * c.W * c.C, c.K * c.R * c.S * c.C / c.Groups, c.N * c.P * c.Q * c.K}
}

// operands returns x, w and y filled with normals.
func operands(t testing.TB, sizes [3]int) (m [3][]float32) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, n := range sizes {
		m[i] = floats(t, n)
		for j := range m[i] {
			m[i][j] = float32(random.NormFloat64())
		}
	}
	return m
}

// execute runs p several times, with two scratch memories, and fails where the
// bits differ. The result is zero before each run.
func execute(t *testing.T, p *Primitive, m [3][]float32, result int) {
	t.Helper()
	var first []float32
	for range 2 {
		workspace := newMemory(t, int(p.WorkspaceBytes()))
		for range 2 {
			clear(m[result])
			run(t, p, m, workspace)
			if first == nil {
				first = slices.Clone(m[result])
			}
			if i := firstDifference(first, m[result]); i >= 0 {
				t.Fatalf("element %d is %v, then %v", i, first[i], m[result][i])
			}
		}
	}
}

func firstDifference(a, b []float32) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

func run(t *testing.T, p *Primitive, m [3][]float32, workspace unsafe.Pointer) {
	t.Helper()
	err := p.library.Do(func() error {
		return p.Run(unsafe.Pointer(&m[0][0]), unsafe.Pointer(&m[1][0]), unsafe.Pointer(&m[2][0]), workspace)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, got []float32, want []sum) {
	t.Helper()
	for i := range want {
		if !want[i].close(got[i]) {
			t.Fatalf("element %d of %d is %v, should be %v", i, len(want), got[i], want[i].value)
		}
	}
}

func TestChildConvolutions(t *testing.T) {
	l := child(t)
	for name, c := range shapes {
		for _, d := range directions {
			t.Run(fmt.Sprintf("%s, %s", name, d.name), func(t *testing.T) {
				p, err := d.prepare(l, c)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				t.Logf("%v: %s, workspace %d", c, p.Implementation(), p.WorkspaceBytes())
				m := operands(t, c.sizes())
				want := make([]sum, len(m[d.result]))
				c.triad(func(x, w, y int) {
					at := [3]int{x, w, y}
					a, b := (d.result+1)%3, (d.result+2)%3
					want[at[d.result]].add(m[a][at[a]], m[b][at[b]])
				})
				execute(t, p, m, d.result)
				compare(t, m[d.result], want)
			})
		}
	}
}

// TestChildSameBits runs computations large enough to be shared between threads.
func TestChildSameBits(t *testing.T) {
	l := child(t)
	for name, c := range map[string]Conv{
		"blocked": square(4, 16, 64, 128, 4, 2, 1),
		"C 3":     square(4, 64, 3, 64, 4, 2, 1),
		"whole":   square(64, 4, 128, 100, 4, 1, 0),
	} {
		for _, d := range directions {
			t.Run(name+", "+d.name, func(t *testing.T) {
				p, err := d.prepare(l, c)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				execute(t, p, operands(t, c.sizes()), d.result)
			})
		}
	}
}

// TestChildPreparesLargeLayers only prepares, the gradients first: once it has
// prepared the forward direction, oneDNN keeps its descriptor, which would hide
// that a gradient's search for a kernel reads one that is gone.
func TestChildPreparesLargeLayers(t *testing.T) {
	l := child(t)
	for _, c := range []Conv{
		square(128, 64, 1, 64, 4, 2, 1), square(128, 64, 3, 64, 4, 2, 1), square(128, 32, 64, 128, 4, 2, 1),
		square(128, 8, 256, 512, 4, 2, 1), square(64, 32, 3, 128, 3, 1, 1), square(64, 128, 3, 64, 1, 1, 0),
	} {
		for _, d := range slices.Backward(directions) {
			p, err := d.prepare(l, c)
			if err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			t.Logf("%s of %v: %s, workspace %d", d.name, c, p.Implementation(), p.WorkspaceBytes())
			if strings.HasPrefix(p.Implementation(), "ref") {
				t.Errorf("%s of %v runs in oneDNN's plain loops", d.name, c)
			}
		}
	}
}

func TestSpecificationErrors(t *testing.T) {
	l := &Library{}
	good := square(2, 8, 16, 24, 4, 2, 1)
	for wanted, change := range map[string]func(*Conv){
		"at least 1":               func(c *Conv) { c.K = 0 },
		"groups must divide":       func(c *Conv) { c.Groups = 5 },
		"give y[2,4,4,24]":         func(c *Conv) { c.P = 5 },
		"strides and groups must ": func(c *Conv) { c.Stride[1] = 0 },
	} {
		c := good
		change(&c)
		_, err := l.ConvForward(c)
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%v: the error should say %q: %v", c, wanted, err)
		}
	}
	if _, err := l.MatMul(MatMul{Batch: 1, M: 4, N: 4, K: 4, LDB: 3}); err == nil {
		t.Error("rows of three elements for four columns were accepted")
	}
}
