package data

import (
	"image/color"
	"testing"

	"ganengine/gan/data/files/filestest"
)

func TestWhatIsHeldAndStored(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"a/x.png": filestest.Flat(t, 2, 2, color.White), "b/y.png": filestest.Flat(t, 5, 3, color.Black)})
	for _, c := range []struct {
		spec         Spec
		held, stored string
	}{
		{Spec{Path: root, Height: 4, Width: 4}, "index 0.0 MiB, cache up to 0.0 MiB", "stored as 2x2 to 5x3, 2 classes, which labels = true uses"},
		{Spec{Path: root, Height: 4, Width: 4, Labels: true, Limit: 1}, "index 0.0 MiB, cache up to 0.0 MiB", "stored as 2x2, 2 classes"},
		{Spec{Path: root, Height: 4096, Width: 40960, Fit: "stretch"}, "index 0.0 MiB, no cache", "stored as 2x2 to 5x3, 2 classes, which labels = true uses"},
		{Spec{Path: "testdata/points.npz", Labels: true}, "index 0.0 MiB, no cache", "3 classes"},
		{Spec{Path: "testdata/images.npz", Height: 8, Width: 8}, "index 0.0 MiB, no cache", ""},
	} {
		set, err := Open(t.Context(), c.spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		if held, stored := HeldBy(set).String(), Stored(set); held != c.held || stored != c.stored {
			t.Errorf("%+v: %q and %q, want %q and %q", c.spec, held, stored, c.held, c.stored)
		}
		set.Close()
	}
	set, err := Open(t.Context(), Spec{Path: root, Height: 4, Width: 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h := HeldBy(set); h.Cache != 2*4*4*3 || h.Index < 2*100 || h.Index > 2*300 {
		t.Errorf("held %+v", h)
	}
	part, err := Subset(set, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if h, whole := HeldBy(part), HeldBy(set); h.Index != whole.Index+8 || h.Cache != whole.Cache {
		t.Errorf("a part holds %+v of %+v", h, whole)
	}
}
