package train

import (
	"encoding/binary"
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

// LoadWeights is how a fresh run starts from files. It gives networks their weights: all of a
// checkpoint, or those that were exported or that PyTorch saved, and optimisers their states
// where the files have some. The note says what the files lack, and which optimisers go on.
func LoadWeights(g *game.Game, ses *session.Session, paths []string) (note string, err error) {
	w := &weights{g, ses}
	err = w.with(paths, func(all []*part) error {
		note = w.note(paths, all)
		for _, p := range all {
			if err := ses.LoadWeights(p, p.sources); err != nil {
				return unreadable(p.path, err)
			}
			if err := w.given(p); err != nil {
				return err
			}
		}
		return nil
	})
	return note, err
}

// checkWeights says why a training could not start from files' weights. The session needs
// no memory.
func checkWeights(g *game.Game, ses *session.Session, paths []string) error {
	return (&weights{g, ses}).with(paths, func(all []*part) error {
		for _, p := range all {
			if err := session.Check(p, p.sources); err != nil {
				return unreadable(p.path, err)
			}
		}
		return nil
	})
}

// weights finds in files what a game's Variables start from.
type weights struct {
	game *game.Game
	ses  *session.Session
}

// with finds the networks and optimisers of files, for use.
func (w *weights) with(paths []string, use func(all []*part) error) (err error) {
	var all []*part
	for _, path := range paths {
		parts, shut, err := openParts(path)
		if err != nil {
			return unreadable(path, err)
		}
		defer shut()
		for _, p := range parts {
			if err := w.find(p); err != nil {
				return fmt.Errorf("%s is of another model: %w; name a run or files of the same networks", p.title(), err)
			}
		}
		all = append(all, parts...)
	}
	if err := w.once(all); err != nil {
		return fmt.Errorf("starting from weights: %w", err)
	}
	return use(all)
}

// find finds what a part is of.
func (w *weights) find(p *part) (err error) {
	if p.adam != nil {
		return w.findOptimiser(p)
	}
	var net *nn.Net
	if p.sources, net, err = w.sources(p); net != nil {
		p.nets = []*nn.Net{net}
	} else {
		p.nets = w.game.Trained()
	}
	return err
}

// once refuses what two parts are of, and moments of weights that no part has.
func (w *weights) once(all []*part) error {
	nets, optimisers := map[*nn.Net]*part{}, map[*game.Optimizer]*part{}
	for _, p := range all {
		for _, n := range p.nets {
			if other := nets[n]; other != nil {
				return fmt.Errorf("%s and %s both hold %s: name one of them", other.title(), p.title(), w.titleOf(n))
			}
			nets[n] = p
		}
		if other := optimisers[p.optimiser]; p.optimiser != nil && other != nil {
			return fmt.Errorf("%s and %s both hold the state of optimiser %s: name one of them", other.title(), p.title(), p.optimiser.Name)
		}
		optimisers[p.optimiser] = p
	}
	for o, p := range optimisers {
		if o == nil {
			continue
		}
		for _, player := range o.Players() {
			if nets[player.Net] == nil {
				return fmt.Errorf("%s holds the state of optimiser %s, and no file the weights that it is of: name that of %s too", p.title(), o.Name, w.titleOf(player.Net))
			}
		}
	}
	return nil
}

// note says which networks start from drawn weights, and which optimisers go on.
func (w *weights) note(paths []string, all []*part) string {
	var held, notes []string
	var left []*nn.Net
	for _, n := range w.game.Trained() {
		if slices.ContainsFunc(all, func(p *part) bool { return slices.Contains(p.nets, n) }) {
			held = append(held, w.titleOf(n))
		} else {
			left = append(left, n)
		}
	}
	if len(left) > 0 {
		verb := map[bool]string{true: "holds", false: "hold"}[len(paths) == 1]
		notes = append(notes, fmt.Sprintf("%s %s %s alone: %s from drawn weights", strings.Join(paths, " and "), verb, strings.Join(held, " and "), w.starts(left)))
	}
	for _, p := range all {
		if p.optimiser != nil {
			notes = append(notes, fmt.Sprintf("optimiser %s goes on after %d updates, from %s", p.optimiser.Name, p.adam.Updates, p.title()))
		}
	}
	return strings.Join(notes, "; ")
}

// given has first passes leave the weights of a part's networks as they are, and an
// optimiser count on.
func (w *weights) given(p *part) error {
	if p.optimiser != nil {
		state, _ := p.optimiser.Adam()
		return w.ses.WriteBytes(state.Count.Name, binary.LittleEndian.AppendUint32(nil, uint32(p.adam.Updates)))
	}
	for _, n := range p.nets {
		if v := w.game.Given(n); v != nil {
			if err := w.ses.WriteBytes(v.Name, []byte{1}); err != nil {
				return err
			}
		}
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
func (w *weights) titleOf(net *nn.Net) string {
	for _, p := range w.game.Players {
		if p.Net == net {
			return "the " + p.Title()
		}
	}
	return net.Name
}

// starts says that networks start.
func (w *weights) starts(nets []*nn.Net) string {
	var names []string
	for _, n := range nets {
		names = append(names, w.titleOf(n))
	}
	if len(names) == 1 {
		return names[0] + " starts"
	}
	return strings.Join(names, " and ") + " start"
}

// sources finds what a part has for the networks: for all that the game has (net
// is nil), or for one.
func (w *weights) sources(f *part) (sources []session.Source, net *nn.Net, err error) {
	has := func(n *nn.Net) bool {
		return slices.ContainsFunc(f.Tensors(), func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, n.Name+"/") })
	}
	var found []*nn.Net
	for _, n := range w.game.Trained() {
		if has(n) {
			found = append(found, n)
			sources = append(sources, own(n)...)
		}
	}
	switch len(found) {
	case 0:
		return w.torchSources(f)
	case 1:
		if len(w.game.Trained()) > 1 {
			net = found[0]
		}
	case len(w.game.Trained()):
	default:
		return nil, nil, fmt.Errorf("it holds %d of this model's %d networks", len(found), len(w.game.Trained()))
	}
	return sources, net, w.ses.Fits(f, sources)
}

// torchSources finds the one network that a part has by PyTorch's names. An
// export says which; of another the shapes do, and where those are alike what the file calls it.
func (w *weights) torchSources(f *part) ([]session.Source, *nn.Net, error) {
	var fitting []*game.Player
	var misfits []string
	var first error
	for _, p := range w.game.Players {
		if p.Torch == nil || !slices.Contains(w.game.Trained(), p.Net) {
			continue
		}
		as := torch(w.game.Vars, p.Net, p.Torch)
		misfit := w.fitsAlone(f, as)
		if p.Name == f.network {
			return as, p.Net, misfit
		}
		if misfit == nil {
			fitting = append(fitting, p)
		} else {
			misfits = append(misfits, fmt.Sprintf("as %s %v", w.titleOf(p.Net), misfit))
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
		return torch(w.game.Vars, fitting[0].Net, fitting[0].Torch), fitting[0].Net, nil
	}
	var titles, names []string
	for _, p := range fitting {
		if f.called(p.Name, p.Title()) {
			return torch(w.game.Vars, p.Net, p.Torch), p.Net, nil
		}
		titles, names = append(titles, w.titleOf(p.Net)), append(names, fmt.Sprintf("%q", p.Name))
	}
	return nil, nil, fmt.Errorf("its tensors fit %s alike; save them in a dictionary under those names, or write metadata network = %s into a safetensors file", strings.Join(titles, " and "), strings.Join(names, " or "))
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
func (w *weights) fitsAlone(f *part, sources []session.Source) error {
	if err := w.ses.Fits(f, sources); err != nil {
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
