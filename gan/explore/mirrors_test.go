package explore

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/data/files"
	"ganengine/gan/data/folder"
	"ganengine/gan/data/pixel"
	"ganengine/gan/game"
)

// mirrors is a game whose samplers have closed forms: it encodes a sample as its
// first two numbers, reconstructs it as it is and translates it to its negative.
func mirrors(direction string) *game.Systems {
	return game.NewSystems(game.System{
		Kind: config.Kind{Name: "mirrors", Doc: "closed forms", Keys: struct{}{}, Optims: []string{"g"}, Vectors: true},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			size := real.Shape.Size()
			g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{nn.Dense(p, "out", graph.Reshape(in[0], graph.Shape{in[0].Shape[0], size}), 1, nn.Normal(0, 1), nn.Constant(0))}
			}, game.In{Shape: real.Shape})
			opt := s.Optimizer("g", "g", g)
			batch := func(t *game.Turn) *graph.Node { return t.Batch(real, real.Samples()) }
			s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
				t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(t.Run(g, batch(t))[0]))})
			})})
			s.Sampler("encode", func(t *game.Turn) {
				n := t.Rows()
				t.Numbers(game.Encoded, graph.Slice(graph.Reshape(batch(t), graph.Shape{n, size}), []int{0, 0}, nil, []int{n, 2}))
			})
			s.Sampler("reconstruct", func(t *game.Turn) { t.Show(game.Samples, real, batch(t)) })
			s.Sampler(game.Translate+direction, func(t *game.Turn) { t.Show(game.Samples, real, graph.Neg(batch(t))) })
			return nil
		},
	})
}

// mirror is the sampler of a kind of a run of mirrors, on samples of a shape.
func mirror(t *testing.T, kind, text string, shape ...int) *From {
	t.Helper()
	e := mirrored(t, ".b", text, shape...)
	f, err := e.From(kind)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mirrored(t *testing.T, direction, text string, shape ...int) *Explorer {
	t.Helper()
	return openOf(t, mirrors(direction), text, Options{Chunk: 2}, shape...)
}

// writePicture writes an image of h by w pixels in many colours.
func writePicture(t *testing.T, path string, h, w, phase int, encode func(io.Writer, image.Image) error) {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.Set(x, y, color.RGBA{uint8(37*x + 11*phase), uint8(53 * y), uint8(19*x + 29*y + phase), 255})
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := encode(f, im); err != nil {
		t.Fatal(err)
	}
}

func asJPEG(w io.Writer, im image.Image) error { return jpeg.Encode(w, im, nil) }

const (
	mirrorImages = "[data]\nkind = \"folder\"\npath = \"gone\"\nsize = 4\nchannels = 3\nfit = \"crop\"\n"
	anyPoints    = "[data]\nkind = \"mixture\"\n"
)

// gallery is a folder of three images of the sizes 4×4, 9×4 and 8×8, and their pixels as
// the reader of data folders brings them to 4×4.
func gallery(t *testing.T) (dir string, pixels []uint8) {
	t.Helper()
	dir = t.TempDir()
	writePicture(t, filepath.Join(dir, "a.png"), 4, 4, 0, png.Encode)
	writePicture(t, filepath.Join(dir, "b.jpg"), 9, 4, 3, asJPEG)
	writePicture(t, filepath.Join(dir, "in", "a.png"), 8, 8, 7, png.Encode)
	format, err := pixel.NewFormat(4, 4, 3, "crop", "")
	if err != nil {
		t.Fatal(err)
	}
	set, err := folder.Open(t.Context(), dir, files.Options{Format: format}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	pixels = make([]uint8, 3*format.Bytes())
	for i := range 3 {
		if err := set.Read(pixels[i*format.Bytes():(i+1)*format.Bytes()], i); err != nil {
			t.Fatal(err)
		}
	}
	return dir, pixels
}

func opened(t *testing.T, f *From, path string) *Inputs {
	t.Helper()
	in, err := f.Open(t.Context(), path, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func decoded(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// rgb is the pixels of a part of an image.
func rgb(im image.Image, part image.Rectangle) (out []uint8) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			c := color.RGBAModel.Convert(im.At(x, y)).(color.RGBA)
			out = append(out, c.R, c.G, c.B)
		}
	}
	return out
}
