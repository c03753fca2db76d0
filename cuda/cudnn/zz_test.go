//go:build cuda && cgo && linux

package cudnn

import (
	"fmt"
	"io"
	"testing"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/engine/device"
	"ganengine/engine/plan"
	"ganengine/gan/config/configtest"
	"ganengine/gan/train"
)

type zz struct {
	device.Device
	seen func(p *graph.Program)
}

func (d zz) Info() device.Info { return device.Info{Name: "collector"} }
func (d zz) Lower(p *graph.Program) (*plan.Work, error) {
	d.seen(graph.ExpandComposites(p, func(*graph.Node) bool { return false }))
	return &plan.Work{Name: p.Name}, nil
}

func TestZZ(t *testing.T) {
	chains := map[string]int{}
	planned := map[string]Conv{}
	for _, name := range configs.Names() {
		for _, precision := range []string{"fp32", "tf32", "bf16"} {
			cfg := configtest.Shipped(t, name, "run.precision="+precision)
			err := train.DryRun(cfg, train.Host{Device: zz{seen: func(p *graph.Program) {
				users := map[*graph.Node][]*graph.Node{}
				for _, n := range p.Nodes {
					for _, x := range n.Inputs {
						users[x] = append(users[x], n)
					}
				}
				for _, n := range p.Nodes {
					c, ok := conv(n)
					if !ok || c.Direction != Forward {
						continue
					}
					text := ""
					for m := n; ; {
						u := users[m]
						if len(u) != 1 {
							for _, v := range u { text += " {" + v.Op.String() + "}" }
							break
						}
						m = u[0]
						text += " " + m.Op.String() + ":" + m.DType.String()
						if m.Op == graph.OpLeakyRelu { text += "(end)"; break }
						if len(text) > 80 { break }
					}
					chains[fmt.Sprintf("%s %s %v:%s", name, precision, c, text)]++
				}
			}}}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = planned
	for k, n := range chains {
		t.Log(n, k)
	}
}

func TestZY(t *testing.T) {
	l := installed(t)
	p := described(t, l, "h200")
	c := square(128, 32, 64, 128, 4, 2, 1)
	for _, c.Type = range []Type{BFloat16, TF32, Float32} {
		for _, c.Epilogue = range []Epilogue{{false, LeakyReLU, .2}, {true, LeakyReLU, .2}, {true, Sigmoid, 0}, {false, Sigmoid, 0}, {false, Tanh, 0}, {true, Tanh, 0}} {
			for _, zzMode = range []int{0, 3, 4} {
				fmt.Println("TRY", zzMode, c)
				plans, err := l.Plans(c, p, Options{}, 3)
				if err != nil {
					t.Log("NO ", zzMode, err)
					continue
				}
				for _, q := range plans {
					t.Log("yes", zzMode, c, q.Choice, q.Notes, q.Workspace)
					q.Close()
				}
			}
		}
	}
}
