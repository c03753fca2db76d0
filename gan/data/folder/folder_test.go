package folder

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"ganengine/gan/data/files"
	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/pixel"
)

func open(t *testing.T, root string, o files.Options) (*files.Set, []string) {
	t.Helper()
	var notes []string
	s, err := Open(context.Background(), root, o, func(n string) { notes = append(notes, n) })
	if err != nil {
		t.Fatal(err)
	}
	return s, notes
}

func TestClassesAreFoldersSortedByBytes(t *testing.T) {
	red, blue := filestest.Flat(t, 2, 2, color.NRGBA{255, 0, 0, 255}), filestest.Flat(t, 2, 2, color.NRGBA{0, 0, 255, 255})
	root := filestest.Folder(t, map[string][]byte{
		"b/2.png": red, "b/10.png": blue, "Z/x.png": red, "a-b/y.png": red, "a/z.png": red, "a/deep/er.png": blue,
		"a/readme.txt": nil, ".git/x.png": nil, "Z/.hidden.png": nil, "notes": nil, "empty/index.json": nil,
	})
	s, notes := open(t, root, files.Options{Labels: true})
	var names []string
	var labels []int
	for i := range s.Len() {
		names, labels = append(names, s.Name(i)), append(labels, s.Label(i))
	}
	if want := []string{"Z/x.png", "a/deep/er.png", "a/z.png", "a-b/y.png", "b/10.png", "b/2.png"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	if !slices.Equal(s.Classes(), []string{"Z", "a", "a-b", "b"}) || !slices.Equal(labels, []int{0, 1, 1, 2, 3, 3}) {
		t.Errorf("classes %v, labels %v", s.Classes(), labels)
	}
	if want := []string{"5 entries that are no images left out (.json: 1, .txt: 1, hidden: 2, no extension: 1)", "class folder empty holds no images"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	if h, w, c := s.Shape(); h != 2 || w != 2 || c != 3 {
		t.Errorf("shape %d %d %d, want the files' own", h, w, c)
	}
	dst := make([]byte, 12)
	if err := s.Read(dst, 4); err != nil || !bytes.Equal(dst, bytes.Repeat([]byte{0, 0, 255}, 4)) {
		t.Errorf("b/10.png is %v, %v", dst, err)
	}
	if s, _ = open(t, root, files.Options{Limit: 3}); s.Len() != 3 || s.Name(0) != "Z/x.png" || s.Name(2) != "b/10.png" || s.Classes() != nil || s.Label(0) != -1 {
		t.Errorf("limited to %d: %s ... %s, classes %v", s.Len(), s.Name(0), s.Name(2), s.Classes())
	}
}

func TestEveryFormat(t *testing.T) {
	box := image.Rect(0, 0, 6, 4)
	grey := image.NewGray(box)
	for i := range grey.Pix {
		grey.Pix[i] = 80
	}
	var asJPEG, asGIF, asPNG, asBMP, asTIFF bytes.Buffer
	palette := image.NewPaletted(box, color.Palette{color.RGBA{80, 80, 80, 255}})
	for _, err := range []error{jpeg.Encode(&asJPEG, grey, &jpeg.Options{Quality: 100}), gif.Encode(&asGIF, palette, nil), png.Encode(&asPNG, grey),
		bmp.Encode(&asBMP, grey), tiff.Encode(&asTIFF, grey, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	webp, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") // one clear pixel
	if err != nil {
		t.Fatal(err)
	}
	root := filestest.Folder(t, map[string][]byte{"a.jpg": asJPEG.Bytes(), "b.JPEG": asJPEG.Bytes(), "c.gif": asGIF.Bytes(), "d.png": asPNG.Bytes(),
		"e.webp": webp, "f.png": asJPEG.Bytes(), // by content, not by name
		"g.bmp": asBMP.Bytes(), "h.tif": asTIFF.Bytes(), "i.jfif": asJPEG.Bytes(), "j.jpe": asJPEG.Bytes()})
	format, err := pixel.NewFormat(4, 6, 3, "stretch", "#505050")
	if err != nil {
		t.Fatal(err)
	}
	s, notes := open(t, root, files.Options{Format: format})
	want := []string{"grey repeated to three channels (9 of 10 images)", "alpha composited on #505050 (1 of 10 images)", "resized to 6x4 (1 of 10 images)"}
	if !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	for i := range s.Len() {
		dst := make([]byte, format.Bytes())
		if err := s.Read(dst, i); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(dst, bytes.Repeat([]byte{80}, len(dst))) {
			t.Errorf("%s is %v, want all 80", s.Name(i), dst)
		}
	}
}

// TestAutoPadsWhereTheGroundIsPlain: pictures of 31 pixels in a frame of 32.
func TestAutoPadsWhereTheGroundIsPlain(t *testing.T) {
	format, err := pixel.NewFormat(32, 32, 3, "auto", "")
	if err != nil {
		t.Fatal(err)
	}
	photo := image.NewNRGBA(image.Rect(0, 0, 31, 31))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i*i>>4) | 255*byte(i&3/3)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, photo); err != nil {
		t.Fatal(err)
	}
	s, notes := open(t, filestest.Folder(t, map[string][]byte{"a.png": filestest.Flat(t, 31, 31, color.NRGBA{250, 240, 230, 255})}), files.Options{Format: format})
	if want := []string{"padded to 32x32 with #faf0e6, the value of 100% of the border pixels (all 1 images)"}; !slices.Equal(notes, want) {
		t.Errorf("a plain ground: notes %q, want %q", notes, want)
	}
	dst := make([]byte, format.Bytes())
	if err := s.Read(dst, 0); err != nil || !bytes.Equal(dst, bytes.Repeat([]byte{250, 240, 230}, 32*32)) {
		t.Errorf("a plain ground gave an edge, %v", err)
	}
	s, notes = open(t, filestest.Folder(t, map[string][]byte{"a.png": b.Bytes()}), files.Options{Format: format})
	if len(notes) != 2 || notes[0] != "resized to 32x32 (all 1 images)" || !strings.Contains(notes[1], "resized, not padded: no more than") {
		t.Errorf("a photo: notes %q", notes)
	}
	if err := s.Read(dst, 0); err != nil || bytes.Equal(dst[31*32*3:], make([]byte, 32*3)) {
		t.Errorf("a photo got a black edge, %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	good := filestest.Flat(t, 4, 4, color.White)
	for _, c := range []struct {
		name   string
		files  map[string][]byte
		labels bool
		want   []string
	}{
		{"empty", nil, false, []string{"holds no images: looked for .png .jpg .jpeg .jpe .jfif .gif .webp .bmp .tif .tiff"}},
		{"only text", map[string][]byte{"a.txt": nil}, false, []string{"holds no images"}},
		{"not an image", map[string][]byte{"a.png": good, "b.png": []byte("<html>")}, false,
			[]string{"b.png cannot be read: it is no PNG, JPEG, GIF, WebP, BMP or TIFF image; replace or remove it, or set data.bad = \"skip\""}},
		{"empty file", map[string][]byte{"a.png": nil}, false, []string{"a.png cannot be read"}},
		{"two bad", map[string][]byte{"a.png": []byte("x"), "b.png": []byte("x")}, false, []string{"a.png", "and 1 more: `ganengine data inspect"}},
		{"no classes", map[string][]byte{"a.png": good}, true, []string{"has no class folders", "labels = false"}},
		{"beside classes", map[string][]byte{"a.png": good, "c/b.png": good}, true, []string{"a.png lies beside the class folders"}},
		{"sizes differ", map[string][]byte{"a.png": good, "b.png": filestest.Flat(t, 5, 4, color.White)}, false,
			[]string{"different sizes (a.png 4x4, b.png 5x4): set the size"}},
	} {
		root := filestest.Folder(t, c.files)
		_, err := Open(context.Background(), root, files.Options{Labels: c.labels}, func(string) {})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %v, want %q in it", c.name, err, want)
			}
		}
	}
	root := filestest.Folder(t, map[string][]byte{"a.png": good})
	if _, err := Open(context.Background(), filepath.Join(root, "a.png"), files.Options{}, nil); err == nil || !strings.Contains(err.Error(), "give the folder") {
		t.Errorf("a file as root: %v", err)
	}
	if _, err := Open(context.Background(), filepath.Join(root, "none"), files.Options{}, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing root: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, root, files.Options{}, nil); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDeeper(t *testing.T) {
	good := filestest.Flat(t, 4, 4, color.White)
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"train/cat/1.png", "train/dog/1.png", "test/cat/1.png"}, "train"},
		{[]string{"x/cat/1.png", "y/cat/1.png", "y/dog/1.png"}, "y"},
		{[]string{"cat/1.png", "dog/1.png"}, ""},
		{[]string{"cat/1.png", "dog/sub/1.png"}, ""},
		{[]string{"1.png"}, ""},
		{nil, ""},
	} {
		contents := map[string][]byte{}
		for _, f := range c.files {
			contents[f] = good
		}
		root := filestest.Folder(t, contents)
		tree, err := Scan(context.Background(), root, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.want != "" {
			want = filepath.Join(root, c.want)
		}
		l := lister{Tree: tree}
		if got := l.deeper(); got != want {
			t.Errorf("%v: %q, want %q", c.files, got, want)
		}
	}
}

func TestLinksAreFollowedAndLoopsEnd(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"real/a.png": filestest.Flat(t, 4, 4, color.White)})
	other := t.TempDir()
	if err := os.Symlink(filepath.Join(root, "real"), filepath.Join(other, "linked")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if s, _ := open(t, other, files.Options{Labels: true}); s.Len() != 1 || s.Classes()[0] != "linked" {
		t.Errorf("a linked class folder gave %d images of %v", s.Len(), s.Classes())
	}
	if err := os.Symlink(other, filepath.Join(other, "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := Scan(context.Background(), other, nil); err == nil || !strings.Contains(err.Error(), "loop of links") {
		t.Errorf("a loop: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	red, blue := filestest.Flat(t, 4, 4, color.NRGBA{255, 0, 0, 255}), filestest.Flat(t, 4, 4, color.NRGBA{0, 0, 255, 255})
	print := func(contents map[string][]byte) string {
		s, _ := open(t, filestest.Folder(t, contents), files.Options{})
		return s.Fingerprint()
	}
	base := print(map[string][]byte{"a.png": red, "b.png": blue})
	if again := print(map[string][]byte{"a.png": red, "b.png": blue}); again != base || !strings.HasPrefix(base, "folder:") {
		t.Errorf("the same files have fingerprints %s and %s", base, again)
	}
	for name, contents := range map[string]map[string][]byte{
		"content": {"a.png": red, "b.png": red}, "name": {"a.png": red, "c.png": blue}, "number": {"a.png": red},
	} {
		if print(contents) == base {
			t.Errorf("another %s left the fingerprint as it was", name)
		}
	}
}

// BenchmarkRead reads the commonest files: small pictures kept as they are, and
// photos cut and scaled.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name   string
		w, h   int
		encode func(io.Writer, image.Image) error
	}{
		{"64x64.png", 64, 64, png.Encode},
		{"178x218.jpg", 178, 218, func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
			for i := range m.Pix {
				m.Pix[i] = byte(i*i>>9) | 255*byte(i&3/3)
			}
			var file bytes.Buffer
			if err := c.encode(&file, m); err != nil {
				b.Fatal(err)
			}
			root := b.TempDir()
			if err := os.WriteFile(filepath.Join(root, c.name), file.Bytes(), 0o644); err != nil {
				b.Fatal(err)
			}
			format, _ := pixel.NewFormat(64, 64, 3, "", "")
			s, err := Open(context.Background(), root, files.Options{Format: format}, func(string) {})
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]byte, format.Bytes())
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Read(dst, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
