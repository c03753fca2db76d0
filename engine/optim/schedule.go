package optim

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ganengine/engine/graph"
)

// Schedule is a number over a clock: To[i] when the clock shows At[i], To[0] before the
// first point and the last To from the last point on. At and To are in the order of
// time and equally long. Shape says how the number goes from a point i to the next one;
// with t going from 0 to 1 between them, and a and b for To[i] and To[i+1], it is
//
//	linear       a + t*(b-a), also where Shape is empty
//	cosine       a + (1-cos(pi*t))/2*(b-a), half a wave, level at both ends
//	exponential  a*(b/a)^t, by an equal factor in equal times
//	inverse      a/(1 + t*(a/b-1)): 1/number goes linearly, so that a rate r/(1+now/n)
//	             is At 0 and n, To r and r/2, while now is up to n
//	step         a
//
// Exponential and inverse schedules need numbers above 0. The clock's unit is the
// caller's: steps, images, epochs or updates, from wherever it counts them.
type Schedule struct {
	At, To []float64
	Shape  string
}

// Shapes are those that a Schedule may have.
func Shapes() []string { return []string{"linear", "cosine", "exponential", "step", "inverse"} }

// Check says in what a schedule is impossible.
func (s Schedule) Check() error {
	switch {
	case len(s.To) == 0:
		return fmt.Errorf("a schedule needs at least one number in to")
	case len(s.At) != len(s.To):
		return fmt.Errorf("at has %d numbers and to has %d; each number of to needs its time in at", len(s.At), len(s.To))
	case s.Shape != "" && !slices.Contains(Shapes(), s.Shape):
		return fmt.Errorf("there is no schedule %s; the shapes are %s", s.Shape, strings.Join(Shapes(), ", "))
	}
	for i, at := range s.At {
		if math.IsNaN(at) || math.IsInf(at, 0) || math.IsNaN(s.To[i]) || math.IsInf(s.To[i], 0) {
			return fmt.Errorf("at = %g, to = %g is no point of a schedule; both must be finite", at, s.To[i])
		}
		if i > 0 && at <= s.At[i-1] {
			return fmt.Errorf("at has %g after %g; its numbers must grow", at, s.At[i-1])
		}
		if s.To[i] <= 0 && len(s.To) > 1 && (s.Shape == "exponential" || s.Shape == "inverse") {
			return fmt.Errorf("to has %g, which an %s schedule never reaches; its numbers must be more than 0", s.To[i], s.Shape)
		}
	}
	return nil
}

// Over is the schedule as a hyper-parameter, over a clock (F64 []) that each program
// reads.
func (s Schedule) Over(clock func(b *graph.Builder) *graph.Node) Hyper {
	if len(s.To) == 1 {
		return Constant(s.To[0])
	}
	return Computed(func(b *graph.Builder) *graph.Node { return s.Node(b, clock(b)) })
}

// Node is the number (F64 []) while the clock (F64 []) shows what it does. A schedule
// that does not pass Check is a *graph.BuildError.
func (s Schedule) Node(b *graph.Builder, clock *graph.Node) *graph.Node {
	if err := s.Check(); err != nil {
		graph.Fail("Schedule", "%v", err)
	}
	x := s.from(b, clock, 0)
	for i := 1; i < s.parts(); i++ {
		x = graph.Select(graph.Less(clock, b.Const(graph.F64, s.At[i])), x, s.from(b, clock, i))
	}
	return x
}

// parts counts the formulas that a schedule is put together from, each for the time
// from a point on. The last point begins one only where it is jumped to.
func (s Schedule) parts() int {
	if s.Shape == "step" {
		return len(s.To)
	}
	return max(len(s.To)-1, 1)
}

// from is the number from point i on, until the next part begins.
func (s Schedule) from(b *graph.Builder, clock *graph.Node, i int) *graph.Node {
	c := func(x float64) *graph.Node { return b.Const(graph.F64, x) }
	if s.Shape == "step" || i+1 == len(s.To) {
		return c(s.To[i])
	}
	t := graph.Div(graph.Sub(clock, c(s.At[i])), c(s.At[i+1]-s.At[i]))
	t = graph.Min(graph.Max(t, c(0)), c(1))
	from, to := s.To[i], s.To[i+1]
	switch s.Shape {
	case "exponential":
		return graph.Scale(graph.Pow(c(to/from), t), from)
	case "inverse":
		return graph.Div(c(from), graph.Shift(graph.Scale(t, from/to-1), 1))
	case "cosine":
		t = graph.Scale(graph.Shift(graph.Neg(graph.Cos(graph.Scale(t, math.Pi))), 1), .5)
	}
	return graph.Add(c(from), graph.Scale(t, to-from))
}

// Value is the number that Node has while the clock shows now, for people.
func (s Schedule) Value(now float64) float64 {
	i := 0
	for i+1 < s.parts() && now >= s.At[i+1] {
		i++
	}
	if s.Shape == "step" || i+1 == len(s.To) {
		return s.To[i]
	}
	t := (now - s.At[i]) / (s.At[i+1] - s.At[i])
	t = min(max(t, 0), 1)
	from, to := s.To[i], s.To[i+1]
	switch s.Shape {
	case "exponential":
		return math.Pow(to/from, t) * from
	case "inverse":
		return from / (float64(t*(from/to-1)) + 1)
	case "cosine":
		t = float64(-math.Cos(float64(t*math.Pi))+1) * .5
	}
	return from + float64(t*(to-from)) // rounded twice, as the nodes are
}
