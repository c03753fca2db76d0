package kernels

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUpToDate recomputes the hash that compile.py wrote into each file.
func TestUpToDate(t *testing.T) {
	sources := glob(t, "src/*.cu")
	common := append([]string{"compile.py"}, glob(t, "src/*.cuh")...)
	compiled := glob(t, "ptx/*.ptx")
	if len(sources) == 0 || len(sources) != len(compiled) {
		t.Fatalf("%d sources, %d compiled files: run make generate", len(sources), len(compiled))
	}
	for _, source := range sources {
		hash := sha256.New()
		for _, name := range append(slices.Clone(common), source) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			hash.Write(text)
		}
		target := "ptx/" + strings.TrimSuffix(filepath.Base(source), ".cu") + ".ptx"
		text, err := os.ReadFile(target)
		if err != nil {
			t.Error(err)
			continue
		}
		if want := fmt.Sprintf("\n// sha256 %x\n", hash.Sum(nil)); !strings.Contains(string(text), want) {
			t.Errorf("%s was compiled from another %s: run make generate", target, source)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// TestMathFunctions: the functions that emitted modules call are there, with
// the parameters that they are called with, and need nothing else.
func TestMathFunctions(t *testing.T) {
	text := string(Math())
	if strings.Contains(text, ".version") || strings.Contains(text, ".extern") {
		t.Error("the text has a header or wants something from outside")
	}
	for _, op := range strings.Fields("exp log log1p sin cos erf tanh sigmoid softplus pow") {
		for _, bits := range []string{"32", "64"} {
			name := "ge_" + op + "_f" + bits
			want := fmt.Sprintf(".visible .func  (.param .b%s func_retval0) %s(\n\t.param .b%[1]s %[2]s_param_0", bits, name)
			if op == "pow" {
				want += fmt.Sprintf(",\n\t.param .b%s %s_param_1", bits, name)
			}
			if !strings.Contains(text, want+"\n)\n{") {
				t.Errorf("no function %s as expected:\n%s", name, want)
			}
		}
	}
}

// TestMathParts: a part of the functions has what they need, and not the rest.
func TestMathParts(t *testing.T) {
	whole := string(Math())
	var all []string
	for _, d := range functions() {
		if strings.HasPrefix(d.name, "ge_") {
			all = append(all, d.name)
		}
	}
	if len(all) != 20 {
		t.Errorf("%d functions: %v", len(all), all)
	}
	if got := string(Math(all...)); got != whole {
		t.Error("all functions by name are not all functions")
	}
	sin := string(Math("ge_sin_f64", "ge_exp_f32"))
	for text, want := range map[string]bool{"ge_exp_f32(": true, "ge_sin_f64(": true, "__internal_trig_reduction_slowpathd": true,
		"__cudart_i2opi_d[144]": true, "ge_tanh_f32(": false, "__internal_accurate_pow": false} {
		if strings.Contains(sin, text) != want {
			t.Errorf("%s: is it there? want %v", text, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown name was taken")
		}
	}()
	Math("ge_exp")
}
