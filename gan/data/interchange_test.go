package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestFilesOfPython reads data sets as Python's programs write them; testdata/make.py
// did, and says what they hold.
func TestFilesOfPython(t *testing.T) {
	numbers, folders, names := "0 1 2", "class0 class1 class2", "airplane automobile bird"
	for _, c := range []struct {
		path, kind string
		side       int // of the images; 0: points
		classes    string
	}{
		{"stylegan.zip", "zip", 8, numbers},
		{"folders.zip", "zip", 8, folders},
		{"shards", "tar", 8, numbers},
		{"shards/part-{000..001}.tar", "tar", 8, numbers},
		{"images.npz", "npz", 8, numbers},
		{"packed.npz", "npz", 8, numbers},
		{"images.npy", "npz", 8, ""},
		{"images.csv", "csv", 8, numbers},
		{"points.npz", "npz", 0, numbers},
		{"points.csv", "csv", 0, numbers},
		{"cifar-10-batches-py", "cifar10", 32, names},
		{"cifar-10-batches-bin", "cifar10", 32, names},
		{"cifar-100-2", "cifar10", 32, names},
		{"cifar-100-3", "cifar10", 32, numbers},
		{"cifar-100-4/train", "cifar10", 32, numbers},
		{"cifar-100-5", "cifar10", 32, numbers},
	} {
		path := "testdata/" + c.path
		kind, err := Detect(t.Context(), path)
		if err != nil || kind != c.kind {
			t.Errorf("%s is %q, %v", path, kind, err)
			continue
		}
		spec := Spec{Path: path, Labels: c.classes != "", Height: c.side, Width: c.side}
		set, err := Open(t.Context(), spec, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		var labels []int
		for i := range set.Len() {
			labels = append(labels, set.Label(i))
		}
		want := []int{2, 0, 1, 0}
		if c.classes == "" {
			want = []int{-1, -1, -1, -1}
		}
		order := []int{0, 1, 2, 3}
		if c.path == "folders.zip" { // sorted by class
			order, want = []int{1, 3, 2, 0}, []int{0, 0, 1, 2}
		}
		if !slices.Equal(labels, want) || strings.Join(set.Classes(), " ") != c.classes {
			t.Errorf("%s: classes %v of %q", path, labels, set.Classes())
		}
		if !strings.HasPrefix(set.Fingerprint(), c.kind+":") {
			t.Errorf("%s: fingerprint %s", path, set.Fingerprint())
		}
		switch set := set.(type) {
		case Images:
			checkImages(t, path, set, order)
		case Points:
			v := make([]float32, 2)
			if err := set.Read(v, 3); err != nil || !slices.Equal(v, []float32{6, 7}) {
				t.Errorf("%s: %v, %v", path, v, err)
			}
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}

func checkImages(t *testing.T, path string, set Images, order []int) {
	t.Helper()
	h, w, c := set.Shape()
	got := make([]byte, h*w*c)
	for at, i := range order {
		var want []byte
		for y := range h {
			for x := range w {
				for k := range c {
					want = append(want, byte(50*i+7*y+3*x+20*k))
				}
			}
		}
		if err := set.Read(got, at); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: image %d is %v, %v; want %v", path, at, got[:12], err, want[:12])
			return
		}
	}
}
