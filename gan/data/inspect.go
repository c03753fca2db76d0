package data

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ganengine/gan/data/files"
	"ganengine/gan/data/idx"
)

// Inspect reads all of the data that a spec names, as they are stored: size,
// channels and limit of the spec play no part, and labels are looked for
// whether asked for or not. Bad files are findings, not errors. sheet asks for a
// Report.Sheet. For each image some 200 bytes and its name are in memory, and what
// decoding a few at a time takes.
func Inspect(ctx context.Context, spec Spec, sheet bool) (Report, error) {
	k, err := kindOf(ctx, spec)
	if err != nil {
		return Report{}, err
	}
	if k.scan != nil {
		return inspectFiles(ctx, k, spec, sheet)
	}
	spec.Kind, spec.Limit = k.name, 0
	if k.claims != nil { // stored data show their own shape
		spec.Height, spec.Width, spec.Channels = 0, 0, 0
	}
	r := Report{Kind: k.name, Path: spec.Path}
	spec.Labels = true
	set, err := Open(ctx, spec, nil)
	if err != nil {
		r.Notes = append(r.Notes, "without labels: "+strings.TrimPrefix(err.Error(), "data: "))
		spec.Labels = false
		if set, err = Open(ctx, spec, nil); err != nil {
			return Report{}, err
		}
	}
	defer set.Close()
	if file, ok := set.(*idx.Set); ok {
		r.Path = file.Path()
	}
	return r, r.readSet(ctx, set, spec.Progress, sheet)
}

// readSet reads every sample of a set.
func (r *Report) readSet(ctx context.Context, set Set, progress func(string), sheet bool) error {
	r.Samples = set.Len()
	h, w, c := set.Shape()
	r.Classes = make([]Count, len(set.Classes()))
	for i, name := range set.Classes() {
		r.Classes[i].Name = name
	}
	for i := range set.Len() {
		if label := set.Label(i); label >= 0 {
			r.Classes[label].N++
		}
	}
	images, ok := set.(Images)
	if !ok {
		r.Sizes = []Count{{fmt.Sprintf("%d-dimensional points", c), set.Len()}}
		return nil
	}
	r.Side, r.Grey = min(h, w), c == 1
	r.Sizes = []Count{{fmt.Sprintf("%dx%d", w, h), set.Len()}}
	r.Orientations = []Count{{orientation(w, h), set.Len()}}
	r.Channels = []Count{{map[int]string{1: "grey", 3: "colour"}[c], set.Len()}}
	return r.look(ctx, galleryOf(images, progress), sheet)
}

func inspectFiles(ctx context.Context, k kind, spec Spec, sheet bool) (Report, error) {
	tree, err := k.scan(ctx, spec.Path, spec.Progress)
	if err != nil {
		return Report{}, fmt.Errorf("data: %w", err)
	}
	defer tree.Close()
	names := tree.Label(tree.Files)
	r := Report{Kind: k.name, Path: spec.Path, Notes: tree.Notes()}
	for _, name := range names {
		r.Classes = append(r.Classes, Count{Name: name})
	}
	err = r.look(ctx, gallery{
		n:     len(tree.Files),
		all:   tree.Look,
		one:   tree.Picture,
		good:  func(i int) bool { return tree.Files[i].Err == nil },
		name:  func(i int) string { return tree.Files[i].Name },
		class: func(i int) int { return int(tree.Files[i].Class) },
		shape: func(i int) (w, h int, grey bool) {
			header := &tree.Files[i].Header
			return header.Width, header.Height, header.Grey
		},
	}, sheet)
	if err != nil {
		return Report{}, err
	}
	r.count(tree)
	return r, nil
}

// count adds up what files say of themselves.
func (r *Report) count(tree *files.Tree) {
	sizes, channels, orientations := map[string]int{}, map[string]int{}, map[string]int{}
	r.Grey = true
	var sides []int32
	lost := 0
	for _, f := range tree.Files {
		if f.Err != nil {
			r.Unreadable = append(r.Unreadable, f.Err.Error())
			continue
		}
		r.Samples++
		if f.Class >= 0 {
			r.Classes[f.Class].N++
		} else {
			lost++
		}
		sizes[fmt.Sprintf("%dx%d", f.Header.Width, f.Header.Height)]++
		orientations[orientation(f.Header.Width, f.Header.Height)]++
		channels[f.Header.String()]++
		sides = append(sides, int32(min(f.Header.Width, f.Header.Height)))
		r.Grey = r.Grey && f.Header.Grey
		if f.Header.Orientation.Turned() {
			r.Turned++
		}
	}
	if r.Turned > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d images are stored on their side or mirrored: they are turned upright as their EXIF says", r.Turned))
	}
	if lost > 0 && len(r.Classes) > 0 {
		where := "lie beside the class folders and have no class"
		if tree.Labelled {
			where = "have no class"
		}
		r.Notes = append(r.Notes, fmt.Sprintf("%d images %s", lost, where))
	}
	r.Sizes, r.Channels, r.Orientations = commonest(sizes), commonest(channels), commonest(orientations)
	if slices.Sort(sides); len(sides) > 0 {
		r.Side = int(sides[len(sides)/2])
	}
}

func orientation(w, h int) string {
	switch {
	case w > h:
		return "landscape"
	case w < h:
		return "portrait"
	}
	return "square"
}

// commonest sorts counts from the greatest down, equal ones by name.
func commonest(counts map[string]int) []Count {
	var list []Count
	for name, n := range counts {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(b.N-a.N, strings.Compare(a.Name, b.Name)) })
	return list
}
