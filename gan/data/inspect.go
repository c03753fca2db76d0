package data

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/printable"
	"ganengine/gan/data/files"
	"ganengine/gan/data/idx"
)

// Report is what Inspect found.
type Report struct {
	Kind, Path string
	Samples    int
	Classes    []Count    // in label order; empty without labels
	Sizes      []Count    // "width x height", commonest first
	Channels   []Count    // "grey", "colour", with "alpha" and "16-bit"; commonest first
	Unreadable []string   // one line each, naming the file
	Duplicates [][]string // groups of exactly equal images
	Notes      []string   // what was left out, and what looks odd
}

// Count is how many samples have a property.
type Count struct {
	Name string
	N    int
}

// Inspect reads all of the data that a spec names, as they are stored: size,
// channels and limit of the spec play no part, and labels are looked for
// whether asked for or not. Bad files are findings, not errors.
func Inspect(ctx context.Context, spec Spec) (Report, error) {
	k, err := kindOf(ctx, spec)
	if err != nil {
		return Report{}, err
	}
	if k.scan != nil {
		return inspectFiles(ctx, k, spec)
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
	return r, r.readSet(ctx, set)
}

// readSet reads every sample of a set.
func (r *Report) readSet(ctx context.Context, set Set) error {
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
	r.Sizes = []Count{{fmt.Sprintf("%dx%d", w, h), set.Len()}}
	r.Channels = []Count{{map[int]string{1: "grey", 3: "colour"}[c], set.Len()}}
	digests := make([][sha256.Size]byte, set.Len())
	image := make([]byte, h*w*c)
	for i := range digests {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("data: inspecting: %w", err)
		}
		if err := images.Read(image, i); err != nil {
			return fmt.Errorf("data: inspecting: %w", err)
		}
		digests[i] = sha256.Sum256(image)
	}
	r.Duplicates = duplicates(digests, func(i int) string { return fmt.Sprint("image ", i) })
	return nil
}

func inspectFiles(ctx context.Context, k kind, spec Spec) (Report, error) {
	tree, err := k.scan(ctx, spec.Path, spec.Progress)
	if err != nil {
		return Report{}, fmt.Errorf("data: %w", err)
	}
	defer tree.Close()
	digests, err := tree.Check(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("data: %w", err)
	}
	names := tree.Label(tree.Files)
	r := Report{Kind: k.name, Path: spec.Path, Notes: tree.Notes()}
	classes, sizes, channels := map[int32]int{}, map[string]int{}, map[string]int{}
	var good []files.File
	var sums [][sha256.Size]byte
	for i, f := range tree.Files {
		if f.Err != nil {
			r.Unreadable = append(r.Unreadable, f.Err.Error())
			continue
		}
		good, sums = append(good, f), append(sums, digests[i])
		classes[f.Class]++
		sizes[fmt.Sprintf("%dx%d", f.Header.Width, f.Header.Height)]++
		channels[f.Header.String()]++
	}
	r.Samples = len(good)
	if n := turned(good); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d images are stored on their side or mirrored: they are turned upright as their EXIF says", n))
	}
	for class, name := range names {
		r.Classes = append(r.Classes, Count{name, classes[int32(class)]})
	}
	if n := classes[-1]; n > 0 && len(r.Classes) > 0 {
		where := "lie beside the class folders and have no class"
		if tree.Labelled {
			where = "have no class"
		}
		r.Notes = append(r.Notes, fmt.Sprintf("%d images %s", n, where))
	}
	r.Sizes, r.Channels = commonest(sizes), commonest(channels)
	r.Duplicates = duplicates(sums, func(i int) string { return good[i].Name })
	return r, nil
}

// turned counts the files whose pictures are not stored upright.
func turned(list []files.File) int {
	n := 0
	for _, f := range list {
		if f.Header.Orientation.Turned() {
			n++
		}
	}
	return n
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

// duplicates groups equal digests, in the order of their first members.
func duplicates(digests [][sha256.Size]byte, name func(int) string) [][]string {
	members := map[[sha256.Size]byte][]int{}
	for i, d := range digests {
		members[d] = append(members[d], i)
	}
	var groups [][]string
	for i, d := range digests {
		if m := members[d]; len(m) > 1 && m[0] == i {
			var names []string
			for _, j := range m {
				names = append(names, name(j))
			}
			groups = append(groups, names)
		}
	}
	return groups
}

// shown is how many lines of a list String prints.
const shown = 20

// Err is an error where training by default would refuse the data, or would
// have to pass over some: files that cannot be read.
func (r Report) Err() error {
	switch n := len(r.Unreadable); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s; replace or remove it, or train with data.bad = \"skip\"", r.Unreadable[0])
	default:
		return fmt.Errorf("%d of %d images in %s cannot be read; replace or remove them, or train with data.bad = \"skip\"", n, n+r.Samples, r.Path)
	}
}

// String is the report for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-11s %s %s\n%-11s %d\n", "data", r.Kind, printable.Line(r.Path), "samples", r.Samples)
	counts := func(title string, list []Count) {
		for i, c := range list[:min(shown, len(list))] {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&b, "%-11s %-24s %d\n", title, printable.Line(c.Name), c.N)
		}
		if rest := len(list) - shown; rest > 0 {
			fmt.Fprintf(&b, "%-11s ... and %d more\n", "", rest)
		}
	}
	if len(r.Classes) > shown {
		fmt.Fprintf(&b, "%-11s %d in all\n", "classes", len(r.Classes))
	}
	counts("classes", r.Classes)
	counts("sizes", r.Sizes)
	counts("channels", r.Channels)
	lines := func(title string, list []string, most int) {
		fmt.Fprintf(&b, "%-11s %d\n", title, len(list))
		for _, line := range list[:min(most, len(list))] {
			fmt.Fprintf(&b, "%-11s %s\n", "", printable.Line(line))
		}
		if rest := len(list) - most; rest > 0 {
			fmt.Fprintf(&b, "%-11s ... and %d more\n", "", rest)
		}
	}
	lines("unreadable", r.Unreadable, len(r.Unreadable)) // all: each is to be mended
	var groups []string
	for _, g := range r.Duplicates {
		line := strings.Join(g[:min(shown, len(g))], " = ")
		if rest := len(g) - shown; rest > 0 {
			line += fmt.Sprintf(" and %d more", rest)
		}
		groups = append(groups, line)
	}
	lines("duplicates", groups, shown)
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "%-11s %s\n", "note", printable.Line(note))
	}
	return b.String()
}
