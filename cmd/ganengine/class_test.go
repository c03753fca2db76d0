package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"ganengine/gan/npy"
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
	p.run("sample", "-run", "1", "-out", "@/runs", "-n", "2", "-o", "@/z.npz")
	for _, c := range []struct {
		run, args, want string
	}{
		{"1", "-class|4", "-class 4: this run has the classes 0 to 3"},
		{"1", "-class|-1", "-class -1: this run has the classes 0 to 3"},
		{"1", "-class|mod 2", `-class: this run has no class "mod 2"; did you mean mode 2?`},
		{"1", "-class|all|-n|9", "-class all: 9 samples cannot be dealt out to 4 classes, a row each; draw 12, say"},
		{"1", "-z|@/z.npz", "-z: a file of latents names no class; say which with -class"},
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
	}
}
