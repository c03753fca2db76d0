package game

import (
	"fmt"
	"math"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/model"
)

// Field is a part of a batch.
type Field string

// The fields.
const (
	Pixels Field = "pixels" // [n, h, w, c], in the stream's Range
	Points Field = "points" // [n, dim]
	Label  Field = "label"  // i32 [n]
)

// StreamOptions of a stream.
type StreamOptions struct {
	Section  string      // "" is [data], "b" is [data.b]
	Batch    int         // 0: train.batch
	Range    model.Range // that the networks see pixels in
	PerClass int         // so many samples of each class alone, chosen by run.seed; 0: all samples
	Cycle    bool        // the set may be smaller than a batch
}

// Stream is endless batches of a section of data.
type Stream struct {
	Name string
	StreamOptions
	Data
	index int
	float graph.DType
}

// choose leaves the stream so many samples of each class.
func (s *Stream) choose() {
	if s.Classes == nil {
		panic(s.unlabelled(fmt.Sprintf("takes %d samples of each class", s.StreamOptions.PerClass)))
	}
	s.Len = s.StreamOptions.PerClass * len(s.Classes)
	if s.Data.PerClass == nil {
		return
	}
	var err error
	if s.Len, err = s.Data.PerClass(s.StreamOptions.PerClass); err != nil {
		panic(&config.Error{Key: s.section(), Msg: fmt.Sprintf("stream %s: %v", s.Name, err)})
	}
}

// section is the name of the section that the stream reads, for people.
func (s *Stream) section() string {
	if s.Section == "" {
		return "data"
	}
	return "data." + s.Section
}

// unlabelled refuses data without labels.
func (s *Stream) unlabelled(wants string) *config.Error {
	return &config.Error{Key: s.section() + ".labels", Msg: fmt.Sprintf("stream %s %s; set it to true, with data that have labels", s.Name, wants)}
}

// First says whether images and epochs are counted in this stream.
func (s *Stream) First() bool { return s.index == 0 }

// Samples is the field that holds the samples themselves.
func (s *Stream) Samples() Field {
	if len(s.Shape) == 1 {
		return Points
	}
	return Pixels
}

// Sample is what one sample is called: image or point.
func (s *Stream) Sample() string {
	if s.Samples() == Points {
		return "point"
	}
	return "image"
}

// In is the operand that takes samples as the networks see them.
func (s *Stream) In() In { return In{Name: s.Sample(), Shape: s.Shape} }

// input declares a field of a batch of n rows and maps it to what the networks see.
func (s *Stream) input(b *graph.Builder, name string, f Field, n int) *graph.Node {
	shape := append(graph.Shape{n}, s.Shape...)
	switch f {
	case Pixels:
		return s.Range.FromPixels(b.Input(name, graph.U8, shape), s.float)
	case Points:
		return graph.Cast(b.Input(name, graph.F32, shape), s.float)
	case Label:
		if s.Classes == nil {
			panic(s.unlabelled("is to give the classes of its samples"))
		}
		return b.Input(name, graph.I32, graph.Shape{n})
	}
	fail("Batch", "stream %s has no field %s", s.Name, f)
	return nil
}

// inputName is the name of a program's input that the stream's field feeds.
func (s *Stream) inputName(f Field) string {
	if f == s.Samples() {
		return s.Name
	}
	return s.Name + "." + string(f)
}

// CodeKind is the distribution of a code.
type CodeKind uint8

// The distributions. Normal is N(0, 1), Uniform has variance 1, U(-sqrt 3, sqrt 3);
// Categorical is one of size categories as a row of zeros with a one; Class is the
// number of one of size classes, i32 [n].
const (
	Normal CodeKind = iota
	Uniform
	Categorical
	Class
)

// Code is a named block of a latent.
type Code struct {
	Name  string
	Kind  CodeKind
	Size  int
	float graph.DType
}

// spread maps U[0, 1) to U(-sqrt 3, sqrt 3).
func spread(u *graph.Node) *graph.Node {
	return graph.Scale(graph.Shift(graph.Scale(u, 2), -1), math.Sqrt(3))
}

// draw draws n rows from the named stream, fresh at each run, or by the seeds of
// the rows where there are some (i32 [n]).
func (c *Code) draw(b *graph.Builder, stream string, n int, seeds *graph.Node) *graph.Node {
	uniform := func(s graph.Shape) *graph.Node {
		if seeds != nil {
			return b.UniformBySeed(stream, c.float, s, seeds)
		}
		return b.Uniform(stream, c.float, s)
	}
	s := graph.Shape{n, c.Size}
	switch c.Kind {
	case Normal:
		if seeds != nil {
			return b.NormalBySeed(stream, c.float, s, seeds)
		}
		return b.Normal(stream, c.float, s)
	case Uniform:
		return spread(uniform(s))
	}
	index := graph.Cast(graph.Floor(graph.Scale(uniform(graph.Shape{n, 1}), float64(c.Size))), graph.I32)
	index = graph.Min(index, b.Const(graph.I32, float64(c.Size-1)))
	if c.Kind == Class {
		return graph.Reshape(index, graph.Shape{n})
	}
	return OneHot(index, c.Size, c.float)
}

// OneHot is rows of zeros with a one at the index: i32 [n] or [n, 1] to [n, size].
func OneHot(index *graph.Node, size int, d graph.DType) *graph.Node {
	b := index.Builder()
	index = graph.Reshape(index, graph.Shape{index.Shape[0], 1})
	return graph.Cast(graph.Equal(index, graph.Reshape(b.Iota(size), graph.Shape{1, size})), d)
}

// Names are those of a code's classes: of the data's, if these are its classes, else
// their numbers.
func (c *Code) Names(classes []string) []string {
	if len(classes) == c.Size {
		return classes
	}
	out := make([]string, c.Size)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

// shape and dtype of n rows of a code as an input of a sampler.
func (c *Code) shape(n int) (graph.Shape, graph.DType) {
	if c.Kind == Class {
		return graph.Shape{n}, graph.I32
	}
	return graph.Shape{n, c.Size}, graph.F32
}

// Drawn is codes that were drawn or given.
type Drawn struct {
	codes []*Code
	nodes []*graph.Node
}

// All is the codes that are numbers, side by side, [n, sizes]; classes are not.
func (d *Drawn) All() *graph.Node {
	var parts []*graph.Node
	for i, c := range d.codes {
		if c.Kind != Class {
			parts = append(parts, d.nodes[i])
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return graph.Concat(1, parts...)
}

// Of is one code.
func (d *Drawn) Of(c *Code) *graph.Node {
	for i, x := range d.codes {
		if x == c {
			return d.nodes[i]
		}
	}
	fail("Drawn", "code %s was not drawn", c.Name)
	return nil
}
