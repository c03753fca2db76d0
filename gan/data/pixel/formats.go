package pixel

import (
	"bufio"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"

	"github.com/bep/imagemeta"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"ganengine/gan/data/fastpng"
)

// codec is one file format that is read. Formats are told by content; names
// only say which files are looked at.
type codec struct {
	name       string
	extensions []string // none: looked at in archives only, as HasMemberExtension says
	magic      []string // one of them begins every file; ? stands for any byte
	header     func(*io.SectionReader) (Header, error)
	decode     func(*io.SectionReader) (image.Image, error)
	ends       func(*io.SectionReader) bool // whether the file reaches to its end
	exif       imagemeta.ImageFormat        // how its EXIF is found; 0: it has none
}

// codecs is every format: the one place to add another.
var codecs = []codec{
	{"PNG", []string{".png"}, []string{"\x89PNG\r\n\x1a\n"}, headerOfPNG, decodePNG, endsPNG, imagemeta.PNG},
	{"JPEG", []string{".jpg", ".jpeg", ".jpe", ".jfif"}, []string{"\xff\xd8"}, headerOfJPEG, unbuffered(jpeg.Decode), endsJPEG, imagemeta.JPEG},
	{"GIF", []string{".gif"}, []string{"GIF87a", "GIF89a"}, headerOfGIF, decodeGIF, endsGIF, 0},
	{"WebP", []string{".webp"}, []string{"RIFF????WEBP"}, headerOfWebP, buffered(webp.Decode), endsWebP, imagemeta.WebP},
	{"BMP", []string{".bmp"}, []string{"BM????\x00\x00\x00\x00"}, headerOfBMP, buffered(bmp.Decode), endsBMP, 0},
	{"TIFF", []string{".tif", ".tiff"}, []string{"II*\x00", "MM\x00*"}, headerOfTIFF, unbuffered(tiff.Decode), endsTIFF, imagemeta.TIFF},
	{"array", nil, []string{"\x93NUMPY"}, headerOfArray, decodeArray, endsArray, 0},
}

// longestMagic is how many bytes tell the format.
const longestMagic = 12

// Extensions are the file name endings, lower case, of the formats read.
func Extensions() []string {
	var all []string
	for _, c := range codecs {
		all = append(all, c.extensions...)
	}
	return all
}

// HasExtension says whether name ends as an image file does.
func HasExtension(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	extension := strings.ToLower(name[dot:])
	return slices.ContainsFunc(codecs, func(c codec) bool { return slices.Contains(c.extensions, extension) })
}

// HasMemberExtension is HasExtension for members of an archive, where an array of
// NumPy's is an image as often as not. A folder's .npy is rather something else.
func HasMemberExtension(name string) bool {
	return HasExtension(name) || strings.HasSuffix(strings.ToLower(name), ".npy")
}

// codecOf tells the format of a file by its first bytes.
func codecOf(file *io.SectionReader) (codec, error) {
	var first [longestMagic]byte
	n, err := file.ReadAt(first[:], 0)
	if err != nil && err != io.EOF {
		return codec{}, err
	}
	if n == 0 {
		return codec{}, errors.New("it is empty")
	}
	for _, c := range codecs {
		for _, magic := range c.magic {
			if begins(first[:n], magic) {
				return c, nil
			}
		}
	}
	return codec{}, errors.New("it is no " + names() + " image")
}

func begins(b []byte, magic string) bool {
	if len(b) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != b[i] {
			return false
		}
	}
	return true
}

// names lists the formats for a message: "PNG, JPEG or GIF".
func names() string {
	var list []string
	for _, c := range codecs {
		if len(c.extensions) > 0 {
			list = append(list, c.name)
		}
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// buffered fits a decoder that reads in small pieces.
func buffered(decode func(io.Reader) (image.Image, error)) func(*io.SectionReader) (image.Image, error) {
	return func(file *io.SectionReader) (image.Image, error) { return decode(bufio.NewReader(file)) }
}

// unbuffered fits one that has a buffer of its own, or reads at places.
func unbuffered(decode func(io.Reader) (image.Image, error)) func(*io.SectionReader) (image.Image, error) {
	return func(file *io.SectionReader) (image.Image, error) { return decode(file) }
}

// configured is the header that a decoder's configuration tells.
func configured(read func(io.Reader) (image.Config, error), r io.Reader) (Header, color.Model, error) {
	config, err := read(r)
	h := Header{Width: config.Width, Height: config.Height}
	switch m := config.ColorModel.(type) {
	case color.Palette:
		h.palette(m)
	default:
		h.Grey = m == color.GrayModel || m == color.Gray16Model
		h.Alpha = m == color.NRGBAModel || m == color.NRGBA64Model || m == color.NYCbCrAModel
		h.Deep = m == color.Gray16Model || m == color.RGBA64Model || m == color.NRGBA64Model
	}
	return h, config.ColorModel, err
}

// palette sets what the colours of a palette tell.
func (h *Header) palette(colors color.Palette) {
	h.Grey = true
	for _, c := range colors {
		r, g, b, a := c.RGBA()
		h.Grey = h.Grey && r == g && g == b
		h.Alpha = h.Alpha || a != 0xffff
	}
}

// headerOfPNG allows for a transparent colour, which makes any picture one of
// four channels; passes of an interlaced file are pictures of their own.
func headerOfPNG(file *io.SectionReader) (Header, error) {
	h, model, err := configured(png.DecodeConfig, bufio.NewReaderSize(file, 64))
	if err != nil {
		return h, err
	}
	h.pixel = 4
	if h.Deep {
		h.pixel = 8
	}
	if _, ok := model.(color.Palette); ok {
		h.pixel = 1
	}
	var interlaced [1]byte
	const at = 8 + 8 + 12 // signature, chunk head, IHDR's last byte
	if _, err := file.ReadAt(interlaced[:], at); err == nil && interlaced[0] != 0 {
		h.pixel *= 2
	}
	return h, nil
}

// decodePNG takes image/png for what the quick decoder leaves.
func decodePNG(file *io.SectionReader) (image.Image, error) {
	if m, ok := fastpng.Decode(file); ok {
		return m, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return png.Decode(bufio.NewReader(file))
}

// headerOfJPEG allows for chroma at full size, for a copy where the file is
// RGB or CMYK, and for the coefficients that a progressive file keeps.
func headerOfJPEG(file *io.SectionReader) (Header, error) {
	h, model, err := configured(jpeg.DecodeConfig, file)
	components := 3
	switch model {
	case color.GrayModel:
		components = 1
	case color.CMYKModel:
		components = 4
	}
	h.pixel = components
	if model != color.GrayModel && model != color.YCbCrModel {
		h.pixel += 4
	}
	if err == nil && isProgressive(file) {
		h.pixel += 4 * components
	}
	return h, err
}

// isProgressive walks the segments to the frame header (ITU-T T.81, B.2).
func isProgressive(file *io.SectionReader) bool {
	const sof0, sof2, sos = 0xc0, 0xc2, 0xda
	var head [4]byte
	for at := int64(2); ; {
		if _, err := file.ReadAt(head[:], at); err != nil || head[0] != 0xff {
			return false
		}
		switch marker := head[1]; {
		case marker == 0xff: // fill
			at++
		case marker == sof2:
			return true
		case marker == sof0 || marker == sos:
			return false
		default:
			at += 2 + int64(head[2])<<8 + int64(head[3])
		}
	}
}

// headerOfWebP allows for alpha, which is decoded as a picture of its own.
func headerOfWebP(file *io.SectionReader) (Header, error) {
	const flags, animation = 20, 1 << 1 // of the chunk VP8X (WebP Container Specification)
	var first [flags + 1]byte
	if _, err := file.ReadAt(first[:], 0); err == nil && string(first[12:16]) == "VP8X" && first[flags]&animation != 0 {
		return Header{}, errAnimated
	}
	h, _, err := configured(webp.DecodeConfig, file)
	h.pixel = 8
	return h, err
}

var errAnimated = errors.New("it is an animated WebP, of which no frame can be read")

func headerOfBMP(file *io.SectionReader) (Header, error) {
	h, model, err := configured(bmp.DecodeConfig, file)
	const lengthAt, depthAt, shortest = 14, 28, 40 // of the second header, whose shortest kind knows no alpha
	var first [depthAt + 1]byte
	if _, err := file.ReadAt(first[:], 0); err == nil {
		h.Alpha = first[depthAt] == 32 && first[lengthAt] > shortest
	}
	h.pixel = 4
	if _, ok := model.(color.Palette); ok {
		h.pixel = 1
	}
	return h, err
}

// headerOfTIFF allows for one strip of the whole picture, unpacked while its
// buffer grows.
func headerOfTIFF(file *io.SectionReader) (Header, error) {
	h, _, err := configured(tiff.DecodeConfig, file)
	h.pixel = 4 + 3*8
	if h.Deep {
		h.pixel = 8 + 3*8
	}
	return h, err
}
