// Command gen writes the AVX2 and AVX-512 assembly of package vec and its Go stubs.
// Run it with `go generate ./engine/cpu/vec`.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64")

	unaries()
	binaries()
	fused()
	reductions()
	columns()
	conversions()
	wides()

	Generate()
}
