package explore

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/npy"
)

// coded is a game whose samples show their codes: two normal numbers, a uniform one, and
// ten times the number of one of three categories and of one of two classes.
func coded() *game.Systems {
	return game.NewSystems(game.System{
		Kind: config.Kind{Name: "coded", Doc: "closed forms", Keys: struct{}{}, Optims: []string{"g"}, Vectors: true},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{nn.Dense(p, "out", in[0], 1, nn.Normal(0, 1), nn.Constant(0))}
			}, game.In{Shape: real.Shape})
			opt := s.Optimizer("g", "g", g)
			z, u := s.Code("z", game.Normal, 2), s.Code("u", game.Uniform, 1)
			k, y := s.Code("k", game.Categorical, 3), s.Code("y", game.Class, 2)
			s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
				t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(t.Run(g, t.Batch(real, game.Points))[0]))})
			})})
			s.Sampler("sample", func(t *game.Turn) {
				drawn := t.Draw("z", 0, y, z, k, u)
				category := graph.MatMul(drawn.Of(k), t.B.Literal(graph.F32, graph.Shape{3, 1}, []float64{0, 10, 20}))
				class := graph.Scale(graph.Reshape(graph.Cast(drawn.Of(y), graph.F32), graph.Shape{t.Rows(), 1}), 10)
				t.Show(game.Samples, real, graph.Concat(1, drawn.Of(z), drawn.Of(u), category, class))
			})
			return nil
		},
	})
}

// openCoded opens a run of coded, which makes points of five numbers.
func openCoded(t *testing.T) *Explorer {
	t.Helper()
	return openOf(t, coded(), anyPoints, Options{Chunk: 8}, 5)
}

// inputsOf are points in a file.
func inputsOf(t *testing.T, e *Explorer, points []float32) *Inputs {
	t.Helper()
	path, dim := filepath.Join(t.TempDir(), "x.npy"), e.out.Shape[0]
	if err := npy.WriteFile(path, []int{len(points) / dim, dim}, points); err != nil {
		t.Fatal(err)
	}
	return inputsAt(t, e, path)
}

func inputsAt(t *testing.T, e *Explorer, path string) *Inputs {
	t.Helper()
	in, err := e.OpenInputs(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func find(t *testing.T, e *Explorer, in *Inputs, o InvertOptions) *Found {
	t.Helper()
	v, err := e.Invert(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	found, err := v.Find(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Codes that are numbers go to where the sample is, uniform ones up to the end of their
// range; categories and classes are those of the nearest start.
func TestInvertCodes(t *testing.T) {
	in := []float32{.5, -1, 1, 20, 10, 2, 0, -.25, 0, 0, 1, 1, 3, 10, 10}
	const edge = 1.7320508 // of uniform codes
	want := []float32{.5, -1, 0, 0, 1, 1, 1, 2, 0, 1, 0, 0, -.25, 0, 1, 1, 0, 1, 0, edge, 1}
	e := openCoded(t)
	if e.Z() != 6 || e.Width() != 7 {
		t.Fatalf("latents of %d numbers, %d in all", e.Z(), e.Width())
	}
	known := len(e.Game.Vars.All())
	found := find(t, e, inputsOf(t, e, in), InvertOptions{Steps: 200, Restarts: 3, Class: -1})
	for _, v := range e.Game.Vars.All()[known:] {
		if !v.External {
			t.Errorf("checkpoints would hold %s", v.Name)
		}
	}
	for i, x := range found.Z {
		if math.Abs(float64(x-want[i])) > 1e-3 {
			t.Errorf("number %d of code %d is %g, want %g", i%7, i/7, x, want[i])
		}
	}
	for i, d := range []float64{0, 0, (3 - edge) / math.Sqrt(5)} {
		if math.Abs(float64(found.Distance[i])-d) > 1e-3 {
			t.Errorf("distance %d is %g, want %g", i, found.Distance[i], d)
		}
	}
	// What is written is what was found.
	path := filepath.Join(t.TempDir(), "z.npz")
	if err := e.WriteFound(path, found); err != nil {
		t.Fatal(err)
	}
	f, err := OpenLatents(t.Context(), path, e.Z(), e.Classes())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if z, err := e.OfFile(f).Read(t.Context(), 0, 3); err != nil || !slices.Equal(z, found.Z) {
		t.Errorf("the file has %v, want %v (%v)", z, found.Z, err)
	}
}

// With a class that is asked for no other one is found.
func TestInvertClass(t *testing.T) {
	e := openCoded(t)
	found := find(t, e, inputsOf(t, e, []float32{0, 0, 0, 10, 10}), InvertOptions{Steps: 50, Restarts: 1, Class: 0})
	if y := e.classesOf(found.Z); y[0] != 0 || math.Abs(float64(found.Distance[0])-10/math.Sqrt(5)) > .1 {
		t.Errorf("class %v at distance %v", y, found.Distance)
	}
}

// Images that a model makes have codes, up to the rounding of pixels; what is found for one
// is the same alone and among others.
func TestInvertImages(t *testing.T) {
	run := makeRun(t, tinyImages, 8, 8, 3)
	o := InvertOptions{Steps: 150, Restarts: 2, Class: -1}
	e := open(t, run, Options{Chunk: 4, RawWeights: true})
	seeds, dir := &Seeds{}, t.TempDir()
	seeds.Add(7000, 3)
	if err := e.Write(t.Context(), dir, e.Drawn(seeds, 0), Output{Name: func(i int) string { return string(rune('a' + i)) }}); err != nil {
		t.Fatal(err)
	}
	all := find(t, e, inputsAt(t, e, dir), o)
	for i, d := range all.Distance {
		if d > .004 {
			t.Errorf("image %d is found up to %g", i, d)
		}
	}
	alone := find(t, open(t, run, Options{Chunk: 4, RawWeights: true}), inputsAt(t, e, filepath.Join(dir, "b.png")), o)
	if !slices.Equal(alone.Z, all.Z[e.Width():2*e.Width()]) || alone.Distance[0] != all.Distance[1] {
		t.Errorf("alone %v at %v, among others %v at %v", alone.Z, alone.Distance, all.Z[e.Width():2*e.Width()], all.Distance[1])
	}
	if err := e.WriteFoundPairs(t.Context(), filepath.Join(dir, "pairs.png"), inputsAt(t, e, dir), all); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "pairs.png")); err != nil {
		t.Error(err)
	}
}

func TestInvertStops(t *testing.T) {
	e := openCoded(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop, steps := errors.New("enough"), 0
	v, err := e.Invert(ctx, InvertOptions{Steps: 1000, Restarts: 1, Class: -1, Progress: func(string) {
		if steps++; steps == 3 {
			cancel(stop)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Find(ctx, inputsOf(t, e, make([]float32, 5))); !errors.Is(err, stop) || steps != 3 {
		t.Errorf("after %d steps: %v", steps, err)
	}
}

// A sample whose distance to everything overflows has no nearest code, and the first one that
// was drawn is not taken for it.
func TestInvertFar(t *testing.T) {
	e := openCoded(t)
	v, err := e.Invert(t.Context(), InvertOptions{Steps: 2, Restarts: 2, Class: -1})
	if err != nil {
		t.Fatal(err)
	}
	found, err := v.Find(t.Context(), inputsOf(t, e, []float32{0, 0, 0, 0, 0, 1e30, 0, 0, 0, 0}))
	if err == nil || !strings.Contains(err.Error(), "its distance to all that the model makes is +Inf") {
		t.Errorf("found %+v (%v)", found, err)
	}
}

// What is made less is worked out by hand: the squared distance of points, and with its weight
// that of D's last hidden layer, as a share of what the given point has there.
func TestInvertByFeatures(t *testing.T) {
	e := open(t, makeRun(t, tinyPoints, 2), Options{Chunk: 2})
	const weight = 3
	v, err := e.Invert(t.Context(), InvertOptions{Steps: 4, Restarts: 1, Features: weight, Class: -1})
	if err != nil {
		t.Fatal(err)
	}
	points := []float32{.5, -1, 2, 0}
	z, err := v.begin(t.Context(), inputsOf(t, e, points), 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	distance, goal, err := v.descend(t.Context(), z, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	made := generate(t, e, z, true).Raw
	weights := func(name string) []float32 {
		b, err := e.session.ReadBytes("d/dense0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(device.View[float32](b))
	}
	w, b := weights("w"), weights("b")
	hidden := func(x []float32) (h []float64) {
		for i := range b {
			sum := float64(b[i]) + float64(x[0])*float64(w[2*i]) + float64(x[1])*float64(w[2*i+1])
			h = append(h, max(sum, .2*sum))
		}
		return h
	}
	for i := range 2 {
		given, x := points[2*i:2*i+2], made[2*i:2*i+2]
		square := (math.Pow(float64(x[0]-given[0]), 2) + math.Pow(float64(x[1]-given[1]), 2)) / 2
		var apart, whole float64
		of := hidden(x)
		for k, h := range hidden(given) {
			apart, whole = apart+(of[k]-h)*(of[k]-h), whole+h*h
		}
		if want := square + weight*apart/whole; math.Abs(float64(goal[i])-want) > 1e-4*want || math.Abs(float64(distance[i])-math.Sqrt(square)) > 1e-4 {
			t.Errorf("point %d: %g at distance %g, want %g at %g", i, goal[i], distance[i], want, math.Sqrt(square))
		}
	}
	var lacks *NoSampler
	if _, err := openCoded(t).Invert(t.Context(), InvertOptions{Steps: 1, Restarts: 1, Features: 1}); !errors.As(err, &lacks) {
		t.Errorf("without a discriminator: %v", err)
	}
}
