package loss

import (
	"math"
	"testing"

	"ganengine/engine/graph"
)

// dirac is the game of Mescheder et al. 2018, section 2: all data lie at 0, G's one sample
// at theta, and D(x) = psi x. steps is how it goes on from (1, 1) by simultaneous descent at
// a rate of .1: the distances from the equilibrium at the origin.
func dirac(t *testing.T, steps int, next func(theta, psi float64) (dTheta, dPsi float64)) (radii []float64) {
	t.Helper()
	theta, psi := 1., 1.
	for range steps {
		dTheta, dPsi := next(theta, psi)
		theta, psi = theta-.1*dTheta, psi-.1*dPsi
		radii = append(radii, math.Hypot(theta, psi))
	}
	return radii
}

// slopes are the gradients of both players' losses, as programs have them.
func slopes(t *testing.T, l Loss, gamma float64) func(theta, psi float64) (dTheta, dPsi float64) {
	return func(theta, psi float64) (float64, float64) {
		out := evaluate(t, 0, func(b *graph.Builder) {
			at := func(x float64) *graph.Node { return b.Literal(graph.F64, graph.Shape{1}, []float64{x}) }
			g, d, data := at(theta), at(psi), at(0)
			critic := func(x *graph.Node) *graph.Node { return graph.Mul(d, x) }
			ofD := OfDiscriminator(l, critic(data), critic(g))
			if gamma > 0 {
				ofD = graph.Add(ofD, R1(critic, data, gamma))
			}
			b.Output("g", graph.Gradients(OfGenerator(l, critic(g), critic(data)), nil, g)[0])
			b.Output("d", graph.Gradients(ofD, nil, d)[0])
		})
		return out[0][0], out[1][0]
	}
}

// TestDirac plays the Dirac-GAN by formulas, and its first steps by programs, which have to
// agree: minimax spirals outwards, from 1.414 to beyond 3 in 2,000 steps, the non-saturating
// loss comes nearer slowly, and with R1 the game ends where it should.
func TestDirac(t *testing.T) {
	const steps, looked = 2000, 150
	for _, k := range []struct {
		name     string
		loss     Loss
		gamma    float64
		formula  func(theta, psi float64) (float64, float64)
		from, to float64 // where it ends
	}{
		{"minimax", Minimax{NonSaturating{1}}, 0, func(theta, psi float64) (float64, float64) {
			return -sigmoid(psi*theta) * psi, sigmoid(psi*theta) * theta
		}, 3, 3.5},
		{"non-saturating", NonSaturating{1}, 0, func(theta, psi float64) (float64, float64) {
			return -sigmoid(-psi*theta) * psi, sigmoid(psi*theta) * theta
		}, .3, .6},
		{"non-saturating with R1", NonSaturating{1}, 1, func(theta, psi float64) (float64, float64) {
			return -sigmoid(-psi*theta) * psi, sigmoid(psi*theta)*theta + psi
		}, 0, 1e-3},
		{"relativistic", Relative{NonSaturating{1}}, 0, func(theta, psi float64) (float64, float64) {
			return -sigmoid(-psi*theta) * psi, sigmoid(psi*theta) * theta
		}, .3, .6},
	} {
		t.Run(k.name, func(t *testing.T) {
			all := dirac(t, steps, k.formula)
			near(t, "radius", dirac(t, looked, slopes(t, k.loss, k.gamma)), all[:looked], 1e-12)
			if end := all[steps-1]; !(end >= k.from && end < k.to) {
				t.Errorf("the radius is %.4g after %d steps, want %g to %g", end, steps, k.from, k.to)
			}
		})
	}
}
