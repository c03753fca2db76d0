package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

const (
	shades    = 60
	tinyFiles = `
[run]
seed = 3
[data]
kind = "folder"
path = "%s"
size = 8
channels = 1
mirror = true
[model]
z = 4
g_channels = 4
d_channels = 4
[train]
batch = 4
steps = 12
[log]
every = 1
[sample]
every = 0
count = 4
[checkpoint]
every = 3
keep = 10
`
)

// shadesIn makes a folder of images, the i-th all of grey 4i.
func shadesIn(t *testing.T, root string) {
	t.Helper()
	for i := range shades {
		m := image.NewGray(image.Rect(0, 0, 8, 8))
		for k := range m.Pix {
			m.Pix[k] = byte(4 * i)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, fmt.Sprintf("%02d.png", i)), b.Bytes())
	}
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// sampleAt is a sample whose first turn is in a batch of the first epoch, and
// which no picture shows.
func sampleAt(t *testing.T, c *config.Config, batch int64) int {
	t.Helper()
	set, err := openData(t.Context(), "data", &c.Data, nil, silent{}.Line, silent{}.Line)
	if err != nil {
		t.Fatal(err)
	}
	l, err := data.NewLoader(t.Context(), set, data.LoaderConfig{Batch: c.Train.Batch, Seed: uint64(c.Run.Seed), Shuffle: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.SeekTo(batch * int64(c.Train.Batch)); err != nil {
		t.Fatal(err)
	}
	b, err := l.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(b.Images); at += 64 {
		if i := int(b.Images[at]) / 4; !slices.Contains(slices.Collect(spread(c.Sample.Count, shades)), i) {
			return i
		}
	}
	t.Fatal("every sample of the batch is in a picture")
	return 0
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// mentions are the lines that hold a text.
func mentions(lines []string, text string) (n int) {
	for _, line := range lines {
		n += strings.Count(line, text)
	}
	return n
}

// A file goes bad during a run. The run goes on without it, and a resume from
// before or after it did, with the file cut, gone or mended, ends bit for bit
// where the run in one go does.
func TestFileGoesBad(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "data")
	shadesIn(t, root)
	cfg := configure(t, fmt.Sprintf(tinyFiles, root))
	train(t, cfg, filepath.Join(base, "good"))
	victim := filepath.Join(root, fmt.Sprintf("%02d.png", sampleAt(t, cfg, 7)))
	whole := file(t, victim)

	h, c := testHost(t, filepath.Join(base, "runs"))
	c.onProgress = func(p Progress) {
		if p.Step == 1 { // the loader is no seven batches ahead
			put(t, victim, []byte(whole[:len(whole)/2]))
		}
	}
	if err := Run(context.Background(), cfg, h); err != nil {
		t.Fatal(err)
	}
	d := latest(t, filepath.Join(base, "runs"))
	if mentions(c.lines, victim+" cannot be read") != 1 || mentions(c.lines, "(1 went bad so far)") != 1 || mentions(c.lines, "skipped: 1; ") != 1 {
		t.Errorf("lines %q", c.lines)
	}
	if log := file(t, d.Path("log.txt")); strings.Count(log, victim) != 1 {
		t.Errorf("log.txt names the file %d times", strings.Count(log, victim))
	}
	if info, err := d.ReadInfo(); err != nil || info.Data.Lost != 1 || info.Data.LeftOut != 0 {
		t.Errorf("run.json says %+v (%v)", info.Data, err)
	}
	end := file(t, d.CheckpointPath(12))
	good := latest(t, filepath.Join(base, "good"))
	if !maps.Equal(tensors(t, good, 6), tensors(t, d, 6)) || maps.Equal(tensors(t, good, 12), tensors(t, d, 12)) {
		t.Error("the file had no part in the training")
	}
	for _, r := range []struct {
		name  string
		from  int64
		exact bool
		file  func() error
	}{
		{"after it, cut", 9, true, func() error { return nil }},
		{"after it, gone", 9, true, func() error { return os.Remove(victim) }},
		{"after it, mended", 9, true, func() error { return os.WriteFile(victim, []byte(whole), 0o666) }},
		{"before it, cut", 6, false, func() error { return os.WriteFile(victim, []byte(whole[:20]), 0o666) }},
	} {
		t.Run(r.name, func(t *testing.T) {
			to := rundir.Dir(filepath.Join(t.TempDir(), "00000-copy"))
			copyTree(t, string(d), string(to))
			for step := r.from + 3; step <= 12; step += 3 {
				if err := os.Remove(to.CheckpointPath(step)); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.file(); err != nil {
				t.Fatal(err)
			}
			h, c := testHost(t, "")
			var dry strings.Builder
			if err := DryResume(t.Context(), string(to), cfg, h, &dry); err != nil || strings.Count(dry.String(), victim+" cannot be read") != 1 {
				t.Errorf("a dry run says %v of\n%s", err, dry.String())
			}
			if err := Resume(context.Background(), string(to), nil, h); err != nil {
				t.Fatal(err)
			}
			if file(t, to.CheckpointPath(12)) != end {
				t.Error("it ends elsewhere")
			}
			if mentions(c.lines, victim+" cannot be read") != 1 {
				t.Errorf("the file is named %d times in %q", mentions(c.lines, victim), c.lines)
			}
			if info, err := to.ReadInfo(); err != nil || info.Segments[1].Exact != r.exact {
				t.Errorf("run.json says exact = %v (%v)", info.Segments[1].Exact, err)
			}
		})
	}
}

// Files that were left out when the run began stay out, though they were mended.
func TestResumeWithoutWhatWasLeftOut(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "data")
	shadesIn(t, root)
	bad := filepath.Join(root, "17.png")
	whole := file(t, bad)
	put(t, bad, []byte(whole[:30]))
	cfg := configure(t, fmt.Sprintf(tinyFiles, root), "data.bad=skip")
	c := train(t, cfg, base)
	if mentions(c.lines, bad+" cannot be read") != 1 || mentions(c.lines, "1 of 60 images left out") != 1 {
		t.Errorf("lines %q", c.lines)
	}
	d := latest(t, base)
	if info, err := d.ReadInfo(); err != nil || info.Data.Lost != 0 || info.Data.LeftOut != 1 || info.Data.Items != shades-1 {
		t.Errorf("run.json says %+v (%v)", info.Data, err)
	}
	end := file(t, d.CheckpointPath(12))
	if err := os.Remove(d.CheckpointPath(12)); err != nil {
		t.Fatal(err)
	}
	put(t, bad, []byte(whole))
	c = resume(t, d)
	if file(t, d.CheckpointPath(12)) != end || mentions(c.lines, "is left out, as when the run began") != 1 || mentions(c.lines, "not bit for bit") > 0 {
		t.Errorf("it ends elsewhere, or says so: %q", c.lines)
	}
}

// Data that moved are the same data; other data under another path are refused.
func TestResumeWithMovedData(t *testing.T) {
	base := t.TempDir()
	root, moved := filepath.Join(base, "data"), filepath.Join(base, "moved", "elsewhere")
	shadesIn(t, root)
	train(t, configure(t, fmt.Sprintf(tinyFiles, root)), base)
	d := latest(t, base)
	end := file(t, d.CheckpointPath(12))
	if err := os.Remove(d.CheckpointPath(12)); err != nil {
		t.Fatal(err)
	}
	copyTree(t, root, moved)
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	from := func(path string) error {
		own, err := ReadConfig(string(d), systems.Schema())
		if err != nil {
			t.Fatal(err)
		}
		next := *own
		next.Data.Path = path
		if err := config.ResumeAllowed(own, &next); err != nil {
			return err
		}
		h, _ := testHost(t, "")
		return Resume(context.Background(), string(d), &next, h)
	}
	image := file(t, filepath.Join(moved, "05.png"))
	for _, c := range []struct {
		name, want string
		change     func(dir string) error
	}{
		{"contents", "it has other contents", func(dir string) error { return os.WriteFile(filepath.Join(dir, "06.png"), []byte(image), 0o666) }},
		{"names", "it has files of other names", func(dir string) error {
			return os.Rename(filepath.Join(dir, "06.png"), filepath.Join(dir, "6.png"))
		}},
		{"fewer", "it has 59 samples in place of 60", func(dir string) error { return os.Remove(filepath.Join(dir, "06.png")) }},
	} {
		other := filepath.Join(base, c.name)
		copyTree(t, moved, other)
		if err := c.change(other); err != nil {
			t.Fatal(err)
		}
		err := from(other)
		if err == nil || !strings.HasPrefix(err.Error(), "data.path: "+other+" is not what "+root+" was, "+c.want+"; ") {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
	if err := from(root); err == nil || !strings.HasSuffix(err.Error(), "; if they were moved, -data PATH says where they are") {
		t.Errorf("nothing under the run's path: %v", err)
	}
	if err := from(moved); err != nil {
		t.Fatal(err)
	}
	if file(t, d.CheckpointPath(12)) != end {
		t.Error("with moved data it ends elsewhere")
	}
	info, err := d.ReadInfo()
	if own, failed := ReadConfig(string(d), systems.Schema()); err != nil || failed != nil || own.Data.Path != moved || info.Data.Path != moved || !info.Segments[1].Exact {
		t.Errorf("the run does not say where its data are now: %+v (%v, %v)", info.Data, err, failed)
	}
}

// IDX files are known by their pixels, whatever their place, name and packing.
func TestResumeWithMovedIDX(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name, "train-images-idx3-ubyte") }
	b := []byte{0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 8, 0, 0, 0, 8}
	for i := range 20 * 64 {
		b = append(b, byte(i*i>>3))
	}
	put(t, at("first"), b)
	text := strings.Replace(fmt.Sprintf(tinyFiles, at("first")), `"folder"`, `"idx"`, 1)
	train(t, configure(t, text, "train.steps=6"), base)
	d := latest(t, base)
	put(t, filepath.Join(base, "second", "x-images.idx3-ubyte"), b)
	b[len(b)-1]++
	put(t, at("other"), b)
	if err := os.Remove(at("first")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{at("other"), "data.path: " + at("other") + " is not what " + at("first") + " was, it has other contents; "},
		{filepath.Join(base, "second"), ""},
	} {
		own, err := ReadConfig(string(d), systems.Schema())
		if err != nil {
			t.Fatal(err)
		}
		own.Data.Path, own.Train.Steps = c.path, 7
		h, _ := testHost(t, "")
		if err := Resume(t.Context(), string(d), own, h); (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.path, err, c.want)
		}
	}
	if info, err := d.ReadInfo(); err != nil || len(info.Segments) != 2 || !info.Segments[1].Exact {
		t.Errorf("%+v (%v)", info.Segments, err)
	}
}

// stopping is data of which one sample fails to be read ahead; that it is read
// in its turn is when the interrupt comes, which ends reading.
type stopping struct {
	data.Images
	ctx   context.Context
	stop  func(error)
	reads *atomic.Int64
	bad   *atomic.Int64 // the sample, -1 before
}

func (s stopping) Read(dst []byte, i int) error {
	switch {
	case s.bad.Load() == int64(i):
		s.stop(errStop)
		return fmt.Errorf("waiting for memory: %w", s.ctx.Err())
	case s.reads.Add(1) == 3*4+2: // in the fourth batch
		s.bad.Store(int64(i))
		return errors.New("not yet")
	}
	return s.Images.Read(dst, i)
}

// An interrupt that comes while a step waits for its data is one like any
// other, and no sample is bad for it.
func TestInterruptedData(t *testing.T) {
	base := t.TempDir()
	cfg := configure(t, tinyImages, "data.limit=200") // no second epoch is read ahead
	train(t, cfg, base)
	whole := latest(t, base)

	ctx, cancel := context.WithCancelCause(t.Context())
	h, c := testHost(t, base)
	g, err := newRig(ctx, cfg, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	if err := g.trainer.initialise(); err != nil {
		t.Fatal(err)
	}
	bad, reads := new(atomic.Int64), new(atomic.Int64)
	bad.Store(-1)
	reads.Store(-int64(g.watcher.n)) // those that are watched come first
	g.set = stopping{g.set.(data.Images), ctx, cancel, reads, bad}
	g.sets[""] = g.set
	r := &runner{rig: g, info: g.info()}
	if err := r.prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if r.run, err = rundir.Create(base, "cut"); err != nil {
		t.Fatal(err)
	}
	defer r.run.Close()
	err = r.segment(ctx, mark{}, true, func() error {
		r.rec.writeConfig(&g.cfg)
		return nil
	})
	var stopped *Interrupted
	if !errors.As(err, &stopped) || stopped.Step < 2 || stopped.Step > 4 {
		t.Fatalf("error %v, want interrupted about step 3", err)
	}
	if err := r.run.Close(); err != nil {
		t.Fatal(err)
	}
	if mentions(c.lines, "went bad") > 0 {
		t.Errorf("lines %q", c.lines)
	}
	resume(t, r.run.Dir)
	same(t, tensors(t, r.run.Dir, 6), tensors(t, whole, 6))
}
