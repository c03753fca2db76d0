package explore

import (
	"fmt"
	"io"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/safetensors"
	"ganengine/gan/model"
)

// Export writes a player's weights as fp32 safetensors, in layer order, named
// and laid out as PyTorch's modules have them: those that samples are drawn with.
func (e *Explorer) Export(path, net string) error {
	p := e.Game.Player(net)
	if len(e.exported()) == 0 {
		return fmt.Errorf("models of kind %s have no network that a PyTorch module is known for, so that export has no names to write; the checkpoints of the run hold their weights", e.Config.Model.Kind)
	}
	if p == nil || p.Torch == nil {
		return fmt.Errorf("this model has the networks %s, not %q", strings.Join(e.exported(), " and "), net)
	}
	prefix, tensors := p.Net.Name+"/", p.Torch
	if p.Average() != nil && !e.trained {
		prefix = p.Net.Name + "_ema/"
	}
	entries := make([]safetensors.Entry, len(tensors))
	for i, t := range tensors {
		entry, err := e.entry(prefix, t)
		if err != nil {
			return err
		}
		entries[i] = entry
	}
	meta := map[string]string{"format": "pt", "model": e.Config.Model.Kind, "network": strings.TrimSuffix(prefix, "/"), "step": fmt.Sprint(e.Step)}
	return atomicfile.Write(path, func(w io.Writer) error { return safetensors.WriteChecked(w, entries, meta) })
}

// exported names the players that PyTorch has a module for.
func (e *Explorer) exported() (out []string) {
	for _, p := range e.Game.Players {
		if p.Torch != nil {
			out = append(out, p.Name)
		}
	}
	return out
}

func (e *Explorer) entry(prefix string, t model.Tensor) (safetensors.Entry, error) {
	if t.Count {
		return safetensors.NewEntry(t.Name, nil, []int64{e.Step}), nil
	}
	name := prefix + t.Variable
	v := e.Game.Vars.ByName(name)
	if v == nil {
		return safetensors.Entry{}, fmt.Errorf("export: the model has no variable %s", name)
	}
	return safetensors.Entry{Tensor: safetensors.Tensor{Name: t.Name, DType: safetensors.F32, Shape: t.Shape(v.Shape)}, Write: func(w io.Writer) error {
		data, err := e.session.ReadBytes(name)
		if err != nil {
			return err
		}
		_, err = w.Write(t.ToTorch(data, v.Shape, v.DType.Size()))
		return err
	}}, nil
}
