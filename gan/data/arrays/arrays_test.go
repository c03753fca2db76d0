package arrays

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/gan/data/pixel"
	"ganengine/gan/data/points"
	"ganengine/gan/data/uniform"
	"ganengine/gan/npy"
)

// member is one array of an archive.
type member struct {
	name string
	body []byte
}

func array[T npy.Element](name string, data []T, shape ...int) member {
	var b bytes.Buffer
	if err := npy.Write(&b, shape, data); err != nil {
		panic(err)
	}
	return member{name + ".npy", b.Bytes()}
}

func archive(t testing.TB, method uint16, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: method})
		if err == nil {
			_, err = w.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, b []byte, o uniform.Options) (any, []string, error) {
	t.Helper()
	var notes []string
	set, err := Open(t.Context(), write(t, b), o, func(n string) { notes = append(notes, n) })
	if c, ok := set.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	return set, notes, err
}

func ramp[T npy.Element](n int, scale T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = T(i) * scale
	}
	return list
}

// Whatever their layout and type, and however the archive keeps them, images are the
// same bytes.
func TestImages(t *testing.T) {
	bytesOf := ramp[uint8](24, 10)
	var floats, signed []float64
	var units []float32
	planes := make([]uint8, 24)
	for i, v := range bytesOf {
		floats, units, signed = append(floats, float64(v)), append(units, float32(v)/255), append(signed, float64(v)/127.5-1)
		planes[i/12*12+i%12%3*4+i%12/3] = v
	}
	for name, c := range map[string]struct {
		x     member
		shape string
		note  string
	}{
		"colour":      {array("images", bytesOf, 2, 2, 2, 3), "2 2 3", ""},
		"planes":      {array("x", planes, 2, 3, 2, 2), "2 2 3", ""},
		"grey":        {array("data", bytesOf, 2, 3, 4), "3 4 1", ""},
		"one channel": {array("arr_0", bytesOf, 2, 3, 4, 1), "3 4 1", ""},
		"0 to 255":    {array("X", floats, 2, 3, 4), "3 4 1", "float64 taken to lie in 0 to 255"},
		"0 to 1":      {array("x", units, 2, 2, 2, 3), "2 2 3", "float32 taken to lie in 0 to 1"},
		"-1 to 1":     {array("anything", signed, 2, 2, 2, 3), "2 2 3", "float64 taken to lie in -1 to 1"},
	} {
		y := array("y", []int64{3, 0}, 2, 1)
		for method, b := range map[string][]byte{"stored": archive(t, zip.Store, c.x, y), "packed": archive(t, zip.Deflate, y, c.x)} {
			set, notes, err := open(t, b, uniform.Options{Labels: true})
			if err != nil {
				t.Errorf("%s, %s: %v", name, method, err)
				continue
			}
			s := set.(*uniform.Set)
			h, w, channels := s.Shape()
			dst := make([]byte, 12)
			if err := s.Read(dst, 1); err != nil || fmt.Sprint(h, w, channels) != c.shape || !bytes.Equal(dst, bytesOf[12:]) || s.Label(0) != 3 || len(s.Classes()) != 4 {
				t.Errorf("%s, %s: %v of %d %d %d, class %d, %v", name, method, dst, h, w, channels, s.Label(0), err)
			}
			if !strings.HasPrefix(strings.Join(notes, ""), c.note) || c.note == "" && len(notes) > 0 {
				t.Errorf("%s: notes %q", name, notes)
			}
		}
	}
}

func TestPointsAndRowsOfPixels(t *testing.T) {
	one := array("a", []float32{1, 2, 3, 4}, 2, 2).body
	set, _, err := open(t, one, uniform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, v := set.(*points.Set), make([]float32, 2)
	if err := s.Read(v, 1); err != nil || v[0] != 3 || v[1] != 4 || s.Classes() != nil || s.Label(0) != -1 {
		t.Errorf("%v, %v", v, err)
	}
	format, _ := pixel.NewFormat(2, 2, 1, "", "")
	if set, _, err = open(t, array("a", ramp[uint8](8, 1), 2, 4).body, uniform.Options{Format: format, Limit: 1}); err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 4)
	if err := set.(*uniform.Set).Read(dst, 0); err != nil || !bytes.Equal(dst, []byte{0, 1, 2, 3}) || set.(*uniform.Set).Len() != 1 {
		t.Errorf("rows of pixels: %v, %v", dst, err)
	}
	all := map[string]bool{}
	for _, m := range []member{array("x", []float32{1, 2, 3, 4}, 2, 2), array("x", []float32{1, 2, 3, 5}, 2, 2), array("x", []float32{1, 2, 3, 4}, 1, 4)} {
		set, _, err := open(t, archive(t, zip.Store, m), uniform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all[set.(*points.Set).Fingerprint()] = true
	}
	if len(all) != 3 {
		t.Errorf("three arrays have %d fingerprints", len(all))
	}
}

func TestMistakes(t *testing.T) {
	x, y := array("x", ramp[uint8](12, 1), 3, 2, 2), array("y", ramp[int64](3, 1), 3)
	nan := array("x", []float64{0, math.NaN()}, 1, 2)
	stored := func(m ...member) []byte { return archive(t, zip.Store, m...) }
	huge := array("x", []uint8{1}, 1)
	huge.body = bytes.Replace(huge.body, []byte("(1,), }         "), []byte("(1, 99999999), }"), 1)
	object := array("y", []uint8{1, 2, 3}, 3)
	object.body = bytes.Replace(object.body, []byte("'|u1'"), []byte("'|O' "), 1)
	lying := archive(t, zip.Deflate, array("x", make([]uint8, 1<<16), 1, 256, 256))
	at := bytes.Index(lying, []byte("PK\x01\x02"))
	copy(lying[at+24:], []byte{0xff, 0xff, 0xff, 0x7f})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no labels":      {stored(x), "it has no labels (looked for an array y, labels"},
		"other labels":   {stored(x, array("y", ramp[int64](2, 1), 2)), "it holds 2 labels (y) and 3 samples (x)"},
		"floats":         {stored(x, array("y", ramp[float32](3, 1), 3)), "are no list of integers"},
		"negative":       {stored(x, array("y", []int64{0, -1, 0}, 3)), "label 1 (y) is -1"},
		"objects":        {stored(x, object), "labels y element type"},
		"which":          {stored(array("a", ramp[uint8](4, 1), 2, 2), array("b", ramp[uint8](4, 1), 2, 2)), "which are the samples is not plain"},
		"five":           {stored(array("x", ramp[uint8](1, 1), 1, 1, 1, 1, 1), y), "is neither images"},
		"channels":       {stored(array("x", ramp[uint8](24, 1), 3, 2, 2, 2), y), "have neither 1, 3 nor 4 channels"},
		"wide integers":  {stored(array("x", ramp[int64](12, 1), 3, 2, 2), y), "save them with .astype(numpy.uint8)"},
		"range":          {stored(array("x", ramp[float32](12, 100), 3, 2, 2), y), "values from 0 to 1100"},
		"none":           {stored(array("x", ramp[uint8](0, 1), 0, 2, 2), y), "holds no samples"},
		"no number":      {stored(nan, array("y", []uint8{0}, 1)), "which cannot be trained on"},
		"cut":            {x.body[:len(x.body)-1], "it is cut short: uint8 [3 2 2] takes 12 bytes, and 11 are there"},
		"promises":       {stored(huge), "it is cut short: uint8 [1 99999999]"},
		"cut archive":    {stored(x)[:50], "it is no .npz archive"},
		"packed bomb":    {lying, "bytes cannot give the 2147483647"},
		"no array":       {[]byte("hello"), "too short"},
		"a number alone": {array("x", []uint8{1}).body, "is neither images"},
	} {
		if _, _, err := open(t, c.file, uniform.Options{Labels: true}); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, _, err := open(t, stored(x, object), uniform.Options{}); err != nil {
		t.Errorf("an array that nobody asked for: %v", err)
	}
	if Is(t.TempDir()) || !Is(write(t, stored(x))) || !Is(write(t, x.body)) || Is(write(t, []byte("PK"))) {
		t.Error("what arrays are")
	}
}

// FuzzOpen: whatever the bytes, an error or samples that can be read.
func FuzzOpen(f *testing.F) {
	x, y := array("x", ramp[uint8](12, 1), 3, 2, 2), array("y", ramp[int64](3, 1), 3)
	f.Add(archive(f, zip.Store, x, y))
	f.Add(archive(f, zip.Deflate, array("p", []float32{1, 2}, 1, 2), y))
	f.Add(x.body)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, labels := range []bool{false, true} {
			set, _, err := open(t, b, uniform.Options{Labels: labels})
			if err != nil {
				continue
			}
			switch s := set.(type) {
			case *uniform.Set:
				h, w, c := s.Shape()
				if err := s.Read(make([]byte, h*w*c), s.Len()-1); err != nil && !strings.Contains(err.Error(), "is no number") {
					t.Error(err)
				}
			case *points.Set:
				_, _, c := s.Shape()
				if err := s.Read(make([]float32, c), s.Len()-1); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
