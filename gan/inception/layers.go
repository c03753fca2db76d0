package inception

import "ganengine/engine/graph"

// network builds the layers: Szegedy et al. 2016, figures 5 to 7, in FID's variant, under pytorch-fid's names.
type network struct {
	b      *graph.Builder
	m      *built
	narrow int
	tap    func(name string, x *graph.Node)
	block  string // that is being built
}

// conv is a convolution with the batch norm and rectifier behind it, under the name of all three.
type conv struct {
	name         string
	filter, bias *graph.Variable
}

// layer describes one: out channels, a window of h x w.
type layer struct {
	name              string
	out, h, w, stride int
	same              bool // zeros around the image keep its size
}

func one(name string, out int) layer        { return layer{name, out, 1, 1, 1, false} }
func inner(name string, out, s int) layer   { return layer{name, out, 3, 3, s, false} }
func same(name string, out, h, w int) layer { return layer{name, out, h, w, 1, true} }

// chain is layers one after the other.
func (n *network) chain(x *graph.Node, layers ...layer) *graph.Node {
	for _, l := range layers {
		x = n.layer(x, l)
	}
	return x
}

// layer is relu(x * filter + bias): batch norm with fixed statistics is part of both (weights.go).
func (n *network) layer(x *graph.Node, l layer) *graph.Node {
	name, out := n.block+l.name, l.out/n.narrow
	c := conv{name, n.m.variable(name+".filter", graph.Shape{out, l.h, l.w, x.Shape[3]}), n.m.variable(name+".bias", graph.Shape{out})}
	n.m.convs = append(n.m.convs, c)
	a := graph.Conv{Stride: [2]int{l.stride, l.stride}, Groups: 1}
	if l.same {
		a.PadLow = [2]int{l.h / 2, l.w / 2}
		a.PadHigh = a.PadLow
	}
	y := graph.Conv2D(x, n.b.Read(c.filter), a)
	y = graph.Relu(graph.Add(y, graph.Broadcast(graph.Reshape(n.b.Read(c.bias), graph.Shape{1, 1, 1, out}), y.Shape)))
	n.tap(name, y)
	return y
}

// mixed joins branches along the channels under a block's name.
func (n *network) mixed(name string, branches func() []*graph.Node) *graph.Node {
	n.block = name + "."
	y := graph.Concat(3, branches()...)
	n.block = ""
	n.tap(name, y)
	return y
}

// features is everything from scaled images [n, 299, 299, 3] to the means of the last block [n, 2048].
func (n *network) features(x *graph.Node) *graph.Node {
	x = n.chain(x, inner("Conv2d_1a_3x3", 32, 2), inner("Conv2d_2a_3x3", 32, 1), same("Conv2d_2b_3x3", 64, 3, 3))
	x = maxPool(x, 2)
	n.tap("maxpool_1", x)
	x = n.chain(x, one("Conv2d_3b_1x1", 80), inner("Conv2d_4a_3x3", 192, 1))
	x = maxPool(x, 2)
	n.tap("maxpool_2", x)
	x = n.blockA("Mixed_5b", x, 32)
	x = n.blockA("Mixed_5c", x, 64)
	x = n.blockA("Mixed_5d", x, 64)
	x = n.blockB("Mixed_6a", x)
	x = n.blockC("Mixed_6b", x, 128)
	x = n.blockC("Mixed_6c", x, 160)
	x = n.blockC("Mixed_6d", x, 160)
	x = n.blockC("Mixed_6e", x, 192)
	x = n.blockD("Mixed_7a", x)
	x = n.blockE("Mixed_7b", x, averagePool)
	x = n.blockE("Mixed_7c", x, samePool)
	x = graph.Reshape(graph.Mean(x, 1, 2), graph.Shape{x.Shape[0], x.Shape[3]})
	n.tap("pool", x)
	return x
}

func (n *network) blockA(name string, x *graph.Node, pool int) *graph.Node {
	return n.mixed(name, func() []*graph.Node {
		return []*graph.Node{
			n.chain(x, one("branch1x1", 64)),
			n.chain(x, one("branch5x5_1", 48), same("branch5x5_2", 64, 5, 5)),
			n.chain(x, one("branch3x3dbl_1", 64), same("branch3x3dbl_2", 96, 3, 3), same("branch3x3dbl_3", 96, 3, 3)),
			n.chain(averagePool(x), one("branch_pool", pool)),
		}
	})
}

func (n *network) blockB(name string, x *graph.Node) *graph.Node {
	return n.mixed(name, func() []*graph.Node {
		return []*graph.Node{
			n.chain(x, inner("branch3x3", 384, 2)),
			n.chain(x, one("branch3x3dbl_1", 64), same("branch3x3dbl_2", 96, 3, 3), inner("branch3x3dbl_3", 96, 2)),
			maxPool(x, 2),
		}
	})
}

// blockC has windows of 7 split into rows and columns, between c channels.
func (n *network) blockC(name string, x *graph.Node, c int) *graph.Node {
	return n.mixed(name, func() []*graph.Node {
		return []*graph.Node{
			n.chain(x, one("branch1x1", 192)),
			n.chain(x, one("branch7x7_1", c), same("branch7x7_2", c, 1, 7), same("branch7x7_3", 192, 7, 1)),
			n.chain(x, one("branch7x7dbl_1", c), same("branch7x7dbl_2", c, 7, 1), same("branch7x7dbl_3", c, 1, 7),
				same("branch7x7dbl_4", c, 7, 1), same("branch7x7dbl_5", 192, 1, 7)),
			n.chain(averagePool(x), one("branch_pool", 192)),
		}
	})
}

func (n *network) blockD(name string, x *graph.Node) *graph.Node {
	return n.mixed(name, func() []*graph.Node {
		return []*graph.Node{
			n.chain(x, one("branch3x3_1", 192), inner("branch3x3_2", 320, 2)),
			n.chain(x, one("branch7x7x3_1", 192), same("branch7x7x3_2", 192, 1, 7), same("branch7x7x3_3", 192, 7, 1), inner("branch7x7x3_4", 192, 2)),
			maxPool(x, 2),
		}
	})
}

// blockE splits the ends of two branches into a row and a column side by side. The two of its kind differ in their pool.
func (n *network) blockE(name string, x *graph.Node, pool func(x *graph.Node) *graph.Node) *graph.Node {
	return n.mixed(name, func() []*graph.Node {
		first := n.chain(x, one("branch1x1", 320))
		y := n.chain(x, one("branch3x3_1", 384))
		z := n.chain(x, one("branch3x3dbl_1", 448), same("branch3x3dbl_2", 384, 3, 3))
		return []*graph.Node{
			first,
			n.chain(y, same("branch3x3_2a", 384, 1, 3)), n.chain(y, same("branch3x3_2b", 384, 3, 1)),
			n.chain(z, same("branch3x3dbl_3a", 384, 1, 3)), n.chain(z, same("branch3x3dbl_3b", 384, 3, 1)),
			n.chain(pool(x), one("branch_pool", 192)),
		}
	})
}
