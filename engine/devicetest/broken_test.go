package devicetest

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/engine/reference"
)

// A suite that lets a broken device pass is worse than none. These tests break
// a device in the ways that devices break, and want the suite to say so.

// caseNamed finds a case; the tests below name the ones that must fail.
func caseNamed(t *testing.T, name string) Case {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %s", name)
	return Case{}
}

// changed is the reference with a change to each result of one operator.
func changed(op graph.Op, change func(n *graph.Node, out reference.Array)) *reference.Device {
	d := reference.NewDevice()
	d.Eval = func(n *graph.Node, in []reference.Array) (reference.Array, error) {
		out, err := reference.Eval(n, in)
		if err == nil && n.Op == op {
			change(n, out)
		}
		return out, err
	}
	return d
}

// A wrong element of any operator is found, even where it is off by no more
// than a few roundings' worth of the result's size.
func TestSuiteFindsWrongKernels(t *testing.T) {
	scale := func(f float64) func(*graph.Node, reference.Array) {
		return func(n *graph.Node, out reference.Array) {
			last := len(out.Data) - 1
			out.Data[last] = n.DType.Round(out.Data[last]*f + math.Copysign(1e-30, out.Data[last]))
		}
	}
	flip := func(_ *graph.Node, out reference.Array) { out.Data[0] = 1 - out.Data[0] }
	for _, c := range []struct {
		op     graph.Op
		change func(*graph.Node, reference.Array)
		name   string
	}{
		{graph.OpConv2D, scale(1.0005), "Conv2D/n2_h9w7c3_k4_f3x3_s2p1/f32"},
		{graph.OpConv2D, scale(1.0005), "Conv2D/n2_h9w7c3_k4_f3x3_s2p1/f64"},
		{graph.OpConv2D, scale(1.02), "Conv2D/n2_h9w7c3_k4_f3x3_s2p1/bf16"},
		{graph.OpConv2DInputGrad, scale(1.0005), "Conv2DInputGrad/n2_h9w7c3_k4_f3x3_s2p1/f32"},
		{graph.OpConv2DFilterGrad, scale(1.0005), "Conv2DFilterGrad/n2_h9w7c3_k4_f3x3_s2p1/f32"},
		{graph.OpMatMul, scale(1.0005), "MatMul/17x100x24_tn/f32"},
		{graph.OpReduceSum, scale(1.0005), "ReduceSum/2x3x4x5_over02/f32"},
		{graph.OpExp, scale(1 + 0x1p-20), "Exp/33x5/f32"},
		{graph.OpAdd, scale(1 + 0x1p-20), "Add/33x5/f32"},
		{graph.OpNeg, scale(1 + 0x1p-23), "Neg/7/f32"},
		{graph.OpTranspose, scale(1 + 0x1p-23), "Transpose/65x33_by10/f32"},
		{graph.OpNormal, scale(1 + 0x1p-23), "Normal/2x1030/f32"},
		{graph.OpUniform, scale(1 + 0x1p-23), "Uniform/5_by_seed/f32"},
		{graph.OpNormalize, scale(1.001), "Normalize/batch_3x5x4x6/f32"},
		{graph.OpNormalizeGrad, scale(1.01), "NormalizeGrad/batch_3x5x4x6/f32"},
		{graph.OpLess, flip, "Less/33x5/f32"},
		{graph.OpReduceAll, flip, "ReduceAll/2x3x4x5_over02/bool"},
		{graph.OpTanh, scale(1.001), "Program/long_chain/f32"},
		{graph.OpMul, scale(1.001), "Program/batch_norm/f32"},
		{graph.OpSqrt, scale(1.001), "Update/adam_when1/f32"},
		{graph.OpCast, func(_ *graph.Node, out reference.Array) { out.Data[0] += 0x1p-7 }, "Cast/ties/f32"},
		{graph.OpScatterAdd, func(_ *graph.Node, out reference.Array) { out.Data[0]++ }, "ScatterAdd/6x3_to_4/i32"},
		{graph.OpTanh, func(_ *graph.Node, out reference.Array) { out.Data[1] = math.NaN() }, "Tanh/7/f32"},
	} {
		k := caseNamed(t, c.name)
		if err := Check(reference.NewDevice(), k); err != nil {
			t.Errorf("%s fails on the reference: %v", c.name, err)
		}
		err := Check(changed(c.op, c.change), k)
		if err == nil || !strings.Contains(err.Error(), "elements are off") {
			t.Errorf("%s passes with a broken %s: %v", c.name, c.op, err)
		}
	}
}

// wrapped is a device whose lowering and running a test can get hold of.
type wrapped struct {
	*reference.Device
	lower func(p *graph.Program) *graph.Program
	after func(d *reference.Device, p *plan.Plan, s device.Storage) error
}

func (w *wrapped) Lower(p *graph.Program) (*plan.Work, error) {
	if w.lower != nil {
		p = w.lower(p)
	}
	return w.Device.Lower(p)
}

func (w *wrapped) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	e, err := w.Device.Build(p, s)
	return &ranAfter{e, func() error {
		if w.after == nil {
			return nil
		}
		return w.after(w.Device, p, s)
	}}, err
}

type ranAfter struct {
	device.Executable
	after func() error
}

func (r *ranAfter) Run(in, out []device.HostBuffer) (device.Ticket, error) {
	t, err := r.Executable.Run(in, out)
	if err == nil {
		err = r.after()
	}
	return t, err
}

func TestSuiteFindsWritesOutside(t *testing.T) {
	zero := []byte{0}
	for _, c := range []struct {
		name  string
		after func(d *reference.Device, p *plan.Plan, s device.Storage) error
		want  string
	}{
		{"one byte behind a value", func(d *reference.Device, p *plan.Plan, s device.Storage) error {
			last := len(p.Offset) - 1
			return d.Write(s.Arena, p.Offset[last]+p.Work.Values[last].Bytes, zero)
		}, "sentinel: a step wrote outside of its values, at byte 0 after %"},
		{"far behind a value", func(d *reference.Device, p *plan.Plan, s device.Storage) error {
			return d.Write(s.Arena, p.Offset[0]+p.Work.Values[0].Bytes+guard-1, zero)
		}, "sentinel: a step wrote outside of its values"},
		{"behind a Variable", func(d *reference.Device, p *plan.Plan, s device.Storage) error {
			v := p.Work.Kernel.(*graph.Program).Vars.ByName("w")
			b, at := s.Variable(v)
			return d.Write(b, at+int64(v.Bytes()), zero)
		}, "sentinel: a step wrote outside of the Variables"},
		{"before a Variable", func(d *reference.Device, p *plan.Plan, s device.Storage) error {
			b, at := s.Variable(p.Work.Kernel.(*graph.Program).Vars.ByName("w"))
			return d.Write(b, at-1, zero)
		}, "sentinel: a step wrote outside of the Variables"},
	} {
		dev := &wrapped{Device: reference.NewDevice(), after: c.after}
		if err := Check(dev, caseNamed(t, "Update/sgd_when1/f32")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestSuiteFindsWrongUpdates(t *testing.T) {
	always := func(p *graph.Program) *graph.Program {
		q := *p
		q.Updates = nil
		for _, u := range p.Updates {
			q.Updates = append(q.Updates, graph.Update{Var: u.Var, Value: u.Value})
		}
		return &q
	}
	never := func(p *graph.Program) *graph.Program {
		q := *p
		q.Updates = nil
		return &q
	}
	for _, c := range []struct {
		name  string
		lower func(*graph.Program) *graph.Program
	}{
		{"Update/sgd_when0/f32", always}, {"Update/when0_9x7/u8", always}, {"Update/guard_nan/f32", always},
		{"Update/sgd_when1/f32", never}, {"Update/swap/f32", never},
	} {
		dev := &wrapped{Device: reference.NewDevice(), lower: c.lower}
		if err := Check(dev, caseNamed(t, c.name)); err == nil || !strings.Contains(err.Error(), "variable") {
			t.Errorf("%s passes with wrong updates: %v", c.name, err)
		}
	}
}

func TestSuiteFindsStoresThatComeTooEarly(t *testing.T) {
	// v is stored before w is read, as a careless in-place update would.
	dev := &wrapped{Device: reference.NewDevice()}
	dev.after = func(d *reference.Device, p *plan.Plan, s device.Storage) error {
		vars := p.Work.Kernel.(*graph.Program).Vars
		from, a := s.Variable(vars.ByName("v"))
		to, b := s.Variable(vars.ByName("w"))
		host, err := d.AllocHost(int64(vars.ByName("v").Bytes()))
		if err != nil {
			return err
		}
		if _, err := d.Read(host, from, a, int64(len(host.Data()))); err != nil {
			return err
		}
		return d.Write(to, b, host.Data())
	}
	if err := Check(dev, caseNamed(t, "Update/swap/f32")); err == nil || !strings.Contains(err.Error(), "variable w") {
		t.Errorf("a swap that loses a value passes: %v", err)
	}
}

func TestSuiteFindsChance(t *testing.T) {
	calls := 0
	dev := changed(graph.OpMatMul, func(_ *graph.Node, out reference.Array) {
		calls++
		out.Data[0] += float64(calls%2) * ulp(graph.F32) * out.Data[0]
	})
	if err := Check(dev, caseNamed(t, "MatMul/3x5x7_nn/f32")); err == nil || !strings.Contains(err.Error(), "two runs on the same values differ") {
		t.Errorf("a kernel that depends on chance passes: %v", err)
	}
}

// A device that reads memory that nothing has written finds poison there.
func TestSuiteFindsUnwrittenMemory(t *testing.T) {
	dev := changed(graph.OpPad, nil)
	dev.Eval = func(n *graph.Node, in []reference.Array) (reference.Array, error) {
		out, err := reference.Eval(n, in)
		for i, x := range out.Data {
			if n.Op == graph.OpPad && x == 0 { // the zeros were never written
				out.Data[i] = math.NaN()
			}
		}
		return out, err
	}
	if err := Check(dev, caseNamed(t, "Pad/around/f32")); err == nil {
		t.Error("a Pad without zeros passes")
	}
}

// A composite is checked both as the device claims it and by its definition.
func TestSuiteComparesClaimedWithExpanded(t *testing.T) {
	broken := func(op graph.Op) error {
		return Check(changed(op, func(_ *graph.Node, out reference.Array) { out.Data[0] += .1 }), caseNamed(t, "Normalize/batch_9x7/f32"))
	}
	if err := broken(graph.OpNormalize); err == nil || strings.Contains(err.Error(), "expanded") {
		t.Errorf("a wrong claimed composite: %v", err)
	}
	if err := broken(graph.OpRsqrt); err == nil || !strings.Contains(err.Error(), "composites expanded") {
		t.Errorf("a wrong operator of the definition: %v", err)
	}
	gradient := func(op graph.Op) error {
		for _, c := range GradientCases() {
			if strings.HasPrefix(c.Name, "Gradient/Normalize/") {
				c.Order = 1 // later ones go through the definition
				return CheckGradients(changed(op, func(_ *graph.Node, out reference.Array) { out.Data[0] *= 1.01 }), c, graph.Gradients)
			}
		}
		return nil
	}
	if err := gradient(graph.OpNormalizeGrad); err == nil || strings.Contains(err.Error(), "expanded") {
		t.Errorf("a wrong claimed gradient: %v", err)
	}
	if err := gradient(graph.OpRsqrt); err == nil || !strings.Contains(err.Error(), "composites expanded") {
		t.Errorf("a wrong operator of the gradient's definition: %v", err)
	}
}

func TestUnsupportedMustBeRefused(t *testing.T) {
	c := caseNamed(t, "Erf/7/f32")
	lacks := Options{Lacks: func(n *graph.Node) bool { return n.Op == graph.OpErf }}
	if err := lacks.check(reference.NewDevice(), c); err == nil || !strings.Contains(err.Error(), "should answer ErrUnsupported") {
		t.Errorf("a device that computes what it says it lacks: %v", err)
	}
	if err := lacks.check(refusing{reference.NewDevice()}, c); err != nil {
		t.Error(err)
	}
	if err := (Options{}).check(refusing{reference.NewDevice()}, c); err == nil {
		t.Error("an operator is refused without having been announced")
	}
}

type refusing struct{ *reference.Device }

func (refusing) Lower(p *graph.Program) (*plan.Work, error) {
	return nil, &device.UnsupportedError{Device: "refusing", Node: p.Name, Why: "it is a test"}
}

// Wrong gradient rules, of first order and of second order only.
func TestSuiteFindsWrongGradients(t *testing.T) {
	dev := reference.NewDevice()
	slightly := func(y, dy *graph.Node, xs ...*graph.Node) []*graph.Node {
		gs := graph.Gradients(y, dy, xs...)
		for i := range gs {
			gs[i] = graph.Scale(gs[i], 1.0001)
		}
		return gs
	}
	firstOnly := func(y, dy *graph.Node, xs ...*graph.Node) []*graph.Node {
		gs := graph.Gradients(y, dy, xs...)
		for i := range gs {
			gs[i] = graph.StopGradient(gs[i])
		}
		return gs
	}
	oneLost := func(y, dy *graph.Node, xs ...*graph.Node) []*graph.Node {
		gs := graph.Gradients(y, dy, xs...)
		last := len(gs) - 1
		gs[last] = graph.Scale(gs[last], 0)
		return gs
	}
	isZero := map[string]bool{"Gradient/Sign": true, "Gradient/Floor": true} // whose gradient is 0, so that no factor changes it
	linear := map[string]bool{"Gradient/Neg": true, "Gradient/Abs": true, "Gradient/LeakyRelu": true, "Gradient/Add": true, "Gradient/Sub": true,
		"Gradient/Max": true, "Gradient/Min": true, "Gradient/LeakyReluGrad": true}
	zeroLast := map[string]bool{"Gradient/LeakyReluGrad": true, "Gradient/Less": true} // in the last operand
	for _, c := range GradientCases() {
		if testing.Short() && !strings.HasPrefix(c.Name, "Gradient/Conv2D") {
			continue
		}
		if isZero[c.Name] || c.Slack > 1 {
			continue
		}
		for name, wrong := range map[string]Gradient{"slightly": slightly, "one lost": oneLost} {
			if name == "one lost" && zeroLast[c.Name] {
				continue
			}
			if err := CheckGradients(dev, c, wrong); err == nil || !strings.Contains(err.Error(), "order 1") {
				t.Errorf("%s passes with a wrong gradient (%s): %v", c.Name, name, err)
			}
		}
		if linear[c.Name] {
			continue
		}
		if err := CheckGradients(dev, c, firstOnly); err == nil || !strings.Contains(err.Error(), "order 2") {
			t.Errorf("%s passes with a wrong second derivative: %v", c.Name, err)
		}
	}
}
