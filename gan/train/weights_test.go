package train

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// fromFile is a rig whose networks started from a file's weights.
func fromFile(t *testing.T, text string, paths ...string) (*rig, error) {
	t.Helper()
	h, _ := testHost(t, "")
	g, err := newRig(context.Background(), configure(t, text), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
	return g, g.trainer.initialise(paths...)
}

// torchFile writes what PyTorch would save of a network whose element number i is i: filters are [k, c, r, s].
func torchFile(t *testing.T, path string, meta map[string]string, tensors ...safetensors.Tensor) {
	t.Helper()
	var entries []safetensors.Entry
	next := 0
	for _, x := range tensors {
		if x.DType == safetensors.I64 {
			entries = append(entries, safetensors.NewEntry(x.Name, nil, []int64{5}))
			continue
		}
		values := make([]float32, x.Elements())
		for i := range values {
			values[i] = float32(next)
			next++
		}
		entries = append(entries, safetensors.NewEntry(x.Name, x.Shape, values))
	}
	if err := safetensors.WriteFile(path, entries, meta); err != nil {
		t.Fatal(err)
	}
}

func f32(name string, shape ...int) safetensors.Tensor {
	return safetensors.Tensor{Name: name, DType: safetensors.F32, Shape: shape}
}

// torchG and torchD are the networks of tinyImages as pytorch/examples names them.
var (
	torchG = []safetensors.Tensor{f32("main.0.weight", 4, 4, 4, 4), f32("main.1.weight", 4), f32("main.1.bias", 4), f32("main.1.running_mean", 4),
		f32("main.1.running_var", 4), {Name: "main.1.num_batches_tracked", DType: safetensors.I64}, f32("main.3.weight", 4, 1, 4, 4)}
	torchD = []safetensors.Tensor{f32("main.0.weight", 4, 1, 4, 4), f32("main.2.weight", 1, 4, 4, 4)}
)

// A network is known by its shapes, and lands in our layout.
func TestPyTorchWeights(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	drawn, err := fromFile(t, tinyImages)
	if err != nil {
		t.Fatal(err)
	}
	values := func(g *rig, name string) []float32 {
		b, err := g.trainer.ses.ReadBytes(name)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, len(b)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		return out
	}
	torchFile(t, path, nil, torchG...)
	g, err := fromFile(t, tinyImages, path)
	if err != nil {
		t.Fatal(err)
	}
	if want := path + " holds the generator alone: the discriminator starts from drawn weights"; g.trainer.note != want {
		t.Errorf("note %q, want %q", g.trainer.note, want)
	}
	w := values(g, "g/up0/conv/w") // [k, r, s, c] of [k, c, r, s]
	for _, at := range [][4]int{{0, 0, 0, 1}, {3, 2, 1, 0}, {1, 3, 2, 3}} {
		k, r, s, c := at[0], at[1], at[2], at[3]
		if got, want := w[((k*4+r)*4+s)*4+c], float32(((k*4+c)*4+r)*4+s); got != want {
			t.Errorf("filter [%d,%d,%d,%d] is %g, want %g", k, r, s, c, got, want)
		}
	}
	if got := values(g, "g/up0/norm/var"); !slices.Equal(got, []float32{268, 269, 270, 271}) {
		t.Errorf("running variance %v", got)
	}
	if !slices.Equal(values(g, "d/logit/w"), values(drawn, "d/logit/w")) {
		t.Error("the discriminator has other weights than drawn ones")
	}
	torchFile(t, path, nil, torchD...)
	if g, err = fromFile(t, tinyImages, path); err != nil || !strings.Contains(g.trainer.note, "the discriminator alone") {
		t.Fatalf("%v, note %q", err, g.trainer.note)
	}
	if got := values(g, "d/logit/w"); got[1] != 64+16 {
		t.Errorf("the logit's filter begins with %v", got[:3])
	}

	half := slices.Clone(torchG)
	half[0].Shape = []int{4, 4, 4, 2}
	for want, tensors := range map[string][]safetensors.Tensor{
		"as the generator main.0.weight is F32 [4,4,4,2] there, F32 [4,4,4,4] here; as the discriminator main.0.weight": half,
		"as the generator it has no main.3.weight":       torchG[:6],
		"it has main.9.weight, which this model has not": append(slices.Clone(torchG), f32("main.9.weight", 1)),
		"as the generator it has no main.0.weight":       {f32("w", 1)},
		"it has no g/up0/norm/gain":                      {f32("g/up0/conv/w", 4, 4, 4, 4)},
	} {
		torchFile(t, path, nil, tensors...)
		if _, err := fromFile(t, tinyImages, path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
}

// Two networks of the same shapes: only an export's metadata tell them apart.
func TestAlikeNetworks(t *testing.T) {
	const text = "[data]\nkind = \"mixture\"\nlayout = \"line\"\n[model]\nkind = \"mlp\"\nz = 1\ng_hidden = [3]\nd_hidden = [3]\n[train]\nbatch = 4\n"
	path := filepath.Join(t.TempDir(), "net.safetensors")
	alike := []safetensors.Tensor{f32("main.0.weight", 3, 1), f32("main.0.bias", 3), f32("main.2.weight", 1, 3), f32("main.2.bias", 1)}
	torchFile(t, path, nil, alike...)
	if _, err := fromFile(t, text, path); err == nil || !strings.Contains(err.Error(), "alike") {
		t.Errorf("error %v, want that it cannot be told", err)
	}
	torchFile(t, path, map[string]string{"network": "d"}, alike...)
	if g, err := fromFile(t, text, path); err != nil || !strings.Contains(g.trainer.note, "the discriminator alone") {
		t.Errorf("%v, note %q", err, g.trainer.note)
	}
}

// A start that fails leaves nothing: weights and data come before the directory.
func TestFailedStartLeavesNothing(t *testing.T) {
	place := t.TempDir()
	garbage, set := filepath.Join(place, "garbage"), filepath.Join(place, "set")
	torn := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x08\x00\x00\x00\x08\x08\x00\x00\x00\x00") // and then nothing
	err := errors.Join(os.WriteFile(garbage, nil, 0o644), os.Mkdir(set, 0o755))
	for _, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(set, name), torn, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		weights []string
		set     []string
		want    string
	}{
		{[]string{garbage}, nil, "0 bytes are too few"},
		{nil, []string{"data.kind=folder", "data.path=" + set, "data.limit=0"}, "a.png"},
	} {
		out := filepath.Join(t.TempDir(), "runs")
		h, _ := testHost(t, out)
		h.Weights = c.weights
		err := Run(context.Background(), configure(t, tinyImages, c.set...), h)
		if _, left := os.Stat(out); err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(left, fs.ErrNotExist) {
			t.Errorf("error %v, want %q; in the place of runs: %v", err, c.want, left)
		}
		if dry := DryRun(t.Context(), configure(t, tinyImages, c.set...), h, io.Discard); dry == nil || err != nil && dry.Error() != err.Error() {
			t.Errorf("a dry run says %v, training %v", dry, err)
		}
	}
}

// A resume from an earlier checkpoint leads to the same state, and a damaged one is named with the one before it.
func TestResumeFromAnEarlierCheckpoint(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages), out)
	d := latest(t, out)
	want, path := file(t, d.CheckpointPath(6)), d.CheckpointPath(6)
	bad := []byte(want)
	bad[len(bad)*3/4] ^= 8
	if err := os.WriteFile(path, bad, 0o666); err != nil {
		t.Fatal(err)
	}
	h, _ := testHost(t, "")
	own, err := ReadConfig(string(d), systems.Schema())
	if err != nil {
		t.Fatal(err)
	}
	own.Train.Steps = 8
	err = Resume(context.Background(), string(d), own, h)
	if err == nil || !strings.Contains(err.Error(), path+": tensor \"") || !strings.HasSuffix(err.Error(), "; -checkpoint 3 takes the one before") {
		t.Errorf("error %v", err)
	}
	if dry := DryResume(t.Context(), string(d), own, h, io.Discard); dry == nil || dry.Error() != err.Error() {
		t.Errorf("a dry run says %v, training %v", dry, err)
	}
	if !bytes.Equal([]byte(file(t, path)), bad) {
		t.Error("a resume that was refused changed the run")
	}
	h.Checkpoint = "3"
	if err := Resume(context.Background(), string(d), nil, h); err != nil {
		t.Fatal(err)
	}
	if file(t, path) != want {
		t.Error("the same steps lead to another state")
	}
	if before, ok := rundir.Before(path); !ok || before.Step != 3 {
		t.Errorf("before it comes %v, %v", before, ok)
	}
	if before, ok := rundir.Before(d.CheckpointPath(3)); ok {
		t.Errorf("before the first comes %v", before)
	}
}
