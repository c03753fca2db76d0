package session

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
)

// model declares Variables of all types; each odd one out may be changed.
func model(change func(name string, v *graph.Variable) (keep bool)) *graph.Vars {
	vars := graph.NewVars()
	for _, v := range []*graph.Variable{
		{Name: "g/w", Group: "g", DType: graph.F32, Shape: graph.Shape{2, 3}},
		{Name: "g/b", Group: "g", DType: graph.F32, Shape: graph.Shape{1}},
		{Name: "g/half", Group: "g", DType: graph.BF16, Shape: graph.Shape{3}},
		{Name: "d/w", Group: "d", DType: graph.F64, Shape: graph.Shape{2}},
		{Name: "step", Group: "counters", DType: graph.I32},
		{Name: "finite", Group: "counters", DType: graph.Bool},
		{Name: "pool", Group: "pool", DType: graph.U8, Shape: graph.Shape{5}},
	} {
		v.Init = graph.Fill(v.DType, 0)
		if change == nil || change(v.Name, v) {
			vars.Add(v)
		}
	}
	return vars
}

// fill gives every Variable bytes of its own.
func fill(t *testing.T, s *Session, from byte) {
	t.Helper()
	for _, v := range s.Vars().All() {
		data := make([]byte, v.Bytes())
		for i := range data {
			from++
			data[i] = from % 101
		}
		if v.DType == graph.Bool {
			data[0] = 1
		}
		must(t, s.WriteBytes(v.Name, data))
	}
}

func state(t *testing.T, s *Session) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, v := range s.Vars().All() {
		b, err := s.ReadBytes(v.Name)
		must(t, err)
		out[v.Name] = bytes.Clone(b)
	}
	return out
}

func same(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
}

func TestSaveLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	want := state(t, s)
	must(t, s.Save(path, map[string]string{"step": "7", "empty": "", "format": "mine"}))
	first, err := os.ReadFile(path)
	must(t, err)

	other := open(t, newRecorder(), model(nil), Options{})
	fill(t, other, 50)
	get, err := other.Load(path)
	must(t, err)
	same(t, state(t, other), want)
	for key, want := range map[string]string{"step": "7", "empty": "", "format": Format} {
		if got, ok := get(key); !ok || got != want {
			t.Errorf("metadata %s is %q (%t), want %q", key, got, ok, want)
		}
	}
	if v, ok := get("absent"); ok {
		t.Errorf("absent metadata is %q", v)
	}
	must(t, other.Save(path, map[string]string{"step": "7", "empty": ""}))
	if second, err := os.ReadFile(path); err != nil || !bytes.Equal(first, second) {
		t.Errorf("equal states make different files (%v)", err)
	}
	complains(t, s.Save(filepath.Join(path, "below", "a.safetensors"), nil), "writing checkpoint")
}

// write makes a file that nothing but its fault separates from a checkpoint.
func write(t *testing.T, path string, vars *graph.Vars, format string) {
	t.Helper()
	var entries []safetensors.Entry
	for _, v := range vars.All() {
		raw := make([]uint8, v.Bytes())
		e := safetensors.NewEntry(v.Name, []int{v.Bytes()}, raw)
		e.DType, e.Shape = stored[v.DType], v.Shape
		entries = append(entries, e)
	}
	must(t, safetensors.WriteFile(path, entries, map[string]string{"format": format}))
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	want := state(t, s)
	good := filepath.Join(dir, "good")
	must(t, s.Save(good, nil))
	whole, err := os.ReadFile(good)
	must(t, err)
	fill(t, s, 33)
	want = state(t, s)

	changed := func(change func(name string, v *graph.Variable) bool) func(path string) {
		return func(path string) { write(t, path, model(change), Format) }
	}
	bytesOf := func(b []byte) func(path string) {
		return func(path string) { must(t, os.WriteFile(path, b, 0o644)) }
	}
	for name, c := range map[string]struct {
		make  func(path string)
		parts []string
	}{
		"missing": {changed(func(name string, _ *graph.Variable) bool { return name != "d/w" }), []string{"another model", "it has no d/w"}},
		"extra": {func(path string) {
			vars := model(nil)
			variable(vars, "e/w", "e", graph.F32)
			write(t, path, vars, Format)
		}, []string{"another model", "it has e/w, which this model has not"}},
		"shape": {changed(func(name string, v *graph.Variable) bool {
			if name == "g/w" {
				v.Shape = graph.Shape{3, 2}
			}
			return true
		}), []string{"another model", "g/w is F32 [3,2] there, F32 [2,3] here"}},
		"scalar": {changed(func(name string, v *graph.Variable) bool {
			if name == "g/b" {
				v.Shape = nil
			}
			return true
		}), []string{"g/b is F32 [] there, F32 [1] here"}},
		"type": {changed(func(name string, v *graph.Variable) bool {
			if name == "step" {
				v.DType = graph.F32
			}
			return true
		}), []string{"step is F32 [] there, I32 [] here"}},
		"many": {func(path string) { write(t, path, graph.NewVars(), Format) }, []string{"g/w; it has no g/b; it has no g/half (and 4 more)"}},
		"older format": {func(path string) { write(t, path, model(nil), "ganengine-0") },
			[]string{`its format is "ganengine-0", not "` + Format + `"`}},
		"no format":         {func(path string) { must(t, safetensors.WriteFile(path, nil, nil)) }, []string{`its format is ""`}},
		"cut short":         {bytesOf(whole[:len(whole)-1]), []string{"cut short"}},
		"cut in the header": {bytesOf(whole[:40]), []string{"cut short"}},
		"longer":            {bytesOf(append(bytes.Clone(whole), 0)), []string{"after the last tensor"}},
		"empty":             {bytesOf(nil), []string{"too few"}},
		"garbage":           {bytesOf([]byte(strings.Repeat("garbage ", 99))), []string{"not a safetensors file"}},
		"directory":         {func(path string) { must(t, os.Mkdir(path, 0o755)) }, []string{"is a directory"}},
		"none":              {func(string) {}, []string{"no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			c.make(path)
			get, err := s.Load(path)
			complains(t, err, append(c.parts, path)...)
			if get != nil {
				t.Error("metadata of a refused checkpoint")
			}
			same(t, state(t, s), want)
		})
	}
	if _, err := s.Load(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestLoadWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	source := open(t, newRecorder(), model(nil), Options{})
	fill(t, source, 0)
	must(t, source.Save(path, nil))

	s := open(t, newRecorder(), model(func(name string, v *graph.Variable) bool {
		if name == "pool" {
			v.Shape = graph.Shape{6}
		}
		return name != "step"
	}), Options{})
	variable(s.Vars(), "e/w", "e", graph.F32)
	fill(t, s, 60)
	want := state(t, s)
	for _, c := range []struct {
		prefix string
		parts  []string
	}{{"e/", []string{path, "no e/w"}}, {"", []string{path, "pool is U8 [5] there, U8 [6] here"}}} {
		n, err := s.LoadWeights(path, func(name string) bool { return strings.HasPrefix(name, c.prefix) })
		complains(t, err, c.parts...)
		if n != 0 {
			t.Errorf("%d weights loaded with an error", n)
		}
		same(t, state(t, s), want)
	}
	n, err := s.LoadWeights(path, func(name string) bool { return strings.HasPrefix(name, "g/") })
	if n != 3 || err != nil {
		t.Errorf("%d weights loaded (%v), want 3", n, err)
	}
	for _, name := range []string{"g/w", "g/b", "g/half"} {
		want[name] = state(t, source)[name]
	}
	same(t, state(t, s), want)
	if n, err := s.LoadWeights(path, func(string) bool { return false }); n != 0 || err != nil {
		t.Errorf("%d weights loaded (%v), want none", n, err)
	}
	_, err = s.LoadWeights(path+".none", func(string) bool { return true })
	complains(t, err, "reading weights", path)
}
