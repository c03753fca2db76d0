package train

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/gan/systems"
)

// chooser is a device with engines to choose from.
type chooser struct {
	device.Device
	engines, enforced string
	problem           string
}

func (c *chooser) Record() []byte { return []byte(c.engines) }

func (c *chooser) Enforce(record []byte) string {
	c.enforced = string(record)
	return c.problem
}

// TestEnginesAreKept: run.json has the device's choices, a resume enforces them,
// and says so where the device chose otherwise all the same.
func TestEnginesAreKept(t *testing.T) {
	out := t.TempDir()
	h, _ := testHost(t, out)
	first := &chooser{Device: h.Device, engines: `{"conv a":"1","conv b":"2"}`}
	h.Device = first
	if err := Run(context.Background(), configure(t, tinyRing, "train.steps=4"), h); err != nil {
		t.Fatal(err)
	}
	d := latest(t, out)
	steps := 4
	again := func(c *chooser) (lines string, err error) {
		h, console := testHost(t, "")
		c.Device, h.Device = h.Device, c
		own, err := ReadConfig(string(d), systems.Schema())
		if err != nil {
			t.Fatal(err)
		}
		steps++
		own.Train.Steps = steps
		err = Resume(context.Background(), string(d), own, h)
		return strings.Join(console.lines, "\n"), err
	}
	for _, c := range []struct {
		engines string
		exact   bool
	}{
		{`{"conv a":"1","conv c":"7"}`, true}, // fewer programs, and another one
		{`{"conv a":"3"}`, false},
	} {
		next := &chooser{engines: c.engines}
		was, err := d.ReadInfo()
		if err != nil {
			t.Fatal(err)
		}
		lines, err := again(next)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, next.enforced, string(was.Engines)) {
			t.Errorf("enforced %s, the run has %s", next.enforced, was.Engines)
		}
		if strings.Contains(lines, "not bit for bit") == c.exact {
			t.Errorf("with engines %s it says:\n%s", c.engines, lines)
		}
		now, err := d.ReadInfo()
		if err != nil || !sameJSON(t, string(now.Engines), c.engines) {
			t.Errorf("run.json has %s, %v", now.Engines, err)
		}
	}
	if _, err := again(&chooser{problem: "it is of no use"}); err == nil || !strings.Contains(err.Error(), "run.json: it is of no use") {
		t.Errorf("error %v", err)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y map[string]string
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}
