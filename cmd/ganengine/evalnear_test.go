package main

import (
	"image"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/measure"
)

// gallery makes folders of images that are drawn by seed: some to train on, and others.
func (p *place) gallery() {
	p.t.Helper()
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "1-20", "-o", "@/train/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "21-30", "-o", "@/test/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "3-6", "-o", "@/copies/")
}

// Copies of training images have a memory of 0, what was held out one of 1.
func TestEvalMemory(t *testing.T) {
	p := newPlace(t)
	p.gallery()
	rows := func(args ...string) []measure.Row {
		return rowsOf(t, p.run(append([]string{"eval", "-metrics", "memory", "-json"}, args...)...))
	}
	copies := rows("-i", "@/copies", "-data", "@/test", "-train", "@/train")[0]
	if copies.Value != 0 || copies.Name != "memory4_pixels_test" || copies.Better != "1" || copies.Reals != 4 || copies.Settings["train"] != 20 || copies.Train == "" || copies.Train == copies.Data {
		t.Errorf("copies: %+v", copies)
	}
	if same := rows("-i", "@/test", "-data", "@/test", "-train", "@/train")[0]; same.Value != 1 {
		t.Errorf("held-out images by themselves: %+v", same)
	}
	own := rows("-run", "0", "-out", "@/runs", "-data", "@/test", "-n", "10")[0] // trained on 64 glyphs
	if !(own.Value > 0) || own.Settings["train"] != 64 || !strings.HasPrefix(own.Train, "glyphs:") {
		t.Errorf("a run: %+v", own)
	}
}

// The picture has a row for each sample: itself, then the nearest training images, a copy
// first, with their distances.
func TestEvalNeighbours(t *testing.T) {
	p := newPlace(t)
	p.gallery()
	out := p.run("eval", "-i", "@/copies", "-train", "@/train", "-k", "2", "-neighbours", "@/near.png")
	if !strings.HasSuffix(out, "near.png: 4 samples from seed 1, each with the nearest 2 of 20 training images\n") {
		t.Errorf("it says %q", out)
	}
	im := p.png("near.png").(*image.Gray)
	// Rows have one pitch, images stand under each other, and a copy is beside its original.
	scale, left, top := gridOf(t, im, 8, 3, 4)
	for row := range 4 {
		cell := func(column int) (pix []uint8) {
			for y := range 8 {
				for x := range 8 {
					pix = append(pix, im.GrayAt(left[column]+x*scale, top[row]+y*scale).Y)
				}
			}
			return pix
		}
		if !slices.Equal(cell(0), cell(1)) {
			t.Errorf("row %d: the nearest is no copy:\n%v\n%v", row, cell(0), cell(1))
		}
		if slices.Equal(cell(1), cell(2)) {
			t.Errorf("row %d: both neighbours are one image", row)
		}
	}

	table := p.run("eval", "-run", "0", "-out", "@/runs", "-seed", "5", "-n", "20", "-metrics", "kd", "-neighbours", "@/own.png")
	if !strings.Contains(table, "own.png: 8 samples from seed 5, each with the nearest 5 of 64 training images\n") || !strings.Contains(table, "kd20_pixels_train") {
		t.Errorf("with metrics:\n%s", table)
	}
}

// gridOf is where the images of a grid are, which the picture's layout says.
func gridOf(t *testing.T, im *image.Gray, side, columns, rows int) (scale int, left, top []int) {
	t.Helper()
	const captions, pad = 16, 6
	rowWidth := 0
	for _, name := range []string{"seed000003.png", "seed000004.png"} {
		rowWidth = max(rowWidth, 7*len(name)+2*pad) // letters are 7 pixels wide
	}
	scale = min((1200-rowWidth)/(columns*(side+1)), 1200/(rows*(side+1)))
	gap := min(scale, 6)
	for c := range columns {
		left = append(left, rowWidth+gap+c*(side*scale+gap))
	}
	for r := range rows {
		top = append(top, gap+r*(side*scale+captions+gap))
	}
	if want := image.Rect(0, 0, rowWidth+columns*(side*scale+gap)+gap, rows*(side*scale+captions+gap)+gap); im.Rect != want {
		t.Fatalf("the picture is %v, want %v", im.Rect, want)
	}
	return scale, left, top
}

// Runs that reconstruct, and folders with equal names, are measured by pairs.
func TestEvalPairs(t *testing.T) {
	p := newPlace(t)
	p.write("aae.toml", strings.Replace(tinyAAE, "size = 8", "size = 12", 1))
	p.train("aae")
	pair := func(args ...string) []measure.Row {
		return rowsOf(t, p.run(append([]string{"eval", "-json", "-metrics"}, args...)...))
	}
	rows := pair("L1,psnr,ssim,nn2s", "-run", "0", "-out", "@/runs", "-n", "30")
	if got, want := namesOf(rows)[:4], []string{"L1-30-reconstruct_pixels_train", "psnr30-reconstruct_pixels_train", "ssim30-reconstruct_pixels_train", "nn2s30_pixels_train"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := rows[0]; r.Samples != 30 || r.Reals != 30 || r.Pairing != "reconstruct" || *r.Checkpoint != 4 || rows[3].Pairing != "" {
		t.Errorf("%+v", rows)
	}
	if table := p.run("eval", "-run", "0", "-out", "@/runs", "-n", "30", "-metrics", "psnr"); !strings.Contains(table, "30 pairs (reconstruct) with real ones (train) of glyphs:") || strings.Contains(table, "from seed") {
		t.Errorf("the table is\n%s", table)
	}

	// Some images of a folder are those of equal names in another, below folders too.
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "5", "-o", "@/in/deep/")
	if err := os.MkdirAll(p.at("same/deep"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 3; i++ {
		name := "deep/seed00000" + string(rune('0'+i)) + ".png"
		p.write("same/"+name, string(p.read("in/"+name)))
	}
	rows = pair("L1,psnr,ssim", "-i", "@/same", "-data", "@/in")
	if got, want := namesOf(rows), []string{"L1-3-names_pixels_other", "psnr3-names_pixels_other", "ssim3-names_pixels_other"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if rows[0].Value != 0 || math.Abs(float64(rows[2].Value)-1) > 1e-12 {
		t.Errorf("the same images: %+v", rows)
	}
}

// Points that are reconstructed are measured by L1: by a flow, which is invertible, they
// come back, and a system without a sampler of new ones is measured too.
func TestEvalPairsOfPoints(t *testing.T) {
	p := newPlace(t)
	p.write("flow.toml", flow)
	p.train("flow")
	p.write("domains.toml", domains)
	p.train("domains")
	for run, limits := range map[string][2]float64{"0": {0, 1e-5}, "1": {.1, 10}} {
		rows := rowsOf(t, p.run("eval", "-run", run, "-out", "@/runs", "-n", "100", "-metrics", "L1", "-json"))
		if v := float64(rows[0].Value); rows[0].Name != "L1-100-reconstruct_points_train" || !(limits[0] <= v && v <= limits[1]) {
			t.Errorf("run %s: %+v, want %v", run, rows, limits)
		}
	}
}

// A picture of neighbours takes the place of none of the images that it is made of, and a
// number of samples is printed in full.
func TestEvalSparesImages(t *testing.T) {
	p := newPlace(t)
	p.gallery()
	for _, path := range []string{"copies/seed000003.png", "train/seed000007.png", "test/seed000021.png"} {
		before := p.read(path)
		status, out, errs := p.try("eval", "-i", "@/copies", "-data", "@/test", "-train", "@/train", "-metrics", "memory", "-neighbours", "@/"+path)
		if status != 2 || out != "" || !strings.Contains(errs, path+" would be written over, and it is read here") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d, %q, %q", path, status, out, errs)
		}
		if !slices.Equal(before, p.read(path)) {
			t.Errorf("%s was written over", path)
		}
	}
	if got := settingsOf(measure.Row{Settings: map[string]float64{"train": 1234567, "sigma": .123456}}); got != "sigma 0.1235, train 1234567" {
		t.Errorf("settings are printed as %q", got)
	}
}

// What has no pairs and no training data is one line, and no picture is left behind.
func TestEvalNearErrors(t *testing.T) {
	p := newPlace(t)
	p.gallery()
	p.train("points")
	p.write("domains.toml", domains)
	p.train("domains")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "100", "-o", "@/other/")
	p.write("aae.toml", tinyAAE)
	p.train("aae")
	for want, args := range map[string][]string{
		"memory needs real samples that were not trained on":     {"-run", "0", "-metrics", "memory"},
		"name that with -train PATH":                             {"-i", "@/copies", "-data", "@/test", "-metrics", "memory"},
		"-i: name the real samples":                              {"-i", "@/copies", "-metrics", "memory", "-train", "@/train"},
		"a run knows what it trained on":                         {"-run", "0", "-metrics", "memory", "-train", "@/train"},
		"-neighbours: name FILE.png":                             {"-run", "0", "-neighbours", "@/no.jpg"},
		"the samples of this run are points":                     {"-run", "1", "-neighbours", "@/no.png"},
		"-json prints rows of metrics":                           {"-run", "0", "-neighbours", "@/no.png", "-json"},
		"fd needs 65 generated samples or more":                  {"-run", "0", "-neighbours", "@/no.png", "-n", "9", "-metrics", "fd"},
		"models of kind dcgan have no sampler reconstruct":       {"-run", "0", "-metrics", "L1"},
		"draw no samples from latents":                           {"-run", "2", "-metrics", "L1,kd"},
		"psnr is of images, and these are points; L1 is of both": {"-run", "2", "-metrics", "psnr"},
		"ssim needs images of 11x11 pixels or more":              {"-run", "3", "-metrics", "ssim"},
		"seed000100.png has no partner of its name in":           {"-i", "@/other", "-data", "@/copies", "-metrics", "L1"},
		"-train: ": {"-i", "@/copies", "-train", "@/missing", "-neighbours", "@/no.png"},
		"each of the real samples is a training sample too": {"-i", "@/test", "-data", "@/copies", "-train", "@/train", "-metrics", "memory"},
	} {
		status, out, errs := p.try(append([]string{"eval", "-out", "@/runs"}, args...)...)
		if status == 0 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q, %q; want %q", args, status, out, errs, want)
		}
	}
	for _, name := range []string{"no.png", "runs/00000-dcgan-glyphs-b8/metrics.jsonl"} {
		if _, err := os.Stat(p.at(name)); err == nil {
			t.Errorf("%s was left behind", name)
		}
	}
}
