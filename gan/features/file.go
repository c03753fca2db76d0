package features

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"ganengine/engine/plainfile"
	"ganengine/engine/safetensors"
	"ganengine/engine/torchfile"
)

// file is an open file of a network's weights, in one of two formats.
type file struct {
	path        string
	data        *os.File
	size        int64
	safetensors *safetensors.File // nil of one of PyTorch's
	torch       *torchfile.File
	tensors     map[string]*torchfile.Tensor // of torch
}

// openFile opens a file in the format that its first bytes tell.
func openFile(path string) (f *file, err error) {
	data, info, err := plainfile.OpenLinked(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s with the weights of a network; docs/metrics.md says where they come from", path)
	}
	if err != nil {
		return nil, err
	}
	f = &file{path: path, data: data, size: info.Size()}
	if err := f.read(); err != nil {
		data.Close()
		return nil, err
	}
	return f, nil
}

func (f *file) read() (err error) {
	head := make([]byte, min(f.size, torchfile.Head))
	if _, err := f.data.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if !torchfile.Match(head) {
		f.safetensors, err = safetensors.NewFile(f.data, f.size, f.path)
		return err
	}
	if f.torch, err = torchfile.NewFile(f.data, f.size, f.path); err != nil {
		return err
	}
	f.tensors = map[string]*torchfile.Tensor{}
	for _, t := range f.torch.Tensors() {
		f.tensors[t.Name] = t.Tensor
	}
	return nil
}

func (f *file) close() error { return f.data.Close() }

// hash is the SHA-256 of the file.
func (f *file) hash() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.data, 0, f.size)); err != nil {
		return "", fmt.Errorf("read %s: %w", f.path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Shape gives a tensor's shape.
func (f *file) Shape(name string) ([]int, bool) {
	if f.torch != nil {
		t := f.tensors[name]
		if t == nil {
			return nil, false
		}
		return t.Shape, true
	}
	t, ok := f.safetensors.Lookup(name)
	return t.Shape, ok
}

// Floats gives a tensor's elements.
func (f *file) Floats(name string) ([]float32, error) {
	if f.torch != nil {
		t := f.tensors[name]
		if t == nil {
			return nil, fmt.Errorf("%s has no %s", f.path, name)
		}
		return f.torch.Floats(t)
	}
	t, _ := f.safetensors.Lookup(name)
	out := make([]float32, t.Elements())
	return out, safetensors.Read(f.safetensors, name, out)
}
