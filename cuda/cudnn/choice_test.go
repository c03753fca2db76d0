//go:build cuda && cgo && linux

package cudnn

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	good := square(2, 8, 4, 6, 3, 2, 1)
	good.Groups = 2
	good.Pad = [4]int{1, 0, 1, 0}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Conv){
		"must be positive":                  func(c *Conv) { c.N = 0 },
		"every extent":                      func(c *Conv) { c.Groups = 0 },
		"unknown direction 3":               func(c *Conv) { c.Direction = directions },
		"or type 3":                         func(c *Conv) { c.Type = types },
		"the groups do not divide":          func(c *Conv) { c.Groups = 4 },
		"negative padding":                  func(c *Conv) { c.Pad[3] = -1 },
		"axis 1: an input of 8 does not":    func(c *Conv) { c.Q = 5 },
		"axis 0: an input of 1 does not":    func(c *Conv) { c.H = 1 },
		"w[6,3,3,2] y[2,4,9,6] stride [2 2": func(c *Conv) { c.Q = 9 },
	} {
		c := good
		change(&c)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func FuzzParseChoice(f *testing.F) {
	for _, text := range []string{"45 2=1 3=0", "0", "", "x", "1 2", "1 2=3x", "01", "-1 5=-6", "1  2=3", "9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseChoice(text)
		if err != nil {
			if !strings.Contains(err.Error(), "engine choice") {
				t.Error(err)
			}
			return
		}
		if got, want := c.String(), strings.Join(strings.Fields(text), " "); got != want {
			t.Errorf("%q is read as %q", text, got)
		}
	})
}

func TestParseChoice(t *testing.T) {
	c, err := ParseChoice("45 2=1 30=-7")
	if err != nil || c.Engine != 45 || !slices.Equal(c.Knobs, []Knob{{2, 1}, {30, -7}}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, text := range []string{"", "x", "1 2", "1 2=3x", "01", "1 2=03", "9223372036854775808"} {
		if c, err := ParseChoice(text); err == nil {
			t.Errorf("%q is read as %v", text, c)
		}
	}
}

func TestDefects(t *testing.T) {
	list := []defect{
		{92301, 92400, Forward, 5, 86, "some"},
		{90000, 90100, FilterGrad, 1, 0, "all"},
	}
	for _, c := range []struct {
		version, capability int
		direction           Direction
		engine              int64
		want                string
	}{
		{92301, 86, Forward, 5, "some"},
		{92300, 86, Forward, 5, ""},
		{92400, 86, Forward, 5, ""},
		{92301, 90, Forward, 5, ""},
		{92301, 86, InputGrad, 5, ""},
		{92301, 86, Forward, 4, ""},
		{90000, 120, FilterGrad, 1, "all"},
	} {
		if got := blocked(list, c.version, c.capability, c.direction, c.engine); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, d := range defects() {
		if d.from >= d.before || !strings.Contains(d.why, "(") {
			t.Errorf("a defect for no version or without its source: %+v", d)
		}
	}
}

func TestNotes(t *testing.T) {
	fp32, tf32 := Conv{Type: Float32}, Conv{Type: TF32}
	for _, c := range []struct {
		notes   Notes
		conv    Conv
		options Options
		want    string
	}{
		{TensorCore | Winograd, tf32, Options{}, ""},
		{TensorCore, fp32, Options{}, "rounds fp32 to TF32"},
		{Winograd | FFT | RuntimeCompilation, fp32, Options{}, ""},
		{Nondeterministic, tf32, Options{}, "is not deterministic"},
		{Nondeterministic, tf32, Options{Nondeterministic: true}, ""},
		{DownConvertInputs, tf32, Options{Nondeterministic: true}, "converts its operands to a smaller type"},
		{ReducedPrecisionReduction, tf32, Options{Nondeterministic: true}, "adds up in a smaller type"},
	} {
		if got := c.options.refused(c.conv, c.notes); got != c.want {
			t.Errorf("%v for %v: %q, want %q", c.notes, c.conv.Type, got, c.want)
		}
	}
	if got, want := (TensorCore | 1<<14 | RuntimeCompilation | RuntimeCompilation<<3).String(), "tensor cores, note 14, compiled at run time, native graphs"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
