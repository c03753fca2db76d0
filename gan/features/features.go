// Package features gives the numbers that samples are measured by: pixels as they are,
// coordinates of points, or what a network makes of images.
//
// Kinds of features are rows of one table (table.go). A kind is chosen by its name, or by
// a file of a network's weights, before anything is opened; Choose says what it will give
// for samples of a shape, or why it gives nothing, and Choice.Open makes the Extractor.
package features

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/data"
)

// Outputs are what an extractor writes, row-major, a row a sample. What is nil is not
// wanted.
type Outputs struct {
	Features []float32 // [n, Width]
	Logits   []float32 // [n, Classes], before softmax
}

// Extractor turns samples into features. It is used by one goroutine.
type Extractor interface {
	Name() string   // in names of values: pixels, points, glyphcnn
	Hash() string   // of the network's weights, in lower-case hexadecimal; "" without a network
	Resize() string // how samples come to the network's size; "" where they are taken as they are
	About() string  // where the network comes from, in a line; "" without a network
	Width() int     // numbers of a feature
	Classes() int   // of the logits; 0 where there are none

	// Extract writes what is wanted of samples: uint8 [n, h, w, c], or float32 [n, dim]
	// of points. n is whatever the caller has in memory; the network takes them in
	// batches of its own. What a sample gives does not depend on the others.
	Extract(ctx context.Context, x *tensor.Dense, out Outputs) error
	Close() error
}

// Subject is what is to be measured.
type Subject struct {
	Shape []int // of a sample: [h, w, c], or [dim] of points
	// Labelled is what was trained on, opened with labels; nil where the kind asks for
	// none (Kind.Labels).
	Labelled data.Set
}

// Host is what an extractor runs on.
type Host struct {
	Device   device.Device
	Switches debug.Switches
	Progress func(line string) // may be nil; how far it has come
	Note     func(line string) // may be nil; what is to be known, once
}

// Choice is a kind of features for the samples of a subject, not opened yet.
type Choice struct {
	Width, Classes int // as the extractor will have them
	open           func(ctx context.Context, h Host) (Extractor, error)
}

// Open makes the extractor, which the caller closes: it reads, or trains, the network.
func (c *Choice) Open(ctx context.Context, h Host) (Extractor, error) {
	quiet := func(string) {}
	if h.Progress == nil {
		h.Progress = quiet
	}
	if h.Note == nil {
		h.Note = quiet
	}
	return c.open(ctx, h)
}

// images says in a line that points have no features of a kind.
func images(kind string, s Subject) error {
	if len(s.Shape) != 3 {
		return fmt.Errorf("features %s are of images, and these samples are points; leave them out", kind)
	}
	return nil
}
