package philox

import (
	"hash/fnv"
	"testing"

	"ganengine/engine/internal/isa"
)

// The vectors are those published with the authors' library Random123
// (tests/kat_vectors, lines "philox4x32 10").
func TestBlockKnownAnswers(t *testing.T) {
	const f = 0xffffffff
	for _, c := range []struct {
		name string
		ctr  [4]uint32
		key  [2]uint32
		want [4]uint32
	}{
		{"zeros", [4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{"ones", [4]uint32{f, f, f, f}, [2]uint32{f, f}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{"pi", [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Block(c.key, c.ctr); got != c.want {
			t.Errorf("%s: got %08x, want %08x", c.name, got, c.want)
		}
	}
}

func TestStreamHash(t *testing.T) {
	for _, name := range []string{"", "a", "g/latent", "d/augment/flip é"} {
		h := fnv.New64a()
		h.Write([]byte(name))
		if got := StreamHash(name); got != h.Sum64() {
			t.Errorf("StreamHash(%q) = %#x, want %#x", name, got, h.Sum64())
		}
	}
	if got := StreamHash("foobar"); got != 0x85944171f73967e8 { // RFC 9923's test vector
		t.Errorf("StreamHash(foobar) = %#x", got)
	}
}

// TestLayout writes the documented places out by hand.
func TestLayout(t *testing.T) {
	const seed, hash, run = 0x1111222233334444, 0xaaaabbbbccccdddd, 0x0000000500000007
	var got [3]uint32
	FillWords(Code{}, got[:], Row{StreamKey(seed, hash), 9, run}, 11)
	key := [2]uint32{0x33334444 ^ 0xccccdddd, 0x11112222 ^ 0xaaaabbbb}
	a, b := Block(key, [4]uint32{2, 9, 7, 5}), Block(key, [4]uint32{3, 9, 7, 5})
	if want := [3]uint32{a[3], b[0], b[1]}; got != want {
		t.Errorf("stream: got %08x, want %08x", got, want)
	}
	FillWords(Code{}, got[:], Row{Key: RowKey(42, hash)}, 4)
	c := Block([2]uint32{42 ^ 0xccccdddd, 0xaaaabbbb}, [4]uint32{1, 0, 0, 0})
	if want := [3]uint32{c[0], c[1], c[2]}; got != want {
		t.Errorf("row seed: got %08x, want %08x", got, want)
	}
}

// TestFillsAgree cuts one row at every small offset and length, and across
// chunk borders, and compares with the scalar functions.
func TestFillsAgree(t *testing.T) {
	r := Row{StreamKey(3, StreamHash("x")), 5, 1 << 40}
	at := func(col int) uint32 {
		return Block(r.Key, [4]uint32{uint32(col / 4), 5, 0, 1 << 8})[col%4]
	}
	cuts := [][2]int{{250, 300}, {1023, 2 * chunk}, {4 * 0x7fffffff, 9}}
	for col := range 9 {
		for n := range 12 {
			cuts = append(cuts, [2]int{col, n})
		}
	}
	for i := range 2 * len(cuts) {
		code, col, n := codes()[i%2], cuts[i/2][0], cuts[i/2][1]
		words, ints := make([]uint32, n), make([]int32, n)
		u32, u64 := make([]float32, n), make([]float64, n)
		n32, n64 := make([]float32, n), make([]float64, n)
		FillWords(code, words, r, col)
		FillWords(code, ints, r, col)
		FillUniform(code, u32, r, col)
		FillUniform(code, u64, r, col)
		FillNormal(code, n32, r, col)
		FillNormal(code, n64, r, col)
		for i := range n {
			w := at(col + i)
			u, g := Uniform(w), Normal(w)
			if words[i] != w || ints[i] != int32(w) || u32[i] != u || u64[i] != float64(u) ||
				n32[i] != g || n64[i] != float64(g) {
				t.Fatalf("%s, col %d+%d of %d: %#x %d %v %v %v %v, want word %#x, uniform %v, normal %v",
					code.Name(), col, i, n, words[i], ints[i], u32[i], u64[i], n32[i], n64[i], w, u, g)
			}
		}
	}
}

// codes are plain Go loops, and the fastest code for the processor.
func codes() [2]Code { return [2]Code{{}, Best(isa.Machine())} }

// TestRowsAgree fills rows of all lengths at once and one by one.
func TestRowsAgree(t *testing.T) {
	for _, cols := range []int{1, 2, 3, 4, 5, 31, 32, 33, chunk / 2, chunk/2 + 1, 2 * chunk} {
		r := Row{StreamKey(3, StreamHash("x")), 7, 1 << 40}
		const rows = 300
		together, wide, apart := make([]float32, rows*cols), make([]float64, rows*cols), make([]float32, cols)
		FillNormalRows(codes()[1], together, r, cols)
		FillNormalRows(codes()[0], wide, r, cols)
		for i := range rows {
			FillNormal(Code{}, apart, r, 0)
			r.Index++
			for c, v := range apart {
				if at := i*cols + c; together[at] != v || wide[at] != float64(v) {
					t.Fatalf("row %d of %d columns, column %d: %v and %v, want %v", i, cols, c, together[at], wide[at], v)
				}
			}
		}
	}
}

// BenchmarkFillNormalRows is latents of two numbers.
func BenchmarkFillNormalRows(b *testing.B) {
	benchmarkFill(b, func(c Code, dst []float32, r Row, _ int) { FillNormalRows(c, dst, r, 2) })
}

func BenchmarkFillWords(b *testing.B)   { benchmarkFill(b, FillWords[uint32]) }
func BenchmarkFillUniform(b *testing.B) { benchmarkFill(b, FillUniform[float32]) }
func BenchmarkFillNormal(b *testing.B)  { benchmarkFill(b, FillNormal[float32]) }

func benchmarkFill[T any](b *testing.B, fill func(Code, []T, Row, int)) {
	dst, best := make([]T, 1<<14), Best(isa.Machine())
	r := Row{Key: StreamKey(1, StreamHash("bench"))}
	for b.Loop() {
		fill(best, dst, r, 0)
		r.Run++
	}
	b.ReportMetric(float64(b.N)*float64(len(dst))/b.Elapsed().Seconds()/1e6, "M/s")
}
