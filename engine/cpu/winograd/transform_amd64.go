package winograd

// vectorise takes the transforms in AVX-512.
func (s *short) vectorise() {
	switch [2]int{s.m, s.r} {
	case [2]int{2, 2}:
		s.image, s.result, s.filter = image2x2, result2x2, filter2x2
		s.toResult, s.toImage, s.toFilter = toResult2x2, toImage2x2, toFilter2x2
	case [2]int{4, 2}:
		s.image, s.result, s.filter = image4x2, result4x2, filter4x2
		s.toResult, s.toImage, s.toFilter = toResult4x2, toImage4x2, toFilter4x2
	case [2]int{2, 3}:
		s.image, s.result, s.filter = image2x3, result2x3, filter2x3
		s.toResult, s.toImage, s.toFilter = toResult2x3, toImage2x3, toFilter2x3
	}
}

func transposeRows(dst *float32, src **float32, n int) { transpose32(dst, src, n) }
