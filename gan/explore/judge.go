package explore

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"ganengine/gan/game"
)

// Judge gives what the discriminator thinks of samples in memory, as logits. Only where these
// mean probabilities do they say whether it takes one for real: at 0.
func (e *Explorer) Judge() (func(ctx context.Context, x *tensor.Dense) ([]float32, error), error) {
	s := e.Game.Judging()
	if s == nil {
		return nil, &NoSampler{e.Config.Model.Kind, "field"}
	}
	uses, err := s.Uses()
	if err != nil {
		return nil, err
	}
	if len(uses.Fed) > 1 {
		return nil, fmt.Errorf("the discriminator of this run's %s judges samples by their %s too, and not alone", e.Config.Model.Kind, uses.Fed[1].Field)
	}
	f, err := e.from(s)
	if err != nil {
		return nil, err
	}
	if f.program.Index(game.Logits) < 0 || f.program.Index(game.Probability) < 0 {
		return nil, fmt.Errorf("the %s of this run has no discriminator that gives probabilities, with its loss", e.Config.Model.Kind)
	}
	return func(ctx context.Context, x *tensor.Dense) ([]float32, error) {
		logits, err := f.Output(ctx, game.Logits, x, nil)
		if err != nil {
			return nil, err
		}
		return logits.Data().([]float32), nil
	}, nil
}

// Density gives the logarithm of the density with which points are generated, where it is
// known: a flow tells it, and a generator that is affine in normal latents makes a Gaussian.
func (e *Explorer) Density(ctx context.Context) (func(ctx context.Context, x *tensor.Dense) ([]float64, error), error) {
	if e.Game.Sampler("likelihood") != nil {
		return e.likelihood()
	}
	g, err := e.gaussian(ctx)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, x *tensor.Dense) ([]float64, error) {
		points := x.Data().([]float32)
		out := make([]float64, x.Shape()[0])
		for i := range out {
			out[i] = g.logDensity(points[i*len(points)/len(out) : (i+1)*len(points)/len(out)])
		}
		return out, nil
	}, nil
}

func (e *Explorer) likelihood() (func(ctx context.Context, x *tensor.Dense) ([]float64, error), error) {
	f, err := e.From("likelihood")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, x *tensor.Dense) ([]float64, error) {
		density, err := f.Output(ctx, "log_density", x, nil)
		if err != nil {
			return nil, err
		}
		var out []float64
		for _, v := range density.Data().([]float32) {
			out = append(out, float64(v))
		}
		return out, nil
	}, nil
}

// gaussian is what normal latents become by an affine map: mean, and the Cholesky factor of
// the covariance.
type gaussian struct {
	mean []float64
	chol mat.Cholesky
}

func (g *gaussian) logDensity(x []float32) float64 {
	d := mat.NewVecDense(len(x), nil)
	for i, v := range x {
		d.SetVec(i, float64(v)-g.mean[i])
	}
	var solved mat.VecDense
	if err := g.chol.SolveVecTo(&solved, d); err != nil {
		return math.NaN()
	}
	return -.5 * (mat.Dot(d, &solved) + g.chol.LogDet() + float64(len(x))*math.Log(2*math.Pi))
}

// affineProbes is how many drawn latents an affine map is held to.
const affineProbes = 32

// gaussian finds what the generator makes of zero and of each unit latent, and holds drawn
// ones to the map that these say it is.
func (e *Explorer) gaussian(ctx context.Context) (*gaussian, error) {
	unknown := fmt.Errorf("the density of what the %s of this run generates is not known: a flow tells it, and a generator that is affine in normal latents (model.g_hidden = [])", e.Config.Model.Kind)
	for _, c := range e.codes {
		if c.Kind != game.Normal || !e.Points() {
			return nil, unknown
		}
	}
	n, dim := e.Z(), e.out.Shape[0]
	units := make([]float32, (n+1)*n)
	for i := range n {
		units[(i+1)*n+i] = 1
	}
	seeds := make([]int32, affineProbes)
	for i := range seeds {
		seeds[i] = int32(i)
	}
	z, err := e.Latents(ctx, seeds)
	if err != nil {
		return nil, err
	}
	all, err := Held(append(units, z...), n)
	if err != nil {
		return nil, err
	}
	x, err := e.Array(ctx, all, nil)
	if err != nil {
		return nil, err
	}
	points := x.Data().([]float32)
	g, columns := &gaussian{mean: make([]float64, dim)}, mat.NewDense(dim, n, nil)
	for k := range dim {
		g.mean[k] = float64(points[k])
		for i := range n {
			columns.Set(k, i, float64(points[(i+1)*dim+k])-g.mean[k])
		}
	}
	for i := range affineProbes {
		var want mat.VecDense
		want.MulVec(columns, mat.NewVecDense(n, doubles(z[i*n:(i+1)*n])))
		for k := range dim {
			got := float64(points[(n+1+i)*dim+k]) - g.mean[k]
			if scale := 1 + mat.Norm(columns, 2); math.Abs(got-want.AtVec(k)) > 1e-4*scale {
				return nil, unknown
			}
		}
	}
	var covariance mat.SymDense
	covariance.SymOuterK(1, columns)
	if !g.chol.Factorize(&covariance) || g.chol.Cond() > 1e12 {
		return nil, fmt.Errorf("what the %s of this run generates lies on a line or a point, and has no density in the plane", e.Config.Model.Kind)
	}
	return g, nil
}

func doubles(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
