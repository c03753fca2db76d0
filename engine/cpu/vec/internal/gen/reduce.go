package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes emits a reduction of n elements, a multiple of 16, into sixteen
// float64 running sums: element i goes to lane i mod 16.
func lanes(name, params string, inputs []string, prepare func(), add func(v []VecVirtual, acc VecVirtual)) {
	TEXT(name, attr.NOSPLIT, "func("+params+", n int, lanes *[16]float64)")
	Pragma("noescape")
	ptr := make([]Register, len(inputs))
	for i, in := range inputs {
		ptr[i] = Load(Param(in), GP64())
	}
	n, sums := Load(Param("n"), GP64()), Load(Param("lanes"), GP64())
	prepare()
	acc := make([]VecVirtual, 4)
	for i := range acc {
		acc[i] = YMM()
		VMOVUPD(Mem{Base: sums, Disp: 32 * i}, acc[i])
	}
	Label("loop")
	CMPQ(n, Imm(16))
	JL(LabelRef("done"))
	for i := range acc {
		v := make([]VecVirtual, len(ptr))
		for j, p := range ptr {
			v[j] = YMM()
			VCVTPS2PD(Mem{Base: p, Disp: 16 * i}, v[j])
		}
		add(v, acc[i])
	}
	for _, p := range ptr {
		ADDQ(Imm(64), p)
	}
	SUBQ(Imm(16), n)
	JMP(LabelRef("loop"))
	Label("done")
	for i := range acc {
		VMOVUPD(acc[i], Mem{Base: sums, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}

func reductions() {
	lanes("sumAVX2", "x *float32", []string{"x"}, func() {}, func(v []VecVirtual, acc VecVirtual) {
		VADDPD(v[0], acc, acc)
	})
	// The product of two float32 is exact in float64: contracting it is safe.
	lanes("dotAVX2", "x, y *float32", []string{"x", "y"}, func() {}, func(v []VecVirtual, acc VecVirtual) {
		VFMADD231PD(v[0], v[1], acc)
	})
	var mean VecVirtual
	lanes("sumSquaresAboutAVX2", "x *float32, mean float64", []string{"x"}, func() {
		addr, err := Param("mean").Resolve()
		if err != nil {
			panic(err)
		}
		mean = YMM()
		VBROADCASTSD(addr.Addr, mean)
	}, func(v []VecVirtual, acc VecVirtual) {
		VSUBPD(mean, v[0], v[0])
		VMULPD(v[0], v[0], v[0])
		VADDPD(v[0], acc, acc)
	})
	maximum()
}

// maximum keeps 32 running maxima of n elements, a multiple of 32. A NaN stays.
func maximum() {
	TEXT("maximumAVX2", attr.NOSPLIT, "func(x *float32, n int, lanes *[32]float32)")
	Pragma("noescape")
	x, n, top := Load(Param("x"), GP64()), Load(Param("n"), GP64()), Load(Param("lanes"), GP64())
	acc := make([]VecVirtual, 4)
	for i := range acc {
		acc[i] = YMM()
		VMOVUPS(Mem{Base: top, Disp: 32 * i}, acc[i])
	}
	Label("loop")
	CMPQ(n, Imm(32))
	JL(LabelRef("done"))
	for i, a := range acc {
		v := YMM()
		VMOVUPS(Mem{Base: x, Disp: 32 * i}, v)
		nan := compare(unordered, a, a)
		VMAXPS(v, a, v)
		VBLENDVPS(nan, a, v, a)
	}
	ADDQ(Imm(128), x)
	SUBQ(Imm(32), n)
	JMP(LabelRef("loop"))
	Label("done")
	for i := range acc {
		VMOVUPS(acc[i], Mem{Base: top, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}

// columns emits the column sums. They take 16 columns at a time, then 4, in
// registers down all rows; fewer than 4 columns are the caller's. AVX-512 takes
// 64 and 32 columns before.
func columns() {
	for _, wide := range []bool{false, true} {
		suffix := "AVX2"
		if wide {
			suffix = "AVX512"
		}
		column("addColumns"+suffix, []string{"x"}, false, wide, func(v []VecVirtual, _, acc VecVirtual) {
			VADDPD(v[0], acc, acc)
		})
		column("addColumnsProduct"+suffix, []string{"x", "y"}, false, wide, func(v []VecVirtual, _, acc VecVirtual) {
			VFMADD231PD(v[0], v[1], acc)
		})
		column("addColumnsSquaresAbout"+suffix, []string{"x"}, true, wide, func(v []VecVirtual, mean, acc VecVirtual) {
			VSUBPD(mean, v[0], v[0])
			VMULPD(v[0], v[0], v[0])
			VADDPD(v[0], acc, acc)
		})
	}
}

func column(name string, inputs []string, about, wide bool, add func(v []VecVirtual, mean, acc VecVirtual)) {
	params := "acc *float64"
	for _, in := range inputs {
		params += ", " + in + " *float32"
	}
	if about {
		params += ", mean *float64"
	}
	TEXT(name, attr.NOSPLIT, "func("+params+", rows, cols int)")
	Pragma("noescape")
	accp := Load(Param("acc"), GP64())
	ptr := make([]Register, len(inputs))
	for i, in := range inputs {
		ptr[i] = Load(Param(in), GP64())
	}
	var meanp Register
	if about {
		meanp = Load(Param("mean"), GP64())
	}
	rows, left := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	stride := GP64()
	MOVQ(left, stride)
	SHLQ(Imm(2), stride)

	block := func(label string, vectors, lanes int, vector func() VecVirtual) {
		Label(label)
		CMPQ(left, Imm(uint64(lanes*vectors)))
		JL(LabelRef(label + "done"))
		acc, mean := make([]VecVirtual, vectors), make([]VecVirtual, vectors)
		for i := range acc {
			acc[i] = vector()
			VMOVUPD(Mem{Base: accp, Disp: 8 * lanes * i}, acc[i])
			if about {
				mean[i] = vector()
				VMOVUPD(Mem{Base: meanp, Disp: 8 * lanes * i}, mean[i])
			}
		}
		r, at := GP64(), make([]Register, len(ptr))
		MOVQ(rows, r)
		for j, p := range ptr {
			at[j] = GP64()
			MOVQ(p, at[j])
		}
		Label(label + "row")
		TESTQ(r, r)
		JE(LabelRef(label + "store"))
		for i := range acc {
			v := make([]VecVirtual, len(ptr))
			for j := range ptr {
				v[j] = vector()
				VCVTPS2PD(Mem{Base: at[j], Disp: 4 * lanes * i}, v[j])
			}
			add(v, mean[i], acc[i])
		}
		for _, p := range at {
			ADDQ(stride, p)
		}
		DECQ(r)
		JMP(LabelRef(label + "row"))
		Label(label + "store")
		for i := range acc {
			VMOVUPD(acc[i], Mem{Base: accp, Disp: 8 * lanes * i})
		}
		ADDQ(U32(uint32(8*lanes*vectors)), accp)
		if about {
			ADDQ(U32(uint32(8*lanes*vectors)), meanp)
		}
		for _, p := range ptr {
			ADDQ(U32(uint32(4*lanes*vectors)), p)
		}
		SUBQ(Imm(uint64(lanes*vectors)), left)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	if wide {
		block("sixtyfour", 8, 8, ZMM)
		block("thirtytwo", 4, 8, ZMM)
	}
	block("wide", 4, 4, YMM)
	block("four", 1, 4, YMM)
	VZEROUPPER()
	RET()
}
