// Package kernels holds CUDA kernels as PTX text, compiled from src/*.cu, and
// says how each is launched. It is pure Go: no CUDA is needed to build it, to
// test it, or to run a program that has it. `make generate` compiles again after
// a change of a source.
//
// PTX is version 8.1 for sm_80 and up: every driver since 530 loads it.
package kernels

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:generate python3 compile.py

//go:embed ptx/*.ptx
var files embed.FS

// mathFile holds functions for other modules; every other file holds kernels.
const mathFile = "math"

// Header opens a module: the version of PTX, the least GPU and the size of
// addresses. Every file of this package was compiled for it.
const Header = ".version 8.1\n.target sm_80\n.address_size 64\n"

// Math returns functions for other modules as PTX without a header, to be put
// behind one. Each has the name ge_OP_f32 or ge_OP_f64, takes its operands as
// .param .b32 or .b64 and returns one such: exp, log, log1p, sin, cos, erf,
// tanh, sigmoid, softplus of one operand, and pow of two.
func Math() []byte { return body(mathFile) }

// Module returns the PTX of a module with the kernels of the given names, as
// launches name them, or with all. A driver compiles whatever a module holds, so
// few kernels load sooner. It panics on a name that is none of a kernel.
func Module(entries ...string) []byte {
	all := kernels()
	if len(entries) == 0 {
		entries = slices.Sorted(maps.Keys(all))
	}
	module := []byte(Header)
	seen := make(map[string]bool)
	for _, name := range entries {
		text, ok := all[name]
		if !ok {
			panic(fmt.Sprintf("kernels: there is no kernel %q", name))
		}
		if !seen[name] {
			module = append(module, text...)
		}
		seen[name] = true
	}
	return module
}

// entry begins a kernel; the first brace in the first column ends it.
const entry = ".visible .entry "

// kernels returns the text of each kernel. None needs anything outside of it:
// compile.py leaves no other text in a file.
var kernels = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	names, err := fs.Glob(files, "ptx/*.ptx")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		if name == "ptx/"+mathFile+".ptx" {
			continue
		}
		text := string(body(strings.TrimSuffix(path.Base(name), ".ptx")))
		for text != "" {
			kernel, rest, _ := strings.Cut(text, "\n}\n")
			declaration, isEntry := strings.CutPrefix(kernel, entry)
			if !isEntry {
				panic(fmt.Sprintf("kernels: %s holds something that is no kernel: %.60q", name, kernel))
			}
			name, _, _ := strings.Cut(declaration, "(")
			all[name] = kernel + "\n}\n"
			text = rest
		}
	}
	return all
})

// body returns the PTX of a file behind its header.
func body(name string) []byte {
	text, err := fs.ReadFile(files, "ptx/"+name+".ptx")
	if err != nil {
		panic(fmt.Sprintf("kernels: %v", err)) // a file of the program itself
	}
	_, rest, found := bytes.Cut(text, []byte(Header))
	if !found {
		panic(fmt.Sprintf("kernels: ptx/%s.ptx was not compiled for %q", name, Header))
	}
	return rest
}
