package parity

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
)

// steps is how many steps a fixture holds.
const steps = 10

// fixture is what PyTorch computed for a configuration; scripts/parity/make_fixtures.py
// lists the tensors.
type fixture struct {
	name   string
	config *config.Config
	file   *safetensors.File
}

func open(t *testing.T, name string, sets ...string) *fixture {
	t.Helper()
	path := filepath.Join("testdata", name)
	text, err := os.ReadFile(path + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	c := configtest.Text(t, string(text), sets...)
	f, err := safetensors.Open(path + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &fixture{name, c, f}
}

// cases names every fixture.
func cases(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures in testdata", err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".toml")
	}
	return paths
}

// sample is the shape of one real sample.
func (f *fixture) sample() graph.Shape {
	d := f.config.Data
	if d.Kind == "mixture" {
		return graph.Shape{2}
	}
	return graph.Shape{d.Height, d.Width, d.Channels}
}

// bytes is a tensor as it stands in the file.
func (f *fixture) bytes(name string) []byte {
	s, err := f.file.Section(name)
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(s)
	if err != nil {
		panic(err)
	}
	return b
}

// values is a tensor of any float type.
func (f *fixture) values(name string) []float64 {
	b := f.bytes(name)
	t, _ := f.file.Lookup(name)
	out := make([]float64, t.Elements())
	for i := range out {
		switch t.DType {
		case safetensors.BF16:
			out[i] = float64(math.Float32frombits(uint32(b[2*i])<<16 | uint32(b[2*i+1])<<24))
		case safetensors.F32:
			out[i] = float64(math.Float32frombits(little32(b[4*i:])))
		case safetensors.F64:
			out[i] = math.Float64frombits(uint64(little32(b[8*i:])) | uint64(little32(b[8*i+4:]))<<32)
		default:
			panic(fmt.Sprintf("%s holds %s", name, t.DType))
		}
	}
	return out
}

func little32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// under lists what follows prefix in the names of tensors, spreads apart.
func (f *fixture) under(prefix string) (rest []string) {
	for _, t := range f.file.Tensors() {
		if name, ok := strings.CutPrefix(t.Name, prefix); ok && !strings.HasSuffix(name, "~") {
			rest = append(rest, name)
		}
	}
	return rest
}

// variables lists the Variables whose values stand under prefix.
func (f *fixture) variables(prefix string) (names []string) {
	for _, name := range f.under(prefix) {
		switch strings.SplitN(name, "/", 2)[0] {
		case "g", "d", "g_ema", "opt":
			names = append(names, name)
		}
	}
	return names
}

func (f *fixture) penalties() config.Penalties {
	p, _ := config.Part[config.Penalties](f.config)
	return *p
}

func (f *fixture) rhythm() config.Rhythm {
	r, _ := config.Part[config.Rhythm](f.config)
	return *r
}
