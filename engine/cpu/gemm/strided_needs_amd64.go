// Code generated from strided_amd64.s. DO NOT EDIT.

//go:build amd64

package gemm

import "ganengine/engine/internal/isa"

// stridedNeeds is what each function of strided_amd64.s needs of the processor.
var stridedNeeds = isa.Table{
	"dotRows8":        isa.AVX | isa.BMI2 | isa.AVX512F,
	"dotRows8AVX2":    isa.AVX | isa.AVX2 | isa.FMA3 | isa.BMI2,
	"tileStrided":     isa.AVX | isa.AVX512F,
	"tileStridedAVX2": isa.AVX | isa.AVX2 | isa.FMA3,
}
