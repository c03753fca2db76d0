package rundir

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLogLines(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	now := 5 * time.Second
	for _, text := range []string{"one\ntw", "o\n", "three"} {
		l, err := r.OpenLog(func() time.Duration { return now })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(l, text); err != nil {
			t.Fatal(err)
		}
		now += 3700 * time.Second
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := "0:00:05  one\n1:01:45  tw\n1:01:45  o\n3:05:05  three\n"
	if got := content(t, r.Path("log.txt")); got != want {
		t.Errorf("log.txt is\n%swant\n%s", got, want)
	}
}

func TestRowsAppend(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	type row struct {
		Step int64  `json:"step"`
		Loss Number `json:"loss"`
	}
	for i, loss := range []float64{0.5, math.NaN(), math.Inf(1)} {
		rows, err := r.OpenRows(StatsFile) // opened anew each time: a resume appends
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Append(row{int64(i), Number(loss)}); err != nil {
			t.Fatal(err)
		}
		if err := rows.Append([]int{1}); err == nil {
			t.Error("a row that is no object was accepted")
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"step":0,"loss":0.5}` + "\n" + `{"step":1,"loss":null}` + "\n" + `{"step":2,"loss":null}` + "\n"
	if got := content(t, r.Path(StatsFile)); got != want {
		t.Errorf("rows are\n%swant\n%s", got, want)
	}
}

func TestRewind(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	put(t, r.Path(StatsFile), "{\"step\":50,\"a\":[1]}\n{\"step\":100}\n\x00\x00\x00\n{\"note\":\"kept\"}\n{\"step\":101}\n{\"step\":150}\n{\"step\":9")
	put(t, r.Path(MetricsFile), "{\"name\":\"fd\",\"checkpoint\":100}\n{\"name\":\"fd\",\"checkpoint\":200}\n")
	for _, f := range []string{"000000.png", "000100.png", "000101.png", "000150-ema.png", "notes-000900.txt", ".000050.png.tmp-1-0"} {
		put(t, r.Path("samples", f), "x")
	}
	for _, step := range []int64{100, 200, 1_000_000} {
		put(t, r.CheckpointPath(step), "x")
	}
	put(t, r.Path("checkpoints", ".000200.safetensors.tmp-77-0"), "x")
	if err := r.Rewind(100); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		StatsFile:   "{\"step\":50,\"a\":[1]}\n{\"step\":100}\n{\"note\":\"kept\"}\n",
		MetricsFile: "{\"name\":\"fd\",\"checkpoint\":100}\n",
	} {
		if got := content(t, r.Path(file)); got != want {
			t.Errorf("%s is\n%swant\n%s", file, got, want)
		}
	}
	for sub, want := range map[string][]string{
		"samples":     {"000000.png", "000100.png", "notes-000900.txt"},
		"checkpoints": {"000100.safetensors"},
	} {
		if got := list(t, r.Path(sub)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s holds %q, want %q", sub, got, want)
		}
	}
	if err := create(t, t.TempDir(), "fresh").Rewind(0); err != nil {
		t.Errorf("rewind of a run without files: %v", err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	for i, f := range append(files, hidden...) {
		if i < len(files) {
			files[i] = filepath.Base(f)
		} else {
			files = append(files, filepath.Base(f))
		}
	}
	return files
}

func TestRewindLeavesGoodRowsAlone(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	path := r.Path(StatsFile)
	put(t, path, "{\"step\":1}\n")
	before, _ := os.Stat(path)
	if err := r.Rewind(1); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if !os.SameFile(before, after) {
		t.Error("a file with nothing to drop was rewritten")
	}
}

func TestCheckpoints(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	if _, err := r.Checkpoint("latest"); !errors.Is(err, ErrNoCheckpoint) || !strings.Contains(err.Error(), "has no checkpoint: it stopped before its first") {
		t.Errorf("latest of none: %v", err)
	}
	for _, step := range []int64{500, 100, 1_000_000, 200} {
		put(t, r.CheckpointPath(step), "x")
	}
	for _, other := range []string{"100.safetensors", "000300.txt", "000400.safetensors.bak", ".000700.safetensors.tmp-1-0"} {
		put(t, r.Path("checkpoints", other), "x")
	}
	all, err := r.Checkpoints()
	if err != nil || len(all) != 4 || all[0].Step != 100 || all[3].Step != 1_000_000 {
		t.Fatalf("checkpoints %v, %v", all, err)
	}
	if _, err := r.Checkpoint("best"); err == nil {
		t.Error("best without run.json was accepted")
	}
	if err := r.WriteInfo(Info{Best: &Best{Step: 200, Metric: "fd10k", Value: 3}}); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]int64{"": 1_000_000, "latest": 1_000_000, "best": 200, "100": 100, "000500": 500} {
		if c, err := r.Checkpoint(ref); err != nil || c.Step != want || c.Path != r.CheckpointPath(want) {
			t.Errorf("checkpoint %q = %v, %v; want step %d", ref, c, err, want)
		}
	}
	for ref, want := range map[string]string{"300": "those of steps 100, 200, 500, 1000000", "newest": "want latest, best or a step"} {
		if _, err := r.Checkpoint(ref); !errors.Is(err, ErrNoCheckpoint) || !strings.Contains(err.Error(), want) {
			t.Errorf("checkpoint %q: %v, want %q", ref, err, want)
		}
	}
	if err := r.Prune(1, 200, 42); err != nil {
		t.Fatal(err)
	}
	if all, _ = r.Checkpoints(); len(all) != 2 || all[0].Step != 200 || all[1].Step != 1_000_000 {
		t.Errorf("after Prune: %v, want steps 200 and 1000000", all)
	}
	if err := r.Prune(0); err != nil {
		t.Fatal(err)
	}
	if all, _ = r.Checkpoints(); len(all) != 2 {
		t.Errorf("Prune(0) left %d of 2", len(all))
	}
}

func TestInfo(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	if _, err := r.ReadInfo(); err == nil || !strings.Contains(err.Error(), "no run directory") {
		t.Errorf("read without run.json: %v", err)
	}
	for _, text := range []string{"", "[]", `{"segm`} {
		put(t, r.Path("run.json"), text)
		if _, err := r.ReadInfo(); err == nil || !strings.Contains(err.Error(), "run.json: ") || !strings.Contains(err.Error(), "; the file is damaged: restore it") {
			t.Errorf("run.json with %q: %v", text, err)
		}
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	info := Info{
		Version: "v1", Device: "cpu", Libraries: map[string]string{"onednn": "3.1"}, Engines: json.RawMessage(`{"a":1}`),
		Precision: "fp32", Seed: math.MaxUint64, Data: Data{Kind: "glyphs", Fingerprint: "ab", Shape: []int{28, 28, 1}},
		Classes: []string{"0", "1"},
		Segments: []Segment{
			{Start: start, End: start.Add(time.Hour), FromStep: 0, ToStep: 100, ExitReason: "interrupted", Exact: true},
			{Start: start.Add(2 * time.Hour), FromStep: 100, ToStep: 100},
		},
	}
	if err := r.WriteInfo(info); err != nil {
		t.Fatal(err)
	}
	got, err := r.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	if !got.Start.Equal(start) || !got.End.IsZero() || got.ExitReason != "" {
		t.Errorf("a running run has start %v, end %v, reason %q", got.Start, got.End, got.ExitReason)
	}
	info.Start = start
	got.Engines = json.RawMessage(strings.Join(strings.Fields(string(got.Engines)), ""))
	if !reflect.DeepEqual(got, info) {
		t.Errorf("read %+v\nwant %+v", got, info)
	}
	put(t, r.Path("run.json"), "{")
	if _, err := r.ReadInfo(); err == nil || !strings.Contains(err.Error(), "run.json") {
		t.Errorf("damaged run.json: %v", err)
	}
}

func FuzzKeepRow(f *testing.F) {
	f.Add([]byte(`{"step":5}`), int64(5))
	f.Add([]byte(`{"checkpoint":9}`), int64(5))
	f.Add([]byte(`{"step":"x"}`), int64(5))
	f.Add([]byte(`null`), int64(0))
	f.Fuzz(func(t *testing.T, line []byte, step int64) {
		if keepRow(line, step) && !json.Valid(line) {
			t.Errorf("kept %q, which is no JSON", line)
		}
	})
}

// All whole rows are read back; what JSON cannot carry is no zero.
func TestReadRows(t *testing.T) {
	type row struct {
		Step  int
		Value Number
	}
	r := create(t, t.TempDir(), "x")
	if rows, err := ReadRows[row](r.Dir, MetricsFile); err != nil || rows != nil {
		t.Errorf("none: %v (%v)", rows, err)
	}
	put(t, r.Path(MetricsFile), "{\"step\":1,\"value\":2.5}\n{\"step\":2,\"value\":null}\n{\"step\":3,\"val")
	rows, err := ReadRows[row](r.Dir, MetricsFile)
	if err != nil || len(rows) != 2 || rows[0] != (row{1, 2.5}) || rows[1].Step != 2 || !math.IsNaN(float64(rows[1].Value)) {
		t.Errorf("rows %v (%v)", rows, err)
	}
	put(t, r.Path(MetricsFile), "{\"step\":1}\n{\"step\":\n{}\n")
	if _, err := ReadRows[row](r.Dir, MetricsFile); err == nil || !strings.Contains(err.Error(), MetricsFile+", row 2") {
		t.Errorf("a damaged row: %v", err)
	}
	put(t, r.Path(MetricsFile), "{\"step\":1}\nnull\n")
	if rows, err := ReadRows[row](r.Dir, MetricsFile); err == nil || !strings.Contains(err.Error(), MetricsFile+", row 2: it is null") {
		t.Errorf("no row: %v, %v", rows, err)
	}
	if err := r.LastRow(MetricsFile, &row{}); err == nil || !strings.Contains(err.Error(), "it is null") {
		t.Errorf("no last row: %v", err)
	}
}
