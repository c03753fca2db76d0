// Package include_test compares the declarations of the CUDA driver API in
// this folder with NVIDIA's own header, by static assertions that a C compiler
// checks. scripts/check-cuda-header fetches that header and runs the test.
package include_test

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var nvidia = flag.String("header", "", "folder of NVIDIA's cuda.h, of CUDA 12.9")

// TestAgainstNVIDIA: every type has the size and layout, every constant the
// value, every function the type, and every plain name the version that
// NVIDIA's header gives it.
func TestAgainstNVIDIA(t *testing.T) {
	if *nvidia == "" {
		t.Skip("NVIDIA's header is not here: scripts/check-cuda-header fetches it and runs this test")
	}
	if out, err := compare(t, ".", *nvidia); err != nil {
		t.Errorf("the declarations differ from %s: %v\n%s", *nvidia, err, out)
	}
}

// TestDifferencesAreFound: the comparison passes on two equal folders and
// fails for one change of each kind.
func TestDifferencesAreFound(t *testing.T) {
	changes := []struct{ kind, file, old, new, message string }{
		{"none", "cuda.h", "", "", ""},
		{"constant", "cuda_enums.h", "CUDA_ERROR_NO_DEVICE = 100", "CUDA_ERROR_NO_DEVICE = 99", "CUDA_ERROR_NO_DEVICE"},
		{"macro", "cuda_enums.h", "CU_MEMHOSTALLOC_PORTABLE 1", "CU_MEMHOSTALLOC_PORTABLE 8", "CU_MEMHOSTALLOC_PORTABLE"},
		{"field order", "cuda_types.h", "pitch;\n    unsigned int value, elementSize", "pitch;\n    unsigned int elementSize, value", "CUDA_MEMSET_NODE_PARAMS.elementSize"},
		{"size", "cuda_types.h", "bytes[16]", "bytes[32]", "CUuuid"},
		{"version", "cuda.h", "cuMemFree cuMemFree_v2", "cuMemFree cuMemFree_v3", "cuMemFree"},
		{"parameter", "cuda_functions.h", "cuGraphLaunch(CUgraphExec, CUstream)", "cuGraphLaunch(CUgraph, CUstream)", "cuGraphLaunch"},
	}
	for _, c := range changes {
		t.Run(c.kind, func(t *testing.T) {
			changed := t.TempDir()
			if err := os.CopyFS(changed, os.DirFS(".")); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(changed, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			if err := os.WriteFile(path, bytes.Replace(text, []byte(c.old), []byte(c.new), 1), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := compare(t, changed, ".")
			if c.kind == "none" {
				if err != nil {
					t.Errorf("two equal headers differ: %v\n%s", err, out)
				}
				return
			}
			if err == nil || !strings.Contains(out, c.message) {
				t.Errorf("want a complaint about %s, got %v:\n%s", c.message, err, out)
			}
		})
	}
}

// compare states what the header in the folder ours declares and compiles the
// statements against the header in the folder theirs. It returns the
// compiler's complaints.
func compare(t *testing.T, ours, theirs string) (string, error) {
	t.Helper()
	var source strings.Builder
	source.WriteString("#include <stddef.h>\n#include <cuda.h>\n#define TEXT(x) TEXT_(x)\n#define TEXT_(x) #x\n")
	source.WriteString(macros(t, ours))
	types(t, ours, &source)
	functions, err := filepath.Abs(filepath.Join(ours, "cuda_functions.h"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&source, "#undef GANENGINE_CUDA_FUNCTIONS_H\n#include %q\n", functions)
	return compile(t, source.String(), "-fsyntax-only", "-I", theirs)
}

// macros states what each macro of the API stands for: versioned names by
// their text, constants by their value.
func macros(t *testing.T, folder string) string {
	t.Helper()
	out, err := compile(t, "#include <cuda.h>\n", "-E", "-dM", "-I", folder)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var b strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^#define (CU_\w+) (\w+)$`).FindAllStringSubmatch(out, -1) {
		fmt.Fprintf(&b, "_Static_assert(%s == %s, \"%s\");\n", m[1], m[2], m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^#define (cu[A-Z]\w+) (\w+)$`).FindAllStringSubmatch(out, -1) {
		fmt.Fprintf(&b, "_Static_assert(!__builtin_strcmp(TEXT(%s), %q), %q);\n", m[1], m[2], m[1])
	}
	if strings.Count(b.String(), "\n") < 50 {
		t.Fatalf("only these macros were found:\n%s", b.String())
	}
	return b.String()
}

// types states the sizes of types, the places of fields and the values of
// constants, as the compiler's debugging information has them.
func types(t *testing.T, folder string, w io.Writer) {
	t.Helper()
	object := filepath.Join(t.TempDir(), "header.o")
	if out, err := compile(t, "#include <cuda.h>\n", "-g", "-fno-eliminate-unused-debug-types", "-I", folder, "-c", "-o", object); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := elf.Open(object)
	if err != nil {
		t.Skipf("the compiler writes no ELF: %v", err)
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for r := data.Reader(); ; {
		entry, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			break
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		if entry.Tag != dwarf.TagTypedef || !strings.HasPrefix(name, "CU") && name != "cuuint32_t" {
			continue
		}
		kind, err := data.Type(entry.Offset)
		if err != nil {
			t.Fatal(err)
		}
		state(w, name, kind.(*dwarf.TypedefType).Type)
		found++
	}
	if found < 40 {
		t.Fatalf("only %d types were found", found)
	}
}

func state(w io.Writer, name string, kind dwarf.Type) {
	fmt.Fprintf(w, "_Static_assert(sizeof(%s) == %d, \"size of %s\");\n", name, kind.Size(), name)
	switch kind := kind.(type) {
	case *dwarf.StructType:
		for _, f := range kind.Field {
			fmt.Fprintf(w, "_Static_assert(offsetof(%[1]s, %[2]s) == %[3]d && sizeof((%[1]s){0}.%[2]s) == %[4]d, \"%[1]s.%[2]s\");\n",
				name, f.Name, f.ByteOffset, f.Type.Size())
		}
	case *dwarf.EnumType:
		for _, v := range kind.Val {
			fmt.Fprintf(w, "_Static_assert((long long)%s == %d, \"%s\");\n", v.Name, v.Val, v.Name)
		}
	}
}

// compile passes source to the C compiler and returns all it prints.
func compile(t *testing.T, source string, args ...string) (string, error) {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no C compiler: %v", err)
	}
	c := exec.Command(cc, append(args, "-xc", "-")...)
	c.Stdin = strings.NewReader(source)
	out, err := c.CombinedOutput()
	return string(out), err
}
