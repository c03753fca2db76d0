package glyphs

import (
	"bytes"
	"hash/maphash"
	"strings"
	"testing"
)

func open(t testing.TB, o Options) *Set {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(s *Set, i int) []byte {
	h, w, c := s.Shape()
	b := make([]byte, h*w*c)
	s.Read(b, i)
	return b
}

func TestImagesAreDistinct(t *testing.T) {
	s := open(t, Options{Height: 16, Width: 16})
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	b := make([]byte, 16*16)
	const n = 22000
	for i := range n {
		s.Read(b, i)
		seen[maphash.Bytes(seed, b)] = true
	}
	if s.Len() != 36*1024 || len(seen) < n*99/100 {
		t.Errorf("%d of the first %d of %d images are distinct", len(seen), n, s.Len())
	}
}

func TestImagesAreAFunctionOfSeedAndIndex(t *testing.T) {
	a, b, other := open(t, Options{Seed: 7}), open(t, Options{Seed: 7, Limit: 900, Labels: true}), open(t, Options{Seed: 8})
	for _, i := range []int{500, 3, 899, 3} {
		if !bytes.Equal(read(a, i), read(b, i)) {
			t.Errorf("image %d depends on more than seed and index", i)
		}
		if bytes.Equal(read(a, i), read(other, i)) {
			t.Errorf("image %d does not depend on the seed", i)
		}
	}
	if a.Fingerprint() != open(t, Options{Seed: 7}).Fingerprint() || a.Fingerprint() == other.Fingerprint() {
		t.Error("the fingerprint does not tell sets apart by their seed")
	}
}

// TestCharactersAreInside looks at every face and character at every extreme of
// size: none may touch the border, be empty or fill the image.
func TestCharactersAreInside(t *testing.T) {
	for _, size := range [][2]int{{8, 8}, {28, 28}, {64, 32}, {31, 100}, {256, 256}} {
		h, w := size[0], size[1]
		s := open(t, Options{Height: h, Width: w})
		n := 36 * 40
		if h*w > 64*64 {
			n = 36 * 4
		}
		for i := range n {
			b := read(s, i)
			ink := 0
			for at, v := range b {
				x, y := at%w, at/w
				ink += int(v)
				if v > 0 && h >= 28 && (x == 0 || y == 0 || x == w-1 || y == h-1) {
					t.Fatalf("%dx%d: image %d (%s) touches the border at %d, %d", h, w, i, s.names[s.character(i)], x, y)
				}
			}
			side := min(h, w)
			if share := float64(ink) / 255 / float64(side*side); share < .03 || share > .5 {
				t.Errorf("%dx%d: image %d (%s) has %.0f%% ink", h, w, i, s.names[s.character(i)], 100*share)
			}
		}
	}
}

// TestCharactersAreCentred compares the middle of the inked box with the
// image's: the mean over many images is the centre, and none strays far.
func TestCharactersAreCentred(t *testing.T) {
	const side, n = 64, 1000
	s := open(t, Options{Height: side, Width: side})
	var sum [2]float64
	for i := range n {
		box := [4]int{side, side, 0, 0}
		for at, v := range read(s, i) {
			if v > 0 {
				x, y := at%side, at/side
				box = [4]int{min(box[0], x), min(box[1], y), max(box[2], x+1), max(box[3], y+1)}
			}
		}
		for k := range 2 {
			off := float64(box[k]+box[k+2])/2 - side/2
			sum[k] += off
			if off > maxShift*side+1 || off < -maxShift*side-1 {
				t.Fatalf("image %d is off its centre by %g of %d pixels", i, off, side)
			}
		}
	}
	if x, y := sum[0]/n, sum[1]/n; x*x+y*y > .5*.5 {
		t.Errorf("images are off centre by %.2f, %.2f pixels on average", x, y)
	}
}

// TestExtremesKeepTheMargin draws every character as large and as crooked as
// looks come.
func TestExtremesKeepTheMargin(t *testing.T) {
	const side = 100
	s := open(t, Options{Height: side, Width: side, Characters: "!-~À-ÖΑ-ΡА-я"})
	p := s.pool.Get().(*pen)
	for face := range s.outlines {
		for c := range s.outlines[face] {
			for _, sign := range []float64{-1, 1} {
				l := look{scale: .74, angle: .2 * sign, slant: .12 * sign, bold: .03, shiftX: sign, shiftY: -sign}
				p.draw(&s.outlines[face][c], l, side, side)
				for at, v := range p.coverage.Pix {
					x, y := at%side, at/side
					if low, high := min(x, y), max(x, y); v > 2 && (low < margin*side-1 || high > side-margin*side) {
						t.Fatalf("face %d, %s reaches %d, %d", face, s.names[c], x, y)
					}
				}
			}
		}
	}
}

func TestWeightsVary(t *testing.T) {
	s := open(t, Options{Height: 64, Width: 64})
	p := s.pool.Get().(*pen)
	ink := func(bold float32) (sum int) {
		p.draw(&s.outlines[0][17], look{scale: .6, bold: bold}, 64, 64) // H
		for _, v := range p.coverage.Pix {
			sum += int(v)
		}
		return sum
	}
	if thin, plain, bold := ink(-.014), ink(0), ink(.03); thin >= plain*95/100 || bold <= plain*110/100 {
		t.Errorf("ink of a thin, plain and bold H: %d %d %d", thin, plain, bold)
	}
}

func TestLabelsAndColours(t *testing.T) {
	s := open(t, Options{Channels: 3, Labels: true})
	if names := s.Classes(); len(names) != 36 || names[s.Label(36+10)] != "A" || names[s.Label(35)] != "Z" {
		t.Errorf("classes %v", s.Classes())
	}
	plain := open(t, Options{})
	if plain.Classes() != nil || plain.Label(4) != -1 {
		t.Error("a set without labels has classes")
	}
	for i := range 300 {
		l := lookOf(0, i, 10, 3)
		if dark, light := max(l.paper[0], l.paper[1], l.paper[2]), max(l.ink[0], l.ink[1], l.ink[2]); dark > 60 || light < 200 {
			t.Errorf("image %d has ink %v on paper %v", i, l.ink, l.paper)
		}
		if b := read(s, i); [3]byte(b) != l.paper {
			t.Errorf("image %d has the corner %v, want its paper %v", i, b[:3], l.paper)
		}
	}
	if b := read(plain, 11); b[0] != 0 {
		t.Errorf("a grey image's corner is %d, want 0", b[0])
	}
	if got := colour(1./3, 1, 1); got != [3]byte{0, 255, 0} {
		t.Errorf("a third of the hue circle is %v, want green", got)
	}
}

// Classes are exactly the characters that were asked for, in that order.
func TestCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"":      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"0-9":   "0123456789",
		"abc":   "abc",
		"zx-y":  "zxy",
		"b-dA0": "bcdA0",
		"+-":    "+-",
		"-a-c":  "-abc",
		"7":     "7",
		"À-Å":   "ÀÁÂÃÄÅ",
	} {
		s := open(t, Options{Characters: text, Labels: true})
		if got := strings.Join(s.Classes(), ""); got != want || s.Len() != PerClass*len(s.Classes()) {
			t.Errorf("%q: %d images of classes %q, want %q", text, s.Len(), got, want)
		}
		for i := range 3 * len(s.Classes()) {
			if s.Label(i) != i%len(s.Classes()) {
				t.Errorf("%q: image %d has label %d", text, i, s.Label(i))
			}
		}
	}
}

// Each image shows the character of its label, as a set of that one alone does.
func TestImagesShowTheirCharacters(t *testing.T) {
	s := open(t, Options{Characters: "x3Q-S", Labels: true, Limit: 40})
	for k, name := range s.Classes() {
		alone := open(t, Options{Characters: name})
		for i := k; i < s.Len(); i += len(s.Classes()) {
			if s.Label(i) != k || !bytes.Equal(read(s, i), read(alone, i)) {
				t.Errorf("image %d, label %d, is no %s", i, s.Label(i), name)
			}
		}
	}
}

// Sets of other characters are others; the default's identity and pixels are
// those of always, also where it is written out.
func TestCharactersAndFingerprints(t *testing.T) {
	const always = "glyphs:7a6a6e388aa7fdb2cacd2355f8dfb338"
	seen := map[string]string{}
	for _, text := range []string{"", "0-9A-Z", "0-9A-MN-Z", "0-9", "A-Z0-9", "98", "89"} {
		got := open(t, Options{Characters: text, Limit: 100}).Fingerprint()
		if same := strings.HasPrefix(text, "0-9A-") || text == ""; same != (got == always) {
			t.Errorf("%q has the fingerprint %s", text, got)
		}
		if other, ok := seen[got]; ok && got != always {
			t.Errorf("%q and %q have one fingerprint", text, other)
		}
		seen[got] = text
	}
	// Where the images shown first are the same.
	if open(t, Options{Characters: "89", Limit: 1}).Fingerprint() == open(t, Options{Characters: "8", Limit: 1}).Fingerprint() {
		t.Error("a set of 8 and 9 is one of 8")
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Height: 7, Width: 32}, "glyphs of 32x7 are impossible: set data.size, or height and width, from 8 to 256"},
		{Options{Height: 32, Width: 257}, "from 8 to 256"},
		{Options{Channels: 2}, "use 1 (grey) or 3 (colour)"},
		{Options{Limit: -1}, "negative"},
		{Options{Characters: "0-9あ"}, "character 'あ' (U+3042) is not in the built-in fonts: leave it out of characters"},
		{Options{Characters: "a-c d"}, "character ' ' (U+0020) leaves no ink: leave it out of characters"},
		{Options{Characters: "\n"}, `character '\n' (U+000A)`},
		{Options{Characters: "9-0"}, `characters = "9-0": the range "9-0" runs backwards: write "0-9"`},
		{Options{Characters: "0-90"}, `characters = "0-90": '0' stands there twice: name each character once`},
	} {
		if _, err := Open(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.o, err, c.want)
		}
	}
}

func TestDrawingAllocatesNothing(t *testing.T) {
	s := open(t, Options{Channels: 3})
	p := s.pool.Get().(*pen)
	b := make([]byte, 32*32*3)
	i := 0
	draw := func() {
		l := lookOf(0, i, len(s.outlines), 3)
		p.draw(&s.outlines[l.face][s.character(i)], l, 32, 32)
		p.colourIn(b, l, 3)
		i++
	}
	for range 500 { // the scratch grows to the largest character
		draw()
	}
	if n := testing.AllocsPerRun(200, draw); n != 0 {
		t.Errorf("drawing an image allocates %g times", n)
	}
}

func BenchmarkRead(b *testing.B) {
	for name, o := range map[string]Options{"grey32": {}, "colour64": {Height: 64, Width: 64, Channels: 3}} {
		s := open(b, o)
		h, w, c := s.Shape()
		dst := make([]byte, h*w*c)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Read(dst, i%s.Len())
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		open(b, Options{})
	}
}
