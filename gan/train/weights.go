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
	"ganengine/gan/model"
	"ganengine/gan/rundir"
)

// startFrom gives networks the weights of a safetensors file: both of a
// checkpoint, or the one that was exported or that PyTorch saved. The note says
// what the file lacks.
func (t *trainer) startFrom(path string) (note string, err error) {
	err = t.withWeights(path, func(f *safetensors.File, sources []session.Source, net *nn.Net) error {
		switch net {
		case t.game.G:
			note = fmt.Sprintf("%s holds the generator alone: the discriminator starts from drawn weights", path)
		case t.game.D:
			note = fmt.Sprintf("%s holds the discriminator alone: the generator starts from drawn weights", path)
		}
		return t.ses.LoadWeights(f, sources)
	})
	return note, err
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

// sources finds what the file has for the networks: for both (net is nil), or
// for one.
func (t *trainer) sources(f *safetensors.File) (sources []session.Source, net *nn.Net, err error) {
	g := t.game
	has := func(n *nn.Net) bool {
		return slices.ContainsFunc(f.Tensors(), func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, n.Name+"/") })
	}
	switch {
	case has(g.G) && has(g.D):
		sources = append(own(g.G), own(g.D)...)
	case has(g.G):
		sources, net = own(g.G), g.G
	case has(g.D):
		sources, net = own(g.D), g.D
	default:
		return t.torchSources(f)
	}
	return sources, net, t.ses.Fits(f, sources)
}

// torchSources finds the one network that a file has by PyTorch's names. An
// export says which; of another file the shapes do.
func (t *trainer) torchSources(f *safetensors.File) ([]session.Source, *nn.Net, error) {
	g := t.game
	tg, td := g.Model.Torch()
	asG, asD := torch(g.Vars, g.G, tg), torch(g.Vars, g.D, td)
	notG, notD := t.fitsAlone(f, asG), t.fitsAlone(f, asD)
	switch network, _ := f.Metadata("network"); {
	case network == "g" || network == "g_ema":
		return asG, g.G, notG
	case network == "d":
		return asD, g.D, notD
	case notG == nil && notD == nil:
		return nil, nil, errors.New("its tensors fit the generator and the discriminator alike; write metadata network = \"g\" or \"d\" into it")
	case notG == nil:
		return asG, g.G, nil
	case notD == nil:
		return asD, g.D, nil
	}
	return nil, nil, fmt.Errorf("as the generator %w; as the discriminator %w", notG, notD)
}

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
	for _, v := range slices.Concat(n.Params(), n.Stats(), n.State()) {
		out = append(out, session.Source{Variable: v.Name, Tensor: v.Name, Shape: v.Shape})
	}
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
