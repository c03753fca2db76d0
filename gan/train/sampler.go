package train

import (
	"encoding/binary"
	"fmt"
	"math"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
)

const (
	maxImages = 64   // images that one run of the sample program makes
	maxPoints = 4096 // the same for points
	fieldSide = 64   // the field of D over the plane is so many points square
	fieldLine = 256  // and so many on a line
)

// sampler draws with the networks as they are. Its programs update nothing and
// draw from one seed per row, so training does not notice.
type sampler struct {
	game  *Game
	n     int // samples of one run
	cells int // points that one run of judge takes; 0 without judge

	latents, generate, judge *session.Program
	seeds, z, points         device.HostBuffer
}

func newSampler(g *Game) *sampler {
	s := &sampler{game: g, n: min(g.Config.Sample.Count, maxImages)}
	if len(g.Model.Sample) == 1 {
		s.n = min(g.Config.Sample.Count, maxPoints)
		s.cells = [...]int{0, fieldLine, fieldSide * fieldSide, 0}[min(g.Model.Sample[0], 3)]
	}
	return s
}

// programs builds what the sampler runs and, for a fresh run, the first
// weights' program.
func (s *sampler) programs(fresh bool) ([]*graph.Program, error) {
	latents, err := s.game.Latents(s.n)
	if err != nil {
		return nil, err
	}
	generate, err := s.game.Generate("sample", s.n, false)
	if err != nil {
		return nil, err
	}
	out := []*graph.Program{latents, generate}
	if s.cells > 0 {
		judge, err := s.game.Judge(s.cells)
		if err != nil {
			return nil, err
		}
		out = append(out, judge)
	}
	if fresh {
		init, err := s.game.Init()
		if err != nil {
			return nil, err
		}
		out = append(out, init)
	}
	return out, nil
}

// attach finds the programs in the session that compiled them.
func (s *sampler) attach(ses *session.Session) (err error) {
	s.latents, s.generate, s.judge = ses.Program("latents"), ses.Program("sample"), ses.Program("judge")
	if s.seeds, err = s.latents.NewInput("seeds"); err == nil {
		s.z, err = s.generate.NewInput("z")
	}
	if err == nil && s.cells > 0 {
		s.points, err = s.judge.NewInput("x")
	}
	return err
}

// free gives the host memory back.
func (s *sampler) free() error {
	var first error
	for _, b := range []device.HostBuffer{s.seeds, s.z, s.points} {
		if b == nil {
			continue
		}
		if err := b.Free(); first == nil {
			first = err
		}
	}
	return first
}

// draw gives count samples of the seeds 0, 1, 2 ...: pixels NHWC, or points
// [count, dim] as float32 bytes.
func (s *sampler) draw(count int) ([]byte, error) {
	output := "raw"
	if len(s.game.Model.Sample) == 3 {
		output = "pixels"
	}
	at := s.generate.Index(output)
	var out []byte
	size := 0
	for first := 0; first < count; first += s.n {
		r, err := s.run(first)
		if err != nil {
			return nil, fmt.Errorf("drawing samples: %w", err)
		}
		out = append(out, r.Bytes(at)...)
		size = len(r.Bytes(at)) / s.n
	}
	return out[:count*size], nil
}

// run draws the samples of seeds first, first+1, ...
func (s *sampler) run(first int) (*session.Result, error) {
	for i := range s.n {
		binary.LittleEndian.PutUint32(s.seeds.Data()[4*i:], uint32(first+i))
	}
	r, err := s.latents.Run(s.seeds)
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		return nil, err
	}
	copy(s.z.Data(), r.Bytes(0))
	if r, err = s.generate.Run(s.z); err == nil {
		err = r.Wait()
	}
	return r, err
}

// field is D at points [cells, dim]: probabilities where the loss has them,
// else logits, and the value in the middle.
func (s *sampler) field(points []float32) (values []float32, neutral float32, err error) {
	copy(floats(s.points.Data()), points)
	r, err := s.judge.Run(s.points)
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("evaluating D over the plane: %w", err)
	}
	values = append(values, r.Floats(0)...)
	if s.game.loss.Probability() {
		for i, x := range values {
			values[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
		return values, .5, nil
	}
	var sum float64
	for _, x := range values {
		sum += float64(x)
	}
	return values, float32(sum / float64(len(values))), nil
}
