package pixel

import "fmt"

// Conversions describes what bringing the images to f changes, one line for
// each kind of change, with how many images it concerns.
func (f Format) Conversions(images []Header) []string {
	var lines []string
	for _, c := range f.conversions() {
		n := 0
		for _, h := range images {
			if c.applies(h) {
				n++
			}
		}
		switch {
		case n == 0:
		case n == len(images):
			lines = append(lines, fmt.Sprintf("%s (all %d images)", c.text, n))
		default:
			lines = append(lines, fmt.Sprintf("%s (%d of %d images)", c.text, n, len(images)))
		}
	}
	return lines
}

type conversion struct {
	text    string
	applies func(Header) bool
}

func (f Format) conversions() []conversion {
	list := []conversion{
		{"colour to grey by luma", func(h Header) bool { return f.Channels == 1 && !h.Grey }},
		{"grey repeated to three channels", func(h Header) bool { return f.Channels == 3 && h.Grey }},
		{fmt.Sprintf("alpha composited on #%02x%02x%02x", f.Background.R, f.Background.G, f.Background.B),
			func(h Header) bool { return h.Alpha }},
		{"16-bit channels reduced to 8 bits", func(h Header) bool { return h.Deep }},
		{"turned upright as their EXIF says", func(h Header) bool { return h.Orientation.Turned() }},
	}
	for _, text := range []string{padded, shrunk, resized, cropped, both} {
		list = append(list, conversion{f.named(text), func(h Header) bool { return f.fitting(h) == text }})
	}
	return list
}

const (
	padded  = "padded to %dx%d"
	shrunk  = "shrunk and padded to %dx%d"
	resized = "resized to %dx%d"
	cropped = "centre cropped to %dx%d"
	both    = "short side resized and centre cropped to %dx%d"
)

// named is one of the texts above with the size, and what is padded with.
func (f Format) named(text string) string {
	line := fmt.Sprintf(text, f.Width, f.Height)
	switch {
	case text != padded && text != shrunk:
		return line
	case f.Fit == Auto && f.Ground != nil:
		return fmt.Sprintf("%s with %s, the value of %.0f%% of the border pixels", line, f.Ground.text(f.Channels), 100*f.Ground.Share)
	}
	return line + " with the minimum value"
}

// fitting says which of the texts above tells how h meets the frame; "" if it
// is the frame's size already.
func (f Format) fitting(h Header) string {
	cut, place := f.Placement(h.Width, h.Height)
	same := cut.Size() == place.Size()
	switch {
	case cut.Dx() < h.Width || cut.Dy() < h.Height:
		if same {
			return cropped
		}
		return both
	case place.Dx() < f.Width || place.Dy() < f.Height:
		if same {
			return padded
		}
		return shrunk
	case !same:
		return resized
	}
	return ""
}
