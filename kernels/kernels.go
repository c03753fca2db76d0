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
