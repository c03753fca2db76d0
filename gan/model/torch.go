package model

import (
	"fmt"

	"ganengine/engine/graph"
)

// Shape is the tensor's shape in PyTorch, where our Variable has shape s.
func (t Tensor) Shape(s graph.Shape) []int {
	if t.Filter {
		return []int{s[0], s[3], s[1], s[2]}
	}
	return append([]int{}, s...)
}

// ToTorch gives a Variable's bytes, elements of size bytes in shape s, in PyTorch's order.
func (t Tensor) ToTorch(data []byte, s graph.Shape, size int) []byte {
	if !t.Filter {
		return data
	}
	return swap(data, s[0], s[1]*s[2], s[3], size)
}

// FromTorch is ToTorch's inverse; s is our Variable's shape here too.
func (t Tensor) FromTorch(data []byte, s graph.Shape, size int) []byte {
	if !t.Filter {
		return data
	}
	return swap(data, s[0], s[3], s[1]*s[2], size)
}

// swap copies elements [n, a, b] to [n, b, a].
func swap(data []byte, n, a, b, size int) []byte {
	out := make([]byte, len(data))
	for i := range n {
		for j := range a {
			for l := range b {
				to, from := (i*b+l)*a+j, (i*a+j)*b+l
				copy(out[to*size:(to+1)*size], data[from*size:(from+1)*size])
			}
		}
	}
	return out
}

// torchList names tensors as an nn.Sequential called main would.
type torchList struct {
	tensors []Tensor
	index   int
}

func (t *torchList) add(tensor, variable string, filter bool) {
	t.tensors = append(t.tensors, Tensor{Name: fmt.Sprintf("main.%d.%s", t.index, tensor), Variable: variable, Filter: filter})
}

// Dense names dense layers with biases as an nn.Sequential called main has them; "" is a
// module without tensors, such as an activation.
func Dense(layers ...string) []Tensor {
	t := &torchList{}
	for _, at := range layers {
		if at == "" {
			t.skip()
		} else {
			t.layer(at, false, true)
		}
	}
	return t.tensors
}

// skip counts a module without tensors.
func (t *torchList) skip() { t.index++ }

// layer names a dense layer's or a convolution's weight, and its bias.
func (t *torchList) layer(at string, filter, bias bool) {
	t.add("weight", at+"/w", filter)
	if bias {
		t.add("bias", at+"/b", false)
	}
	t.index++
}

// norm names a norm's gain and bias, and batch norm's statistics.
func (t *torchList) norm(at, kind string) {
	if kind == "none" {
		return
	}
	t.add("weight", at+"/gain", false)
	t.add("bias", at+"/bias", false)
	if kind == "batch" {
		t.add("running_mean", at+"/mean", false)
		t.add("running_var", at+"/var", false)
		t.add("num_batches_tracked", "", false)
		t.tensors[len(t.tensors)-1].Count = true
	}
	t.index++
}
