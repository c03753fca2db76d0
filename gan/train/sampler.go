package train

import (
	"context"
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/game"
)

const (
	maxImages = 64   // images that one run of the sample program makes
	maxPoints = 4096 // the same for points
	fieldSide = 64   // a field over the plane is so many points square
	fieldLine = 256  // and so many on a line
)

// sampler draws with the networks as they are, or has them translate samples. Its
// programs update nothing and draw from one seed per row, so training does not notice.
type sampler struct {
	game   *game.Game
	out    *game.Stream  // whose kind of samples are drawn
	sample *game.Sampler // nil where there is none
	from   *game.Stream  // whose samples it translates, those in rows; nil where it draws codes
	rows   []byte        // pixels NHWC, or points as float32
	judged *game.Sampler // what it makes of points; nil where there is nothing
	n      int           // samples of one run
	cells  int           // points that one run of judge takes; 0 without judge

	ses                      *session.Session
	latents, generate, judge *session.Program
	seeds, points            device.HostBuffer
	codes                    []device.HostBuffer // in the order of generate's inputs
	class                    *game.Code          // of a sample; nil where there are no classes
	single                   []float32           // the latents of the last samples drawn, if each is of one number
}

func newSampler(g *game.Game) (*sampler, error) {
	s := &sampler{game: g, out: g.Streams[0], sample: g.Pictured(), n: min(g.Config.Sample.Count, maxImages)}
	if s.sample != nil {
		uses, err := s.sample.Uses()
		if err != nil {
			return nil, err
		}
		s.out = uses.Shows
		if len(uses.Fed) > 0 {
			s.from = uses.Fed[0].Stream
		}
	}
	if s.out.Samples() == game.Points {
		s.n = min(g.Config.Sample.Count, maxPoints)
		if s.judged = g.Sampler("field"); s.judged != nil {
			s.cells = [...]int{0, fieldLine, fieldSide * fieldSide, 0}[min(s.out.Shape[0], 3)]
		}
	}
	return s, nil
}

// programs builds what the sampler runs and, for a fresh run, the first
// weights' program.
func (s *sampler) programs(fresh bool) (out []*graph.Program, err error) {
	add := func(p *graph.Program, failed error) {
		if out = append(out, p); err == nil {
			err = failed
		}
	}
	if s.sample != nil {
		add(s.sample.Program("sample", s.n, false))
	}
	if p, failed := s.game.Prepare(false); p != nil || failed != nil {
		add(p, failed)
	}
	if s.sample != nil && s.from == nil {
		codes, failed := s.sample.Codes()
		if failed != nil {
			return nil, failed
		}
		for _, c := range codes {
			if c.Kind == game.Class {
				s.class = c
			}
		}
		add(s.game.Latents(s.n, codes...))
	}
	if s.cells > 0 {
		add(s.judged.Program("judge", s.cells, false))
	}
	if fresh {
		add(s.game.Init())
	}
	return out, err
}

// attach finds the programs in the session that compiled them.
func (s *sampler) attach(ses *session.Session) (err error) {
	s.ses, s.latents, s.generate, s.judge = ses, ses.Program("latents"), ses.Program("sample"), ses.Program("judge")
	if s.latents != nil {
		if s.seeds, err = s.latents.NewInput("seeds"); err != nil {
			return err
		}
	}
	if s.sample != nil {
		for _, in := range s.generate.Graph.Inputs {
			code, err := s.generate.NewInput(in.InputName())
			if err != nil {
				return err
			}
			s.codes = append(s.codes, code)
		}
	}
	if s.cells > 0 {
		s.points, err = s.judge.NewInput(s.judge.Graph.Inputs[0].InputName())
	}
	return err
}

// free gives the host memory back.
func (s *sampler) free() error {
	var first error
	for _, b := range append([]device.HostBuffer{s.seeds, s.points}, s.codes...) {
		if b == nil {
			continue
		}
		if err := b.Free(); first == nil {
			first = err
		}
	}
	return first
}

// draw gives count samples of the seeds 0, 1, 2 ..., or translations of the first rows: pixels NHWC, or points
// [count, dim] as float32 bytes; and their classes, where there are any. With columns above 0
// samples have the class of their row in a grid so wide, else that of their seed.
func (s *sampler) draw(count, columns int) (out []byte, classes []int32, err error) {
	if err := Prepare(context.Background(), s.game, s.ses); err != nil { // a picture that was begun is finished
		return nil, nil, err
	}
	at := s.generate.Index(s.out.Output())
	size := 0
	s.single = s.single[:0]
	for first := 0; first < count; first += s.n {
		r, err := s.run(first, columns)
		if err != nil {
			return nil, nil, fmt.Errorf("drawing samples: %w", err)
		}
		out = append(out, r.Bytes(at)...)
		size = len(r.Bytes(at)) / s.n
		if s.class != nil {
			classes = append(classes, s.classes()...)
		}
		if s.oneNumber() {
			s.single = append(s.single, device.View[float32](s.codes[0].Data())...)
		}
	}
	s.single = s.single[:min(count, len(s.single))]
	return out[:count*size], classes[:min(count, len(classes))], nil
}

// oneNumber says whether all of a sample is made of one number.
func (s *sampler) oneNumber() bool {
	in := s.generate.Graph.Inputs
	return s.from == nil && len(in) == 1 && in[0].DType == graph.F32 && in[0].Shape.Size() == s.n
}

// classes are those of the samples of the last run, in its input.
func (s *sampler) classes() []int32 {
	for i, in := range s.generate.Graph.Inputs {
		if in.InputName() == s.class.Name {
			return device.View[int32](s.codes[i].Data())
		}
	}
	panic("train: class " + s.class.Name + " is no input of its program")
}

// run draws the samples of seeds first, first+1, ..., or of rows.
func (s *sampler) run(first, columns int) (*session.Result, error) {
	if s.from != nil {
		in := s.codes[0].Data()
		clear(in[copy(in, s.rows[min(len(s.rows), first*len(in)/s.n):]):])
	} else if err := s.encode(first, columns); err != nil {
		return nil, err
	}
	return s.generate.Finish(s.codes...)
}

// encode draws the codes of seeds first, first+1, ...
func (s *sampler) encode(first, columns int) error {
	for i := range s.n {
		device.View[int32](s.seeds.Data())[i] = int32(first + i)
	}
	r, err := s.latents.Finish(s.seeds)
	if err != nil {
		return err
	}
	for i, in := range s.generate.Graph.Inputs {
		copy(s.codes[i].Data(), r.Bytes(s.latents.Index(in.InputName())))
	}
	if columns > 0 {
		for k, class := 0, s.classes(); k < len(class); k++ {
			class[k] = int32(min((first+k)/columns, s.class.Size-1)) // beyond the last row nobody looks
		}
	}
	return nil
}

// of is what a field shows, for people.
func (s *sampler) of() string {
	if s.judge.Index(game.Density) >= 0 {
		return game.Density
	}
	return "D"
}

// field is what the model makes of points [cells, dim], and the value in the middle:
// .5 of probabilities where it has them, 0 of densities, else the mean of logits.
func (s *sampler) field(points []float32) (values []float32, neutral float32, err error) {
	copy(device.View[float32](s.points.Data()), points)
	r, err := s.judge.Finish(s.points)
	if err != nil {
		return nil, 0, fmt.Errorf("evaluating %s over the plane: %w", s.of(), err)
	}
	if at := s.judge.Index(game.Probability); at >= 0 {
		return append(values, r.Floats(at)...), .5, nil
	}
	values = append(values, r.Floats(0)...)
	if s.of() == game.Density {
		return values, 0, nil
	}
	var sum float64
	for _, x := range values {
		sum += float64(x)
	}
	return values, float32(sum / float64(len(values))), nil
}
