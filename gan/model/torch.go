package model

import "fmt"

// torchList names tensors as an nn.Sequential called main would.
type torchList struct {
	tensors []Tensor
	index   int
}

func (t *torchList) add(tensor, variable string, filter bool) {
	t.tensors = append(t.tensors, Tensor{Name: fmt.Sprintf("main.%d.%s", t.index, tensor), Variable: variable, Filter: filter})
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
