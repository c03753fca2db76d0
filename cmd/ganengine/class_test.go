package main

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

const classes = `
[data]
kind = "mixture"
modes = 4
labels = true
[model]
kind = "cgan"
z = 4
g_hidden = [8]
d_hidden = [8]
[train]
batch = 8
steps = 4
[sample]
count = 9
`

// A class is asked for by number, by name, or all of them a row each; without that a
// seed draws its own, which is one of them.
func TestSampleClass(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("classes")
	sample := func(args ...string) []float32 {
		t.Helper()
		p.run(append([]string{"sample", "-run", "latest", "-out", "@/runs", "-raw", "-o", "@/x.npy"}, args...)...)
		_, x := p.array("x.npy")
		return x
	}
	var of [4][]float32
	for k, text := range []string{"0", "1", "mode 2", "mode 3"} {
		of[k] = sample("-n", "8", "-class", text)
	}
	if !slices.Equal(of[2], sample("-n", "8", "-class", "2")) {
		t.Error("a class by name is not that by number")
	}
	all, own := sample("-n", "8", "-class", "all"), sample("-n", "8")
	seen := map[int]bool{}
	for i := range 8 {
		at := func(x []float32) []float32 { return x[2*i : 2*i+2] }
		if k := i / 2; !slices.Equal(at(all), at(of[k])) {
			t.Errorf("with all, sample %d is not of class %d", i, k)
		}
		k := slices.IndexFunc(of[:], func(x []float32) bool { return slices.Equal(at(own), at(x)) })
		if k < 0 {
			t.Errorf("sample %d without -class is of no class", i)
		}
		seen[k] = true
		for k := 1; k < 4; k++ {
			if slices.Equal(at(of[0]), at(of[k])) {
				t.Errorf("sample %d is the same for classes 0 and %d", i, k)
			}
		}
	}
	if len(seen) < 2 {
		t.Error("eight seeds drew one class")
	}
	if n := len(sample("-class", "all")); n != 2*64 {
		t.Errorf("-class all draws %d numbers where nobody says how many, want 128", n)
	}

	p.run("sample", "-run", "latest", "-out", "@/runs", "-n", "8", "-class", "1", "-o", "@/one.npz")
	a, err := npy.Open(p.at("one.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	shape, z, err := npy.ReadArray[float32](a, "z")
	if err != nil || !slices.Equal(shape, []int{8, 4}) {
		t.Fatal(shape, err)
	}
	if err := npy.WriteFile(p.at("z.npy"), shape, z); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(of[3], sample("-z", "@/z.npy", "-class", "3")) {
		t.Error("latents of a file and class 3 are not seeds and class 3")
	}
}

// What cannot be asked for is refused in a line.
func TestClassErrors(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("points")
	p.train("classes")
	if err := npy.WriteFile(p.at("z.npy"), []int{2, 4}, make([]float32, 8)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		run, args, want string
	}{
		{"1", "-class|4", "-class 4: this run has the classes 0 to 3"},
		{"1", "-class|-1", "-class -1: this run has the classes 0 to 3"},
		{"1", "-class|mod 2", `-class: this run has no class "mod 2"; did you mean mode 2?`},
		{"1", "-class|all|-n|9", "-class all: 9 samples cannot be dealt out to 4 classes, a row each; draw 12, say"},
		{"1", "-z|@/z.npy", "/z.npy names no class, as the array y of a .npz would; say which with -class"},
		{"0", "-class|1", "knows no classes; leave it out"},
	} {
		args := append([]string{"sample", "-run", c.run, "-out", "@/runs", "-o", "@/no.npy"}, strings.Split(c.args, "|")...)
		status, _, errs := p.try(args...)
		if status != 2 || !strings.Contains(errs, c.want) || strings.Count(strings.TrimSpace(errs), "\n") != 0 {
			t.Errorf("%s: status %d, %q, want 2 and %q", c.args, status, errs, c.want)
		}
	}
	status, _, errs := p.try("-config", "@/classes.toml", "-set", "data.labels=false", "-out", "@/none", "-quiet")
	if status != 2 || !strings.Contains(errs, `data.labels: model.kind = "cgan" learns classes`) {
		t.Errorf("without labels: status %d, %q", status, errs)
	}
}

// Walks and arithmetic are of one class: that of -class, else that of the first seed.
func TestWalksOfAClass(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("classes")
	for _, command := range [][]string{{"interpolate", "-seeds", "1,2"}, {"arithmetic", "-expr", "1 + 2 - 3"}} {
		draw := func(more ...string) string {
			p.run(slices.Concat(command, []string{"-run", "latest", "-out", "@/runs", "-o", "@/x.png"}, more)...)
			return string(p.read("x.png"))
		}
		of := map[string]int{}
		for k := range 4 {
			of[draw("-class", strconv.Itoa(k))] = k
		}
		if len(of) != 4 {
			t.Errorf("%s draws %d pictures for 4 classes", command[0], len(of))
		}
		own, ok := of[draw()]
		p.run("sample", "-run", "latest", "-out", "@/runs", "-seeds", "1", "-raw", "-o", "@/own.npy")
		p.run("sample", "-run", "latest", "-out", "@/runs", "-seeds", "1", "-class", strconv.Itoa(own), "-raw", "-o", "@/of.npy")
		if !ok || string(p.read("own.npy")) != string(p.read("of.npy")) {
			t.Errorf("%s without -class is of class %d (%v), not of the first seed's", command[0], own, ok)
		}
		status, _, errs := p.try(slices.Concat(command, []string{"-run", "latest", "-out", "@/runs", "-o", "@/x.png", "-class", "7"})...)
		if status != 2 || !strings.Contains(errs, "this run has the classes 0 to 3") {
			t.Errorf("%s -class 7: status %d, %q", command[0], status, errs)
		}
		status, _, errs = p.try(slices.Concat(command, []string{"-run", "latest", "-out", "@/runs", "-o", "@/x.png", "-class", "all"})...)
		if status != 2 || !strings.HasSuffix(errs, "; write its name, its number, 0 to 3\n") { // not all: a walk has one class
			t.Errorf("%s -class all: status %d, %q", command[0], status, errs)
		}
	}
}

// An .npz has the classes that were drawn or asked for, and -z takes them back: the
// images repeat. -class says other ones.
func TestClassesOfArchive(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("classes")
	sample := func(path string, args ...string) (y []int32, all string) {
		t.Helper()
		p.run(append([]string{"sample", "-run", "latest", "-out", "@/runs", "-o", "@/" + path}, args...)...)
		a, err := npy.Open(p.at(path))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		shape, y, err := npy.ReadArray[int32](a, "y")
		if err != nil || !slices.Equal(shape, []int{len(y)}) {
			t.Fatal(shape, err)
		}
		return y, string(p.read(path))
	}
	own, first := sample("own.npz", "-n", "80") // two parts
	seen := map[int32]bool{}
	p.run("sample", "-run", "latest", "-out", "@/runs", "-n", "80", "-o", "@/own.npy")
	_, points := p.array("own.npy")
	for k := range int32(4) {
		p.run("sample", "-run", "latest", "-out", "@/runs", "-n", "80", "-class", strconv.Itoa(int(k)), "-o", "@/of.npy")
		_, of := p.array("of.npy")
		for i := range own {
			if same := slices.Equal(points[2*i:2*i+2], of[2*i:2*i+2]); same != (own[i] == k) {
				t.Errorf("point %d is of class %d in the archive, and that it is of class %d is %v", i, own[i], k, same)
			}
			seen[own[i]] = true
		}
	}
	if _, again := sample("again.npz", "-z", "@/own.npz"); again != first {
		t.Error("an archive of the latents and classes of another differs from it")
	}
	if y, _ := sample("all.npz", "-n", "8", "-class", "all"); !slices.Equal(y, []int32{0, 0, 1, 1, 2, 2, 3, 3}) {
		t.Errorf("-class all drew the classes %v", y)
	}
	if y, _ := sample("two.npz", "-z", "@/all.npz", "-class", "mode 2"); !slices.Equal(y, []int32{2, 2, 2, 2, 2, 2, 2, 2}) {
		t.Errorf("-class 2 of a file with classes drew %v", y)
	}
	if y, _ := sample("dealt.npz", "-z", "@/two.npz", "-class", "all"); !slices.Equal(y, []int32{0, 0, 1, 1, 2, 2, 3, 3}) {
		t.Errorf("-class all of a file with classes drew %v", y)
	}
}

// Files whose classes are not those of the run are refused.
func TestClassesOfArchiveErrors(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("classes")
	archive := func(name string, write func(a *npy.Writer) error) {
		t.Helper()
		f, err := os.Create(p.at(name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a := npy.NewWriter(f)
		if err := npy.Add(a, "z", []int{3, 4}, make([]float32, 12)); err != nil {
			t.Fatal(err)
		}
		if err := write(a); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	archive("no.npz", func(a *npy.Writer) error { return npy.Add(a, "y", []int{3}, []int32{0, 4, 1}) })
	archive("few.npz", func(a *npy.Writer) error { return npy.Add(a, "y", []int{2}, []int32{0, 1}) })
	archive("long.npz", func(a *npy.Writer) error { return npy.Add(a, "y", []int{3}, []int64{0, 1, 2}) })
	archive("none.npz", func(a *npy.Writer) error { return npy.Add(a, "x", []int{3}, []int32{0, 1, 2}) })
	for name, want := range map[string]string{
		"no.npz":   "/no.npz: y has class 4 for latent 1, and this run has the classes 0 to 3",
		"few.npz":  "/few.npz: the shape of y is [2], and 3 latents have classes [3]",
		"long.npz": `array "y": npy: holds int64, want int32: convert it with .astype(numpy.int32)`,
		"none.npz": "/none.npz names no class, as the array y of a .npz would; say which with -class",
	} {
		status, _, errs := p.try("sample", "-run", "latest", "-out", "@/runs", "-z", "@/"+name, "-o", "@/x.npy")
		if status != 2 || !strings.Contains(errs, want) || strings.Count(strings.TrimSpace(errs), "\n") != 0 {
			t.Errorf("%s: status %d, %q, want 2 and %q", name, status, errs, want)
		}
	}
	p.run("sample", "-run", "latest", "-out", "@/runs", "-z", "@/no.npz", "-class", "1", "-o", "@/x.npy") // its own are not asked for
}

const characters = `
[data]
characters = "137"
size = 8
channels = 1
labels = true
[model]
kind = "cgan"
z = 4
g_hidden = [8]
d_hidden = [8]
init = "he-normal"
[train]
batch = 8
steps = 1
`

// A class whose name is a number is meant by that name; a number that is no name is
// that of a class. Pictures say seeds and classes.
func TestNamesOfClasses(t *testing.T) {
	p := newPlace(t)
	p.write("characters.toml", characters)
	p.train("characters")
	for text, want := range map[string]int32{"1": 0, "3": 1, "7": 2, "0": 0, "2": 2} {
		p.run("sample", "-run", "latest", "-out", "@/runs", "-n", "1", "-class", text, "-o", "@/x.npz")
		a, err := npy.Open(p.at("x.npz"))
		if err != nil {
			t.Fatal(err)
		}
		if _, y, err := npy.ReadArray[int32](a, "y"); err != nil || y[0] != want {
			t.Errorf("-class %s is class %v (%v), want %d", text, y, err, want)
		}
		a.Close()
	}
	for _, c := range []struct {
		args string
		o    picture.GridOptions
	}{
		{"-n|3|-class|7|-captions", picture.GridOptions{Captions: []string{"1: 7", "2: 7", "3: 7"}}},
		{"-seeds|9,4,8|-class|all|-captions", picture.GridOptions{Columns: 1, Captions: []string{"9", "4", "8"}, Rows: []string{"1", "3", "7"}}},
		{"-n|6|-class|all|-scale|2", picture.GridOptions{Columns: 2, Scale: 2, Rows: []string{"1", "3", "7"}}},
		{"-n|6|-class|2", picture.GridOptions{}},
	} {
		draw := func(path string, args []string) {
			t.Helper()
			p.run(slices.Concat([]string{"sample", "-run", "latest", "-out", "@/runs", "-o", "@/" + path}, args)...)
		}
		args := strings.Split(c.args, "|")
		draw("x.png", args)
		draw("x.npy", slices.DeleteFunc(args, func(s string) bool { return s == "-captions" || s == "-scale" || s == "2" && c.o.Scale > 0 }))
		shape, pix, err := npy.ReadFile[uint8](p.at("x.npy"))
		if err != nil {
			t.Fatal(err)
		}
		grid, err := picture.Grid(picture.Images{N: shape[0], H: 8, W: 8, C: 1, Pix: pix}, c.o)
		if err != nil {
			t.Fatal(err)
		}
		want, err := picture.EncodePNG(grid)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.read("x.png"), want) {
			t.Errorf("%s does not draw %+v", c.args, c.o)
		}
	}
	for args, want := range map[string]string{
		"-class|all|-n|2":       "-class all: 2 samples cannot be dealt out to 3 classes, a row each; draw 3, say",
		"-class|all|-seeds|1-5": "-class all: 5 samples cannot be dealt out to 3 classes, a row each; draw 6, say",
		"-class|5":              "-class 5: this run has the classes 0 to 2",
		"-class|one":            `-class: this run has no class "one"; write its name, its number, 0 to 2, or all`,
		"-class|1|-n|0":         "-n must be 1 or more, got 0",
	} {
		status, _, errs := p.try(append([]string{"sample", "-run", "latest", "-out", "@/runs", "-o", "@/x.png"}, strings.Split(args, "|")...)...)
		if status != 2 || !strings.Contains(errs, want) || strings.Count(strings.TrimSpace(errs), "\n") != 0 {
			t.Errorf("%s: status %d, %q, want 2 and %q", args, status, errs, want)
		}
	}
}

// Classes of a file are passed over by a model that knows none, which is said.
func TestClassesPassedOver(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("points")
	p.train("classes")
	for _, c := range []struct{ from, said string }{{"0", ""}, {"1", "has classes, the array y, and the mlp of this run knows none: they are passed over\n"}} {
		p.run("sample", "-run", c.from, "-out", "@/runs", "-n", "3", "-o", "@/z.npz")
		if status, _, errs := p.try("sample", "-run", "0", "-out", "@/runs", "-z", "@/z.npz", "-o", "@/x.npy"); status != 0 || !strings.HasSuffix(errs, c.said) || c.said == "" && errs != "" {
			t.Errorf("of run %s: status %d, %q, want %q", c.from, status, errs, c.said)
		}
	}
}

// A sweep has a row for each seed, in which a class or a number of a code goes through its
// values: the samples are those of the same seeds and classes.
func TestSweeps(t *testing.T) {
	p := newPlace(t)
	p.write("classes.toml", classes)
	p.train("points")
	p.train("classes")
	sweep := func(args ...string) (int, string, string) {
		return p.try(append([]string{"interpolate", "-out", "@/runs", "-seeds", "1,2,3", "-o", "@/x.png"}, args...)...)
	}
	for _, test := range []struct{ args, want string }{
		{"-run|1|-class|1..3", "9 points"}, {"-run|1|-class|3..1", "9 points"}, {"-run|1|-sweep|y", "12 points"},
		{"-run|1|-sweep|z.1|-steps|4", "15 points of step 4\nlargest of 12 steps"}, {"-run|0|-sweep|z.0|-seeds|5", "11 points of step 4\nlargest of 10 steps"},
	} {
		if status, out, errs := sweep(strings.Split(test.args, "|")...); status != 0 || !strings.Contains(out, test.want) || strings.Contains(test.want, "largest") != strings.Contains(out, "largest") {
			t.Errorf("%s: status %d, %q%s, want %q", test.args, status, out, errs, test.want)
		}
	}
	for _, test := range []struct{ args, want string }{
		{"-run|0|-class|0..1", "knows no classes"}, {"-run|1|-class|0..4", "this run has the classes 0 to 3"}, {"-run|1|-class|0..1|-sweep|z.0", "give one of -sweep"},
		{"-run|1|-sweep|q", "-sweep: this run has no code \"q\"; its codes are z ("}, {"-run|1|-sweep|y|-loop", "-loop and -mode are of walks"}, {"-run|0|-sweep|z.0|-mode|lerp", "-loop and -mode are of walks"},
		{"-run|1|-sweep|z.0|-steps|0", "1 to 1000 steps"}, {"-run|1|-sweep|y|-steps|4", "-steps: code y has 4 values, which are all shown; leave it out"},
		{"-run|1|-class|1..3|-steps|4", "-steps: -class A..B shows each class once; leave it out"},
	} {
		if status, _, errs := sweep(strings.Split(test.args, "|")...); status != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%s: status %d, %q, want %q", test.args, status, errs, test.want)
		}
	}
}
