// Code generated from philox_amd64.s. DO NOT EDIT.

//go:build amd64

package philox

import "ganengine/engine/internal/isa"

// needs is what each function of philox_amd64.s needs of the processor.
var needs = isa.Table{
	"normalsAVX2": isa.AVX | isa.AVX2,
	"wordsAVX2":   isa.AVX | isa.AVX2,
}
