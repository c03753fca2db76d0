package gemm

import "golang.org/x/sys/cpu"

var haveAVX512 = haveAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasBMI2

func sumRows(panels int, a []float32, step int, b, c []float32) {
	tileRowsWide(panels, &a[0], step, &b[0], &c[0])
}

func sumColumns(k int, a, b, c []float32) { tileColumnsWide(k, &a[0], &b[0], &c[0]) }
