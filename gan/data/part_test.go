package data

import (
	"bytes"
	"context"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files/filestest"
)

// made gives the set that was made, or fails.
func made(t *testing.T) func(Set, error) Set {
	return func(set Set, err error) Set {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
}

// whole are the samples of a labelled set that a part of it holds.
func whole(t *testing.T, set Set) (list []int) {
	t.Helper()
	dst := make([]byte, 3)
	for i := range set.Len() {
		if err := set.(Images).Read(dst, i); err != nil {
			t.Fatal(err)
		}
		list = append(list, int(dst[0]))
		if set.Label(i) != int(dst[0])%4 {
			t.Errorf("sample %d, %d of the whole, has label %d", i, dst[0], set.Label(i))
		}
	}
	return list
}

func TestSubset(t *testing.T) {
	made := made(t)
	chosen := []int{9, 2, 3, 30}
	set := made(Subset(numbers(40), chosen))
	chosen[0] = 0 // the caller's again
	if got := whole(t, set); !slices.Equal(got, []int{9, 2, 3, 30}) || len(set.Classes()) != 4 {
		t.Errorf("samples %v of classes %v", got, set.Classes())
	}
	inner := made(Subset(set, []int{3, 1}))
	if got := whole(t, inner); !slices.Equal(got, []int{30, 2}) {
		t.Errorf("a part of a part holds %v", got)
	}
	seen := map[string]bool{numbers(40).Fingerprint(): true}
	for _, s := range []Set{set, inner, made(Subset(numbers(40), []int{2, 9, 3, 30})), made(Subset(numbers(40), []int{3, 1}))} {
		if f := s.Fingerprint(); seen[f] || !strings.HasPrefix(f, "counting/subset:") {
			t.Errorf("fingerprint %s", f)
		}
		seen[s.Fingerprint()] = true
	}
	if f := made(Subset(numbers(40), []int{30, 2})).Fingerprint(); f != inner.Fingerprint() {
		t.Errorf("the same samples are %s and %s", f, inner.Fingerprint())
	}
	points, _ := open(t, Spec{Kind: "mixture", Limit: 100, Labels: true})
	some := made(Subset(points, []int{50, 7})).(Points)
	var got, want [2]float32
	if err := some.Read(got[:], 1); err != nil || some.Label(1) != 7 {
		t.Errorf("label %d, %v", some.Label(1), err)
	}
	if points.(Points).Read(want[:], 7); got != want {
		t.Errorf("point %v, want %v", got, want)
	}
	l := load(t, set, LoaderConfig{Batch: 6, Cycle: true})
	images, labels := take(t, l, 1)
	if !slices.Equal(samples(images), []int{9, 2, 3, 30, 9, 2}) || !slices.Equal(labels, []int32{1, 2, 3, 2, 1, 2}) {
		t.Errorf("loaded %v with labels %v", samples(images), labels)
	}
}

func TestPerClass(t *testing.T) {
	made := made(t)
	set := made(PerClass(numbers(200), 10, 5))
	ten := whole(t, set)
	var counts [4]int
	for _, i := range ten {
		counts[i%4]++
	}
	if counts != [4]int{10, 10, 10, 10} || !slices.IsSorted(ten) {
		t.Errorf("%v hold %v of each class", ten, counts)
	}
	if again := whole(t, made(PerClass(numbers(200), 10, 5))); !slices.Equal(again, ten) {
		t.Error("the choice is not the same again")
	}
	if other := whole(t, made(PerClass(numbers(200), 10, 6))); slices.Equal(other, ten) {
		t.Error("another seed chooses the same")
	}
	for _, i := range whole(t, made(PerClass(numbers(200), 3, 5))) {
		if !slices.Contains(ten, i) {
			t.Errorf("%d is among 3 of each class, not among 10", i)
		}
	}
	ranks := func(class int) (list []int) { // of a class, in that class
		for _, i := range ten {
			if i%4 == class {
				list = append(list, i/4)
			}
		}
		return list
	}
	if slices.Equal(ranks(0), ranks(1)) {
		t.Error("two classes are chosen alike")
	}
	odd := made(Subset(numbers(40), []int{1, 3, 5, 7, 9, 11}))
	if got := whole(t, made(PerClass(odd, 3, 0))); !slices.Equal(got, []int{1, 3, 5, 7, 9, 11}) {
		t.Errorf("of two classes without a sample and two of three: %v", got)
	}
	if f := set.Fingerprint(); !strings.HasPrefix(f, "counting/perclass:40:") {
		t.Errorf("fingerprint %s", f)
	}
}

func TestSharesPart(t *testing.T) {
	made := made(t)
	const n = 103
	first, rest := whole(t, made(Share(numbers(n), 0, .9, 2))), whole(t, made(Share(numbers(n), .9, 1, 2)))
	if len(first) != 93 || len(rest) != 10 || !slices.IsSorted(rest) {
		t.Errorf("%d and %d of %d", len(first), len(rest), n)
	}
	all := slices.Sorted(slices.Values(slices.Concat(first, rest)))
	for i := range n {
		if all[i] != i {
			t.Fatalf("together they hold %v", all)
		}
	}
	if rest[0] >= n-10 {
		t.Errorf("%v is the end of the set, which may be sorted", rest)
	}
	if other := whole(t, made(Share(numbers(n), .9, 1, 3))); slices.Equal(other, rest) {
		t.Error("another seed gives the same share")
	}
}

func TestPartErrors(t *testing.T) {
	plain := &counting{n: 10, size: 1, reads: make([]int, 10)}
	of := func(set Set, err error) error { return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{of(Subset(numbers(5), []int{1, 5})), "data: there is no sample 5: the set holds 5"},
		{of(Subset(numbers(5), []int{-1})), "there is no sample -1"},
		{of(Subset(numbers(5), []int{1, 2, 1})), "sample 1 is named twice"},
		{of(Subset(numbers(5), nil)), "a part of no sample is impossible"},
		{of(PerClass(numbers(40), 0, 1)), "data: 0 samples of each class are impossible"},
		{of(PerClass(numbers(41), 11, 1)), `data: class "b" holds 10 samples, fewer than the 11 that are to be chosen of each: choose fewer`},
		{of(PerClass(plain, 2, 1)), "data: choosing 2 samples of each class needs classes, and these data were opened without: set labels = true"},
		{of(Share(numbers(9), .5, .5, 1)), "the share from 0.5 to 0.5 is impossible: use 0 <= from < to <= 1"},
		{of(Share(numbers(9), -.1, .5, 1)), "is impossible"},
		{of(Share(numbers(9), .5, 1.1, 1)), "is impossible"},
		{of(Share(numbers(9), .5, .51, 1)), "the share from 0.5 to 0.51 of 9 samples holds none"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", c.err, c.want)
		}
	}
}

// What becomes of files concerns the parts that have them.
func TestPartsOfAFolder(t *testing.T) {
	made := made(t)
	files := map[string][]byte{}
	names := []string{"a/0", "a/1", "a/2", "b/3", "b/4", "b/5"}
	for i, name := range names {
		files[name+".png"] = filestest.Flat(t, 2, 2, color.Gray{uint8(i)})
	}
	root := filestest.Folder(t, files)
	spec := Spec{Path: root, Labels: true}
	set, _ := open(t, spec)
	left, right := made(Subset(set, []int{1, 4})), made(Subset(set, []int{0, 3, 5}))
	before := [2]string{left.Fingerprint(), right.Fingerprint()}
	without := Identity(right, []int{1})
	bad := BadOf(right, []int{1})
	if !slices.Equal(bad.Lost, []string{"b/3.png"}) || without == before[1] || BadOf(left, nil).Lost != nil {
		t.Errorf("without %v it is %s", bad, without)
	}
	if err := os.WriteFile(filepath.Join(root, "b", "3.png"), []byte("?"), 0o644); err != nil {
		t.Fatal(err)
	}
	spec.Since = &bad
	set, _ = open(t, spec)
	left, right = made(Subset(set, []int{1, 4})), made(Subset(set, []int{0, 3, 5}))
	if left.Fingerprint() != before[0] || Lost(left) != nil {
		t.Errorf("the part without the file became %s, without %v", left.Fingerprint(), Lost(left))
	}
	if !slices.Equal(Lost(right), []int{1}) || right.Fingerprint() != without || Identity(right, Lost(right)) != without {
		t.Errorf("the part with the file is %s without %v, it was %s", right.Fingerprint(), Lost(right), without)
	}
	l := load(t, right, LoaderConfig{Batch: 3, Lost: Lost(right)})
	b, err := l.Next(context.Background())
	if err != nil || !slices.Equal(b.Labels, []int32{0, 1, 1}) {
		t.Fatalf("labels %v, %v", b.Labels, err)
	}
	if got := []byte{b.Images[0], b.Images[len(b.Images)/3], b.Images[len(b.Images)/3*2]}; !bytes.Equal(got, []byte{0, 5, 5}) {
		t.Errorf("images %v", got)
	}
}

// Samples of a folder have their files' names in parts too, and others have none.
func TestFileName(t *testing.T) {
	made := made(t)
	file := filestest.Flat(t, 4, 4, color.Gray{9})
	set := made(Open(t.Context(), Spec{Kind: "folder", Path: filestest.Folder(t, map[string][]byte{"c.png": file, "a/b.png": file, "b.png": file})}, nil))
	part := made(Subset(set, []int{2, 0}))
	for _, test := range []struct {
		set  Set
		i    int
		want string
	}{{set, 0, "b.png"}, {set, 2, "a/b.png"}, {part, 0, "a/b.png"}, {part, 1, "b.png"}, {made(Subset(part, []int{1})), 0, "b.png"}, {numbers(3), 1, ""}} {
		if got := FileName(test.set, test.i); got != test.want {
			t.Errorf("the file of sample %d is called %q, want %q", test.i, got, test.want)
		}
	}
}
