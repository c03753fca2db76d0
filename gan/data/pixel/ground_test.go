package pixel

import (
	"context"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"
)

// framed is a w×h picture with a border of one colour but for odd pixels, and
// something else inside.
func framed(w, h int, c color.NRGBA, odd int) Picture {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	n := 0
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{byte(40 * x), byte(30 * y), byte(x * y), 255})
			if x == 0 || y == 0 || x == w-1 || y == h-1 {
				if n++; n > odd {
					m.SetNRGBA(x, y, c)
				}
			}
		}
	}
	return Picture{Image: m}
}

func settle(t *testing.T, f Format, pictures []Picture) (Format, string) {
	t.Helper()
	headers := make([]Header, len(pictures))
	for i, p := range pictures {
		headers[i] = Header{Width: p.size().X, Height: p.size().Y}
	}
	f, note, err := f.Settle(context.Background(), headers, func(i int, use func(Picture)) error {
		use(pictures[i])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, note
}

// TestSettle: pictures of 12×10 have 40 border pixels.
func TestSettle(t *testing.T) {
	white, blue := color.NRGBA{255, 255, 255, 255}, color.NRGBA{10, 20, 250, 255}
	near := func(c color.NRGBA, d byte) color.NRGBA { return color.NRGBA{c.R - d, c.G + d%2, c.B - d, 255} }
	many := func(n int, p Picture) []Picture {
		var all []Picture
		for range n {
			all = append(all, p)
		}
		return all
	}
	for _, c := range []struct {
		name     string
		channels int
		fit      string
		pictures []Picture
		want     string // the value; "" for none
	}{
		{"all of one value", 3, "auto", many(3, framed(12, 10, blue, 0)), "#0a14fa"},
		{"80%", 3, "auto", many(3, framed(12, 10, blue, 8)), "#0a14fa"},
		{"less than 80%", 3, "auto", many(3, framed(12, 10, blue, 9)), ""},
		{"grey", 1, "auto", many(1, framed(12, 10, white, 3)), "255"},
		{"within 2", 3, "auto", append(many(6, framed(12, 10, blue, 0)), many(4, framed(12, 10, near(blue, 2), 0))...), "#0a14fa"},
		{"5 away", 3, "auto", append(many(6, framed(12, 10, blue, 0)), many(4, framed(12, 10, near(blue, 5), 0))...), ""},
		{"between two", 3, "auto", append(many(5, framed(12, 10, blue, 0)), many(5, framed(12, 10, color.NRGBA{6, 20, 250, 255}, 0))...), "#0814fa"},
		{"only the first 256", 3, "auto", append(many(256, framed(12, 10, blue, 0)), many(500, framed(12, 10, white, 0))...), "#0a14fa"},
		{"longer ones do not count", 3, "auto", append(many(9, framed(30, 10, white, 0)), framed(12, 10, blue, 0)), "#0a14fa"},
		{"turned", 3, "auto", []Picture{{framed(10, 12, blue, 0), 6}}, "#0a14fa"},
		{"transparent borders", 3, "auto", many(2, framed(12, 10, color.NRGBA{9, 9, 9, 0}, 0)), "#ffffff"},
		{"another fit", 3, "crop", many(3, framed(12, 10, blue, 0)), ""},
		{"of the frame's size", 3, "auto", many(3, framed(14, 13, blue, 0)), ""},
		{"five short", 3, "auto", many(3, framed(12, 8, blue, 0)), ""},
	} {
		f, note := settle(t, format(t, 13, 14, c.channels, c.fit, ""), c.pictures)
		got := ""
		if f.Ground != nil {
			got = f.Ground.text(c.channels)
		}
		if got != c.want {
			t.Errorf("%s: padded with %q, want %q (%s)", c.name, got, c.want, note)
		}
		refused := strings.HasPrefix(c.name, "less") || strings.HasPrefix(c.name, "5 away")
		if said := strings.Contains(note, "are resized, not padded: no more than"); said != refused {
			t.Errorf("%s: note %q", c.name, note)
		}
	}
}

func TestSettlingErrors(t *testing.T) {
	f := format(t, 13, 14, 3, "auto", "")
	headers := []Header{{Width: 12, Height: 10}, {Width: 12, Height: 10}}
	read := func(i int, use func(Picture)) error {
		if i == 0 {
			return errors.New("damaged")
		}
		use(framed(12, 10, color.NRGBA{1, 1, 1, 255}, 0))
		return nil
	}
	if got, _, err := f.Settle(context.Background(), headers, read); err != nil || got.Ground == nil {
		t.Errorf("one damaged picture: %v, ground %v", err, got.Ground)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := f.Settle(ctx, headers, read); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
