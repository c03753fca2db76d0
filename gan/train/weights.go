package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/model"
	"ganengine/gan/rundir"
)

// startFrom gives networks the weights of a safetensors file: both of a
// checkpoint, or the one that was exported or that PyTorch saved. The note says
// what the file lacks.
func (t *trainer) startFrom(path string) (note string, err error) {
	err = t.withWeights(path, func(f *safetensors.File, sources []session.Source, net *nn.Net) error {
		if net != nil {
			note = fmt.Sprintf("%s holds %s alone: %s from drawn weights", path, t.titleOf(net), t.others(net))
		}
		if err := t.ses.LoadWeights(f, sources); err != nil {
			return err
		}
		return t.given(net)
	})
	return note, err
}

// given has first passes leave the weights of a network, or of all (nil), as they are.
func (t *trainer) given(net *nn.Net) error {
	for _, n := range t.game.Trained() {
		v := t.game.Given(n)
		if v == nil || net != nil && n != net {
			continue
		}
		if err := t.ses.WriteBytes(v.Name, []byte{1}); err != nil {
			return err
		}
	}
	return nil
}

// checkWeights says why a training could not start from a file's weights. The
// session needs no memory.
func (t *trainer) checkWeights(path string) error {
	return t.withWeights(path, func(f *safetensors.File, sources []session.Source, _ *nn.Net) error { return session.Check(f, sources) })
}

// withWeights finds the networks' weights in a file for use.
func (t *trainer) withWeights(path string, use func(f *safetensors.File, sources []session.Source, net *nn.Net) error) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	defer f.Close()
	sources, net, err := t.sources(f)
	if err != nil {
		return fmt.Errorf("%s is of another model: %w; name a run or a file of the same networks", path, err)
	}
	if err := use(f, sources, net); err != nil {
		return unreadable(path, err)
	}
	return nil
}

// unreadable says where a file's error came from and, of a damaged checkpoint,
// which one to take instead.
func unreadable(path string, err error) error {
	var damaged *safetensors.FormatError
	if before, ok := rundir.Before(path); ok && errors.As(err, &damaged) {
		return fmt.Errorf("starting from weights: %w; the checkpoint before it is good for -init too: %s", err, before.Path)
	}
	return fmt.Errorf("starting from weights: %w", err)
}

// titleOf is a network's name for people.
func (t *trainer) titleOf(net *nn.Net) string {
	for _, p := range t.game.Players {
		if p.Net == net {
			return "the " + p.Title()
		}
	}
	return net.Name
}

// others says that all networks but one start.
func (t *trainer) others(net *nn.Net) string {
	var names []string
	for _, n := range t.game.Trained() {
		if n != net {
			names = append(names, t.titleOf(n))
		}
	}
	if len(names) == 1 {
		return names[0] + " starts"
	}
	return strings.Join(names, " and ") + " start"
}

// sources finds what the file has for the networks: for all that the game has (net
// is nil), or for one.
func (t *trainer) sources(f *safetensors.File) (sources []session.Source, net *nn.Net, err error) {
	has := func(n *nn.Net) bool {
		return slices.ContainsFunc(f.Tensors(), func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, n.Name+"/") })
	}
	var found []*nn.Net
	for _, n := range t.game.Trained() {
		if has(n) {
			found = append(found, n)
			sources = append(sources, own(n)...)
		}
	}
	switch len(found) {
	case 0:
		return t.torchSources(f)
	case 1:
		if len(t.game.Trained()) > 1 {
			net = found[0]
		}
	case len(t.game.Trained()):
	default:
		return nil, nil, fmt.Errorf("it holds %d of this model's %d networks", len(found), len(t.game.Trained()))
	}
	return sources, net, t.ses.Fits(f, sources)
}

// torchSources finds the one network that a file has by PyTorch's names. An
// export says which; of another file the shapes do.
func (t *trainer) torchSources(f *safetensors.File) ([]session.Source, *nn.Net, error) {
	named, _ := f.Metadata("network")
	named = strings.TrimSuffix(named, "_ema")
	var fitting []*game.Player
	var misfits []string
	var first error
	for _, p := range t.game.Players {
		if p.Torch == nil || !slices.Contains(t.game.Trained(), p.Net) {
			continue
		}
		as := torch(t.game.Vars, p.Net, p.Torch)
		misfit := t.fitsAlone(f, as)
		if p.Name == named {
			return as, p.Net, misfit
		}
		if misfit == nil {
			fitting = append(fitting, p)
		} else {
			misfits = append(misfits, fmt.Sprintf("as %s %v", t.titleOf(p.Net), misfit))
			if first == nil {
				first = misfit
			}
		}
	}
	switch len(fitting) {
	case 0:
		if first == nil {
			return nil, nil, errors.New("it has none of this model's networks")
		}
		return nil, nil, &misfit{strings.Join(misfits, "; "), first}
	case 1:
		return torch(t.game.Vars, fitting[0].Net, fitting[0].Torch), fitting[0].Net, nil
	}
	var titles, names []string
	for _, p := range fitting {
		titles, names = append(titles, t.titleOf(p.Net)), append(names, fmt.Sprintf("%q", p.Name))
	}
	return nil, nil, fmt.Errorf("its tensors fit %s alike; write metadata network = %s into it", strings.Join(titles, " and "), strings.Join(names, " or "))
}

// misfit says why a file is none of the networks.
type misfit struct {
	text  string
	first error
}

func (m *misfit) Error() string { return m.text }
func (m *misfit) Unwrap() error { return m.first }

// fitsAlone says why a file is not exactly the network of these sources; counts
// of batches apart, which no Variable holds.
func (t *trainer) fitsAlone(f *safetensors.File, sources []session.Source) error {
	if err := t.ses.Fits(f, sources); err != nil {
		return err
	}
	for _, x := range f.Tensors() {
		if !strings.HasSuffix(x.Name, ".num_batches_tracked") && !slices.ContainsFunc(sources, func(s session.Source) bool { return s.Tensor == x.Name }) {
			return fmt.Errorf("it has %s, which this model has not", x.Name)
		}
	}
	return nil
}

// own are a network's Variables under their own names, as checkpoints have them.
func own(n *nn.Net) (out []session.Source) {
	return named(n, n.Name)
}

// named are a network's Variables as a checkpoint has those of a network of that name, or
// of its average, which has no state: that is the network's.
func named(n *nn.Net, name string) (out []session.Source) {
	add := func(vars []*graph.Variable, name string) {
		for _, v := range vars {
			out = append(out, session.Source{Variable: v.Name, Tensor: name + strings.TrimPrefix(v.Name, n.Name), Shape: v.Shape})
		}
	}
	add(slices.Concat(n.Params(), n.Stats()), name)
	if name != n.Name {
		name = strings.TrimSuffix(name, "_ema")
	}
	add(n.State(), name)
	return out
}

// torch are a network's Variables under PyTorch's names.
func torch(vars *graph.Vars, n *nn.Net, tensors []model.Tensor) (out []session.Source) {
	for _, t := range tensors {
		if t.Count {
			continue
		}
		v := vars.ByName(n.Name + "/" + t.Variable)
		out = append(out, session.Source{Variable: v.Name, Tensor: t.Name, Shape: t.Shape(v.Shape),
			Layout: func(data []byte) []byte { return t.FromTorch(data, v.Shape, v.DType.Size()) }})
	}
	return out
}
