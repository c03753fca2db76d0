package gemm

import "golang.org/x/sys/cpu"

var havePairs = haveAVX512 && cpu.X86.HasAVX512BF16

func sumPairRows(pairs int, a []uint16, step int, b []uint16, c []float32, accumulate bool) {
	pairRows(pairs, &a[0], step, &b[0], &c[0], accumulate)
}

func sumPairColumns(pairs int, a []uint16, step int, b []uint16, c []float32, accumulate bool) {
	pairColumns(pairs, &a[0], step, &b[0], &c[0], accumulate)
}
