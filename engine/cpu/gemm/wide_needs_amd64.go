// Code generated from wide_amd64.s. DO NOT EDIT.

//go:build amd64

package gemm

import "ganengine/engine/internal/isa"

// tileNeeds is what each function of wide_amd64.s needs of the processor.
var tileNeeds = isa.Table{
	"tileColumns5AVX2": isa.MMXPlus | isa.AVX | isa.FMA3,
	"tileColumns6AVX2": isa.MMXPlus | isa.AVX | isa.FMA3,
	"tileColumnsWide":  isa.MMXPlus | isa.AVX | isa.AVX512F,
	"tileRowsAVX2":     isa.AVX | isa.FMA3,
	"tileRowsWide":     isa.MMXPlus | isa.AVX | isa.AVX512F,
}
