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
	"regexp"
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
// behind one: those of the given names with all that they need, or all. Each has
// the name ge_OP_f32 or ge_OP_f64, takes its operands as .param .b32 or .b64 and
// returns one such: exp, log, log1p, sin, cos, erf, tanh, sigmoid, softplus of one
// operand, and pow of two. It panics on a name that is none of them.
func Math(names ...string) []byte {
	if len(names) == 0 {
		return body(mathFile)
	}
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	for grown := true; grown; {
		grown = false
		for _, d := range functions() {
			for _, other := range functions() {
				if wanted[d.name] && !wanted[other.name] && strings.Contains(d.text, other.name) {
					wanted[other.name], grown = true, true
				}
			}
		}
	}
	var text []byte
	for _, d := range functions() {
		if wanted[d.name] {
			text = append(text, d.text...)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(functions(), func(d definition) bool { return d.name == n }) {
			panic(fmt.Sprintf("kernels: there is no function %q", n))
		}
	}
	return text
}

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

// definition is a function of the mathematical ones, its declaration ahead of it,
// or a table.
type definition struct{ name, text string }

var defined = regexp.MustCompile(`^(?:\.visible )?\.func\s+\([^)]*\)\s*(\w+)|^\.global .*?(\w+)\[`)

// functions lists the definitions in the order of the text. Each ends with a line
// that begins with a brace or a semicolon, or is one line.
var functions = sync.OnceValue(func() []definition {
	var all []definition
	var text strings.Builder
	for line := range strings.Lines(string(body(mathFile))) {
		text.WriteString(line)
		if line[0] != '}' && line[0] != ';' && !strings.HasPrefix(line, ".global ") {
			continue
		}
		m := defined.FindStringSubmatch(text.String())
		if m == nil {
			panic(fmt.Sprintf("kernels: %s holds something that is neither function nor table: %.60q", mathFile, text.String()))
		}
		all = append(all, definition{m[1] + m[2], text.String()})
		text.Reset()
	}
	return all
})

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
