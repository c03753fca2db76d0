package emit

import (
	"slices"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// Batch norm wants the mean of each channel, and then the sum of squared distances
// from it: two passes over memory. One gives both, by distances from a number k
// near the mean, the channel's first element:
//
//	sum x = sum (x-k) + n k
//	sum (x-mean)² = sum (x-k)² - (sum (x-k))²/n
//
// What cancels out grows with ((mean-k)/deviation)², which is about one for an
// element; without k it would be the square of the mean.
//
// Reference: T. Chan, G. Golub and R. LeVeque, "Algorithms for Computing the Sample
// Variance", 1983.

// distances are what is folded for both sums: x-k and its square.
func (b *builder) distances(x, k []reg) [][]reg {
	var d, squares []reg
	for j := range x {
		t := types[x[j].class]
		d = append(d, b.op(x[j].class, "sub.rn"+t, x[j], k[j]))
		squares = append(squares, b.op(x[j].class, "mul.rn"+t, d[j], d[j]))
	}
	return [][]reg{d, squares}
}

// moments are both sums of a channel, whose first element is at index at, by those
// of distances.
func (s *strip) moments(folded []reg, at reg) []reg {
	c := s.u.Kernel.Cluster
	k := s.fetch(c, span{at, 1}, nil)()[0][0]
	class, n := k.class, float64(c.Frame.Reduced)
	t := types[class]
	sum := s.op(class, "add.rn"+t, folded[0], s.op(class, "mul.rn"+t, k, real(class, n)))
	lost := s.op(class, "mul.rn"+t, s.op(class, "mul.rn"+t, folded[0], folded[0]), real(class, 1/n))
	spread := s.extreme(graph.OpMax, s.op(class, "sub.rn"+t, folded[1], lost), s.op(class, "mov"+t, real(class, 0)))
	return []reg{sum, spread}
}

// isSpread says whether k sums squared distances of what u sums from its mean, which
// u has made of the sum.
func isSpread(u Unit, k *fuse.Kernel) bool {
	if u.Kernel.Cluster == nil || u.Then == nil || k.Cluster == nil {
		return false
	}
	c, d := u.Kernel.Cluster, k.Cluster
	f := c.Frame
	if len(c.Reduces) != 1 || len(d.Reduces) != 1 || len(c.Stores)+len(d.Stores) > 0 || f != d.Frame || f.Inner == 1 {
		return false
	}
	sum, spread := c.Reduces[0], d.Reduces[0]
	if sum.Node.Op != graph.OpReduceSum || spread.Node.Op != graph.OpReduceSum || classOf(sum.Node.DType) == b32 || sum.Node.DType == graph.BF16 {
		return false
	}
	square := d.Exprs[spread.Expr]
	if square.Node.Op != graph.OpMul || square.Load != nil || square.Args[0] != square.Args[1] {
		return false
	}
	distance := d.Exprs[square.Args[0]]
	if distance.Node.Op != graph.OpSub || distance.Load != nil || !sameExpr(c, sum.Expr, d, distance.Args[0]) {
		return false
	}
	mean := d.Exprs[distance.Args[1]].Load
	return mean != nil && mean.Pattern.Equal(f.Results()) && isMean(u.Then, mean.Source, sum.Node, f.Reduced)
}

// isMean says whether c stores, as node, a sum of n elements divided by n.
func isMean(c *fuse.Cluster, node, sum *graph.Node, n int) bool {
	i := slices.IndexFunc(c.Stores, func(s fuse.Store) bool { return s.Node == node && s.Var == nil })
	if i < 0 {
		return false
	}
	e := c.Exprs[c.Stores[i].Expr]
	if e.Load != nil || e.Node.Op != graph.OpMul {
		return false
	}
	x, by := c.Exprs[e.Args[0]], c.Exprs[e.Args[1]]
	return x.Load != nil && x.Load.Source == sum && x.Load.Pattern.Identity() && by.Load == nil && by.Node.Op == graph.OpConst &&
		by.Node.Attr.(graph.Const).Value == 1/float64(n)
}

// sameExpr says whether two clusters compute the same.
func sameExpr(c *fuse.Cluster, i int, d *fuse.Cluster, j int) bool {
	x, y := c.Exprs[i], d.Exprs[j]
	if x.Load != nil || y.Load != nil {
		return x.Load != nil && y.Load != nil && x.Load.Source == y.Load.Source && x.Load.Pattern.Equal(y.Load.Pattern)
	}
	if x.Node != y.Node || len(x.Args) != len(y.Args) {
		return false
	}
	for a := range x.Args {
		if !sameExpr(c, x.Args[a], d, y.Args[a]) {
			return false
		}
	}
	return true
}
