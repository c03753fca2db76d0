// Code generated from transform_amd64.s. DO NOT EDIT.

//go:build amd64

package winograd

import "ganengine/engine/internal/isa"

// needs is what each function of transform_amd64.s needs of the processor.
var needs = isa.Table{
	"filter2x2":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"filter2x2AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX,
	"filter2x3":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"filter2x3AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX | isa.FMA3,
	"filter4x2":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"filter4x2AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX | isa.FMA3,
	"image2x2":        isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"image2x2AVX2":    isa.MMXPlus | isa.CMOV | isa.AVX,
	"image2x3":        isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"image2x3AVX2":    isa.MMXPlus | isa.CMOV | isa.AVX,
	"image4x2":        isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"image4x2AVX2":    isa.MMXPlus | isa.CMOV | isa.AVX | isa.FMA3,
	"result2x2":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"result2x2AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX,
	"result2x3":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"result2x3AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX,
	"result4x2":       isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"result4x2AVX2":   isa.MMXPlus | isa.CMOV | isa.AVX | isa.FMA3,
	"toFilter2x2":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toFilter2x2AVX2": isa.CMOV | isa.AVX,
	"toFilter2x3":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toFilter2x3AVX2": isa.CMOV | isa.AVX | isa.FMA3,
	"toFilter4x2":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toFilter4x2AVX2": isa.CMOV | isa.AVX | isa.FMA3,
	"toImage2x2":      isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toImage2x2AVX2":  isa.CMOV | isa.AVX,
	"toImage2x3":      isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toImage2x3AVX2":  isa.CMOV | isa.AVX,
	"toImage4x2":      isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toImage4x2AVX2":  isa.CMOV | isa.AVX | isa.FMA3,
	"toResult2x2":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toResult2x2AVX2": isa.CMOV | isa.AVX,
	"toResult2x3":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toResult2x3AVX2": isa.CMOV | isa.AVX,
	"toResult4x2":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"toResult4x2AVX2": isa.CMOV | isa.AVX | isa.FMA3,
	"transpose32":     isa.CMOV | isa.AVX | isa.BMI2 | isa.AVX512F,
	"transpose32AVX2": isa.CMOV | isa.AVX,
}
