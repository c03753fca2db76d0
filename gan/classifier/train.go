package classifier

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
	"ganengine/engine/session"
	"ganengine/gan/data"
)

// How a classifier is trained. What changes here changes Recipe too.
const (
	batch     = 64
	fewSteps  = 1000 // of small data, but no more than fewEpochs take
	fewEpochs = 20
	mostSteps = 2000 // of great data, but no more than epochs take
	epochs    = 2
	heldShare = .1 // of the data, at most mostHeld samples
	mostHeld  = 2000
	rate      = 2e-3
	decay     = .05
)

// Least is how many labelled images a classifier needs.
const Least = 100

// Train trains a classifier on the labels of images and tests it on a tenth of them,
// which it does not see before.
func Train(ctx context.Context, dev device.Device, set data.Set, o Options) (n *Net, err error) {
	o.fill()
	if err := Check(set); err != nil {
		return nil, err
	}
	share := 1 - min(heldShare, mostHeld/float64(set.Len()))
	learned, err := data.Share(set, 0, share, o.Seed)
	if err != nil {
		return nil, err
	}
	held, err := data.Share(set, share, 1, o.Seed)
	if err != nil {
		return nil, err
	}
	h, w, c := set.Shape()
	origin := Origin{Data: set.Fingerprint(), Classes: set.Classes(), Shape: [3]int{h, w, c}, Seed: o.Seed, Recipe: Recipe, Held: held.Len()}
	t, err := newTrainer(dev, shape{h, w, c, len(origin.Classes)}, steps(learned.Len()), o)
	if err != nil {
		return nil, fmt.Errorf("a classifier: %w", err)
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.train(ctx, learned); err != nil {
		return nil, fmt.Errorf("training a classifier: %w", err)
	}
	if n, err = t.net(dev, origin); err != nil {
		return nil, fmt.Errorf("a classifier: %w", err)
	}
	if n.Accuracy, err = n.Test(ctx, held); err != nil {
		return nil, errors.Join(fmt.Errorf("testing the classifier: %w", err), n.Close())
	}
	o.Note(n.String())
	return n, nil
}

// String says how good the network is.
func (n *Net) String() string {
	return fmt.Sprintf("classifier %s-%.4s knows %.2f%% of %d images that it was not trained on", n.Name(), n.hash, 100*n.Accuracy, n.Held)
}

// Check says in a line why no classifier can be trained on a set.
func Check(set data.Set) error {
	_, ok := set.(data.Images)
	switch {
	case !ok:
		return errors.New("a classifier is of images, and these data are points")
	case set.Classes() == nil:
		return errors.New("a classifier is trained on labels, and these data have none")
	case set.Len() < Least:
		return fmt.Errorf("a classifier needs %d labelled images or more, and these data have %d", Least, set.Len())
	}
	some, other := set.Label(0), false
	for i := range set.Len() {
		label := set.Label(i)
		if label < 0 {
			return fmt.Errorf("a classifier is trained on labels, and image %d has none", i)
		}
		other = other || label != some
	}
	if !other {
		return fmt.Errorf("a classifier tells classes apart, and all of these images are of one: %s", set.Classes()[some])
	}
	return nil
}

// steps is how many steps so many samples are trained for.
func steps(samples int) int {
	of := func(epochs int) int { return (epochs*samples + batch - 1) / batch }
	return max(min(fewSteps, of(fewEpochs)), min(mostSteps, of(epochs)))
}

// Test gives the share of a set's images that the network knows.
func (n *Net) Test(ctx context.Context, set data.Set) (float64, error) {
	images, ok := set.(data.Images)
	if !ok {
		return 0, errors.New("a classifier is of images, and these data are points")
	}
	size := n.shape.h * n.shape.w * n.shape.c
	part := make([]uint8, useBatch*size)
	right := 0
	for first := 0; first < set.Len(); first += useBatch {
		rows := min(useBatch, set.Len()-first)
		for i := range rows {
			if err := images.Read(part[i*size:(i+1)*size], first+i); err != nil {
				return 0, err
			}
		}
		x := tensor.New(tensor.WithShape(rows, n.shape.h, n.shape.w, n.shape.c), tensor.WithBacking(part[:rows*size]))
		classes, err := n.Predict(ctx, x)
		if err != nil {
			return 0, err
		}
		for i, class := range classes {
			if class == set.Label(first+i) {
				right++
			}
		}
	}
	return float64(right) / float64(set.Len()), nil
}

// trainer is a network while it is trained.
type trainer struct {
	Options
	shape   shape
	steps   int
	session *session.Session
	program *session.Program
	buffers []data.Buffer         // what batches are read into
	inputs  [][]device.HostBuffer // the same memory: pixels and labels
}

func newTrainer(dev device.Device, s shape, steps int, o Options) (*trainer, error) {
	t := &trainer{Options: o, shape: s, steps: steps}
	vars := graph.NewVars()
	seed := vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	step, err := t.step(vars)
	if err != nil {
		return nil, err
	}
	first, err := vars.InitProgram("init", &graph.Random{Seed: seed}, func(v *graph.Variable) bool { return v == seed })
	if err != nil {
		return nil, err
	}
	t.session = session.New(dev, vars, session.Options{Switches: o.Switches})
	if err := t.ready(seed, first, step); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// step is the program of one step: of Adam with decayed weights, whose rate rises for a
// tenth of the time and then falls to nothing.
func (t *trainer) step(vars *graph.Vars) (*graph.Program, error) {
	net := nn.NewNet(vars, "classifier", graph.F32)
	network := func(p *nn.Pass, b *graph.Builder) (pixels, logits *graph.Node) {
		pixels = b.Input("pixels", graph.U8, graph.Shape{batch, t.shape.h, t.shape.w, t.shape.c})
		_, logits = t.shape.network(p, pixels)
		return pixels, logits
	}
	if err := net.Declare(func(p *nn.Pass) { network(p, p.B) }); err != nil {
		return nil, err
	}
	n := float64(t.steps)
	var o *optim.Optimizer
	schedule := optim.Schedule{At: []float64{0, .1 * n, n}, To: []float64{.1 * rate, rate, 0}}
	clock := func(b *graph.Builder) *graph.Node { return graph.Cast(b.Read(o.StepVar), graph.F64) }
	o = optim.New(vars, "adam", optim.Options{
		Rule: optim.Adam{Beta1: optim.Constant(.9), Beta2: optim.Constant(.99), Eps: 1e-8},
		LR:   schedule.Over(clock), Decay: optim.Constant(decay),
	}, net.Params())
	return graph.Build("train", vars, func(b *graph.Builder) {
		p := net.Pass(b, nn.Mode{Label: "train", Train: true, Track: true})
		_, logits := network(p, b)
		loss := crossEntropy(logits, b.Input("labels", graph.I32, graph.Shape{batch}))
		values := make([]*graph.Node, len(o.Params()))
		for i, v := range o.Params() {
			values[i] = p.Get(v)
		}
		for i, x := range o.Step(b, values, graph.Gradients(loss, nil, values...), nil) {
			b.Update(o.Params()[i], x, nil)
		}
		p.Mode.Values.Commit(b)
		b.Output("loss", loss)
	})
}

// ready compiles the programs, allocates batches and draws the first weights.
func (t *trainer) ready(seed *graph.Variable, first, step *graph.Program) error {
	if err := t.session.Compile(first, step); err != nil {
		return err
	}
	t.program = t.session.Program(step.Name)
	for range ahead + 1 {
		var in []device.HostBuffer
		for _, node := range step.Inputs {
			b, err := t.program.NewInput(node.InputName())
			if err != nil {
				return err
			}
			in = append(in, b)
		}
		t.inputs = append(t.inputs, in)
		t.buffers = append(t.buffers, data.Buffer{Images: in[0].Data(), Labels: device.View[int32](in[1].Data())})
	}
	if err := t.session.WriteBytes(seed.Name, binary.LittleEndian.AppendUint64(nil, t.Seed)); err != nil {
		return err
	}
	_, err := t.session.Program(first.Name).Finish()
	return err
}

// ahead is how many batches are read ahead.
const ahead = 3

// tick is the time between lines of progress.
const tick = 5 * time.Second

func (t *trainer) train(ctx context.Context, set data.Set) (err error) {
	loader, err := data.NewLoader(ctx, set, data.LoaderConfig{Batch: batch, Cycle: true, Seed: t.Seed, Shuffle: true, Ahead: ahead, Buffers: t.buffers})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, loader.Close()) }()
	began := time.Now()
	last := began
	for i := range t.steps {
		b, err := loader.Next(ctx)
		if err != nil {
			return err
		}
		r, err := t.program.Finish(t.inputs[b.Slot]...)
		if err != nil {
			return err
		}
		loader.Release(b)
		if now := time.Now(); now.Sub(last) >= tick {
			last = now
			left := now.Sub(began) / time.Duration(i+1) * time.Duration(t.steps-i-1)
			t.Progress(fmt.Sprintf("training a classifier of %d classes: step %d of %d, loss %.3f, %v left", t.shape.classes, i+1, t.steps, r.Floats(0)[0], left.Round(time.Second)))
		}
	}
	return nil
}

// net is what was trained, by itself.
func (t *trainer) net(dev device.Device, o Origin) (*Net, error) {
	n, err := newNet(dev, o, t.Switches)
	if err != nil {
		return nil, err
	}
	for _, v := range n.session.Vars().All() {
		b, err := t.session.ReadBytes(v.Name)
		if err == nil {
			err = n.session.WriteBytes(v.Name, b)
		}
		if err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	if err := n.sum(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (t *trainer) close() error {
	err := t.session.Close()
	for _, in := range t.inputs {
		for _, b := range in {
			err = errors.Join(err, b.Free())
		}
	}
	return err
}
