// Code generated from kernel_amd64.s. DO NOT EDIT.

//go:build amd64

package amx

import "ganengine/engine/internal/isa"

// needs is what each function of kernel_amd64.s needs of the processor.
var needs = isa.Table{
	"columns":    isa.AVX | isa.AVX512F | isa.AVX512BW,
	"narrow":     isa.AVX | isa.AVX512F | isa.AVX512BW | isa.AVX512BF16,
	"pairs":      isa.AVX | isa.AVX512F | isa.AVX512BW,
	"products11": isa.AVX | isa.AVX512F | isa.AVX512BW | isa.AVX512BF16 | isa.AMXTile | isa.AMXBF16,
	"products12": isa.AVX | isa.AVX512F | isa.AVX512BW | isa.AVX512BF16 | isa.AMXTile | isa.AMXBF16,
	"products21": isa.AVX | isa.AVX512F | isa.AVX512BW | isa.AVX512BF16 | isa.AMXTile | isa.AMXBF16,
	"products22": isa.AVX | isa.AVX512F | isa.AVX512BW | isa.AVX512BF16 | isa.AMXTile | isa.AMXBF16,
	"rows":       isa.AVX | isa.AVX512BW,
	"sums11":     isa.AVX | isa.AMXTile | isa.AMXBF16,
	"sums12":     isa.AVX | isa.AMXTile | isa.AMXBF16,
	"sums21":     isa.AVX | isa.AMXTile | isa.AMXBF16,
	"sums22":     isa.AVX | isa.AMXTile | isa.AMXBF16,
	"transposed": isa.AVX | isa.AVX512F | isa.AVX512BW,
}
