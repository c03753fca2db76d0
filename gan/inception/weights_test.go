package inception

import (
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

// hashed are weights that a hash of their names gives, as in scripts/parity/make_inception.py.
type hashed struct {
	m     *built
	wrong map[string]float32 // first numbers that are others
	shape map[string][]int   // shapes that are others
}

func (w hashed) Shape(name string) ([]int, bool) {
	if s, ok := w.shape[name]; ok {
		return s, s != nil
	}
	if name == "fc.weight" {
		return w.m.fc.Shape, true
	}
	for _, c := range w.m.convs {
		if rest, ok := strings.CutPrefix(name, c.name+"."); ok {
			s := c.filter.Shape
			switch rest {
			case "conv.weight":
				return []int{s[0], s[3], s[1], s[2]}, true
			case "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var":
				return s[:1], true
			}
		}
	}
	return nil, false
}

func (w hashed) Floats(name string) ([]float32, error) {
	shape, ok := w.Shape(name)
	if !ok {
		return nil, errors.New("no " + name)
	}
	n := graph.Shape(shape).Size()
	out, seed := make([]float32, n), crc32.ChecksumIEEE([]byte(name))
	for i := range out {
		u := noise(seed, i)
		switch {
		case strings.HasSuffix(name, ".conv.weight"):
			u *= math.Sqrt(24 / float64(n/shape[0]))
		case strings.HasSuffix(name, ".bn.weight"):
			u = 1 + u/4
		case strings.HasSuffix(name, ".running_var"):
			u = 1 + u
		default:
			u /= 4
		}
		out[i] = float32(u)
	}
	if v, ok := w.wrong[name]; ok {
		out[0] = v
	}
	return out, nil
}

func noise(seed uint32, i int) float64 {
	x := uint32(i)*2654435761 + seed
	x = (x ^ x>>16) * 0x7feb352d
	x = (x ^ x>>15) * 0x846ca68b
	return float64(x^x>>16)/(1<<32) - .5
}

// TestWeights: what is wrong with a file's weights is said in a line.
func TestWeights(t *testing.T) {
	m, err := model(1, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	nowhere := func(string, []byte) error { return nil }
	if err := m.load(hashed{m: m}, nowhere); err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		w    hashed
		says string
	}{
		{hashed{m: m, shape: map[string][]int{"Mixed_6b.branch_pool.bn.running_var": nil}}, "no Mixed_6b.branch_pool.bn.running_var"},
		{hashed{m: m, shape: map[string][]int{"fc.weight": {125, 256}}}, "its fc.weight is [125 256] where FID's network has [126 256]"},
		{hashed{m: m, shape: map[string][]int{"Conv2d_1a_3x3.conv.weight": {4, 3, 3, 4}}}, "its Conv2d_1a_3x3.conv.weight is"},
		{hashed{m: m, wrong: map[string]float32{"Mixed_5b.branch1x1.bn.bias": nan}}, "number 0 of its Mixed_5b.branch1x1.bn.bias is not finite"},
		{hashed{m: m, wrong: map[string]float32{"Mixed_5b.branch1x1.bn.running_var": -1}}, "variance of -1"},
	} {
		if err := m.load(c.w, nowhere); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q", err, c.says)
		}
	}
	if !Claims(hashed{m: m}) || Claims(hashed{m: m, shape: map[string][]int{"Conv2d_1a_3x3.conv.weight": nil}}) {
		t.Error("networks are not told from others")
	}
	if err := Check(hashed{m: m}); err == nil || !strings.Contains(err.Error(), "Conv2d_1a_3x3.conv.weight") {
		t.Errorf("an eighth of the channels: %v", err)
	}
}
