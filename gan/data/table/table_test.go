package table

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/gan/data/pixel"
	"ganengine/gan/data/points"
	"ganengine/gan/data/uniform"
)

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, text string, o uniform.Options) (any, []string, error) {
	t.Helper()
	var notes []string
	set, err := Open(t.Context(), write(t, text), o, func(n string) { notes = append(notes, n) })
	return set, notes, err
}

func TestRowsArePoints(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		labels bool
		want   string
	}{
		"plain":          {"1,2\n3,4.5\n\n-1e3,0\n", false, "[1 2]-1 [3 4.5]-1 [-1000 0]-1 []"},
		"header":         {"a,b\r\n1,2\r\n", false, "[1 2]-1 []"},
		"label":          {"a,Label,b\n1,7,2\n3,0,4\n", true, "[1 2]7 [3 4]0 [0 1 2 3 4 5 6 7]"},
		"without labels": {"label,b\n1,2\n", false, "[2]-1 []"},
		"words":          {"5.1;3.5;setosa\n4;2;virginica\n6;1;setosa\n", true, "[5.1 3.5]0 [4 2]1 [6 1]0 [setosa virginica]"},
		"header, words":  {"\ufeffx\ty\tkind\n1\t2\tb\n3\t4\ta\n", true, "[1]2 [3]4 [0 1 2 3 4]"},
		"quoted":         {"\"x\",\"species\"\n\"1\", \"a,b\"\n", true, "[1]0 [a,b]"},
	} {
		set, _, err := open(t, c.text, uniform.Options{Labels: c.labels})
		if name == "header, words" { // y is a class by its name, and so kind would be a value
			if err == nil || !strings.Contains(err.Error(), `line 2, column 3 (kind): "b" is no number`) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := set.(*points.Set)
		var got []string
		_, _, dim := s.Shape()
		for i := range s.Len() {
			v := make([]float32, dim)
			if err := s.Read(v, i); err != nil {
				t.Error(err)
			}
			got = append(got, fmt.Sprint(v, s.Label(i)))
		}
		if got := strings.ReplaceAll(strings.Join(got, " "), "] ", "]") + fmt.Sprint(" ", s.Classes()); strings.ReplaceAll(got, "][", "] [") != strings.ReplaceAll(strings.ReplaceAll(c.want, "] ", "]"), "][", "] [") {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestRowsAreImages(t *testing.T) {
	format, err := pixel.NewFormat(4, 4, 1, "pad", "")
	if err != nil {
		t.Fatal(err)
	}
	set, notes, err := open(t, "label,p0,p1,p2,p3\n1,10,20,30,40\n0,255,0,0,0\n", uniform.Options{Format: format, Labels: true})
	if err != nil {
		t.Fatal(err)
	}
	s, dst := set.(*uniform.Set), make([]byte, 16)
	if err := s.Read(dst, 0); err != nil || fmt.Sprint(dst) != "[0 0 0 0 0 10 20 0 0 30 40 0 0 0 0 0]" || s.Label(0) != 1 || len(notes) != 1 {
		t.Errorf("%v of %d, %v, %q", dst, s.Label(0), err, notes)
	}
	format, _ = pixel.NewFormat(1, 2, 3, "", "")
	if set, _, err = open(t, "0,.5,1,0,0,1\n", uniform.Options{Format: format}); err != nil {
		t.Fatal(err)
	}
	if err := set.(*uniform.Set).Read(dst[:6], 0); err != nil || fmt.Sprint(dst[:6]) != "[0 128 255 0 0 255]" {
		t.Errorf("fractions give %v, %v", dst[:6], err)
	}
}

func TestMistakesHaveLines(t *testing.T) {
	format, _ := pixel.NewFormat(8, 8, 1, "", "")
	for text, want := range map[string]string{
		"":                  "it holds no rows of numbers",
		"a,b\n":             "it holds no rows of numbers",
		"1,2\n3\n":          "line 2 has 1 values, the first has 2",
		"1,2\n\n3,x\n":      `line 3, column 2: "x" is no number`,
		"a,b\n1,\n":         "",
		"a,b\n1,2\n3,NaN\n": `line 3, column 2 (b): "NaN" is no number`,
		"1,2\n3,1e99\n":     `line 2, column 2: "1e99" is no number`,
		"1,2\n3,\"4\n":      "line 2",
		"label\n3\n":        "it has a column of classes and none of values",
		"label,x\n" + strings.Repeat("w", 300) + ",1\n": "line 2, column 1 (label): label",
	} {
		_, _, err := open(t, text, uniform.Options{})
		if want == "" { // the last field of the first row is a word: "", a class
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{"1,2\n": "it has no classes: name a column label", "1,2,3,a\n": "a row of 3 values is no image of 8x8, nor a square one",
		"1,-2,3,4,a\n": "its values reach from -2 to 4"} {
		if _, _, err := open(t, text, uniform.Options{Labels: true, Format: format}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if s, _, err := open(t, "1\n2\n3\n", uniform.Options{Limit: 2}); err != nil || s.(*points.Set).Len() != 2 {
		t.Errorf("limited: %v", err)
	}
}

// FuzzOpen: whatever the text, an error or finite values.
func FuzzOpen(f *testing.F) {
	for _, text := range []string{"a,label\n1,x\n", "1;2\n3;4\n", "\"1\"\t2\n", "\ufeff1,2,w\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, labels := range []bool{false, true} {
			set, _, err := open(t, text, uniform.Options{Labels: labels})
			if err != nil {
				continue
			}
			s := set.(*points.Set)
			if err := s.Check(t.Context()); err != nil || s.Len() == 0 {
				t.Errorf("%d rows, %v", s.Len(), err)
			}
			for i := range s.Len() {
				if s.Label(i) >= len(s.Classes()) {
					t.Errorf("class %d of %d", s.Label(i), len(s.Classes()))
				}
			}
		}
	})
}
