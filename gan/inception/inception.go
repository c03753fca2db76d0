// Package inception computes the features of FID: those of the InceptionV3 network of 2015-12-05, whose weights the
// user brings.
//
// It is the variant that FID is defined by (Heusel et al. 2017), as TensorFlow published it and pytorch-fid rebuilt it:
// averages over windows count only what lies inside the image, the last block has a maximum where others have an
// average, and there are 1,008 classes. Before it come the steps of the same published graph: images of 0 to 255 are
// brought to 299x299 by TensorFlow 1's bilinear resize, and scaled by (x - 128) / 128 ([TensorFlow]). pytorch-fid takes
// PyTorch's resize, half a pixel aside, and (x - 127.5) / 127.5 ([PyTorch]); its values are near, and not the same.
//
// Features are the 2,048 means of the last block; logits are their products with the weights of the classes, without
// the biases, as the inception score takes them.
package inception

import (
	"context"
	"errors"
	"fmt"
	"math"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
)

// PublishedHash is the SHA-256 of the file of weights that FID is measured with: pytorch-fid's
// pt_inception-2015-12-05-6726825d.pth, which torch-fidelity publishes as weights-inception-2015-12-05-6726825d.pth.
const PublishedHash = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"

// What comes out, and the size that images come to.
const (
	Width   = 2048
	Classes = 1008
	side    = 299
)

// batch is how many images the network takes at a time. More are no faster on a CPU, and take more memory.
const batch = 16

// Network computes features on a device. It is used by one goroutine.
type Network struct {
	session        *session.Session
	program        *session.Program
	inputs         [2]device.HostBuffer // one is filled while the device works on the other
	resize         *Resize
	batch          int // images of a run
	width, classes int
}

// New readies the network with weights that Check found good, for images that come to its size as resize says.
func New(dev device.Device, w Weights, resize *Resize, switches debug.Switches) (*Network, error) {
	return newNetwork(dev, w, resize, switches, batch, 1)
}

// newNetwork is New for so many images at a time, and channels divided by narrow.
func newNetwork(dev device.Device, w Weights, resize *Resize, switches debug.Switches, images, narrow int) (*Network, error) {
	m, err := model(images, narrow, nil)
	if err != nil {
		return nil, err
	}
	n := &Network{session: session.New(dev, m.vars, session.Options{Switches: switches}), resize: resize, batch: images, width: Width / narrow, classes: Classes / narrow}
	if err := n.ready(m, w); err != nil {
		return nil, errors.Join(fmt.Errorf("the inception network: %w", err), n.Close())
	}
	return n, nil
}

func (n *Network) ready(m *built, w Weights) (err error) {
	if err := n.session.Compile(m.program); err != nil {
		return err
	}
	if err := m.load(w, n.session.WriteBytes); err != nil {
		return err
	}
	n.program = n.session.Program(m.program.Name)
	for i := range n.inputs {
		if n.inputs[i], err = n.program.NewInput("images"); err != nil {
			return err
		}
	}
	return nil
}

// Extract computes features [n, Width] and logits [n, Classes] of images [n, h, w, c] of bytes, whose c is 3 or, for
// grey ones, 1. What is nil is not wanted.
func (n *Network) Extract(ctx context.Context, images []uint8, h, w, c int, features, logits []float32) error {
	count := len(images) / (h * w * c)
	r := newResizer(n.resize, h, w, c, side, side)
	var before *session.Result
	for first := 0; first < count; first += n.batch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		input := n.inputs[first/n.batch%2]
		r.all(device.View[float32](input.Data()), images[first*h*w*c:min(first+n.batch, count)*h*w*c])
		now, err := n.program.Run(input)
		if err != nil {
			return fmt.Errorf("computing features: %w", err)
		}
		if before != nil {
			if err := n.collect(before, first-n.batch, features, logits); err != nil {
				return err
			}
		}
		before = now
	}
	if before == nil {
		return nil
	}
	return n.collect(before, (count-1)/n.batch*n.batch, features, logits)
}

// collect waits for a run's results, which are those of images from number first on.
func (n *Network) collect(r *session.Result, first int, features, logits []float32) error {
	if err := r.Wait(); err != nil {
		return fmt.Errorf("computing features: %w", err)
	}
	if features != nil {
		copy(features[first*n.width:], r.Floats(n.program.Index("features")))
	}
	if logits != nil {
		copy(logits[first*n.classes:], r.Floats(n.program.Index("logits")))
	}
	return nil
}

// Close releases the device's memory; the device stays open.
func (n *Network) Close() error {
	errs := []error{n.session.Close()}
	for _, b := range n.inputs {
		if b != nil {
			errs = append(errs, b.Free())
		}
	}
	return errors.Join(errs...)
}

// Program is the network as New runs it, for those who plan its kernels.
func Program() (*graph.Program, error) {
	m, err := model(batch, 1, nil)
	if err != nil {
		return nil, err
	}
	return m.program, nil
}

// built is the network as a program, and what it reads.
type built struct {
	program *graph.Program
	vars    *graph.Vars
	convs   []conv
	fc      *graph.Variable
}

// model builds the network for so many images at a time. narrow divides the numbers of its channels, and tap, which
// may be nil, sees each layer: both for tests.
func model(images, narrow int, tap func(name string, x *graph.Node)) (*built, error) {
	if tap == nil {
		tap = func(string, *graph.Node) {}
	}
	m := &built{vars: graph.NewVars()}
	var err error
	m.program, err = graph.Build("inception", m.vars, func(b *graph.Builder) {
		n := &network{b: b, m: m, narrow: narrow, tap: tap}
		x := n.features(b.Input("images", graph.F32, graph.Shape{images, side, side, 3}))
		b.Output("features", x)
		m.fc = m.variable("fc.weight", graph.Shape{Classes / narrow, x.Shape[1]})
		b.Output("logits", graph.MatMulT(x, b.Read(m.fc), false, true))
	})
	return m, err
}

// variable is one that the weights are written to.
func (m *built) variable(name string, s graph.Shape) *graph.Variable {
	return m.vars.Add(&graph.Variable{Name: name, Shape: s, DType: graph.F32, Group: "inception", Init: graph.Fill(graph.F32, math.NaN()), External: true})
}
