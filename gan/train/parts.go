package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/plainfile"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
	"ganengine/engine/torchfile"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// byName are tensors of a file.
type byName interface {
	session.Tensors
	Tensors() []safetensors.Tensor
}

// part is what a file holds of one thing: networks, or an optimiser.
type part struct {
	byName
	path    string // of the file
	key     string // what it is called there; "" where it is all
	network string // that an export says it is; "" where none does
	adam    *torchfile.Adam

	sources   []session.Source // what it gives
	nets      []*nn.Net        // whose weights it has
	optimiser *game.Optimizer  // whose state it is
}

// title is the part for people.
func (p *part) title() string {
	if p.key == "" {
		return p.path
	}
	return p.path + ": " + p.key
}

// called says whether the file calls the part as something of these names is called in
// PyTorch's programs: G, netG, generator, optimizerG, opt_g.
func (p *part) called(names ...string) bool {
	key := strings.ToLower(p.key[strings.LastIndexByte(p.key, '.')+1:])
	for _, word := range []string{"optimizer", "optimiser", "optim", "opt", "net", "model", "state_dict", "_"} {
		key = strings.ReplaceAll(key, word, "")
	}
	return slices.Contains(names, key)
}

// openParts opens a safetensors file, or one that torch.save wrote.
func openParts(path string) (parts []*part, shut func() error, err error) {
	data, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			data.Close()
		}
	}()
	head := make([]byte, min(info.Size(), torchfile.Head))
	if _, err := data.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, nil, err
	}
	if torchfile.Match(head) {
		f, err := torchfile.NewFile(data, info.Size(), path)
		if err != nil {
			return nil, nil, err
		}
		parts, err = torchParts(f, path)
		return parts, data.Close, err
	}
	f, err := safetensors.NewFile(data, info.Size(), path)
	if err != nil && len(head) > 1 && head[0] == 0x80 && head[1] <= 5 { // how a pickle begins
		err = fmt.Errorf("%s is a Python pickle and none of torch.save's, and nothing in it is run: write its weights with torch.save, or as safetensors", path)
	}
	if err != nil {
		return nil, nil, err
	}
	p := &part{byName: f, path: path}
	p.network, _ = f.Metadata("network")
	p.network = strings.TrimSuffix(p.network, "_ema")
	if all := f.Tensors(); len(all) > 0 && !slices.ContainsFunc(all, func(t safetensors.Tensor) bool { return !strings.HasPrefix(t.Name, torchfile.DataParallel) }) {
		p.byName = parallel{f}
	}
	return []*part{p}, data.Close, nil
}

// parallel is a file of a module in nn.DataParallel, without what that puts before names.
type parallel struct{ f *safetensors.File }

func (p parallel) Tensors() []safetensors.Tensor {
	all := p.f.Tensors()
	for i := range all {
		all[i].Name = strings.TrimPrefix(all[i].Name, torchfile.DataParallel)
	}
	return all
}

func (p parallel) Lookup(name string) (safetensors.Tensor, bool) {
	return p.f.Lookup(torchfile.DataParallel + name)
}
func (p parallel) Check(name string) error { return p.f.Check(torchfile.DataParallel + name) }
func (p parallel) ReadBytes(name string, dst []byte) error {
	return p.f.ReadBytes(torchfile.DataParallel+name, dst)
}

// torchParts are the state dicts of a file that torch.save wrote. An optimiser that has made
// no update has nothing to give.
func torchParts(f *torchfile.File, path string) (parts []*part, err error) {
	modules, optimisers, err := f.States()
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		parts = append(parts, &part{byName: newTorchTensors(f, m.Tensors), path: path, key: m.Path})
	}
	for _, o := range optimisers {
		if len(o.Moments) == 0 {
			continue
		}
		var list []torchfile.Named
		for i, m := range o.Moments {
			list = append(list, torchfile.Named{Name: momentName(i, "exp_avg"), Tensor: m.First}, torchfile.Named{Name: momentName(i, "exp_avg_sq"), Tensor: m.Second})
		}
		parts = append(parts, &part{byName: newTorchTensors(f, list), path: path, key: o.Path, adam: &o})
	}
	if len(parts) == 0 {
		return nil, errors.New(path + " holds no state dict of a module, or of an optimiser that has made an update; save those: torch.save(model.state_dict(), PATH)")
	}
	return parts, nil
}

// momentName is what a moment is called, since PyTorch counts parameters only.
func momentName(parameter int, moment string) string {
	return fmt.Sprintf("%s of parameter %d", moment, parameter)
}

// torchTensors are some of a file of PyTorch's: floats of any size are float32.
type torchTensors struct {
	f    *torchfile.File
	list []torchfile.Named
	at   map[string]*torchfile.Tensor
}

func newTorchTensors(f *torchfile.File, list []torchfile.Named) *torchTensors {
	t := &torchTensors{f, list, map[string]*torchfile.Tensor{}}
	for _, x := range list {
		t.at[x.Name] = x.Tensor
	}
	return t
}

// typeOf is a tensor's type as safetensors have it; no network has whole numbers, whose width
// matters to nobody.
func typeOf(d torchfile.DType) safetensors.DType {
	switch d {
	case torchfile.F32, torchfile.F64, torchfile.F16, torchfile.BF16:
		return safetensors.F32
	case torchfile.Bool:
		return safetensors.Bool
	}
	return safetensors.I64
}

func (t *torchTensors) Tensors() (out []safetensors.Tensor) {
	for _, x := range t.list {
		out = append(out, safetensors.Tensor{Name: x.Name, DType: typeOf(x.DType), Shape: x.Shape})
	}
	return out
}

func (t *torchTensors) Lookup(name string) (safetensors.Tensor, bool) {
	x, ok := t.at[name]
	if !ok {
		return safetensors.Tensor{}, false
	}
	return safetensors.Tensor{Name: name, DType: typeOf(x.DType), Shape: x.Shape}, true
}

func (t *torchTensors) Check(name string) error {
	_, err := t.f.Floats(t.at[name])
	return err
}

func (t *torchTensors) ReadBytes(name string, dst []byte) error {
	floats, err := t.f.Floats(t.at[name])
	if err != nil {
		return err
	}
	if len(dst) != 4*len(floats) {
		return fmt.Errorf("%s has %d numbers, and %d bytes are asked for", name, len(floats), len(dst))
	}
	for i, x := range floats {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
	}
	return nil
}

// findOptimiser finds whose state a part is: of one whose parameters have the shapes that
// the moments have, in PyTorch's order.
func (w *weights) findOptimiser(p *part) error {
	var fitting []*game.Optimizer
	var misfits []string
	for _, o := range w.game.Optimizers {
		sources, err := w.moments(o, len(p.adam.Moments))
		if err == nil {
			err = w.ses.Fits(p, sources)
		}
		if err != nil {
			misfits = append(misfits, fmt.Sprintf("as optimiser %s: %v", o.Name, err))
			continue
		}
		if fitting = append(fitting, o); len(fitting) == 1 || p.called(o.Name, o.Players()[0].Title()) {
			p.optimiser, p.sources = o, sources
		}
	}
	switch {
	case len(fitting) == 0:
		return errors.New(strings.Join(misfits, "; "))
	case len(fitting) > 1 && !p.called(p.optimiser.Name, p.optimiser.Players()[0].Title()):
		return fmt.Errorf("its moments fit optimisers %s and %s alike; save it in a dictionary under that name", fitting[0].Name, fitting[1].Name)
	}
	return nil
}

// moments are an optimiser's Variables by what PyTorch calls them, of n parameters.
func (w *weights) moments(o *game.Optimizer, n int) (sources []session.Source, err error) {
	state, ok := o.Adam()
	if !ok {
		return nil, fmt.Errorf("optim.%s.kind is not adam, whose moments these are", o.Section)
	}
	at := 0
	for _, p := range o.Players() {
		if p.Torch == nil {
			return nil, fmt.Errorf("PyTorch has no names for the parameters of %s", w.titleOf(p.Net))
		}
		for _, t := range p.Torch {
			v := w.game.Vars.ByName(p.Net.Name + "/" + t.Variable)
			if t.Count || !slices.Contains(p.Net.Params(), v) {
				continue
			}
			sources = append(sources, momentSource(t, v, state.First[v], momentName(at, "exp_avg"))...)
			sources = append(sources, momentSource(t, v, state.Second[v], momentName(at, "exp_avg_sq"))...)
			at++
		}
	}
	if at != n {
		return nil, fmt.Errorf("it has moments of %d parameters, and there are %d here", n, at)
	}
	return sources, nil
}

// momentSource is where a parameter's moment comes from; none where it has none, being frozen.
func momentSource(t model.Tensor, v, moment *graph.Variable, name string) []session.Source {
	if moment == nil {
		return nil
	}
	return []session.Source{{Variable: moment.Name, Tensor: name, Shape: t.Shape(v.Shape),
		Layout: func(data []byte) []byte { return t.FromTorch(data, v.Shape, v.DType.Size()) }}}
}
