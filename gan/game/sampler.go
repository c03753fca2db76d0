package game

import (
	"strings"

	"ganengine/engine/graph"
)

// Sampler is a program for people: it updates nothing, uses running statistics and
// averages, and what it draws is given to it.
type Sampler struct {
	Kind  string // sample, field, likelihood; from samples encode, reconstruct, translate, or translate.NAME for each direction
	build func(t *Turn)
	game  *Game
}

// Outputs of samplers that people look at.
const (
	Samples      = "samples"        // f32: points in the data's units, images in [-1, 1]
	SamplePixels = "samples.pixels" // u8: images
	Logits       = "logits"         // f32 [n]: what a discriminator thinks
	Probability  = "probability"    // f32 [n]: and where a logit means one
	Encoded      = "z"              // f32 [n, z]: codes of samples
	Density      = "density"        // f32 [n]: of the model, where it tells that
)

// Output is the output of samplers that holds samples in the form that the stream's data
// have: pixels of images, or points.
func (s *Stream) Output() string {
	if s.Samples() == Points {
		return Samples
	}
	return SamplePixels
}

type shown struct {
	name   string
	stream *Stream // nil for numbers
	x      *graph.Node
}

// Translate begins the kinds of samplers that translate: alone where there is one
// direction, else followed by where it leads to, as in translate.b.
const Translate = "translate"

// Pictured is the sampler that pictures of a run are of: sample, else the first one that
// translates, of real samples; nil where there is neither.
func (g *Game) Pictured() *Sampler {
	if s := g.Sampler("sample"); s != nil {
		return s
	}
	for _, s := range g.Samplers {
		if kind, _, _ := strings.Cut(s.Kind, "."); kind == Translate {
			return s
		}
	}
	return nil
}

// Judging is the sampler that says what a discriminator thinks of samples (Logits): field,
// which takes them alone, else the one that training is watched by; nil where there is none.
func (g *Game) Judging() *Sampler {
	if s := g.Sampler("field"); s != nil {
		return s
	}
	return g.Sampler(FeaturesKind)
}

// Codes are the codes that a sampler draws, in order.
func (s *Sampler) Codes() (out []*Code, err error) {
	p, err := s.Program(s.Kind, 1, true)
	if err != nil {
		return nil, err
	}
	for _, in := range p.Inputs {
		for _, c := range s.game.Codes {
			if c.Name == in.InputName() {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// Uses is what the sampler takes and runs.
func (s *Sampler) Uses() (u *Uses, err error) {
	_, u, err = s.program(s.Kind, 1, true)
	return u, err
}

// Program builds the sampler for n rows. Codes (by name) and fields of streams are
// its inputs. trained takes the trained weights where an average follows them.
func (s *Sampler) Program(name string, n int, trained bool) (*graph.Program, error) {
	p, _, err := s.program(name, n, trained)
	return p, err
}

func (s *Sampler) program(name string, n int, trained bool) (p *graph.Program, u *Uses, err error) {
	g := s.game
	defer refused(&err)
	p, err = graph.Build(name, g.Vars, func(b *graph.Builder) {
		b.WithPrecision(g.prec, func() {
			t := s.turn(b, people{rows: n, trained: trained})
			u = t.uses
			for _, x := range t.shown {
				x.output(b)
			}
		})
	})
	return p, u, err
}

// turn is the sampler as a part of a program for people.
func (s *Sampler) turn(b *graph.Builder, p people) *Turn {
	t := s.game.newTurn(b)
	t.clock, t.people = b.Read(s.game.Clock), p
	s.build(t)
	return t
}

func (s shown) output(b *graph.Builder) {
	if s.stream == nil {
		b.Output(s.name, graph.Cast(s.x, graph.F32))
		return
	}
	b.Output(s.name, graph.Cast(s.stream.Range.ToSymmetric(s.x), graph.F32))
	if s.stream.Samples() == Pixels {
		b.Output(s.name+".pixels", s.stream.Range.ToPixels(s.x))
	}
}

// Latents builds program "latents": one seed per row (input "seeds", i32 [n]) to
// codes (outputs by their names, f32 [n, size], classes i32 [n]). A row depends on
// its seed and the code's name only.
func (g *Game) Latents(n int, codes ...*Code) (*graph.Program, error) {
	return graph.Build("latents", g.Vars, func(b *graph.Builder) {
		seeds := b.Input("seeds", graph.I32, graph.Shape{n})
		for _, c := range codes {
			x := c.draw(b, c.Name, n, seeds)
			if c.Kind != Class {
				x = graph.Cast(x, graph.F32)
			}
			b.Output(c.Name, x)
		}
	})
}
