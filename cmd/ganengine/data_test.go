package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/gan/data"
	"ganengine/gan/train"
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

// TestInspect: what is said of a folder, on a contact sheet and as JSON, and that the
// line to type next is one that works.
func TestInspect(t *testing.T) {
	p := newPlace(t)
	p.photos(12)
	p.write("photos/dog/broken.png", "no picture")
	status, out, errs := p.try("data", "inspect", "@/photos", "-o", "@/sheet.png")
	if status != 1 || !strings.Contains(errs, "broken.png cannot be read") {
		t.Errorf("a broken file: status %d: %s", status, errs)
	}
	for _, want := range []string{"classes     cat                      6\n            dog                      6\n", "shapes      portrait                 8\n", "look alike  "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	m, err := png.Decode(bytes.NewReader(p.read("sheet.png")))
	if err != nil || m.Bounds().Dx() < 6*12 {
		t.Errorf("contact sheet: %v, %v", m.Bounds(), err)
	}
	_, line, ok := strings.Cut(out, "\ntrain       ganengine ")
	if want := "-config dcgan -data " + p.at("photos") + " -set data.size=16 -set data.bad=skip -batch 8\n"; !ok || line != want {
		t.Fatalf("next is %q, want %q", line, want)
	}
	if status, out, errs := p.try(append(strings.Fields(line), "-dry-run")...); status != 0 {
		t.Errorf("that line: status %d\n%s%s", status, out, errs)
	}
	_, out, _ = p.try("data", "inspect", "@/photos", "-json")
	var got struct {
		Kind    string
		Samples int
		Classes []struct {
			Name string
			N    int
		}
		Unreadable []string
		Next       string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if got.Kind != "folder" || got.Samples != 12 || len(got.Classes) != 2 || got.Classes[1].N != 6 || len(got.Unreadable) != 1 || got.Next != "ganengine "+strings.TrimSpace(line) {
		t.Errorf("as JSON: %+v", got)
	}
	for _, args := range [][]string{{"-o", "@/sheet.jpg"}, {"-size", "8"}, {"-shard", "1"}} {
		if status, _, errs := p.try(append([]string{"data", "inspect", "@/photos"}, args...)...); status != 2 {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
}

func TestSuggestedSizes(t *testing.T) {
	for side, want := range map[int]string{
		8: "-set data.size=16", 23: "-set data.size=16", 28: "-set data.size=32", 47: "-set data.size=32", 48: "", 64: "", 3000: "",
	} {
		got := suggestion("x", data.Report{Side: side, Samples: 500})
		if got != strings.TrimSpace("ganengine -config dcgan -data x "+want) {
			t.Errorf("images of %d pixels: %s", side, got)
		}
	}
	if got := suggestion("my photos", data.Report{Side: 64, Samples: 500, Grey: true, Unreadable: []string{"x"}}); got != "ganengine -config dcgan -data 'my photos' -set data.channels=1 -set data.bad=skip" {
		t.Error(got)
	}
	if got := suggestion("points.csv", data.Report{Samples: 5}); got != "" {
		t.Errorf("points: %s", got)
	}
}

func TestBenchLoad(t *testing.T) {
	p := newPlace(t)
	p.photos(20)
	var r train.LoadReport
	out := p.run("bench", "-load", "-config", "@/images.toml", "-data", "@/photos", "-set", "run.threads=2", "-json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Samples != 20 || r.Batch != 8 || r.Workers != 2 || r.Shape != [3]int{8, 8, 1} || r.First.ImagesPerSecond <= 0 || r.Later.ImagesPerSecond <= 0 {
		t.Errorf("%+v", r)
	}
	if out := p.run("bench", "-load", "-config", "@/points.toml"); !strings.Contains(out, "of 1x1x2, batch 8") || !strings.Contains(out, "\nlater  ") {
		t.Errorf("points:\n%s", out)
	}
	if status, _, errs := p.try("bench", "-load", "-profile", "-config", "@/points.toml"); status != 2 || !strings.Contains(errs, "-load measures reading alone") {
		t.Errorf("with a profile: status %d: %s", status, errs)
	}
}
