//go:build cuda && cgo && linux

package cudnn

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// times is how long the double's engines are said to take. The list of a TF32
// convolution's deterministic ones is 1 2=0, 1 2=1, 4 2=0, 4 2=1, 6.
var times = map[string]time.Duration{"1 2=0": 5, "1 2=1": 3, "4 2=0": 2, "4 2=1": 2, "6": 4}

// trial is a Chooser on the double, and what it did.
type trial struct {
	*Chooser
	measured, notes []string
	clock           time.Time
}

func newTrial(l *Library, p Target) *trial {
	t := &trial{}
	t.Chooser = &Chooser{Library: l, Target: p,
		Note: func(line string) { t.notes = append(t.notes, line) },
		now:  func() time.Time { return t.clock }}
	return t
}

// measuring makes the trial measure; each measurement takes a second.
func (t *trial) measuring(budget time.Duration) *trial {
	t.Budget = budget
	t.Time = func(p *Plan) (time.Duration, error) {
		t.measured = append(t.measured, p.Choice.String())
		t.clock = t.clock.Add(time.Second)
		return times[p.Choice.String()], nil
	}
	return t
}

// wants compares what is chosen for a convolution, how many engines are
// measured, and what is noted.
func (tr *trial) wants(t *testing.T, c Conv, choice string, measured int, note string) {
	t.Helper()
	tr.measured, tr.notes = nil, nil
	p, err := tr.Plan(c)
	got := Own
	if err == nil {
		got = p.Choice.String()
		p.Close()
	} else if !errors.Is(err, ErrUnsupported) {
		t.Fatal(err)
	}
	if got != choice || tr.Chosen()[c.String()] != choice {
		t.Errorf("engine %v is taken and %v recorded, want %v", got, tr.Chosen()[c.String()], choice)
	}
	if len(tr.measured) != measured {
		t.Errorf("%q are measured, want %d", tr.measured, measured)
	}
	if notes := strings.Join(tr.notes, "; "); !strings.Contains(notes, note) || note == "" && notes != "" {
		t.Errorf("the notes are %q, want %q", notes, note)
	}
}

func TestChooser(t *testing.T) {
	l := double(t)
	h := handle(t, l) // which is closed when no plan is left
	c := square(2, 4, 32, 64, 1, 1, 0).as(Forward, TF32)
	other := c.as(InputGrad, TF32)
	key := c.String()

	newTrial(l, h).wants(t, c, "1 2=0", 0, "")
	newTrial(l, h).measuring(0).wants(t, c, "4 2=0", 5, "")

	some := newTrial(l, h).measuring(2 * time.Second)
	some.wants(t, c, "1 2=1", 2, "2s were spent on measuring engines; from tf32 forward")
	some.wants(t, other, "1 2=0", 0, "")

	recorded := newTrial(l, h).measuring(0)
	recorded.Record = Record{key: "4 2=1", other.String(): Own}
	recorded.wants(t, c, "4 2=1", 0, "")
	recorded.wants(t, other, Own, 0, "")
	recorded.Record = Record{key: "2"}
	recorded.wants(t, c, "4 2=0", 5, "engine 2 of the record cannot be used")
	recorded.Record = Record{key: "77"}
	recorded.wants(t, c, "4 2=0", 5, "there is no such engine")
	recorded.Record = Record{key: "x"}
	if _, err := recorded.Plan(c); err == nil || !strings.Contains(err.Error(), "engine choice \"x\"") {
		t.Errorf("a record that cannot be read: %v", err)
	}

	few := newTrial(l, h)
	few.Limit = 1
	few.measuring(0).wants(t, c, "1 2=0", 1, "")
}

// TestChooserChecks: wrong engines are not taken, whoever recommends them.
func TestChooserChecks(t *testing.T) {
	l := double(t)
	h200 := described(t, l, "h200")
	c := square(2, 4, 32, 64, 1, 1, 0).as(Forward, TF32)
	wrong := map[string]bool{"4 2=0": true}
	tr := newTrial(l, h200).measuring(0)
	tr.Check = func(p *Plan) (string, error) {
		if wrong[p.Choice.String()] {
			return "it is off by one", nil
		}
		return "", nil
	}
	tr.wants(t, c, "4 2=1", 5, "engine 4 2=0 of cuDNN 9.26.0 is not used: it is off by one")
	tr.Record = Record{c.String(): "4 2=0"}
	tr.wants(t, c, "4 2=1", 5, "off by one")
	for text := range times {
		wrong[text] = true
	}
	tr.wants(t, c, Own, 5, "off by one")
}

// TestChooserFailures: an engine that fails is passed over, in measuring and in
// checking; where all do, the error is the last one's; where the device broke, no
// other is tried.
func TestChooserFailures(t *testing.T) {
	l := double(t)
	h200 := described(t, l, "h200")
	c := square(2, 4, 32, 64, 1, 1, 0).as(Forward, TF32)
	room, lost := errors.New("no room for a workspace"), errors.New("device lost")
	fails := map[string]error{"4 2=0": room}
	checked := func(p *Plan) (string, error) { return "", fails[p.Choice.String()] }
	timed := newTrial(l, h200).measuring(0)
	measure := timed.Time
	timed.Time = func(p *Plan) (time.Duration, error) {
		took, err := measure(p)
		return took, errors.Join(err, fails[p.Choice.String()])
	}
	timed.Broken = func(err error) bool { return errors.Is(err, lost) }
	timed.wants(t, c, "4 2=1", 5, "engine 4 2=0 of cuDNN 9.26.0 is not used: no room")
	check := newTrial(l, h200).measuring(0)
	check.Check, check.Broken = checked, timed.Broken
	check.wants(t, c, "4 2=1", 5, "engine 4 2=0 of cuDNN 9.26.0 is not used: no room")
	check.Record = Record{c.String(): "4 2=0"}
	check.wants(t, c, "4 2=1", 5, "engine 4 2=0 of cuDNN 9.26.0 is not used: no room")
	check.Record = nil

	fails["4 2=1"] = lost
	check.measured = nil
	if _, err := check.Plan(c); !errors.Is(err, lost) || len(check.measured) != 5 {
		t.Errorf("a check that loses the device: %v after %q", err, check.measured)
	}
	fails = map[string]error{"1 2=1": lost}
	timed.measured = nil
	if _, err := timed.Plan(c); !errors.Is(err, lost) || len(timed.measured) != 2 {
		t.Errorf("a measurement that loses the device: %v after %q", err, timed.measured)
	}
	for text := range times {
		fails[text] = room
	}
	for what, tr := range map[string]*trial{"measured": timed, "checked": check} {
		if _, err := tr.Plan(c); !errors.Is(err, room) || errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "none of 5 engines can be used") {
			t.Errorf("%s, all fail: %v", what, err)
		}
	}
}

// TestChooserRival: what computes a convolution in less time than the fastest right
// engine is taken in its place, and that is kept like an engine.
func TestChooserRival(t *testing.T) {
	l := double(t)
	h200 := described(t, l, "h200")
	c := square(2, 4, 32, 64, 1, 1, 0).as(Forward, TF32)
	folder := t.TempDir()
	contest := func(rival time.Duration, ok bool, err error) *trial {
		tr := newTrial(l, h200).measuring(0)
		tr.Cache, _ = l.OpenCache(folder, "NVIDIA H200", 9, 0)
		tr.Rival = func(Conv) (time.Duration, bool, error) { return rival, ok, err }
		return tr
	}
	for _, tr := range []*trial{contest(2, true, nil), contest(1, false, nil), contest(1, true, errors.New("out of memory"))} {
		tr.wants(t, c, "4 2=0", 5, "") // the fastest takes 2
	}
	lost := contest(1, true, errors.New("device lost"))
	lost.Broken = func(err error) bool { return err.Error() == "device lost" }
	if _, err := lost.Plan(c); err == nil || err.Error() != "device lost" {
		t.Errorf("a rival that loses the device: %v", err)
	}
	faster := contest(1, true, nil)
	faster.wants(t, c, Own, 5, "a kernel of our own takes 1ns, engine 4 2=0 of cuDNN 9.26.0 2ns")
	if err := faster.Cache.Save(); err != nil {
		t.Fatal(err)
	}
	slow := newTrial(l, h200).measuring(6 * time.Second) // of which five engines take five
	slow.Rival = func(Conv) (time.Duration, bool, error) {
		slow.clock = slow.clock.Add(2 * time.Second)
		return 0, false, nil
	}
	slow.wants(t, c, "4 2=0", 5, "")
	slow.wants(t, c.as(InputGrad, TF32), "1 2=0", 0, "6s were spent on measuring engines")
	again := contest(100, true, nil)
	again.wants(t, c, Own, 0, "")
	again.Record = Record{c.String(): "6"}
	again.wants(t, c, "6", 0, "")
}

// TestCache: what was measured completely is found by the next process with this
// library and GPU, and by no other; what is damaged is ignored, and replaced.
func TestCache(t *testing.T) {
	l := double(t)
	h200 := described(t, l, "h200")
	folder := filepath.Join(t.TempDir(), "new")
	c := square(2, 4, 32, 64, 1, 1, 0).as(Forward, TF32)
	other := c.as(FilterGrad, TF32)
	with := func(gpu string, note string) *trial {
		t.Helper()
		tr := newTrial(l, h200)
		var said string
		if tr.Cache, said = l.OpenCache(folder, gpu, 9, 0); !strings.Contains(said, note) || note == "" && said != "" {
			t.Errorf("noted %q, want %q", said, note)
		}
		return tr
	}
	save := func(tr *trial) {
		t.Helper()
		if err := tr.Cache.Save(); err != nil {
			t.Fatal(err)
		}
	}
	first, second := with("NVIDIA H200", "").measuring(7*time.Second), with("NVIDIA H200", "").measuring(0)
	first.wants(t, c, "4 2=0", 5, "")
	first.wants(t, other, "1 2=1", 2, "spent")
	save(first)
	second.wants(t, other.as(InputGrad, TF32), "4 2=0", 5, "")
	save(second)

	next := with("NVIDIA H200", "")
	next.wants(t, c, "4 2=0", 0, "")
	next.wants(t, other, "1 2=0", 0, "") // it was measured in part
	next.wants(t, other.as(InputGrad, TF32), "4 2=0", 0, "")
	next.Record = Record{c.String(): "6"}
	next.wants(t, c, "6", 0, "")
	with("NVIDIA H100", "").wants(t, c, "1 2=0", 0, "")

	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "9.26.0-NVIDIA-H200-9.0.json" {
		t.Fatalf("files %q, %v", files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for note, text := range map[string]string{
		"unexpected end of JSON": string(good[:len(good)/2]),
		"engine choice \"x\"":    strings.Replace(string(good), "4 2=0", "x", 1),
		"they are of":            strings.Replace(string(good), "NVIDIA H200", "NVIDIA H20", 1),
	} {
		if err := os.WriteFile(files[0], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		damaged := with("NVIDIA H200", files[0]+" are ignored").measuring(0)
		with("NVIDIA H200", note)
		damaged.wants(t, c, "4 2=0", 5, "")
		save(damaged)
		with("NVIDIA H200", "").wants(t, c, "4 2=0", 0, "")
	}
	unusable := with("NVIDIA H200", "")
	unusable.Cache.engines[c.String()] = "77"
	unusable.wants(t, c, "1 2=0", 0, "engine 77 was measured to be the fastest and cannot be used")
}

func TestRecord(t *testing.T) {
	r := Record{"b": "4 2=1", "a": Own, "c": "6"}
	text, err := json.Marshal(r)
	if err != nil || string(text) != `{"a":"own","b":"4 2=1","c":"6"}` {
		t.Errorf("%s, %v", text, err)
	}
	again, err := ParseRecord(text)
	if err != nil || !maps.Equal(r, again) {
		t.Errorf("%v is read as %v, %v", r, again, err)
	}
	for text, want := range map[string]string{"{": "record of engines: unexpected end", `{"a":"1 2"}`: "record of engines: a: engine choice", `{"a":3}`: "cannot unmarshal"} {
		if r, err := ParseRecord([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is read as %v, %v, want %q", text, r, err, want)
		}
	}
}
