package explore

import (
	"fmt"
	"io"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/safetensors"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// Exported is the player of a name that can be exported; without a name, the first that
// samples are drawn with.
func (e *Explorer) Exported(net string) (*game.Player, error) {
	var all, known []string
	for _, p := range e.Game.Players {
		all = append(all, p.Name)
		if p.Torch != nil {
			known = append(known, p.Name)
		}
	}
	p := e.Game.Player(net)
	if sample := e.Game.Sampler("sample"); net == "" && sample == nil {
		return nil, fmt.Errorf("model.kind = %q draws no samples: name one of its networks %s", e.Config.Model.Kind, strings.Join(all, ", "))
	} else if net == "" {
		u, err := sample.Uses()
		if err != nil {
			return nil, err
		}
		p = u.Players()[0]
	}
	switch {
	case p == nil:
		return nil, fmt.Errorf("model.kind = %q has the networks %s, not %q", e.Config.Model.Kind, strings.Join(all, ", "), net)
	case p.Torch != nil:
		return p, nil
	case len(known) > 0:
		return nil, fmt.Errorf("there is no PyTorch module that network %s of model.kind = %q corresponds to; of its networks, %s have one",
			p.Name, e.Config.Model.Kind, strings.Join(known, " and "))
	}
	return nil, fmt.Errorf("there is no PyTorch module that a network of model.kind = %q corresponds to, so that export has no names to write; the checkpoints of the run hold their weights", e.Config.Model.Kind)
}

// Export writes weights of a player that Exported gave as fp32 safetensors, in layer
// order, named and laid out as PyTorch's modules have them: those that samples are drawn
// with.
func (e *Explorer) Export(path string, p *game.Player) error {
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
