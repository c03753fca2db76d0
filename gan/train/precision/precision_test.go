// Package precision_test compares one training step in a faster arithmetic with
// the same step in a more exact one, from states along a run: losses, and every
// parameter's gradient.
package precision_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// Bounds. bf16 rounds each operand of a product, and its result, to the nearest
// of two neighbours. How far that carries to a loss or a gradient is found by
// repetition (Monte Carlo arithmetic, Parker 1997): the reference device
// computes the step with either neighbour taken at random, the nearer one more
// likely, so that the error's mean is zero and its variance twice that of
// rounding to the nearest. The root mean square of what arrives is the spread.
//
// So any loss and any gradient, as a vector, may be off by factor spreads, as in
// the comparison with PyTorch, and over all states by no more than typical
// spreads in the root mean square (1/√2 is expected).
const (
	samples = 16
	factor  = 5
	typical = 1.25
)

const states, every = 20, 5

var text = fmt.Sprintf(`
[run]
seed = 3
[data]
size = 16
channels = 1
limit = 64
[model]
z = 8
g_channels = 8
d_channels = 8
[train]
batch = 4
steps = %d
[sample]
count = 4
every = 0
[checkpoint]
every = %d
keep = %d
`, states*every, every, states)

func TestBF16StaysWithinItsRounding(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	cfg := configtest.Text(t, text)
	dir := trainRun(t, cfg)
	single := newStepper(t, open(t, true), cfg, "fp32", graph.F32)
	half := newStepper(t, open(t, true), cfg, "bf16", graph.F32)
	rng := rand.New(rand.NewPCG(1, 2))
	noisy := newStepper(t, &reference.Device{Eval: either(rng)}, cfg, "bf16", graph.F32)
	real := pixels(cfg, rng)
	mean := map[string]float64{} // squares
	worst := 0.
	for s := 1; s <= states; s++ {
		path := dir.CheckpointPath(int64(s * every))
		exact, got := single.step(t, path, real), half.step(t, path, real)
		spread := map[string]float64{}
		for range samples {
			for name, x := range noisy.step(t, path, real) {
				spread[name] += square(x, exact[name]) / samples
			}
		}
		for name, x := range got {
			off := math.Sqrt(square(x, exact[name]) / spread[name])
			worst = max(worst, off)
			mean[name] += off * off / states
			if !(off <= factor) {
				t.Errorf("state %d: %s is off by %.3g spreads of %.3g, %d are allowed", s, name, off, math.Sqrt(spread[name]), factor)
			}
		}
	}
	largest := 0.
	for name, m := range mean {
		largest = max(largest, math.Sqrt(m))
		if !(math.Sqrt(m) <= typical) {
			t.Errorf("%s is off by %.3g spreads in the root mean square of %d states, %g are allowed", name, math.Sqrt(m), states, typical)
		}
	}
	t.Logf("worst %.2f spreads; largest root mean square %.2f", worst, largest)
}

func pixels(cfg *config.Config, rng *rand.Rand) []byte {
	real := make([]byte, cfg.Train.Batch*16*16)
	for i := range real {
		real[i] = byte(rng.Uint32())
	}
	return real
}

// square is the squared distance of two vectors.
func square(x, y []float64) (sum float64) {
	for i := range x {
		sum += (x[i] - y[i]) * (x[i] - y[i])
	}
	return sum
}

// either is Eval with bf16 values rounded to a neighbour at random.
func either(rng *rand.Rand) func(n *graph.Node, in []reference.Array) (reference.Array, error) {
	return func(n *graph.Node, in []reference.Array) (reference.Array, error) {
		computed := n.Op == graph.OpCast || n.Op.Info().Class == graph.Product
		if n.DType != graph.BF16 || !computed {
			return reference.Eval(n, in)
		}
		wide := *n
		wide.DType = graph.F64
		out, err := reference.Eval(&wide, in)
		if err != nil {
			return out, err
		}
		rounded := reference.New(graph.BF16, n.Shape)
		for i, x := range out.Data {
			rounded.Data[i] = neighbour(x, rng)
		}
		return rounded, nil
	}
}

// neighbour is one of the two bf16 numbers around x, with x as the mean.
func neighbour(x float64, rng *rand.Rand) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	_, exponent := math.Frexp(x)
	ulp := math.Ldexp(1, exponent-8) // 8 significant bits
	return ulp * math.Floor(x/ulp+rng.Float64())
}

// stepper runs one step from a checkpoint on a device.
type stepper struct {
	session *session.Session
	game    *game.Game
	program *game.Step
	real    device.HostBuffer
}

func newStepper(t *testing.T, dev device.Device, cfg *config.Config, precision string, float graph.DType) *stepper {
	t.Helper()
	c := *cfg
	c.Run.Precision = precision
	g, err := systems.Table().Declare(&c, game.Options{Float: float, Data: func(string) game.Data {
		return game.Data{Shape: graph.Shape{c.Data.Height, c.Data.Width, c.Data.Channels}, Len: 1 << 20}
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := &stepper{session: session.New(dev, g.Vars, session.Options{}), game: g}
	t.Cleanup(func() {
		if err := s.session.Close(); err != nil {
			t.Error(err)
		}
	})
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	s.program = steps[0]
	if err := s.session.Compile(s.program.Program); err != nil {
		t.Fatal(err)
	}
	if s.real, err = s.session.Program(s.program.Name).NewInput("real"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.real.Free() })
	return s
}

// step answers the losses, and the gradients by the names of their first
// moments: m' = β m + (1-β) g.
func (s *stepper) step(t *testing.T, checkpoint string, real []byte) map[string][]float64 {
	t.Helper()
	if _, err := s.session.Load(checkpoint); err != nil {
		t.Fatal(err)
	}
	return s.run(t, real)
}

// run answers what step does, from the state at hand.
func (s *stepper) run(t *testing.T, real []byte) map[string][]float64 {
	t.Helper()
	before := s.moments(t)
	copy(s.real.Data(), real)
	r, err := s.session.Program(s.program.Name).Finish(s.real)
	if err != nil {
		t.Fatal(err)
	}
	beta := s.game.Config.Optim("g").Beta1.Value
	out := s.moments(t)
	for name, m := range out {
		for i := range m {
			m[i] = (m[i] - beta*before[name][i]) / (1 - beta)
		}
	}
	scores := r.Floats(s.session.Program(s.program.Name).Index("scores"))
	for i, name := range s.program.Scores {
		if strings.HasSuffix(name, "_loss") {
			out[name] = []float64{float64(scores[i])}
		}
	}
	return out
}

func (s *stepper) moments(t *testing.T) map[string][]float64 {
	t.Helper()
	out := map[string][]float64{}
	for _, v := range s.game.Vars.All() {
		if !strings.HasPrefix(v.Name, "opt/") || !strings.Contains(v.Name, "/m/") {
			continue
		}
		out[v.Name] = s.read(t, v)
	}
	if len(out) == 0 {
		t.Fatal("the optimisers have no first moments")
	}
	return out
}

// read is a Variable of floats.
func (s *stepper) read(t *testing.T, v *graph.Variable) []float64 {
	t.Helper()
	b, err := s.session.ReadBytes(v.Name)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, v.Shape.Size())
	for i := range x {
		if v.DType == graph.F64 {
			x[i] = math.Float64frombits(binary.NativeEndian.Uint64(b[8*i:]))
		} else {
			x[i] = float64(math.Float32frombits(binary.NativeEndian.Uint32(b[4*i:])))
		}
	}
	return x
}

// takeOver gives a stepper in float64 the state of one in float32, each number changed.
func (s *stepper) takeOver(t *testing.T, from *stepper, change func(x float64) float64) {
	t.Helper()
	for _, v := range from.game.Vars.All() {
		data, err := from.session.ReadBytes(v.Name)
		if err == nil && v.DType == graph.F32 {
			data = nil
			for _, x := range from.read(t, v) {
				data = binary.NativeEndian.AppendUint64(data, math.Float64bits(change(x)))
			}
		}
		if err == nil {
			err = s.session.WriteBytes(v.Name, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, winograd bool) device.Device {
	t.Helper()
	d, err := cpu.New(cpu.Options{Threads: 2, Switches: debug.Switches{Winograd: winograd, AMX: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// trainRun makes the states.
func trainRun(t *testing.T, cfg *config.Config) rundir.Dir {
	t.Helper()
	out := t.TempDir()
	if err := train.Run(context.Background(), cfg, train.Host{Systems: systems.Table(), Device: open(t, true), Out: out, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	dir, ok, err := rundir.Latest(out, "")
	if err != nil || !ok {
		t.Fatalf("no run in %s: %v", out, err)
	}
	return dir
}
