// Package classifier trains a small residual network on the labels of some images, and
// uses it: to say which class an image shows, and for features that samples are measured
// by.
//
// A Net is a pure function of the data, a seed and the Recipe, on one kind of device: the
// same ones give it bit for bit. Open keeps what it trained on disk.
package classifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/session"
)

// Options of Train and Open.
type Options struct {
	Seed     uint64
	Switches debug.Switches
	Progress func(line string) // may be nil; how far training is, every few seconds
	Note     func(line string) // may be nil; what is to be known, once
}

func (o *Options) fill() {
	quiet := func(string) {}
	if o.Progress == nil {
		o.Progress = quiet
	}
	if o.Note == nil {
		o.Note = quiet
	}
}

// Net is a trained classifier on a device. It is used by one goroutine.
type Net struct {
	Origin
	shape   shape
	hash    string
	session *session.Session
	use     *session.Program
	pixels  device.HostBuffer
}

// Origin says where a network comes from. It stands in its file.
type Origin struct {
	Data     string   `json:"data"`    // fingerprint of what it was trained on
	Classes  []string `json:"classes"` // in the order of logits
	Shape    [3]int   `json:"shape"`   // of an image: height, width, channels
	Seed     uint64   `json:"seed"`
	Recipe   string   `json:"recipe"`
	Held     int      `json:"held"`     // images that it was tested on, and not trained
	Accuracy float64  `json:"accuracy"` // share of them that it knows
}

// useBatch is how many images the device takes at a time.
const useBatch = 128

// newNet is a network without weights.
func newNet(dev device.Device, o Origin, switches debug.Switches) (n *Net, err error) {
	n = &Net{Origin: o, shape: shape{o.Shape[0], o.Shape[1], o.Shape[2], len(o.Classes)}}
	vars := graph.NewVars()
	net := nn.NewNet(vars, "classifier", graph.F32)
	program, err := graph.Build("classify", vars, func(b *graph.Builder) {
		x := b.Input("pixels", graph.U8, graph.Shape{useBatch, n.shape.h, n.shape.w, n.shape.c})
		features, logits := n.shape.network(net.Pass(b, nn.Mode{Label: "use"}), x)
		b.Output("features", features)
		b.Output("logits", logits)
	})
	if err != nil {
		return nil, err
	}
	n.session = session.New(dev, vars, session.Options{Switches: switches})
	if err = n.session.Compile(program); err == nil {
		n.use = n.session.Program(program.Name)
		n.pixels, err = n.use.NewInput("pixels")
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close gives back the device's memory.
func (n *Net) Close() error {
	err := n.session.Close()
	if n.pixels != nil {
		err = errors.Join(err, n.pixels.Free())
	}
	return err
}

// Hash identifies the weights.
func (n *Net) Hash() string { return n.hash }

// sum finds the hash.
func (n *Net) sum() error {
	h := sha256.New()
	for _, v := range n.session.Vars().All() {
		b, err := n.session.ReadBytes(v.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %v\n", v.Name, v.Shape)
		h.Write(b)
	}
	n.hash = fmt.Sprintf("%x", h.Sum(nil)[:8])
	return nil
}

// Name is the network's after the kind of its data: glyphcnn.
func (n *Net) Name() string {
	kind, _, _ := strings.Cut(n.Data, ":")
	return strings.TrimSuffix(kind, "s") + "cnn"
}

// Resize says how images come to the size that the first layer sees; "" where they are
// taken as they are.
func (n *Net) Resize() string {
	f := n.shape.shrink()
	if f == 1 {
		return ""
	}
	return fmt.Sprintf("mean of %dx%d pixels", f, f)
}

// About says where the network comes from and how good it is.
func (n *Net) About() string {
	return fmt.Sprintf("%s of %s, seed %d: %.2f%% of %d held-out images", n.Recipe, n.Data, n.Seed, 100*n.Accuracy, n.Held)
}

// Run gives the features [n, Width] and the logits [n, classes] of images uint8
// [n, h, w, c], row-major; what is nil is not wanted.
func (n *Net) Run(ctx context.Context, x *tensor.Dense, features, logits []float32) error {
	s := n.shape
	if want := (tensor.Shape{s.h, s.w, s.c}); len(x.Shape()) != 4 || !slices.Equal(x.Shape()[1:], want) {
		return fmt.Errorf("the classifier is of images %v, and these are %v", want, x.Shape())
	}
	pixels, ok := x.Data().([]uint8)
	if !ok {
		return fmt.Errorf("the classifier takes pixels of 8 bits, not %v", x.Dtype())
	}
	size := s.h * s.w * s.c
	for first := 0; first < len(pixels)/size; first += useBatch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		copy(n.pixels.Data(), pixels[first*size:])
		r, err := n.use.Finish(n.pixels)
		if err != nil {
			return fmt.Errorf("classifying images: %w", err)
		}
		if features != nil {
			copy(features[first*Width:], r.Floats(0))
		}
		if logits != nil {
			copy(logits[first*s.classes:], r.Floats(1))
		}
	}
	return nil
}

// Predict gives the class of each image of uint8 [n, h, w, c], a number of Classes.
func (n *Net) Predict(ctx context.Context, x *tensor.Dense) ([]int, error) {
	k := n.shape.classes
	logits := make([]float32, x.Shape()[0]*k)
	if err := n.Run(ctx, x, nil, logits); err != nil {
		return nil, err
	}
	classes := make([]int, x.Shape()[0])
	for i := range classes {
		row := logits[i*k : (i+1)*k]
		classes[i] = slices.Index(row, slices.Max(row))
	}
	return classes, nil
}
