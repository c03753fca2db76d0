// Package isagen writes, for generators of assembly, what each function needs of a
// processor. Only generators import it.
package isagen

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/mmcloughlin/avo/build"

	"ganengine/engine/internal/isa"
)

// needs is where the table is written.
var needs = flag.String("needs", "", "output `file` for what the functions need, in Go")

// Generate is avo's, for amd64. It also writes the variable of this name, an isa.Table
// of the functions, to the file that the flag -needs gives.
func Generate(variable string) {
	build.ConstraintExpr("amd64")
	build.Generate()
	if err := write(variable, flag.Lookup("out").Value.String()); err != nil {
		log.Fatal(err)
	}
}

// write takes what the functions need from the assembly, as avo has derived it.
func write(variable, assembly string) error {
	text, err := os.ReadFile(assembly)
	if err != nil {
		return fmt.Errorf("what the functions need: %w", err)
	}
	t, err := isa.Assembly(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", assembly, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated from %s. DO NOT EDIT.\n\n//go:build amd64\n\n", filepath.Base(assembly))
	fmt.Fprintf(&b, "package %s\n\nimport \"ganengine/engine/internal/isa\"\n\n", flag.Lookup("pkg").Value)
	fmt.Fprintf(&b, "// %s is what each function of %s needs of the processor.\n", variable, filepath.Base(assembly))
	fmt.Fprintf(&b, "var %s = isa.Table{\n", variable)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "%q: %#v,\n", name, t[name])
	}
	b.WriteString("}\n")
	text, err = format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("what the functions of %s need: %w", assembly, err)
	}
	return os.WriteFile(*needs, text, 0o644)
}
