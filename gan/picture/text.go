package picture

import (
	"image"
	"image/draw"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// captionFace is a bitmap font, sharp at its one size, of ASCII alone.
var captionFace = basicfont.Face7x13

// outlines is the font of plots, and of captions beyond ASCII. It has Latin, Greek
// and Cyrillic letters.
var outlines = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// face is the outlines at a size in pixels.
func face(size float64) (font.Face, error) {
	f, err := outlines()
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// captionFaceOf is the font that a caption is written in.
func captionFaceOf(s string) font.Face {
	if strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return captionFace
	}
	if f, err := face(13); err == nil {
		return f
	}
	return captionFace
}

func textWidth(s string) int { return font.MeasureString(captionFaceOf(s), s).Ceil() }

// caption writes s with its baseline's left end at x, y.
func caption(dst draw.Image, s string, x, y int) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(captionColor), Face: captionFaceOf(s), Dot: fixed.P(x, y)}
	d.DrawString(s)
}

// nameWidth is the room that a class's name has beside or under images, in pixels: 20 characters.
const nameWidth = 140

// Names makes names of classes fit beside rows and under images. A long one loses its middle, since names often
// differ at their ends; where two become the same, they begin with their numbers. One that no font here can write
// is called by its number.
func Names(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = cut(name, nameWidth, textWidth)
		if !writable(name) {
			out[i] = "class " + strconv.Itoa(i)
		}
	}
	short := slices.Clone(out)
	for i := range out {
		if short[i] != names[i] && count(short, short[i]) > 1 {
			out[i] = cut(strconv.Itoa(i)+" "+names[i], nameWidth, textWidth)
		}
	}
	return out
}

func count(in []string, s string) (n int) {
	for _, x := range in {
		if x == s {
			n++
		}
	}
	return n
}

// writable says whether a font has each letter of s, and s any.
func writable(s string) bool {
	f, err := face(13)
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
		if r > unicode.MaxASCII && err == nil {
			if _, ok := f.GlyphAdvance(r); !ok {
				return false
			}
		}
	}
	return strings.TrimSpace(s) != ""
}

// cut takes as few letters out of the middle of s as make it no wider than width.
func cut(s string, width int, measure func(string) int) string {
	letters := []rune(s)
	for keep := len(letters); measure(s) > width && keep > 1; {
		keep--
		head, tail := string(letters[:(keep+1)/2]), string(letters[len(letters)-keep/2:])
		s = strings.TrimRightFunc(head, unicode.IsSpace) + ".." + strings.TrimLeftFunc(tail, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsMark(r) // a mark belongs to the letter before it
		})
	}
	return s
}
