package reference

import (
	"math"
	"slices"

	"ganengine/engine/graph"
)

// groups answers for each element of shape s the number of its group: elements
// that differ along the axes only are one group, in row-major order.
func groups(s graph.Shape, axes graph.Axes) (of []int, count int) {
	kept := slices.Clone(s)
	for _, a := range axes {
		kept[a] = 1
	}
	of = make([]int, s.Size())
	at := make([]int, len(s))
	walk(s, func(i int, full []int) {
		copy(at, full)
		for _, a := range axes {
			at[a] = 0
		}
		of[i] = place(kept, at)
	})
	return of, kept.Size()
}

// means is the mean of each group.
func means(x []float64, of []int, count int) []float64 {
	m := make([]float64, count)
	for i, g := range of {
		m[g] += x[i]
	}
	for g := range m {
		m[g] *= float64(count) / float64(len(x))
	}
	return m
}

func reduction(n *graph.Node, x, out Array) error {
	of, _ := groups(x.Shape, n.Attr.(graph.Axes))
	switch n.Op {
	case graph.OpReduceSum:
		for i, g := range of {
			out.Data[g] += x.Data[i]
		}
	case graph.OpReduceMax:
		for g := range out.Data {
			out.Data[g] = math.Inf(-1)
		}
		for i, g := range of {
			out.Data[g] = math.Max(out.Data[g], x.Data[i])
		}
	case graph.OpReduceAll:
		for g := range out.Data {
			out.Data[g] = 1
		}
		for i, g := range of {
			out.Data[g] *= x.Data[i]
		}
	default:
		return errMissing
	}
	return nil
}

func composite(n *graph.Node, in []Array, out Array) error {
	switch a := n.Attr.(type) {
	case graph.Norm:
		return normalize(n, a, in, out)
	case graph.FIR:
		resample(a, in[0], out)
		return nil
	}
	return errMissing
}

func normalize(n *graph.Node, norm graph.Norm, in []Array, out Array) error {
	x := in[len(in)-1].Data
	of, count := groups(n.Shape, norm.Axes)
	y, istd := standardize(x, of, count, norm.Eps)
	switch n.Op {
	case graph.OpNormalize: // y = (x - mean) / sqrt(variance + eps)
		copy(out.Data, y)
	case graph.OpNormalizeGrad: // istd * (dy - mean(dy) - y*mean(dy*y))
		dy := in[0].Data
		dyy := make([]float64, len(y))
		for i := range y {
			dyy[i] = dy[i] * y[i]
		}
		meanDy, meanDyy := means(dy, of, count), means(dyy, of, count)
		for i, g := range of {
			out.Data[i] = istd[g] * (dy[i] - meanDy[g] - y[i]*meanDyy[g])
		}
	default:
		return errMissing
	}
	return nil
}

// standardize gives (x - mean) * istd, and istd = 1/sqrt(variance + eps) of
// each group.
func standardize(x []float64, of []int, count int, eps float64) (y, istd []float64) {
	mean := means(x, of, count)
	y = make([]float64, len(x))
	square := make([]float64, len(x))
	for i, g := range of {
		y[i] = x[i] - mean[g]
		square[i] = y[i] * y[i]
	}
	istd = means(square, of, count)
	for g, variance := range istd {
		istd[g] = 1 / math.Sqrt(variance+eps)
	}
	for i, g := range of {
		y[i] *= istd[g]
	}
	return y, istd
}
