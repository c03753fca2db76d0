package train

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/data"
)

// After one step at an absurd rate G's points are beyond all numbers.
func TestNotFiniteStops(t *testing.T) {
	out := t.TempDir()
	h, _ := testHost(t, out)
	cfg := configure(t, tinyRing, "optim.g.lr=1e30", "optim.d.lr=1e-4")
	err := Run(context.Background(), cfg, h)
	var bad *NotFinite
	if !errors.As(err, &bad) {
		t.Fatalf("error %v, want NotFinite", err)
	}
	d := latest(t, out)
	text := err.Error()
	for _, want := range []string{"program d_reg ", "step 2", "[4,", ".go:", "checkpoint 1 of " + string(d), "lower optim.g.lr and optim.d.lr, or"} {
		if !strings.Contains(text, want) {
			t.Errorf("error %q does not say %q", text, want)
		}
	}
	if strings.Contains(text, "\n") {
		t.Errorf("error %q is not one line", text)
	}
	info, err := d.ReadInfo()
	if err != nil || info.ExitReason != text || info.Segments[0].ToStep != 1 {
		t.Errorf("run.json: %+v, %v", info, err)
	}

	// The state is the one after step 1: the same run, one step long, has it.
	state := tensors(t, d, 1)
	train(t, configure(t, tinyRing, "optim.g.lr=1e30", "optim.d.lr=1e-4", "train.steps=1"), out)
	same(t, state, tensors(t, latest(t, out), 1))

	// Continued, it stops at the same place.
	h, _ = testHost(t, out)
	if err := Resume(context.Background(), string(d), nil, h); err == nil || err.Error() != text {
		t.Errorf("continued: %v, want %s", err, text)
	}
}

// A run that may go back does so for what is not finite too, as often as it may: once here,
// after which its rates are those of ordinary runs. A resume knows of it, bit for bit.
func TestNotFiniteGoesBack(t *testing.T) {
	overflowing := func(rate string) *config.Config {
		return configure(t, tinyRing, "optim.g.lr=1e30", "optim.d.lr=1e-4", "train.rollback=true", "train.rollback_most=1", "train.rollback_rate="+rate, "checkpoint.keep=9")
	}
	whole := t.TempDir()
	con := train(t, overflowing("1e-33"), whole)
	d := latest(t, whole)
	if mentions(con.lines, "rolled back to step 0, for the 1st of at most 1 times") != 1 {
		t.Fatalf("lines %q", con.lines)
	}
	info, err := d.ReadInfo()
	if err != nil || len(info.Segments) != 2 || info.ExitReason != "done" ||
		!strings.HasPrefix(info.Segments[0].ExitReason, "rolled back to step 0, for what was seen at step 1: program d_reg met a NaN or an infinity in step 2, first in ") {
		t.Errorf("run.json: %+v, %v", info, err)
	}
	want := tensors(t, d, 6)
	if got := math.Float32frombits(binary.LittleEndian.Uint32([]byte(want["slower"]))); got != 1e-33 {
		t.Errorf("rates are multiplied by %v", got)
	}
	for _, at := range []int64{0, 4} { // killed after what it wrote there
		out := t.TempDir()
		train(t, overflowing("1e-33"), out)
		d := latest(t, out)
		for step := at + 2; step <= 6; step += 2 {
			if err := os.Remove(d.CheckpointPath(step)); err != nil {
				t.Fatal(err)
			}
		}
		if con := resume(t, d); mentions(con.lines, "rolled back to") > 0 {
			t.Errorf("resumed after step %d: lines %q", at, con.lines)
		}
		same(t, tensors(t, d, 6), want)
	}

	// Where going back does not help, the run stops as one that may not, with its last state.
	out := t.TempDir()
	h, con := testHost(t, out)
	var bad *NotFinite
	if err := Run(t.Context(), overflowing("0.5"), h); !errors.As(err, &bad) || !strings.Contains(err.Error(), "checkpoint 1 of "+string(latest(t, out))) {
		t.Errorf("error %v", err)
	}
	if mentions(con.lines, "the run was rolled back 1 times, as often as train.rollback_most lets it, and stops") != 1 {
		t.Errorf("lines %q", con.lines)
	}
	tensors(t, latest(t, out), 1)
}

// What to lower is what the system has.
func TestNotFiniteNamesTheSystemsRates(t *testing.T) {
	h, _ := testHost(t, t.TempDir())
	err := Run(t.Context(), configure(t, tinyFlow, "optim.flow.lr=1e30"), h)
	if err == nil || !strings.Contains(err.Error(), "; lower optim.flow.lr, or") || strings.Contains(err.Error(), "optim.g") {
		t.Errorf("error %v", err)
	}
}

// A NaN in the middle of a step: the checkpoint says which program comes next.
func TestNotFiniteWithinAStep(t *testing.T) {
	cfg := configure(t, tinyRing, "loss.every=1")
	h, _ := testHost(t, "")
	ctx := context.Background()
	r, err := newRig(ctx, cfg, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	tr := r.trainer
	if err := errors.Join(tr.initialise(), tr.feed(ctx, r.sets), tr.advance(ctx), tr.drain()); err != nil {
		t.Fatal(err)
	}
	before, err := tr.ses.Get("g/dense0/w")
	if err != nil {
		t.Fatal(err)
	}
	// The second of the three batches of the step is spoilt.
	tr.place = 1
	spoil(t, tr)
	var bad *NotFinite
	if err := errors.Join(tr.advance(ctx), tr.drain()); !errors.As(err, &bad) {
		t.Fatalf("error %v, want NotFinite", err)
	}
	if bad.Program != "d" || bad.Step != 1 || bad.Node == "" || tr.step != 1 || tr.place != 1 || tr.queued != 0 {
		t.Errorf("%+v, at step %d, place %d", bad, tr.step, tr.place)
	}
	m := tr.mark()
	if m.next != 1 || m.images != 16 || m.positions["real"] != 16 {
		t.Errorf("the checkpoint says %+v", m)
	}
	path := t.TempDir() + "/c.safetensors"
	if err := tr.ses.Save(path, m.metadata()); err != nil {
		t.Fatal(err)
	}
	get, err := tr.ses.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := tr.restore(path, get); err != nil || !reflect.DeepEqual(back, m) || tr.place != 1 {
		t.Errorf("read back: %+v, %v", back, err)
	}
	after, err := tr.ses.Get("g/dense0/w")
	if err != nil || after.Data().([]float32)[0] != before.Data().([]float32)[0] {
		t.Errorf("weights changed: %v", err)
	}
}

// spoil puts a NaN into each batch that the loader gives from now on.
func spoil(t *testing.T, tr *trainer) {
	t.Helper()
	f := tr.feeders[0]
	if err := f.loader.Close(); err != nil {
		t.Fatal(err)
	}
	var buffers []data.Buffer
	for _, slot := range f.slots {
		buffers = append(buffers, f.buffer(slot))
	}
	loader, err := data.NewLoader(context.Background(), nans{}, data.LoaderConfig{Batch: 4, Ahead: ahead, Buffers: buffers})
	if err != nil {
		t.Fatal(err)
	}
	f.loader = loader
}

// nans is points that are none.
type nans struct{}

func (nans) Len() int             { return 4 }
func (nans) Shape() (h, w, c int) { return 1, 1, 2 }
func (nans) Classes() []string    { return nil }
func (nans) Label(int) int        { return -1 }
func (nans) Fingerprint() string  { return "nans" }
func (nans) Close() error         { return nil }
func (nans) Read(dst []float32, i int) error {
	dst[0], dst[1] = float32(math.NaN()), 0
	return nil
}

// A file of weights with a NaN is named at the first step.
func TestNaNInAWeight(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages), out)
	path := latest(t, out).CheckpointPath(6)
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensor, ok := f.Lookup("d/down0/conv/w")
	if !ok {
		t.Fatalf("no such weight in %v", f.Tensors())
	}
	h, _ := testHost(t, out)
	g, err := newRig(context.Background(), configure(t, tinyImages), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	if err := g.trainer.initialise(path); err != nil {
		t.Fatal(err)
	}
	w, err := g.trainer.ses.ReadBytes(tensor.Name)
	if err != nil {
		t.Fatal(err)
	}
	planted := append([]byte{}, w...)
	binary.LittleEndian.PutUint32(planted[8:], math.Float32bits(float32(math.NaN())))
	if err := g.trainer.ses.WriteBytes(tensor.Name, planted); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var bad *NotFinite
	if err := errors.Join(g.trainer.feed(ctx, g.sets), g.trainer.advance(ctx), g.trainer.drain()); !errors.As(err, &bad) {
		t.Fatalf("error %v, want NotFinite", err)
	}
	if !strings.HasPrefix(bad.Node, "Read f32 [4,4,4,1]") || bad.Step != 0 {
		t.Errorf("the first bad node is %q, want the weight", bad.Node)
	}
}

// A loss may be finite where its gradient is too long for a number: then nothing is
// updated, of either network. A hidden layer that is 1e20 times smaller, with a next
// one that is as much larger, makes the same of what it gets, and the gradient of the
// smaller layer is 1e20 times longer.
func TestNothingIsUpdatedWhereAGradientOverflows(t *testing.T) {
	layers := map[string][]string{"d": {"d/dense0/w", "d/dense0/b", "d/logit/w"}, "g": {"g/dense0/w", "g/dense0/b", "g/sample/w"}}
	for _, c := range []struct {
		net   string
		place int64 // of the program in its step
	}{{"d", 0}, {"d", 2}, {"g", 2}} {
		h, _ := testHost(t, "")
		r, err := newRig(t.Context(), configure(t, tinyRing, "loss.kind=hinge", "loss.gp=0", "loss.every=1"), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		tr := r.trainer
		if err := errors.Join(tr.initialise(), tr.feed(t.Context(), r.sets)); err != nil {
			t.Fatal(err)
		}
		for i, name := range layers[c.net] {
			scale(t, tr, name, [...]float32{1e-20, 1e-20, 1e20}[i])
		}
		before := tr.state(t)
		scores := tr.once(t, 0, c.place)
		for name, b := range tr.state(t) {
			if name != tr.game.Finite.Name && !bytes.Equal(b, before[name]) {
				t.Errorf("%s's gradient overflows in %s, and %s was updated", c.net, tr.programs[tr.game.Sequence.At(0)[c.place]].Graph.Name, name)
			}
		}
		for score, finite := range map[string]bool{c.net + "_loss": true, c.net + "_grad": false} {
			if x := scores(score); finite == math.IsInf(x, 0) || math.IsNaN(x) {
				t.Errorf("%s is %g", score, x)
			}
		}
		if c.net == "g" && !(scores("d_grad") < 1e3) {
			t.Errorf("the gradient of D is %g, and was to be an ordinary one", scores("d_grad"))
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}
}

// state is every Variable.
func (t *trainer) state(tt *testing.T) map[string][]byte {
	tt.Helper()
	out := map[string][]byte{}
	for _, v := range t.game.Vars.All() {
		b, err := t.ses.ReadBytes(v.Name)
		if err != nil {
			tt.Fatal(err)
		}
		out[v.Name] = bytes.Clone(b)
	}
	return out
}

// scale multiplies a Variable.
func scale(t *testing.T, tr *trainer, name string, by float32) {
	t.Helper()
	b, err := tr.ses.ReadBytes(name)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Clone(b)
	for i := range floats(b) {
		floats(b)[i] *= by
	}
	if err := tr.ses.WriteBytes(name, b); err != nil {
		t.Fatal(err)
	}
}
