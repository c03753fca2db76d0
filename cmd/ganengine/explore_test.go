package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
	"ganengine/gan/npy"
)

func (p *place) array(name string) ([]int, []float32) {
	p.t.Helper()
	shape, data, err := npy.ReadFile[float32](p.at(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return shape, data
}

func (p *place) png(name string) image.Image {
	p.t.Helper()
	im, err := png.Decode(bytes.NewReader(p.read(name)))
	if err != nil {
		p.t.Fatal(err)
	}
	return im
}

// The image of a seed has the same bits alone, among others, and from its latent.
func TestSampleSeeds(t *testing.T) {
	for _, config := range []string{"images", "points"} {
		t.Run(config, func(t *testing.T) {
			p := newPlace(t)
			p.train(config)
			sample := func(args ...string) {
				p.run(append([]string{"sample", "-run", "latest", "-out", "@/runs"}, args...)...)
			}
			sample("-seeds", "5", "-raw", "-o", "@/alone.npy")
			sample("-n", "70", "-seed", "3", "-raw", "-o", "@/many.npy")
			sample("-seeds", "9,0-2,5", "-raw", "-o", "@/list.npy")
			sample("-seeds", "5", "-o", "@/five.npz")
			_, alone := p.array("alone.npy")
			shape, many := p.array("many.npy")
			want := []int{70, 8, 8, 1}
			if config == "points" {
				want = []int{70, 2}
			}
			if !slices.Equal(shape, want) {
				t.Errorf("shape %v, want %v", shape, want)
			}
			each := len(alone)
			if !slices.Equal(alone, many[2*each:3*each]) {
				t.Error("seed 5 alone differs from seed 5 in a batch")
			}
			if _, list := p.array("list.npy"); !slices.Equal(alone, list[4*each:]) {
				t.Error("seed 5 alone differs from seed 5 of a list")
			}
			a, err := npy.Open(p.at("five.npz"))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			shape, z, err := npy.ReadArray[float32](a, "z")
			if err != nil || !slices.Equal(shape, []int{1, 4}) {
				t.Fatal(shape, err)
			}
			if err := npy.WriteFile(p.at("z.npy"), shape, z); err != nil {
				t.Fatal(err)
			}
			sample("-z", "@/z.npy", "-raw", "-o", "@/again.npy")
			if _, again := p.array("again.npy"); !slices.Equal(alone, again) {
				t.Error("the latent of seed 5 gives something else than seed 5")
			}
		})
	}
}

// Pixels are round(127.5 x + 127.5) of what -raw writes.
func TestSamplePixels(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/p.npy")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-raw", "-o", "@/r.npy")
	shape, pixels, err := npy.ReadFile[uint8](p.at("p.npy"))
	if err != nil || !slices.Equal(shape, []int{3, 8, 8, 1}) {
		t.Fatal(shape, err)
	}
	_, raw := p.array("r.npy")
	for i, x := range raw {
		if want := math.Floor(127.5*float64(x) + 128); math.Abs(want-float64(pixels[i])) > .5 && math.Abs(math.Mod(127.5*float64(x)+128, 1)) > 1e-4 {
			t.Fatalf("pixel %d is %d for %g", i, pixels[i], x)
		}
	}
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "4,8", "-o", "@/each/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "4,8", "-captions", "-o", "@/grid.png")
	p.run("sample", "-run", "0", "-out", "@/runs", "-seeds", "4,8", "-o", "@/bare.png")
	for _, name := range []string{"each/seed000004.png", "each/seed000008.png"} {
		if b := p.png(name).Bounds(); b.Dx() != 8 || b.Dy() != 8 {
			t.Errorf("%s is %v", name, b)
		}
	}
	if with, without := p.png("grid.png").Bounds(), p.png("bare.png").Bounds(); with.Dy() <= without.Dy() {
		t.Errorf("captions take no room: %v, without %v", with, without)
	}
}

func TestSampleOptions(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	sample := func(name string, args ...string) []float32 {
		p.run(append([]string{"sample", "-run", "0", "-out", "@/runs", "-n", "8", "-raw", "-o", "@/" + name}, args...)...)
		_, data := p.array(name)
		return data
	}
	plain := sample("plain.npy")
	for name, other := range map[string][]float32{
		"-raw-weights": sample("w.npy", "-raw-weights"),
		"-z-threshold": sample("t.npy", "-z-threshold", "0.5"),
	} {
		if slices.Equal(plain, other) {
			t.Errorf("%s changes nothing", name)
		}
	}
	if !slices.Equal(plain, sample("c.npy", "-checkpoint", "4")) {
		t.Error("the latest checkpoint is not that of step 4")
	}
}

func TestPointsPicture(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	p.run("sample", "-run", "0", "-out", "@/runs", "-o", "@/points.png")
	if b := p.png("points.png").Bounds(); b.Dx() < 400 {
		t.Errorf("the scatter is %v", b)
	}
}

func TestArithmetic(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	out := p.run("arithmetic", "-run", "0", "-out", "@/runs", "-expr", "mean(1,5,9) - mean(2,6) + mean(3,7)", "-o", "@/a.png")
	if !strings.Contains(out, "11 images") {
		t.Errorf("seven seeds, three means and the result: %s", out)
	}
	p.png("a.png")
}

func TestExport(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	for net, want := range map[string]string{"": "g_ema", "g": "g_ema", "d": "d"} {
		args := []string{"export", "-run", "0", "-out", "@/runs", "-o", "@/n.safetensors"}
		if net != "" {
			args = append(args, "-net", net)
		}
		p.run(args...)
		f, err := safetensors.Open(p.at("n.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := f.Metadata("network"); got != want || f.Tensors()[0].Name != "main.0.weight" {
			t.Errorf("net %s: %s, %v", net, got, f.Tensors())
		}
		f.Close()
	}
}

func TestGraph(t *testing.T) {
	p := newPlace(t)
	if out := p.run("graph", "-config", "@/points.toml", "-o", "@/g.dot"); out != p.at("g.dot")+": dg\n" {
		t.Errorf("it says %q", out)
	}
	if dot := string(p.read("g.dot")); !strings.HasPrefix(dot, `digraph "dg"`) {
		t.Errorf("no graph: %.60q", dot)
	}
	p.run("graph", "-config", "@/points.toml", "-set", "loss.r1=1", "-set", "loss.every=4", "-set", "train.d_steps=2", "-o", "@/g.txt")
	for _, name := range []string{"d", "dg", "dg_reg"} { // d_reg never runs: each fourth update is a second one
		if !strings.Contains("\n"+string(p.read("g.txt")), "\nprogram "+name+"\n") {
			t.Errorf("g.txt lacks program %s", name)
		}
	}
}

func TestBench(t *testing.T) {
	p := newPlace(t)
	var report map[string]any
	out := p.run("bench", "-config", "@/points.toml", "-steps", "5", "-json", "-profile", "-sample")
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err, out)
	}
	for _, key := range []string{"config", "device", "precision", "batch", "steps", "images_per_second", "step_ms", "startup_seconds",
		"host_peak_bytes", "device_peak_bytes", "flops_per_step", "flops_per_second"} {
		if report[key] == nil {
			t.Errorf("the report lacks %s:\n%s", key, out)
		}
	}
	profile, _ := report["profile"].(map[string]any)
	if kinds, _ := profile["kinds"].([]any); len(kinds) < 2 {
		t.Errorf("the profile names %d kinds of kernels:\n%s", len(kinds), out)
	}
	if report["steps"] != 5. {
		t.Errorf("%v steps, want 5", report["steps"])
	}
	if out := p.run("bench", "-config", "@/points.toml", "-steps", "3"); !strings.Contains(out, "images/s") {
		t.Errorf("the text:\n%s", out)
	}
}

func TestListings(t *testing.T) {
	p := newPlace(t)
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"devices"}, []string{"cpu ", "kernels: elementwise ", "cuda     not used: this program was built without CUDA"}},
		{[]string{"config", "list"}, []string{"  The standard DCGAN (arXiv", "  realnvp  ", "trained by likelihood.\n", "[train]", "batch "}},
		{[]string{"config", "show", "ring"}, []string{"[data]", `kind = "mixture"`, "\n#   model.g_hidden "}},
		{[]string{"config", "show", "ring-flow"}, []string{"\n#   model.layers  8 "}},
		{[]string{"config", "show", "ring.toml"}, []string{"[data]"}},
		{[]string{"version"}, []string{"ganengine ", "go1."}},
		{[]string{"runs", "@"}, []string{"there are no runs"}},
	} {
		out := p.run(test.args...)
		for _, w := range test.want {
			if !strings.Contains(out, w) {
				t.Errorf("%v lacks %q:\n%s", test.args, w, out)
			}
		}
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(p.run("devices", "-json")), &list); err != nil || len(list) != 2 ||
		list[0]["name"] != "cpu" || list[0]["problem"] != nil || len(list[0]["kernels"].([]any)) < 3 || list[1]["name"] != "cuda" || list[1]["problem"] == nil {
		t.Errorf("devices -json: %v (%v)", list, err)
	}
}

func TestSeedLists(t *testing.T) {
	for text, want := range map[string][]int32{"0": {0}, "0,1,4-6": {0, 1, 4, 5, 6}, " 3 , 2-2": {3, 2}, "2147483647": {math.MaxInt32}, "7,7": {7, 7}} {
		seeds, err := parseSeeds(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []int32
		for i := range seeds.Len() {
			got = append(got, seeds.At(i))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", ",", "1,", "-1", "1-", "2-1", "2147483648", "1.5", "a"} {
		if got, err := parseSeeds(text); err == nil {
			t.Errorf("%q was read as %d seeds", text, got.Len())
		}
	}
}

func FuzzParseSeeds(f *testing.F) {
	for _, s := range []string{"0,1,4-6", "9-1", "1-2-3", ",", "2147483647-2147483647"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seeds, err := parseSeeds(text)
		if err == nil && (seeds.Len() == 0 || seeds.At(0) < 0 || seeds.At(seeds.Len()-1) < 0) {
			t.Fatalf("%q gave %d seeds", text, seeds.Len())
		}
	})
}

// One image alone is native, without a frame; -scale enlarges each pixel.
func TestSampleScale(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	sample := func(name string, args ...string) image.Rectangle {
		p.run(append([]string{"sample", "-run", "0", "-out", "@/runs", "-o", "@/" + name}, args...)...)
		if strings.HasSuffix(name, "/") {
			name += "seed000001.png"
		}
		return p.png(name).Bounds()
	}
	for _, test := range []struct {
		size int
		args []string
	}{
		{8, []string{"one.png", "-n", "1"}},
		{8, []string{"one.png", "-n", "1", "-scale", "1"}},
		{24, []string{"one.png", "-n", "1", "-scale", "3"}},
		{8, []string{"each/", "-n", "2"}},
		{40, []string{"each/", "-n", "2", "-scale", "5"}},
		{2*8 + 3*2, []string{"grid.png", "-n", "4", "-scale", "1"}},
	} {
		if b := sample(test.args[0], test.args[1:]...); b.Dx() != test.size || b.Dy() != test.size {
			t.Errorf("%v: %v, want %d pixels each way", test.args, b, test.size)
		}
	}
	if b := sample("grid.png", "-n", "4"); b.Dx() < 600 {
		t.Errorf("a grid is %v: it was enlarged before", b)
	}
}

// What sample writes as an archive is what -z takes.
func TestSampleFromArchive(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "70", "-o", "@/x.npz")
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/x.npz", "-o", "@/y.npz")
	if !bytes.Equal(p.read("x.npz"), p.read("y.npz")) {
		t.Error("the latents of an archive give another archive")
	}
}

// The numbers of several codes stand side by side in a file, which sample writes, encode
// finds and -z takes.
func TestSampleSeveralCodes(t *testing.T) {
	p := newPlace(t)
	p.write("infogan.toml", `
[data]
size = 8
channels = 1
limit = 64
[model]
kind = "infogan"
z = 3
categories = [4]
continuous = 2
g_channels = 4
d_channels = 4
width = 8
q_width = 8
[train]
batch = 8
steps = 2
`)
	p.train("infogan")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/x.npz")
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/x.npz", "-o", "@/y.npz")
	if !bytes.Equal(p.read("x.npz"), p.read("y.npz")) {
		t.Error("the latents of an archive give another archive")
	}
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/in/")
	p.run("encode", "-run", "0", "-out", "@/runs", "-i", "@/in", "-steps", "2", "-o", "@/z.npy")
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/z.npy", "-o", "@/back.png")
	if shape, z := p.array("z.npy"); !slices.Equal(shape, []int{3, 9}) || z[3]+z[4]+z[5]+z[6] != 1 {
		t.Errorf("codes %v: %v", shape, z)
	}
}
