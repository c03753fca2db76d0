package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"strings"
	"testing"
)

// photos makes a folder of JPEG files of noise.
func photos(p *place, name string, n int) {
	p.t.Helper()
	for i := range n {
		m := image.NewRGBA(image.Rect(0, 0, 24, 24))
		for j := range m.Pix {
			m.Pix[j] = byte((i + 3) * j * j >> 4)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			p.t.Fatal(err)
		}
		if err := os.MkdirAll(p.at(name), 0o777); err != nil {
			p.t.Fatal(err)
		}
		p.write(fmt.Sprintf("%s/%02d.jpg", name, i), b.String())
	}
}

// cut shortens a file to a share of its bytes.
func cut(p *place, name string, share float64) {
	p.t.Helper()
	b := p.read(name)
	p.write(name, string(b[:int(share*float64(len(b)))]))
}

// Training, its dry run and data inspect agree on files that were cut short.
func TestBadFiles(t *testing.T) {
	p := newPlace(t)
	photos(p, "photos", 20)
	if status, _, errs := p.try("data", "inspect", "@/photos"); status != 0 {
		t.Errorf("good files: status %d, %s", status, errs)
	}
	cut(p, "photos/04.jpg", .5)
	cut(p, "photos/11.jpg", .9)
	args := []string{"-config", "@/images.toml", "-set", "data.limit=0", "-data", "@/photos", "-out", "@/runs"}
	for _, command := range [][]string{args, append(args, "-dry-run"), {"data", "inspect", "@/photos"}} {
		status, out, errs := p.try(command...)
		if status != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, `data.bad = "skip"`) {
			t.Errorf("%v: status %d, %s", command, status, errs)
		}
		for _, name := range []string{"04.jpg", "11.jpg"} {
			if !strings.Contains(out, "image "+p.at("photos/"+name)+" cannot be read: it is truncated") {
				t.Errorf("%v does not name %s:\n%s", command, name, out)
			}
		}
	}
	if _, err := os.Stat(p.at("runs")); !os.IsNotExist(err) {
		t.Errorf("a refused training left a run directory: %v", err)
	}
	args = append(args, "-set", "data.bad=skip")
	for _, command := range [][]string{append(args, "-dry-run"), args} {
		out := p.run(command...)
		for _, want := range []string{"04.jpg cannot", "11.jpg cannot", `2 of 20 images left out`} {
			if strings.Count(out, want) != 1 {
				t.Errorf("%v prints %q %d times:\n%s", command, want, strings.Count(out, want), out)
			}
		}
	}
	if log := string(p.read("runs/00000-dcgan-photos-b8/log.txt")); !strings.Contains(log, "04.jpg cannot be read") {
		t.Errorf("log.txt does not name the files:\n%s", log)
	}
}

// -data with -resume says where the run's data are now.
func TestResumeFromElsewhere(t *testing.T) {
	p := newPlace(t)
	photos(p, "photos", 20)
	p.run("-config", "@/images.toml", "-set", "data.limit=0", "-data", "@/photos", "-out", "@/runs", "-quiet")
	if err := os.Rename(p.at("photos"), p.at("pictures")); err != nil {
		t.Fatal(err)
	}
	again := func(set ...string) (int, string, string) {
		return p.try(append([]string{"-resume", "0", "-out", "@/runs", "-steps", "6"}, set...)...)
	}
	photos(p, "fewer", 19)
	if status, _, errs := again("-data", "@/fewer"); status == 0 || !strings.Contains(errs, "data.path: "+p.at("fewer")+" is not what "+p.at("photos")+" was") {
		t.Errorf("other data under another path: status %d, %s", status, errs)
	}
	if status, _, errs := again("-data", "@/pictures", "-batch", "4"); status == 0 || !strings.Contains(errs, "train.batch: the run has 8") {
		t.Errorf("another batch: status %d, %s", status, errs)
	}
	if status, out, errs := again("-data", "@/pictures"); status != 0 || strings.Contains(out, "not bit for bit") || !strings.Contains(out, "step 6/6") {
		t.Errorf("moved data: status %d, %s\n%s", status, errs, out)
	}
}
