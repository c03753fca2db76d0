package picture

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	long := "n02085620-Chihuahua_of_the_north"
	got := Names([]string{"mode 3", "7", long, "Löwe", "犬", "a\nb", strings.Repeat("Ж", 40), "  "})
	want := []string{"mode 3", "7", "n02085620..the_north", "Löwe", "class 4", "class 5", "", "class 7"}
	for i, name := range got {
		if textWidth(name) > nameWidth {
			t.Errorf("%q is %d pixels wide", name, textWidth(name))
		}
		if want[i] != "" && name != want[i] {
			t.Errorf("name %d is %q, want %q", i, name, want[i])
		}
	}
	if !strings.HasPrefix(got[6], "ЖЖЖЖ") || !strings.HasSuffix(got[6], "ЖЖЖЖ") || !strings.Contains(got[6], "..") {
		t.Errorf("a long name of other letters is %q", got[6])
	}
	// Names that become one keep their numbers; a letter keeps its accent, and words no spaces beside the gap.
	same := Names([]string{"the same beginning, 1, the same end", "the same beginning, 2, the same end", "short"})
	if want := []string{"0 the same..same end", "1 the same..same end", "short"}; !slices.Equal(same, want) {
		t.Errorf("names that become one are %q, want %q", same, want)
	}
	width := func(s string) int { return len([]rune(s)) }
	if got := cut("abcdefghe\u0301fgh", 9, width); got != "abcd..fgh" {
		t.Errorf("cut before an accent: %q", got)
	}
}

// Points of a class, real and generated, have its colour, and its name stands beside them.
func TestScatterClasses(t *testing.T) {
	s := Scatter{
		Range: Range{-1, 1, -1, 1},
		Reals: []float32{-.5, .5, .5, .5}, RealClasses: []int32{0, 4},
		Fakes: []float32{-.5, -.5, .5, -.5}, FakeClasses: []int32{0, 4},
		Classes: []string{"a", "b", "c", "d", "e"},
	}
	m, err := s.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	side := 800. - 62 - 88
	at := func(u, v float64) color.RGBA { return m.RGBAAt(62+int(u*side), 62+int(v*side)) }
	for i, x := range []float64{.25, .75} {
		col := classColor([]int{0, 4}[i])
		if got := at(x, .75); !near(got, col, 55) {
			t.Errorf("a generated point of class %v is %v", col, got)
		}
		if got := at(x, .25); !near(got, shade(col, ink, .5), 70) {
			t.Errorf("a real point of class %v is %v", col, got)
		}
		if got := m.RGBAAt(728, 74+22*i); got != col {
			t.Errorf("entry %d of the legend is %v, want %v", i, got, col)
		}
	}
	if got := m.RGBAAt(728, 74+44); got != paper {
		t.Errorf("classes without points are in the legend: %v", got)
	}
	s.FakeClasses = s.FakeClasses[:1]
	if _, err := s.Draw(800); err == nil || !strings.Contains(err.Error(), "2 and 1 classes of 2 and 2 points") {
		t.Errorf("a point without class: %v", err)
	}
}

// Bars of a class have its colour and its share of all values, whether they lie inside
// the range or not.
func TestHistogramClasses(t *testing.T) {
	h := Histogram{Lo: 0, Hi: 4, Bins: 4, Classes: []string{"a", "b", "c"},
		Reals: []float32{.5, .6, 3.5, 9}, RealClasses: []int32{0, 0, 2, 2},
		Fakes: []float32{.5, 3.5}, FakeClasses: []int32{0, 2}}
	all, lostReals, lostFakes := h.densities()
	if lostReals != 1 || lostFakes != 0 || len(all) != 4 {
		t.Fatalf("%d densities, %d and %d values outside", len(all), lostReals, lostFakes)
	}
	for i, want := range [][]float64{{.5, 0, 0, 0}, {.5, 0, 0, 0}, {0, 0, 0, .25}, {0, 0, 0, .5}} {
		if !slices.Equal(all[i].bins, want) {
			t.Errorf("density %d is %v, want %v", i, all[i].bins, want)
		}
	}
	if all[1].col != classColor(0) || all[3].col != classColor(2) || all[2].col != shade(classColor(2), ink, .5) {
		t.Errorf("colours %v, %v and %v", all[1].col, all[3].col, all[2].col)
	}
	m, err := h.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range []int{0, 2} {
		if got := m.RGBAAt(728, 74+22*i); got != classColor(k) {
			t.Errorf("entry %d of the legend is %v", i, got)
		}
	}
	if got, want := m.RGBAAt(62+7*650/8, 690), shade(shade(paper, shade(classColor(2), ink, .5), .28), classColor(2), .38); !near(got, want, 3) {
		t.Errorf("a bar of both is %v, want %v", got, want)
	}
	h.FakeClasses = nil
	if _, err := h.Draw(800); err == nil || !strings.Contains(err.Error(), "4 and 0 classes of 4 and 2 values") {
		t.Errorf("values without classes: %v", err)
	}
}

// The list of classes ends where the plot does, and leaves room for D's colours.
func TestManyClasses(t *testing.T) {
	s := Scatter{Range: Range{-1, 1, -1, 1}, Field: ramp(16, 16, 0)}
	for k := range 100 {
		s.Classes = append(s.Classes, "a class of a long name")
		s.Fakes, s.FakeClasses = append(s.Fakes, 0, 0), append(s.FakeClasses, int32(k))
	}
	m, err := s.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	for y := 700; y < 800; y++ {
		for x := 720; x < 800; x++ {
			if m.RGBAAt(x, y) != paper {
				t.Fatalf("something is at %d,%d, beside and below the plot", x, y)
			}
		}
	}
	for y := range 800 {
		if m.RGBAAt(799, y) != paper {
			t.Fatalf("a name runs out of the picture at row %d", y)
		}
	}
}

// dichromats are what people without one kind of cone see of linear RGB: without red, green, blue ones
// (Machado, Oliveira, Fernandes 2009, severity 1).
var dichromats = [][3][3]float64{
	{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	{{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	{{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	{{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

// People of any colour vision tell the classes' colours apart, from each other and from the paper: CIE 1976
// differences of more than 10, where 2.3 is just seen.
func TestClassColours(t *testing.T) {
	for v, vision := range dichromats {
		var seen [][3]float64
		for _, c := range append(slices.Clone(classColors), paper) {
			seen = append(seen, lab(c, vision))
		}
		for i := range seen {
			for j := range i {
				d := math.Hypot(math.Hypot(seen[i][0]-seen[j][0], seen[i][1]-seen[j][1]), seen[i][2]-seen[j][2])
				if d < 10 {
					t.Errorf("vision %d: colours %d and %d differ by %.1f", v, j, i, d)
				}
			}
		}
	}
	seen := map[color.RGBA]bool{}
	for k := range 3 * len(classColors) {
		seen[classColor(k)] = true
	}
	if len(seen) != 3*len(classColors) {
		t.Errorf("%d classes have %d colours", 3*len(classColors), len(seen))
	}
}

// lab is CIE L*a*b* (D65) of a colour as a vision sees it.
func lab(c color.RGBA, vision [3][3]float64) [3]float64 {
	var linear, xyz [3]float64
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		if u := float64(v) / 255; u <= .04045 {
			linear[i] = u / 12.92
		} else {
			linear[i] = math.Pow((u+.055)/1.055, 2.4)
		}
	}
	for i, row := range [3][3]float64{{.4124, .3576, .1805}, {.2126, .7152, .0722}, {.0193, .1192, .9505}} {
		for k, w := range row {
			xyz[i] += w * min(max(vision[k][0]*linear[0]+vision[k][1]*linear[1]+vision[k][2]*linear[2], 0), 1)
		}
	}
	f := func(t float64) float64 {
		if t > 216./24389 {
			return math.Cbrt(t)
		}
		return (24389./27*t + 16) / 116
	}
	x, y, z := f(xyz[0]/.9505), f(xyz[1]), f(xyz[2]/1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}
