package explore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ganengine/gan/game"
)

// A Sweep has a row of latents for each of its points, in which one code goes through its
// values while the others stay: a number of a code from one end of its range to the other, a
// categorical code through its categories, a class through classes.
type Sweep struct {
	Points   Latents
	Names    []string // of the values
	Discrete bool     // they are classes or categories, between which nothing lies

	at, width int         // where the code's numbers lie in a latent, and its length
	values    [][]float32 // in their place
}

// Sweep goes through the values of a code of a name, such as c, or of one number of it, such
// as c.1: numbers in steps, from -2 to 2 of normal codes, through the whole range of uniform
// ones.
func (e *Explorer) Sweep(points Latents, name string, steps int) (*Sweep, error) {
	c, number, err := e.swept(name)
	if err != nil {
		return nil, err
	}
	s := &Sweep{Points: points, at: e.at(c) + number, width: e.Width()}
	end := 2.
	switch c.Kind {
	case game.Class:
		return e.SweepClasses(points, 0, c.Size-1), nil
	case game.Categorical:
		s.Discrete = true
		for i := range c.Size {
			one := make([]float32, c.Size)
			one[i] = 1
			s.values, s.Names = append(s.values, one), append(s.Names, strconv.Itoa(i))
		}
		return s, nil
	case game.Uniform:
		end = math.Sqrt(3)
	}
	for i := range steps + 1 {
		x := end * (2*float64(i)/float64(steps) - 1)
		s.values, s.Names = append(s.values, []float32{float32(x)}), append(s.Names, strconv.FormatFloat(x, 'f', 2, 64))
	}
	return s, nil
}

// SweepClasses goes through classes, from one to another, in either direction.
func (e *Explorer) SweepClasses(points Latents, from, to int) *Sweep {
	s := &Sweep{Points: points, Discrete: true, at: e.Z(), width: e.Width()}
	names := e.ClassNames()
	for k := from; ; {
		s.values, s.Names = append(s.values, slices.Repeat([]float32{float32(k)}, e.Width()-e.Z())), append(s.Names, names[k])
		switch {
		case k == to:
			return s
		case k < to:
			k++
		default:
			k--
		}
	}
}

// swept finds a code by name, and which number of it is meant.
func (e *Explorer) swept(name string) (c *game.Code, number int, err error) {
	base, index, numbered := strings.Cut(name, ".")
	var known []string
	for _, c := range e.codes {
		known = append(known, fmt.Sprintf("%s (%s)", c.Name, described(c)))
		if c.Name != base {
			continue
		}
		number, err := strconv.Atoi(index)
		switch moved := c.Kind == game.Normal || c.Kind == game.Uniform; {
		case numbered && !moved:
			return nil, 0, fmt.Errorf("code %s is of %s: name it without a number", base, described(c))
		case !moved || !numbered && c.Size == 1:
			return c, 0, nil
		case !numbered:
			return nil, 0, fmt.Errorf("code %s is of %s: say which, as in %s.0", base, described(c), base)
		case err != nil || number < 0 || number >= c.Size:
			return nil, 0, fmt.Errorf("code %s is of %s, and has no %.20q: they are %s.0 to %s.%d", base, described(c), index, base, base, c.Size-1)
		}
		return c, number, nil
	}
	return nil, 0, fmt.Errorf("this run has no code %.40q; its codes are %s", base, strings.Join(known, ", "))
}

func described(c *game.Code) string {
	kind := map[game.CodeKind]string{game.Normal: "normal number", game.Uniform: "uniform number", game.Categorical: "categor", game.Class: "class"}[c.Kind]
	ending := [2]string{"", "s"}
	switch c.Kind {
	case game.Categorical:
		ending = [2]string{"y", "ies"}
	case game.Class:
		ending[1] = "es"
	}
	return fmt.Sprintf("%d %s%s", c.Size, kind, ending[min(c.Size-1, 1)])
}

// Columns is how many values there are.
func (s *Sweep) Columns() int { return len(s.values) }

// Len implements Latents.
func (s *Sweep) Len() int { return s.Points.Len() * len(s.values) }

// Read implements Latents.
func (s *Sweep) Read(ctx context.Context, first, n int) ([]float32, error) {
	var out []float32
	var z []float32
	for i := first; i < first+n; i++ {
		if row, column := i/len(s.values), i%len(s.values); z == nil || column == 0 {
			read, err := s.Points.Read(ctx, row, 1)
			if err != nil {
				return nil, err
			}
			z = slices.Clone(read)
		}
		out = append(out, z...)
		copy(out[len(out)-s.width+s.at:], s.values[i%len(s.values)])
	}
	return out, nil
}
