package winograd

import "ganengine/engine/internal/isa"

// runs says whether a processor that has these extensions runs the transforms for
// vectors of so many lanes, as every one does plain loops.
func runs(have isa.Set, lanes int) bool {
	avx2, avx512 := needs.Split("AVX2")
	switch lanes {
	case 16:
		return have.Runs(avx512)
	case 8:
		return have.Runs(avx2)
	}
	return true
}

// vectorise takes the transforms for vectors of so many lanes; there are plain ones for
// one.
func (e *Engine) vectorise(lanes int) {
	switch lanes {
	case 16:
		e.transpose = transpose32
	case 8:
		e.transpose = transpose32AVX2
	default:
		return
	}
	for _, s := range e.short {
		switch [3]int{s.m, s.r, lanes} {
		case [3]int{2, 2, 16}:
			s.image, s.result, s.filter = image2x2, result2x2, filter2x2
			s.toResult, s.toImage, s.toFilter = toResult2x2, toImage2x2, toFilter2x2
		case [3]int{4, 2, 16}:
			s.image, s.result, s.filter = image4x2, result4x2, filter4x2
			s.toResult, s.toImage, s.toFilter = toResult4x2, toImage4x2, toFilter4x2
		case [3]int{2, 3, 16}:
			s.image, s.result, s.filter = image2x3, result2x3, filter2x3
			s.toResult, s.toImage, s.toFilter = toResult2x3, toImage2x3, toFilter2x3
		case [3]int{2, 2, 8}:
			s.image, s.result, s.filter = image2x2AVX2, result2x2AVX2, filter2x2AVX2
			s.toResult, s.toImage, s.toFilter = toResult2x2AVX2, toImage2x2AVX2, toFilter2x2AVX2
		case [3]int{4, 2, 8}:
			s.image, s.result, s.filter = image4x2AVX2, result4x2AVX2, filter4x2AVX2
			s.toResult, s.toImage, s.toFilter = toResult4x2AVX2, toImage4x2AVX2, toFilter4x2AVX2
		case [3]int{2, 3, 8}:
			s.image, s.result, s.filter = image2x3AVX2, result2x3AVX2, filter2x3AVX2
			s.toResult, s.toImage, s.toFilter = toResult2x3AVX2, toImage2x3AVX2, toFilter2x3AVX2
		}
	}
}
