package explore

import (
	"context"
	"fmt"
	"io"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/safetensors"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// Network is the player of a name; without one, the first that samples are drawn with.
func (e *Explorer) Network(name string) (*game.Player, error) {
	var all []string
	for _, p := range e.Game.Players {
		all = append(all, p.Name)
	}
	sample := e.Game.Sampler("sample")
	switch {
	case name == "" && sample == nil:
		return nil, fmt.Errorf("model.kind = %q draws no samples: name one of its networks %s", e.Config.Model.Kind, strings.Join(all, ", "))
	case name == "":
		u, err := sample.Uses()
		if err != nil {
			return nil, err
		}
		return u.Players()[0], nil
	case e.Game.Player(name) == nil:
		return nil, fmt.Errorf("model.kind = %q has the networks %s, not %q", e.Config.Model.Kind, strings.Join(all, ", "), name)
	}
	return e.Game.Player(name), nil
}

// CheckTorch says why a player's weights have no names in PyTorch; nil where they have.
func (e *Explorer) CheckTorch(p *game.Player) error {
	var known []string
	for _, p := range e.Game.Players {
		if p.Torch != nil {
			known = append(known, p.Name)
		}
	}
	const instead = "-format onnx exports the network itself"
	switch {
	case p.Torch != nil:
		return nil
	case len(known) > 0:
		return fmt.Errorf("there is no PyTorch module that network %s of model.kind = %q corresponds to; of its networks, %s have one; %s",
			p.Name, e.Config.Model.Kind, strings.Join(known, " and "), instead)
	}
	return fmt.Errorf("there is no PyTorch module that a network of model.kind = %q corresponds to, so that safetensors have no names; %s", e.Config.Model.Kind, instead)
}

// ExportTorch writes weights of a player that CheckTorch lets be as fp32 safetensors, in
// layer order, named and laid out as PyTorch's modules have them: those that samples are
// drawn with, standing statistics among them.
func (e *Explorer) ExportTorch(ctx context.Context, path string, p *game.Player) error {
	if err := e.prepare(ctx); err != nil {
		return err
	}
	network, tensors := p.Net.Name, p.Torch
	if p.Average() != nil && !e.trained {
		network += "_ema"
	}
	entries := make([]safetensors.Entry, len(tensors))
	for i, t := range tensors {
		entry, err := e.entry(p, t)
		if err != nil {
			return err
		}
		entries[i] = entry
	}
	meta := map[string]string{"format": "pt", "model": e.Config.Model.Kind, "network": network, "step": fmt.Sprint(e.Step)}
	return atomicfile.Write(path, func(w io.Writer) error { return safetensors.WriteChecked(w, entries, meta) })
}

func (e *Explorer) entry(p *game.Player, t model.Tensor) (safetensors.Entry, error) {
	if t.Count {
		return safetensors.NewEntry(t.Name, nil, []int64{e.Step}), nil
	}
	v := e.Game.Vars.ByName(p.Net.Name + "/" + t.Variable)
	if v == nil {
		return safetensors.Entry{}, fmt.Errorf("export: the model has no variable %s/%s", p.Net.Name, t.Variable)
	}
	v = e.Game.InUse(p, v, e.trained)
	return safetensors.Entry{Tensor: safetensors.Tensor{Name: t.Name, DType: safetensors.F32, Shape: t.Shape(v.Shape)}, Write: func(w io.Writer) error {
		data, err := e.session.ReadBytes(v.Name)
		if err != nil {
			return err
		}
		_, err = w.Write(t.ToTorch(data, v.Shape, v.DType.Size()))
		return err
	}}, nil
}
