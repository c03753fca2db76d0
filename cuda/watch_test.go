//go:build cuda && cgo && linux

package cuda

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// TestEverySystemIsWatched: a look at every shipped configuration that is watched, made
// tiny, gives what the CPU's gives, of the same weights, samples and step.
func TestEverySystemIsWatched(t *testing.T) {
	host, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	gpu := open(t, debug.Switches{})
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		g := configtest.Declare(t, c)
		if !g.Watched() {
			t.Skip("nothing is watched")
		}
		const n = 8
		watch, err := g.Watch(n)
		if err != nil {
			t.Fatal(err)
		}
		want := looked(t, host, g, watch, nil)
		got := looked(t, gpu, g, watch, want)
		for name, w := range want.outputs {
			scale := 0.
			for _, x := range w {
				scale = max(scale, math.Abs(float64(x)))
			}
			if !(scale > 0) && c.Model.Kind != "improved" { // whose few ReLUs are dead
				t.Errorf("%s is %g on the CPU", name, w)
			}
			for i, x := range got.outputs[name] {
				if off := math.Abs(float64(x) - float64(w[i])); !(off <= math.Ldexp(scale, -16)) {
					t.Fatalf("number %d of %s is %.9g, and on the CPU %.9g", i, name, x, w[i])
				}
			}
		}
	})
}

// lookedAt is what a look gave, at which weights.
type lookedAt struct {
	state   map[string][]byte
	outputs map[string][]float32
}

// looked takes a look at the third step, at first weights of the device's own or at those
// that another look had.
func looked(t *testing.T, dev device.Device, g *game.Game, watch *game.Watch, at *lookedAt) *lookedAt {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ses := session.New(dev, g.Vars, session.Options{})
	defer func() { ok(ses.Close()) }()
	initial, err := g.Init()
	ok(err)
	ok(ses.Compile(initial, watch.Program))
	if at == nil {
		_, err := ses.Program("init").Finish()
		ok(err)
		ok(ses.WriteBytes(g.Clock.Name, []byte{3, 0, 0, 0}))
	}
	out := &lookedAt{map[string][]byte{}, map[string][]float32{}}
	for _, v := range g.Vars.All() {
		if at != nil {
			ok(ses.WriteBytes(v.Name, at.state[v.Name]))
		}
		b, err := ses.ReadBytes(v.Name)
		ok(err)
		out.state[v.Name] = slices.Clone(b)
	}
	var inputs []device.HostBuffer
	rng := rand.New(rand.NewPCG(1, 2))
	for i, n := range watch.Program.Inputs {
		b, err := ses.Program(watch.Name).NewInput(watch.Fed[i].Name)
		ok(err)
		defer func() { ok(b.Free()) }()
		switch data := b.Data(); n.DType {
		case graph.U8:
			for i := range data {
				data[i] = byte(rng.Uint32())
			}
		case graph.I32: // classes, of which there are two at least
			for i := range device.View[int32](data) {
				device.View[int32](data)[i] = int32(i % 2)
			}
		default:
			for i := range device.View[float32](data) {
				device.View[float32](data)[i] = float32(rng.NormFloat64())
			}
		}
		inputs = append(inputs, b)
	}
	r, err := ses.Program(watch.Name).Finish(inputs...)
	ok(err)
	for i, o := range watch.Program.Outputs {
		out.outputs[o.Name] = slices.Clone(r.Floats(i))
	}
	return out
}
