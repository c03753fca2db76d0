// Code generated from gemm_amd64.s. DO NOT EDIT.

//go:build amd64

package gemm

import "ganengine/engine/internal/isa"

// kernelNeeds is what each function of gemm_amd64.s needs of the processor.
var kernelNeeds = isa.Table{
	"addTo":       isa.AVX,
	"copy16":      isa.AVX,
	"copy16At":    isa.AVX,
	"copy6":       isa.AVX,
	"kernel6x16":  isa.MMXPlus | isa.AVX | isa.FMA3,
	"peak":        isa.AVX | isa.FMA3,
	"transpose16": isa.AVX,
	"transpose6":  isa.AVX,
}
