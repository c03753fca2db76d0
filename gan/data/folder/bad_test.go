package folder

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"ganengine/gan/data/files"
	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/memory"
	"ganengine/gan/data/pixel"
)

// noise is an image that no format packs well.
func noise(w, h int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, w, h), palette.WebSafe)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3 % 216)
	}
	return m
}

// encoded is a file of each format, by extension.
func encoded(t *testing.T, w, h int) map[string][]byte {
	t.Helper()
	contents := map[string][]byte{}
	var err error
	put := func(extension string, encode func(*bytes.Buffer) error) {
		var b bytes.Buffer
		err = errors.Join(err, encode(&b))
		contents[extension] = b.Bytes()
	}
	m := noise(w, h)
	put(".png", func(b *bytes.Buffer) error { return png.Encode(b, m) })
	put(".jpg", func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
	put(".gif", func(b *bytes.Buffer) error { return gif.Encode(b, m, nil) })
	put(".bmp", func(b *bytes.Buffer) error { return bmp.Encode(b, m) })
	put(".tiff", func(b *bytes.Buffer) error { return tiff.Encode(b, m, nil) })
	webp, bad := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") // one clear pixel
	contents[".webp"] = webp
	if err = errors.Join(err, bad); err != nil {
		t.Fatal(err)
	}
	return contents
}

// A file that was cut short is found by the scan, whatever its format, unless
// its pixels are all there; one with other bytes behind its end is whole.
func TestEveryEndIsLookedAt(t *testing.T) {
	contents := map[string][]byte{}
	for _, side := range []int{40, 300} { // smaller and greater than what is read of each end
		for extension, b := range encoded(t, side, side) {
			name := func(kind string) string { return fmt.Sprint(kind, side, extension) }
			contents[name("whole")] = b
			contents[name("padded")] = slices.Concat(b, make([]byte, 10000))
			for _, cut := range []int{len(b) / 2, len(b) - 1} {
				contents[name(fmt.Sprint("cut", cut))] = b[:cut]
			}
		}
	}
	flip := bytes.Clone(contents["whole300.png"])
	flip[len(flip)/2] ^= 1 // ends well: found when it is read
	contents["flipped.png"] = flip
	tree, err := Scan(context.Background(), filestest.Folder(t, contents), nil)
	if err != nil || len(tree.Files) != len(contents) {
		t.Fatal(len(tree.Files), err)
	}
	cut := 0
	for _, f := range tree.Files {
		want := ""
		decode := func(b *io.SectionReader) error {
			return pixel.Decode(context.Background(), memory.NewBudget(), b, func(pixel.Picture) {})
		}
		if err := tree.Open(&f, decode); strings.HasPrefix(f.Name, "cut") && err != nil {
			cut++
			want = fmt.Sprintf("image %s cannot be read: it is truncated or damaged", filepath.Join(tree.Root, f.Name))
		}
		if got := fmt.Sprint(f.Err); want == "" && f.Err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", f.Name, got)
		}
	}
	if cut < 2*len(encoded(t, 1, 1)) {
		t.Errorf("%d cut files cannot be decoded: each half cannot", cut)
	}
}

func TestStopNamesAllAndSkipLeavesOut(t *testing.T) {
	contents := encoded(t, 40, 40)
	root := filestest.Folder(t, map[string][]byte{"a.png": contents[".png"], "b.jpg": contents[".jpg"][:200], "c.png": contents[".png"], "d.gif": []byte("?")})
	var notes []string
	note := func(n string) { notes = append(notes, n) }
	_, err := Open(context.Background(), root, files.Options{}, note)
	if err == nil || !strings.Contains(err.Error(), "b.jpg cannot be read: it is truncated") ||
		!strings.Contains(err.Error(), `(and 1 more: `) || !strings.HasSuffix(err.Error(), `or set data.bad = "skip"`) {
		t.Errorf("stopping: %v", err)
	}
	named := func(want ...string) {
		t.Helper()
		if len(notes) != len(want) {
			t.Errorf("notes %q, want %d of them", notes, len(want))
			return
		}
		for i, w := range want {
			if !strings.Contains(notes[i], w) {
				t.Errorf("note %q, want %q in it", notes[i], w)
			}
		}
	}
	named("b.jpg cannot", "d.gif cannot")
	s, all := open(t, root, files.Options{Skip: true})
	notes = all
	named("b.jpg cannot", "d.gif cannot", `2 of 4 images left out, as data.bad is "skip"`)
	if s.Len() != 2 || s.Name(1) != "c.png" || !slices.Equal(s.Bad(nil).Out, []string{"b.jpg", "d.gif"}) {
		t.Errorf("%d images, the last %s, without %v", s.Len(), s.Name(1), s.Bad(nil))
	}
	if err := os.Remove(filepath.Join(root, "a.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "c.png")); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(context.Background(), root, files.Options{Skip: true}, note); err == nil || !strings.Contains(err.Error(), "none of the 2 images in") {
		t.Errorf("nothing but bad files: %v", err)
	}
}

// A run that goes on has the files that it began with, though some were mended,
// some went bad and some are gone.
func TestResumedFilesAreThoseOfTheBeginning(t *testing.T) {
	b := encoded(t, 40, 40)[".png"]
	root := filestest.Folder(t, map[string][]byte{"x/a.png": b, "x/b.png": b[:90], "x/c.png": b, "y/d.png": b, "y/e.png": b})
	begun, _ := open(t, root, files.Options{Skip: true, Labels: true})
	if err := os.WriteFile(filepath.Join(root, "x/b.png"), b, 0o644); err != nil { // mended
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "y/d.png")); err != nil {
		t.Fatal(err)
	}
	state := begun.Bad([]int{2})
	if want := (files.Bad{Out: []string{"x/b.png"}, Lost: []string{"y/d.png"}}); !slices.Equal(state.Out, want.Out) || !slices.Equal(state.Lost, want.Lost) {
		t.Fatalf("state %v, want %v", state, want)
	}
	s, notes := open(t, root, files.Options{Labels: true, Since: &state})
	for i := range begun.Len() {
		if s.Len() != begun.Len() || s.Name(i) != begun.Name(i) || s.Label(i) != begun.Label(i) {
			t.Fatalf("%d images, image %d is %s of class %d; it was %s of %d", s.Len(), i, s.Name(i), s.Label(i), begun.Name(i), begun.Label(i))
		}
	}
	if !slices.Equal(s.Lost(), []int{2}) || s.Fingerprint() != begun.Identity([]int{2}) || s.Fingerprint() == begun.Fingerprint() {
		t.Errorf("lost %v, %s", s.Lost(), s.Fingerprint())
	}
	if len(notes) != 2 || !strings.HasSuffix(notes[0], "b.png is left out, as when the run began") || !strings.Contains(notes[1], "d.png cannot be read: it went bad during the run") {
		t.Errorf("notes %q", notes)
	}
	dst := make([]byte, 40*40*3)
	if err := s.Read(dst, 2); err == nil {
		t.Error("a lost image was read")
	}
	if err := os.WriteFile(filepath.Join(root, "x/a.png"), b[:90], 0o644); err != nil { // since the last checkpoint
		t.Fatal(err)
	}
	s, notes = open(t, root, files.Options{Since: &state})
	if !slices.Equal(s.Lost(), []int{0, 2}) || !strings.HasSuffix(notes[0], "as it could when the run began") {
		t.Errorf("lost %v, notes %q", s.Lost(), notes)
	}
	if got, want := s.Identity([]int{0, 2}), begun.Identity([]int{0, 2}); got != want {
		t.Errorf("without the two that went bad it is %s, it was %s", got, want)
	}
}

func TestReadErrorsNameTheFile(t *testing.T) {
	b := encoded(t, 64, 64)[".png"]
	root := filestest.Folder(t, map[string][]byte{"a.png": b, "b.png": b})
	s, _ := open(t, root, files.Options{})
	if err := os.WriteFile(filepath.Join(root, "a.png"), b[:len(b)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 64*64*3)
	err := s.Read(dst, 0)
	if want := "image " + filepath.Join(root, "a.png") + " cannot be read: it is truncated or damaged (png: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("truncated image: %v", err)
	}
	if err := s.Read(dst, 1); err != nil {
		t.Errorf("the image after it: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "b.png")); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(dst, 1); !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "b.png cannot be read: no such file or directory") {
		t.Errorf("removed image: %v", err)
	}
}

// What only has the name of an image is named, and neither opened nor waited for.
func TestWhatIsNoFile(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"a.png": filestest.Flat(t, 4, 4, color.White), "holds.png/b.png": filestest.Flat(t, 4, 4, color.White)})
	pipe := filepath.Join(root, "pipe.png")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Skipf("no named pipes here: %v %s", err, out)
	}
	socket, err := net.Listen("unix", filepath.Join(root, "socket.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for link, target := range map[string]string{"link.png": pipe, "null.png": os.DevNull, "gone.png": filepath.Join(root, "none"), "sub.png": t.TempDir()} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "dir.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	done := make(chan map[string]string, 1)
	go func() {
		found := map[string]string{}
		tree, err := Scan(context.Background(), root, nil)
		if err != nil {
			t.Error(err)
		} else {
			for _, f := range tree.Files {
				found[f.Name] = fmt.Sprint(f.Err)
			}
		}
		done <- found
	}()
	var found map[string]string
	select {
	case found = <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the scan waits for ever")
	}
	for name, want := range map[string]string{"a.png": "<nil>", "holds.png/b.png": "<nil>", "pipe.png": "it is a named pipe", "link.png": "it is a named pipe",
		"socket.jpg": "it is a socket", "null.png": "it is a device", "gone.png": "no such file", "dir.png": "it is a directory", "sub.png": "it is a directory"} {
		if got, ok := found[name]; !ok || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	// A file that becomes a pipe after the scan.
	s, _ := open(t, root, files.Options{Skip: true})
	if err := errors.Join(os.Remove(filepath.Join(root, "a.png")), os.Rename(pipe, filepath.Join(root, "a.png"))); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() { read <- s.Read(make([]byte, 4*4*3), 0) }()
	select {
	case err := <-read:
		if err == nil || !strings.Contains(err.Error(), "it is a named pipe") {
			t.Errorf("a pipe in place of an image: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("reading waits for ever")
	}
}

// Listing ends when the context does.
func TestCancelledInTheMiddle(t *testing.T) {
	l := lister{Tree: newTree(filestest.Folder(t, map[string][]byte{"a.png": filestest.Flat(t, 4, 4, color.White)}))}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.list(ctx, "", 0); !errors.Is(err, context.Canceled) || len(l.Files) > 0 {
		t.Errorf("%d files were listed after cancelling: %v", len(l.Files), err)
	}
}

func TestEmptyClassesAreNamed(t *testing.T) {
	b := filestest.Flat(t, 4, 4, color.White)
	contents := map[string][]byte{"a/x.png": b}
	if _, notes := open(t, filestest.Folder(t, contents), files.Options{}); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
	root := filestest.Folder(t, contents)
	for i := range 25 {
		if err := os.Mkdir(filepath.Join(root, fmt.Sprintf("c%02d", i)), 0o755); err != nil {
			t.Fatal(err)
		}
		_, notes := open(t, root, files.Options{Labels: true})
		want := map[int]string{0: "class folder c00 holds no images", 1: "2 class folders hold no images: c00, c01",
			24: "c18, c19 and 5 more"}[i]
		if len(notes) != 1 || !strings.Contains(notes[0], want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
}
