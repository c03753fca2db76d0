package kernels

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// parameters are the types of a kernel's parameters in PTX: .u64, or .b8[64]
// for a structure.
func parameters(t *testing.T, name string) []string {
	t.Helper()
	text, ok := kernels()[name]
	if !ok {
		t.Fatalf("there is no kernel %s", name)
	}
	list, _, _ := strings.Cut(text, ")")
	var types []string
	for _, m := range regexp.MustCompile(`\.param (?:\.align \d+ )?(\.\w+) \w+(\[\d+\])?`).FindAllStringSubmatch(list, -1) {
		types = append(types, m[1]+m[2])
	}
	return types
}

// wanted are the types of parameters that a launch passes.
func wanted(l Launch) []string {
	var types []string
	for range l.Pointers {
		types = append(types, ".u64")
	}
	for _, s := range l.Scalars {
		switch s := s.(type) {
		case int32:
			types = append(types, ".u32")
		case int64:
			types = append(types, ".u64")
		case []byte:
			types = append(types, fmt.Sprintf(".b8[%d]", len(s)))
		default:
			types = append(types, fmt.Sprintf("%T", s))
		}
	}
	return types
}

// threads is what a kernel was compiled for.
func threads(t *testing.T, name string) int {
	t.Helper()
	m := regexp.MustCompile(`\.maxntid (\d+), 1, 1`).FindStringSubmatch(kernels()[name])
	if m == nil {
		t.Fatalf("%s has no bound on its threads", name)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// products is every kernel in use: sizes of all kinds, transpositions,
// precisions, directions.
func products(t *testing.T) map[string]Product {
	t.Helper()
	all := make(map[string]Product)
	add := func(name string, p Product, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = p
	}
	for p := F32; p <= F64; p++ {
		for _, s := range [][3]int{{1, 1, 1}, {64, 64, 64}, {64, 64, 8192}, {128, 1, 8192}, {1, 8192, 128}, {4096, 4096, 64}, {100, 1200, 784}} {
			for trans := range 4 {
				m, err := MatMul(s[0], s[1], s[2], trans&1 != 0, trans&2 != 0, p)
				add(fmt.Sprint("matmul ", s, trans, p), m, err)
			}
		}
		for d := Forward; d <= FilterGrad; d++ {
			for name, c := range map[string]Shape{
				"dcgan":   {N: 128, H: 16, W: 16, C: 128, K: 256, R: 4, S: 4, P: 8, Q: 8, Stride: [2]int{2, 2}, Pad: [2]int{1, 1}, Groups: 1},
				"grouped": {N: 2, H: 7, W: 5, C: 6, K: 9, R: 3, S: 3, P: 7, Q: 5, Stride: [2]int{1, 1}, Pad: [2]int{1, 1}, Groups: 3},
			} {
				m, err := Conv(d, c, p)
				add(fmt.Sprint(name, " ", d, " ", p), m, err)
			}
		}
	}
	for p := F32; p <= F64; p++ {
		m, err := Resample(Resampling{N: 2, H: 4, W: 4, C: 3, P: 8, Q: 8, Up: [2]int{2, 2}, Down: [2]int{1, 1}, Pad: [2]int{2, 2},
			Taps: [2][]float32{{1, 3, 3, 1}, {1, 3, 3, 1}}}, p)
		add(fmt.Sprint("resample ", p), m, err)
	}
	images(t, all)
	return all
}

// images adds convolutions of images of few channels.
func images(t *testing.T, all map[string]Product) {
	t.Helper()
	for name, c := range map[string]Shape{
		"dcgan, first": dcganFirst,
		"grey":         {N: 2, H: 28, W: 28, C: 1, K: 8, R: 5, S: 5, P: 12, Q: 12, Stride: [2]int{2, 2}, Groups: 1},
		"colour":       {N: 2, H: 9, W: 9, C: 3, K: 24, R: 4, S: 4, P: 4, Q: 4, Stride: [2]int{2, 2}, Groups: 1},
		"alpha":        {N: 1, H: 9, W: 7, C: 4, K: 72, R: 4, S: 4, P: 3, Q: 3, Stride: [2]int{3, 2}, Pad: [2]int{1, 2}, Groups: 1},
	} {
		for d := Forward; d <= FilterGrad; d++ {
			m, ok := Image(d, c)
			if !ok {
				t.Fatalf("no kernel for %v of %v", d, c)
			}
			all[fmt.Sprint(name, " ", d)] = m
		}
	}
}

// TestLaunchesMatchKernels: every launch passes what its kernel was compiled to
// take, with the block that it was compiled for, and every kernel is launched.
func TestLaunchesMatchKernels(t *testing.T) {
	used := make(map[string]bool)
	for name, p := range products(t) {
		scratch := false
		for _, l := range p.Launches {
			used[l.Entry] = true
			if got, want := fmt.Sprint(wanted(l)), fmt.Sprint(parameters(t, l.Entry)); got != want {
				t.Errorf("%s: %s is launched with %s and takes %s", name, l.Entry, got, want)
			}
			if n := threads(t, l.Entry); l.Block != [3]int{n, 1, 1} {
				t.Errorf("%s: %s is launched with blocks of %v and compiled for %d", name, l.Entry, l.Block, n)
			}
			for _, pointer := range l.Pointers {
				scratch = scratch || pointer == Scratch
			}
		}
		if scratch != (p.Scratch > 0) {
			t.Errorf("%s: %d bytes of scratch memory, used %v", name, p.Scratch, scratch)
		}
	}
	for name := range kernels() {
		if !used[name] {
			t.Errorf("nothing launches %s", name)
		}
	}
}

// TestSplit: long sums with few results are cut, into parts that cover them.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		m, n, k, splits int
	}{{64, 64, 8192, 32}, {64, 64, 8191, 31}, {64, 64, 511, 1}, {64, 64, 512, 2}, {640, 640, 8192, 2}, {2048, 2048, 8192, 1}} {
		p, err := MatMul(c.m, c.n, c.k, false, false, F32)
		if err != nil {
			t.Fatal(err)
		}
		depth := int(p.Launches[0].Scalars[5].(int32))
		splits := p.Launches[0].Grid[2]
		if splits != c.splits || depth*(splits-1) >= c.k || depth*splits < c.k || depth%16 != 0 {
			t.Errorf("%v: %d splits of %d", c, splits, depth)
		}
		if want := int64(c.m * c.n * splits * 4); splits > 1 && p.Scratch != want {
			t.Errorf("%v: %d bytes of scratch memory, want %d", c, p.Scratch, want)
		}
		if len(p.Launches) != min(splits, 2) {
			t.Errorf("%v: %d launches for %d splits", c, len(p.Launches), splits)
		}
	}
}

// TestRefused: what is no product, or one too large, is an error that says so.
func TestRefused(t *testing.T) {
	for _, c := range [][3]int{{0, 1, 1}, {1, -1, 1}, {1, 1, maxExtent + 1}, {1, maxExtent, 1}} {
		if p, err := MatMul(c[0], c[1], c[2], false, false, F32); err == nil {
			t.Errorf("%v: got %v, want an error", c, p)
		}
	}
	if _, err := MatMul(1, 1, 1, false, false, F64+1); err == nil {
		t.Error("an unknown precision was accepted")
	}
	good := Shape{N: 1, H: 4, W: 4, C: 4, K: 4, R: 3, S: 3, P: 2, Q: 2, Stride: [2]int{1, 1}, Groups: 2}
	if _, err := Conv(FilterGrad, good, F32); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Shape){
		func(c *Shape) { c.N = 0 },
		func(c *Shape) { c.Groups = 0 },
		func(c *Shape) { c.Groups = 3 },
		func(c *Shape) { c.K = 5 },
		func(c *Shape) { c.Stride[1] = 0 },
		func(c *Shape) { c.Pad[0] = -1 },
		func(c *Shape) { c.N, c.H = 1<<20, 1<<20 },
		func(c *Shape) { c.P, c.Stride[0] = 1<<16, 1<<16 },
	} {
		c := good
		change(&c)
		if p, err := Conv(InputGrad, c, F32); err == nil {
			t.Errorf("%v: got %v, want an error", c, p)
		}
	}
	if _, err := Conv(FilterGrad+1, good, F32); err == nil {
		t.Error("an unknown direction was accepted")
	}
	for name, c := range map[string]Resampling{
		"a long filter": {N: 1, H: 2, W: 2, C: 1, P: 2, Q: 2, Taps: [2][]float32{{1}, make([]float32, resampleTaps+1)}},
		"a large image": {N: 1 << 20, H: 1 << 10, W: 2, C: 1, P: 2, Q: 2, Taps: [2][]float32{{1}, {1}}},
	} {
		if p, err := Resample(c, F32); err == nil {
			t.Errorf("%s: got %v, want an error", name, p)
		}
	}
}

// TestModule: the module of all kernels holds each once, a smaller one what it
// was asked for.
func TestModule(t *testing.T) {
	if got, want := strings.Count(string(Module()), entry), len(kernels()); got != want || got < 20 {
		t.Errorf("%d kernels in the module, want %d and at least 20", got, want)
	}
	few := string(Module("dot_f32", "sum_splits_f64", "dot_f32"))
	if !strings.HasPrefix(few, Header) || strings.Count(few, entry) != 2 ||
		!strings.Contains(few, entry+"dot_f32(") || !strings.Contains(few, entry+"sum_splits_f64(") {
		t.Errorf("a module of two kernels: %.300s", few)
	}
	defer func() {
		if recover() == nil {
			t.Error("a kernel that does not exist was put into a module")
		}
	}()
	Module("nothing")
}
