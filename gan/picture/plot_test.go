package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

// ramp is a field that rises from left to right through its neutral value.
func ramp(h, w int, neutral float32) Field {
	f := Field{Height: h, Width: w, Neutral: neutral}
	for range h {
		for x := range w {
			f.Values = append(f.Values, neutral+(float32(x)+.5)/float32(w)-.5)
		}
	}
	return f
}

func near(a, b color.RGBA, tol int) bool {
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B)) <= tol
}

func TestScatterField(t *testing.T) {
	for _, neutral := range []float32{0, .5} {
		m, err := Scatter{Range: Range{-1, 1, -1, 1}, Field: ramp(16, 16, neutral)}.Draw(800)
		if err != nil {
			t.Fatal(err)
		}
		y := 300
		low, high := m.RGBAAt(70, y), m.RGBAAt(700, y)
		if !near(low, fieldLow, 12) || !near(high, fieldHigh, 12) {
			t.Errorf("neutral %g: ends are %v and %v", neutral, low, high)
		}
		// The line of the undecided runs down the middle, and nowhere else.
		middle := (62 + 800 - 88) / 2
		if got := m.RGBAAt(middle, y); got.R > 200 {
			t.Errorf("neutral %g: middle is %v, want the line", neutral, got)
		}
		if got := m.RGBAAt(middle+12, y); got.R < 230 {
			t.Errorf("neutral %g: beside the line is %v", neutral, got)
		}
	}
}

// The scale of a field that lies above its floor begins there, and says what it shows.
func TestScatterFloor(t *testing.T) {
	f := ramp(16, 16, .5) // from 0 to 1
	f.Neutral, f.Floor, f.Of = 0, true, "density"
	r := Range{-1, 1, -1, 1}
	m, err := Scatter{Range: r, Field: f}.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := m.RGBAAt(737, 708), m.RGBAAt(737, 66); !near(low, fieldMid, 4) || !near(high, fieldHigh, 4) {
		t.Errorf("the scale goes from %v to %v", low, high)
	}
	for x := 63; x < 711; x++ {
		if got := m.RGBAAt(x, 300); !near(got, diverging((float64(x)-62)/650), 14) {
			t.Fatalf("the field at %d is %v", x, got)
		}
	}
	f.Of = ""
	without, err := Scatter{Range: r, Field: f}.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for y := 20; y < 50; y++ {
		for x := 712; x < 800; x++ {
			if m.RGBAAt(x, y) != without.RGBAAt(x, y) {
				written++
			}
		}
	}
	if written < 50 {
		t.Errorf("%d pixels say what the field is", written)
	}
}

func TestScatterPoints(t *testing.T) {
	s := Scatter{
		Range: Range{-1, 1, -1, 1},
		Reals: []float32{-.5, .5},
		Fakes: []float32{.5, -.5, 7, 7, float32(math.NaN()), 0},
	}
	m, err := s.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	side := 800. - 62 - 88
	at := func(u, v float64) color.RGBA { return m.RGBAAt(62+int(u*side), 62+int(v*side)) }
	if got := at(.25, .25); !near(got, realColor, 90) { // y grows upwards
		t.Errorf("real point is %v", got)
	}
	if got := at(.75, .75); !near(got, fakeColor, 70) {
		t.Errorf("generated point is %v", got)
	}
	if got := at(.5, .5); got != paper {
		t.Errorf("empty middle is %v", got)
	}
	if got := legend("generated", 3, 2); got != "generated (2 outside)" {
		t.Errorf("legend %q", got)
	}
}

func TestMeshMatchesField(t *testing.T) {
	r := Range{-2, 2, 0, 8}
	got := fmt.Sprint(r.Mesh(2, 4))
	if want := "[-1.5 6 -0.5 6 0.5 6 1.5 6 -1.5 2 -0.5 2 0.5 2 1.5 2]"; got != want {
		t.Errorf("mesh %s, want %s", got, want)
	}
	f := Field{Height: 2, Width: 2, Values: []float32{0, 1, 2, 3}}
	for _, tc := range [][3]float64{{.25, .25, 0}, {.75, .25, 1}, {.25, .75, 2}, {.5, .5, 1.5}, {0, 0, 0}, {1, 1, 3}} {
		if got := f.at(tc[0], tc[1]); got != tc[2] {
			t.Errorf("field at %g,%g is %g, want %g", tc[0], tc[1], got, tc[2])
		}
	}
}

func TestExtent(t *testing.T) {
	values := make([]float32, 1000)
	for i := range values {
		values[i] = .5 + float32(i%10)/10
	}
	values[3], values[4], values[5] = 1e9, float32(math.Inf(1)), float32(math.NaN())
	if got := (Field{Height: 1, Width: 1000, Values: values, Neutral: .5}).extent(); math.Abs(got-.9) > 1e-6 {
		t.Errorf("extent %g, want 0.9", got)
	}
	if got := (Field{Height: 1, Width: 1, Values: []float32{2}, Neutral: 2}).extent(); got != 1 {
		t.Errorf("extent of a flat field %g, want 1", got)
	}
	if diverging(math.NaN()) != fieldMid || diverging(5) != fieldHigh || diverging(-1) != fieldLow {
		t.Error("the ends of the colour scale are wrong")
	}
}

func TestAround(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, tc := range []struct {
		points []float32
		want   Range
	}{
		{[]float32{-3, 0, 3, 1, inf, 0, 0, inf}, Range{-4, 4, -3.5, 4.5}},
		{[]float32{2, 3}, Range{1, 3, 2, 4}},
		{nil, Range{-1, 1, -1, 1}},
	} {
		if got := Around(tc.points); got != tc.want {
			t.Errorf("Around(%v) = %v, want %v", tc.points, got, tc.want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, tc := range []struct {
		lo, hi float64
		want   string
	}{{-2, 2, "-2 -1 0 1 2"}, {0, 1, "0 0.2 0.4 0.6 0.8 1"}, {-.0013, .0018, "-0.001 -0.0005 0 0.0005 0.001 0.0015"}, {0, 700, "0 100 200 300 400 500 600 700"}} {
		var got []string
		for _, v := range ticks(tc.lo, tc.hi) {
			got = append(got, number(v))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("ticks(%g, %g) = %q, want %q", tc.lo, tc.hi, got, tc.want)
		}
	}
}

func TestHistogram(t *testing.T) {
	h := Histogram{Lo: 0, Hi: 4, Bins: 4, Reals: []float32{.5, .6, 1.5, 9}, Fakes: []float32{3.5, 4, -1}, Neutral: .5}
	reals, outside := h.density(h.Reals, nil, 0)
	if fmt.Sprint(reals, outside) != "[0.5 0.25 0 0] 1" {
		t.Errorf("densities %v, %d outside", reals, outside)
	}
	for i := range 64 {
		h.Curve = append(h.Curve, float32(i)/63)
	}
	m, err := h.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	count := func(col color.RGBA, r image.Rectangle) (n int) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if near(m.RGBAAt(x, y), col, 40) {
					n++
				}
			}
		}
		return n
	}
	left, right := image.Rect(64, 64, 380, 736), image.Rect(400, 64, 708, 736)
	if count(fakeColor, left) > 0 || count(fakeColor, right) < 300 || count(realColor, left) < 300 {
		t.Error("bars are not where their values are")
	}
	if count(curveColor, image.Rect(64, 64, 708, 736)) < 600 {
		t.Error("the curve is missing")
	}
	label := image.Rect(712, 24, 800, 54)
	without := count(curveColor, label)
	h.Of = "density"
	if m, err = h.Draw(800); err != nil || count(curveColor, label) <= without {
		t.Errorf("nothing says what the curve is (%v)", err)
	}
}

// Below a histogram of values that are each made of one number lines lead from the numbers,
// at the bottom, to the values: here from -1 far left to 1, from 1 to 3, none to the value
// outside.
func TestHistogramStrip(t *testing.T) {
	h := Histogram{Lo: 0, Hi: 4, Bins: 4, Fakes: []float32{3, 1, 9}, Latents: []float32{1, -1, 0}}
	m, err := h.Draw(800)
	if err != nil {
		t.Fatal(err)
	}
	drawn := func(y int) (columns []int) {
		for x := 40; x < 760; x++ {
			if c := m.RGBAAt(x, y); int(c.R) > int(c.G)+60 && (len(columns) == 0 || x > columns[len(columns)-1]+20) {
				columns = append(columns, x)
			}
		}
		return columns
	}
	// The plot is 650 wide from 62 on, and ends at 588; the strip reaches from 622 to 748.
	for y, want := range map[int][2]int{626: {224, 550}, 685: {143, 631}, 744: {66, 707}} {
		got := drawn(y)
		if len(got) != 2 || got[0] < want[0]-9 || got[0] > want[0]+9 || got[1] < want[1]-9 || got[1] > want[1]+9 {
			t.Errorf("lines cross row %d at %v, want about %v", y, got, want)
		}
	}
	h.Latents = h.Latents[:2]
	if _, err := h.Draw(800); err == nil || !strings.Contains(err.Error(), "2 latents of 3 values") {
		t.Errorf("error %v", err)
	}
	h.Latents = []float32{1, 1, 1} // lead nowhere in particular
	if _, err := h.Draw(800); err != nil {
		t.Error(err)
	}
}

func TestPlotsRefuse(t *testing.T) {
	nan := math.NaN()
	for name, err := range map[string]error{
		"odd":        draws(Scatter{Reals: []float32{1}}.Draw(800)),
		"field":      draws(Scatter{Field: Field{Height: 2, Width: 2, Values: []float32{1}}}.Draw(800)),
		"range":      draws(Scatter{Range: Range{1, 1, 0, 1}}.Draw(800)),
		"nan":        draws(Scatter{Range: Range{nan, 1, 0, 1}}.Draw(800)),
		"small":      draws(Scatter{}.Draw(10)),
		"histogram":  draws(Histogram{Lo: 2, Hi: 1}.Draw(800)),
		"bins below": draws(Histogram{Bins: -1}.Draw(800)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "picture: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := (Scatter{}).Draw(300); err != nil {
		t.Errorf("an empty scatter: %v", err)
	}
	if _, err := (Histogram{Curve: []float32{float32(nan), 1}}).Draw(300); err != nil {
		t.Errorf("an empty histogram: %v", err)
	}
}

func draws(_ *image.RGBA, err error) error { return err }

func BenchmarkScatter(b *testing.B) {
	var points []float32
	for i := range 2000 {
		a := float64(i)
		points = append(points, float32(math.Cos(a)), float32(math.Sin(a)))
	}
	s := Scatter{Reals: points, Fakes: points, Field: ramp(64, 64, 0)}
	for b.Loop() {
		if _, err := s.Draw(800); err != nil {
			b.Fatal(err)
		}
	}
}
