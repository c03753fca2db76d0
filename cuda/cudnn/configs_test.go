//go:build cuda && cgo && linux

package cudnn

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/gan/config/configtest"
	"ganengine/gan/inception"
	"ganengine/gan/systems"
	"ganengine/gan/train"
	"ganengine/kernels"
)

// conv is a convolution's node.
func conv(n *graph.Node) (c Conv, ok bool) {
	switch n.Op {
	case graph.OpConv2D:
		c.Direction = Forward
	case graph.OpConv2DInputGrad:
		c.Direction = InputGrad
	case graph.OpConv2DFilterGrad:
		c.Direction = FilterGrad
	default:
		return c, false
	}
	a := n.Attr.(graph.Conv)
	out := a.Out()
	c.H, c.W, c.R, c.S, c.P, c.Q = a.In[0], a.In[1], a.Kernel[0], a.Kernel[1], out[0], out[1]
	c.Stride, c.Pad, c.Groups = a.Stride, [4]int{a.PadLow[0], a.PadHigh[0], a.PadLow[1], a.PadHigh[1]}, a.Groups
	x, y := n.Inputs[0].Shape, n.Shape // images before and after
	switch c.Direction {
	case InputGrad:
		x, y = y, x
	case FilterGrad:
		y = n.Inputs[1].Shape
	}
	c.N, c.C, c.K = x[0], x[3], y[3]
	switch {
	case n.DType == graph.BF16:
		c.Type = BFloat16
	case a.TF32:
		c.Type = TF32
	}
	return c, true
}

// collector is a device that keeps the convolutions of what it should lower.
type collector struct {
	device.Device
	seen func(p *graph.Program, c Conv)
}

func (d collector) Info() device.Info { return device.Info{Name: "collector"} }

func (d collector) Lower(p *graph.Program) (*plan.Work, error) {
	for _, n := range graph.ExpandComposites(p, func(*graph.Node) bool { return false }).Nodes {
		if c, ok := conv(n); ok {
			d.seen(p, c)
		}
	}
	return &plan.Work{Name: p.Name}, nil
}

// shipped collects the convolutions of every program that a run with a shipped
// configuration compiles, in every precision, and those of the network of FID, each with
// a program that has it.
func shipped(t *testing.T) map[Conv]string {
	t.Helper()
	all := map[Conv]string{}
	for _, name := range configs.Names() {
		for _, precision := range []string{"fp32", "tf32", "bf16"} {
			cfg := configtest.Shipped(t, name, "run.precision="+precision)
			dev := collector{seen: func(p *graph.Program, c Conv) {
				all[c] = fmt.Sprintf("%s.toml in %s, program %s", name, precision, p.Name)
			}}
			if err := train.DryRun(t.Context(), cfg, train.Host{Systems: systems.Table(), Device: dev}, io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	}
	fid, err := inception.Program()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range fid.Nodes {
		if c, ok := conv(n); ok {
			all[c] = "the network of FID"
		}
	}
	return all
}

// TestShippedConfigurationsPlan: the installed cuDNN has engines for every
// convolution of every shipped configuration, in every precision, on GPUs for data
// centres and on cards for desktops, two of 8 GB. These last need not have tensor
// cores for few channels, nor any GPU for what kernels of our own compute, or for
// products too small to fill one instruction of the tensor cores, or of so few channels and
// pixels that cuDNN advises against them.
func TestShippedConfigurationsPlan(t *testing.T) {
	all := shipped(t)
	var kinds [types][directions]int
	for c := range all {
		kinds[c.Type][c.Direction]++
	}
	for typ, counts := range kinds {
		for direction, n := range counts {
			if n < 5 {
				t.Errorf("%d convolutions of %v, %v: are these the configurations?", n, Type(typ), Direction(direction))
			}
		}
	}
	l := installed(t)
	for _, gpu := range []string{"h200", "h100", "rtx3060ti", "rtx4060", "rtx5090"} {
		t.Run(gpu, func(t *testing.T) {
			p := described(t, l, gpu)
			held := 0
			for c, program := range all {
				few := strings.HasPrefix(gpu, "rtx") && (c.C%8 != 0 || c.K%8 != 0) || !fills(c) || own(c) || thin(c)
				if why := plans(l, p, c, few); why != "" {
					t.Errorf("%s: %s", program, why)
				}
				if c.Type == BFloat16 && !few {
					held++
				}
			}
			if held < 60 {
				t.Errorf("%d convolutions in bf16 are held to tensor cores: are these the configurations?", held)
			}
			t.Logf("%d are held to tensor cores", held)
		})
	}
	t.Logf("%d convolutions", len(all))
}

// own says whether cuDNN is not asked for a convolution in bf16.
func own(c Conv) bool {
	_, ok := kernels.Image(kernels.Direction(c.Direction), kernels.Shape{N: c.N, H: c.H, W: c.W, C: c.C, K: c.K, R: c.R, S: c.S, P: c.P, Q: c.Q,
		Stride: c.Stride, Pad: [2]int{c.Pad[0], c.Pad[2]}, Groups: c.Groups})
	return ok
}

// thin says whether a convolution has at most 16 channels on either side and few pixels, for which
// cuDNN's heuristics take engines without tensor cores.
func thin(c Conv) bool { return c.C <= 16 && c.K <= 16 && c.N*c.P*c.Q <= 2048 }

// fills says whether a convolution's product fills an instruction of the tensor cores in
// bf16, which adds up 16 products for each number of 16 rows and 8 columns.
func fills(c Conv) bool {
	pixels, taps := c.P*c.Q, min(c.R, c.H)*min(c.S, c.W)
	switch c.Direction {
	case Forward:
		return c.C/c.Groups*taps >= 16 && c.K/c.Groups >= 8
	case InputGrad: // of a pixel's taps only those count that lie on pixels of the result
		met := min(c.P, (c.R+c.Stride[0]-1)/c.Stride[0]) * min(c.Q, (c.S+c.Stride[1]-1)/c.Stride[1])
		return c.K/c.Groups*met >= 16 && c.C/c.Groups >= 8
	}
	return c.N*pixels >= 16 && c.K/c.Groups >= 8 && c.C/c.Groups*taps >= 16
}

// plans says what is wrong with the plan of a convolution, "" if nothing is. In bf16
// it has tensor cores, unless there are few channels.
func plans(l *Library, p *Properties, c Conv, few bool) string {
	const room = 256 << 20
	plan, err := l.Plan(c, p, Options{MaxWorkspace: room})
	if err != nil {
		return err.Error()
	}
	defer plan.Close()
	never := DownConvertInputs | ReducedPrecisionReduction | Nondeterministic
	if c.Type == Float32 {
		never |= TensorCore
	}
	switch {
	case plan.Workspace < 0 || plan.Workspace > room:
		return fmt.Sprintf("%v: a workspace of %d bytes", c, plan.Workspace)
	case plan.Notes&never != 0:
		return fmt.Sprintf("%v: engine %v of notes %v", c, plan.Choice, plan.Notes)
	case c.Type == BFloat16 && !few && plan.Notes&TensorCore == 0:
		return fmt.Sprintf("%v: engine %v has no tensor cores", c, plan.Choice)
	}
	return ""
}
