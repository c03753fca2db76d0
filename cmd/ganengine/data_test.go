package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// photos makes n pictures in two class folders, of sizes that differ.
func (p *place) photos(n int) {
	p.t.Helper()
	for i := range n {
		m := image.NewRGBA(image.Rect(0, 0, 9+i%5, 12))
		for k := range m.Pix {
			m.Pix[k] = byte(k*(i+3)) | byte(k%4/3*255)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			p.t.Fatal(err)
		}
		class := []string{"dog", "cat"}[i%2]
		if err := os.MkdirAll(p.at("photos/"+class), 0o777); err != nil {
			p.t.Fatal(err)
		}
		p.write(fmt.Sprintf("photos/%s/%d.png", class, i), b.String())
	}
}

// TestPackedTrainsTheSame: the weights after training on what was packed are those
// after training on the folder, bit for bit.
func TestPackedTrainsTheSame(t *testing.T) {
	p := newPlace(t)
	p.photos(20)
	status, out, errs := p.try("data", "pack", "@/photos", "-o", "@/x.tar", "-config", "@/images.toml", "-set", "data.fit=stretch")
	if status != 0 || !strings.Contains(errs, "photos: data of kind folder\n") || !strings.Contains(errs, "resized to 8x8") ||
		!strings.Contains(out, "x.tar: 20 images of 8x8x1 in 2 classes, 0.0 MB\n") ||
		!strings.Contains(out, "images.toml -data "+p.at("x.tar")+" -set data.fit=stretch\n") {
		t.Fatalf("packing: status %d\n%s%s", status, out, errs)
	}
	for _, c := range [][]string{{"photos", "data.fit=stretch"}, {"x.tar", "data.fit=auto"}} {
		p.run("-config", "@/images.toml", "-data", "@/"+c[0], "-set", c[1], "-set", "data.mirror=true", "-out", "@/runs", "-steps", "6", "-quiet")
	}
	if a, b := weights(p, "0"), weights(p, "1"); !bytes.Equal(a, b) {
		t.Error("6 steps on the packed images give other weights than on the folder")
	}
}

func TestPackRefusals(t *testing.T) {
	p := newPlace(t)
	p.photos(2)
	p.write("photos/dog/broken.png", "no picture")
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, "name the archive: -o FILE.tar", []string{"@/photos"}},
		{2, "name the archive: -o FILE.tar", []string{"@/photos", "-o", "@/x.zip"}},
		{2, "-shard -1", []string{"@/photos", "-o", "@/x.tar", "-shard", "-1"}},
		{2, "takes no -json", []string{"@/photos", "-o", "@/x.tar", "-json"}},
		{2, "PATH: ", []string{"@/none", "-o", "@/x.tar"}},
		{1, "no directory", []string{"@/photos", "-o", "@/none/x.tar"}},
		{1, "broken.png cannot be read", []string{"@/photos", "-o", "@/x.tar"}},
	} {
		if status, out, errs := p.try(append([]string{"data", "pack"}, c.args...)...); status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%v: status %d, want %d and %q:\n%s%s", c.args, status, c.status, c.want, out, errs)
		}
	}
	if found, err := filepath.Glob(p.at("*.tar")); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
	status, out, errs := p.try("data", "pack", "@/photos", "-o", "@/x.tar", "-size", "8", "-set", "data.bad=skip", "-config", "@/images.toml")
	if status != 0 || !strings.Contains(out, "2 images of 8x8x1") || !strings.Contains(out, "-set data.size=8") || !strings.Contains(errs, "broken.png cannot be read") {
		t.Errorf("skipping: status %d\n%s%s", status, out, errs)
	}
}

func TestShellWords(t *testing.T) {
	got := shell([]string{"ganengine", "-data", "a b/it's", "x-{0..2}.tar", "", "k=1"})
	if want := `ganengine -data 'a b/it'\''s' 'x-{0..2}.tar' '' k=1`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
