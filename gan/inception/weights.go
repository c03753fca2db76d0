package inception

import (
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
)

// Weights are what a file holds, under pytorch-fid's names and in PyTorch's layout: Conv2d_1a_3x3.conv.weight.
type Weights interface {
	Shape(name string) (shape []int, ok bool)
	Floats(name string) ([]float32, error)
}

// Claims says whether weights are those of an InceptionV3 network, whichever variant.
func Claims(w Weights) bool {
	_, first := w.Shape("Conv2d_1a_3x3.conv.weight")
	_, last := w.Shape("Mixed_7c.branch_pool.conv.weight")
	return first && last
}

// Shapes are those of all tensors that are read, by name.
func Shapes() (map[string][]int, error) {
	m, err := model(1, 1, nil)
	if err != nil {
		return nil, err
	}
	return maps.Collect(m.shapes()), nil
}

// Check says in a line why weights are not those of FID's network, by names and shapes.
func Check(w Weights) error {
	m, err := model(1, 1, nil)
	if err != nil {
		return err
	}
	return m.check(w)
}

// shapes are PyTorch's, of all tensors that are read, in the network's order.
func (m *built) shapes() iter.Seq2[string, []int] {
	return func(yield func(string, []int) bool) {
		for _, c := range m.convs {
			s := c.filter.Shape
			if !yield(c.name+".conv.weight", []int{s[0], s[3], s[1], s[2]}) {
				return
			}
			for _, name := range []string{".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"} {
				if !yield(c.name+name, s[:1]) {
					return
				}
			}
		}
		yield("fc.weight", m.fc.Shape)
	}
}

func (m *built) check(w Weights) error {
	const better = "name pytorch-fid's pt_inception-2015-12-05-6726825d.pth"
	for name, want := range m.shapes() {
		got, ok := w.Shape(name)
		if !ok {
			return fmt.Errorf("it has no %s, which FID's network has: %s", name, better)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("its %s is %v where FID's network has %v: %s", name, got, want, better)
		}
	}
	return nil
}

// eps is added to the variances of batch norm.
const eps = 1e-3

// load writes all weights by write, which takes a Variable's name and bytes.
func (m *built) load(w Weights, write func(name string, data []byte) error) error {
	if err := m.check(w); err != nil {
		return err
	}
	for _, c := range m.convs {
		filter, bias, err := fold(w, c)
		if err != nil {
			return err
		}
		if err := write(c.filter.Name, bytesOf(filter)); err != nil {
			return err
		}
		if err := write(c.bias.Name, bytesOf(bias)); err != nil {
			return err
		}
	}
	fc, err := finite(w, "fc.weight")
	if err != nil {
		return err
	}
	return write(m.fc.Name, bytesOf(fc))
}

// fold makes a convolution and the batch norm behind it one, y = (w*x - mean) / sqrt(var + eps) * gain + bias, in
// float64, and turns the filter from [k, c, r, s] into [k, r, s, c].
func fold(w Weights, c conv) (filter, bias []float32, err error) {
	var parts [5][]float32
	for i, name := range []string{".conv.weight", ".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"} {
		if parts[i], err = finite(w, c.name+name); err != nil {
			return nil, nil, err
		}
	}
	s := c.filter.Shape
	filter, bias = make([]float32, s.Size()), make([]float32, s[0])
	window, channels := s[1]*s[2], s[3]
	for k := range s[0] {
		if parts[4][k] < 0 {
			return nil, nil, fmt.Errorf("its %s has a variance of %g: the file is damaged", c.name, parts[4][k])
		}
		scale := float64(parts[1][k]) / math.Sqrt(float64(parts[4][k])+eps)
		bias[k] = float32(float64(parts[2][k]) - float64(parts[3][k])*scale)
		for j := range channels {
			for at := range window {
				filter[(k*window+at)*channels+j] = float32(float64(parts[0][(k*channels+j)*window+at]) * scale)
			}
		}
	}
	return filter, bias, nil
}

// finite gives numbers that all are.
func finite(w Weights, name string) ([]float32, error) {
	x, err := w.Floats(name)
	if err != nil {
		return nil, err
	}
	for i, v := range x {
		if v-v != 0 {
			return nil, fmt.Errorf("number %d of its %s is not finite: the file is damaged", i, name)
		}
	}
	return x, nil
}

func bytesOf(x []float32) []byte {
	out := make([]byte, 0, 4*len(x))
	for _, v := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}
