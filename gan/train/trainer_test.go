package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/plan"
)

// A steady step allocates nothing: neither the session's runs nor the hand-over
// of batches nor the counting.
func TestSteadyStepAllocatesNothing(t *testing.T) {
	for _, text := range []string{tinyImages, tinyRing} {
		h, _ := testHost(t, "")
		ctx := context.Background()
		r, err := newRig(ctx, configure(t, text), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.trainer.initialise(), r.trainer.feed(ctx, r.sets)); err != nil {
			t.Fatal(err)
		}
		step := func() {
			if err := r.trainer.advance(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 { // every image was read once
			step()
		}
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%s: %g allocations a step", r.cfg.Run.Name, n)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}
}

// slow is a device that gives no result before it is waited for, and notices
// when an input changes before that.
type slow struct {
	device.Device
	t             *testing.T
	waiting, most int
}

func (d *slow) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	e, err := d.Device.Build(p, s)
	return &slowProgram{e, d}, err
}

type slowProgram struct {
	device.Executable
	d *slow
}

func (p *slowProgram) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	t, err := p.Executable.Run(inputs, outputs)
	p.d.waiting++
	p.d.most = max(p.d.most, p.d.waiting)
	late := &slowTicket{Ticket: t, d: p.d, inputs: inputs}
	for _, in := range inputs {
		late.fed = append(late.fed, string(in.Data()))
	}
	return late, err
}

type slowTicket struct {
	device.Ticket
	d      *slow
	inputs []device.HostBuffer
	fed    []string
}

func (t *slowTicket) Wait() error {
	t.d.waiting--
	for i, in := range t.inputs {
		if string(in.Data()) != t.fed[i] {
			t.d.t.Error("an input changed while its run was in flight")
		}
	}
	return t.Ticket.Wait()
}

func TestBatchesInFlight(t *testing.T) {
	out := t.TempDir()
	cfg := configure(t, tinyImages, "train.steps=40", "log.every=40", "sample.every=0", "checkpoint.every=0")
	train(t, cfg, out)
	want := tensors(t, latest(t, out), 40)
	h, _ := testHost(t, out)
	d := &slow{Device: h.Device, t: t}
	h.Device = d
	if err := Run(context.Background(), cfg, h); err != nil {
		t.Fatal(err)
	}
	same(t, tensors(t, latest(t, out), 40), want)
	if d.most < 2 || d.waiting != 0 {
		t.Errorf("at most %d runs were in flight, want two or more; %d were never waited for", d.most, d.waiting)
	}
}

func TestBench(t *testing.T) {
	h, _ := testHost(t, t.TempDir())
	h.Started = time.Now()
	r, err := Bench(context.Background(), configure(t, tinyRing), h, BenchOptions{Steps: 7, Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.StepMS; r.Steps != 7 || r.Batch != 4 || !(0 < s.Min && s.Min <= s.Median && s.Median <= s.P95) || r.StartupSeconds <= 0 ||
		r.HostPeakBytes <= 0 || r.DevicePeakBytes <= 0 || r.FlopsPerStep <= 0 || r.Sample == nil || r.Sample.P95MS < r.Sample.P50MS {
		t.Errorf("%+v", r)
	}
	if near(r.ImagesPerSecond, 12e3/r.StepMS.Median) != nil || near(r.FlopsPerSecond, 1e3*r.FlopsPerStep/r.StepMS.Median) != nil {
		t.Errorf("%+v: the rates are not those of the median step", r)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"config", "device", "precision", "batch", "steps", "images_per_second", "step_ms", "startup_seconds",
		"host_peak_bytes", "device_peak_bytes", "flops_per_step", "flops_per_second"} {
		if _, ok := keys[key]; !ok {
			t.Errorf("the object has no %s", key)
		}
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "product") {
		t.Errorf("%v\n%s", err, &text)
	}
}

func near(got, want float64) error {
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		return fmt.Errorf("%g, want %g", got, want)
	}
	return nil
}

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		n    int
		q    float64
		want float64
	}{{1, .5, 1}, {2, .5, 1}, {3, .5, 2}, {30, .5, 15}, {20, .95, 19}, {30, .95, 29}, {1, .95, 1}} {
		values := make([]float64, c.n)
		for i := range values {
			values[i] = float64(i + 1)
		}
		if got := percentile(values, c.q); got != c.want {
			t.Errorf("of 1 to %d, the share %g lies at %g, want %g", c.n, c.q, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	p := Progress{Step: 20, Steps: 1000, ImagesPerSecond: 412.3, Losses: []Loss{{"d", 1.2345}, {"g", .5}}, Watched: true, Real: .712, Fake: .238, Left: 187 * time.Second}
	if got, want := p.String(), "step   20/1000  D 1.234 G 0.500  D(x) 0.71 D(G(z)) 0.24  412 images/s  3m07s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.Losses[1].Mean, p.Real, p.Fake = 5.7e14, 1234.5, -2.5e7
	if got, want := p.String(), "step   20/1000  D 1.234 G 5.70e+14  D(x) 1234.50 D(G(z)) -2.50e+07  412 images/s  3m07s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for d, want := range map[time.Duration]string{0: "0s", 999 * time.Millisecond: "1s", 59500 * time.Millisecond: "1m00s",
		2*time.Hour + 5*time.Minute: "2h05m", 49 * time.Hour: "2d01h"} {
		if got := clock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// Samples lie all over a set, whatever order is in it.
func TestSpread(t *testing.T) {
	for _, c := range []struct{ count, n, classes int }{{64, 36864, 36}, {64, 50000, 10}, {5, 5, 5}, {1, 1, 1}, {2560, 1 << 20, 8}} {
		seen, classes, late := map[int]bool{}, map[int]bool{}, 0
		for i := range spread(c.count, c.n) {
			if i < 0 || i >= c.n {
				t.Fatalf("sample %d of %d", i, c.n)
			}
			seen[i], classes[i%c.classes] = true, true
			if i >= c.n/2 {
				late++
			}
		}
		if len(seen) != c.count || len(classes) != c.classes {
			t.Errorf("%d different samples of %d classes for %+v", len(seen), len(classes), c)
		}
		if c.count > 50 && (late < c.count/4 || late > 3*c.count/4) {
			t.Errorf("%d lie in the second half for %+v", late, c)
		}
	}
}

// The line of a logged step has what stats.jsonl has: probabilities where the loss
// has them, else logits.
func TestProgressHasOpinions(t *testing.T) {
	for _, c := range []struct{ text, real, fake string }{{tinyImages, "p_real", "p_fake"}, {tinyRing, "d_real", "d_fake"}} {
		out := t.TempDir()
		shown := train(t, configure(t, c.text), out)
		all := rows(t, latest(t, out))
		for _, p := range shown.progress {
			if !p.Logged {
				continue
			}
			if row := all[0]; p.Real != row[c.real] || p.Fake != row[c.fake] {
				t.Errorf("step %d: D(x) %g, D(G(z)) %g, and the row has %v", p.Step, p.Real, p.Fake, row)
			}
			all = all[1:]
		}
	}
}
