// Package data opens what a network is trained on and feeds it in batches.
//
// A Set is either Images (uint8, height × width × channels) or Points (float32
// vectors), random access and read-only. A Loader turns a set into an endless
// stream of batches that is a pure function of seed, name and the samples that
// went bad: any position can be reached without replaying, whatever the number of
// workers.
//
// Several loaders may read one set, or parts of it (part.go), at the same time:
// each stream has a name, which gives it an order of its own, and a position.
//
// Each kind of data is a package below this one that knows nothing of it; they
// meet in the table of kinds.go. Only those whose samples are files of their own, in
// a folder or an archive, are asked for more: for what went bad (bad.go) and file by
// file (inspect.go).
package data

import (
	"context"
	"fmt"
	"strings"

	"ganengine/gan/data/pixel"
)

// Spec says which data are wanted and in what shape: the [data] section of a
// configuration. A zero takes the kind's default.
type Spec struct {
	Kind, Path string // kind "" is found from the path, and is glyphs without one

	Height, Width, Channels int    // of images; 0: as the data are
	Fit                     string // auto (default), pad, crop or stretch
	Background              string // under transparent pixels: CSS name or #rrggbb; white

	Labels    bool // the data must have classes; without it, any they have are left out
	AnyLabels bool // keep the classes of data that have them all; Labels asks for them
	Limit     int  // no more samples than this; 0: all
	Seed      uint64

	SkipBad bool // leave files out that cannot be read; else one of them is an error
	Since   *Bad // what the run that goes on did without; nil begins one

	Characters string // of glyphs, in the order of their classes: "0-9" or "a-zA-Z" or "abc"; "0-9A-Z"

	Layout        string // of a mixture: ring, grid or line
	Modes         int
	Radius, Sigma float64

	Progress func(string) // is told now and then how far opening has come; may be nil
}

// Set is a data set: Images or Points. It is safe for concurrent use.
type Set interface {
	Len() int
	Shape() (h, w, c int) // 1, 1, dimension for Points
	Classes() []string    // nil without labels
	Label(i int) int      // -1 without labels
	Fingerprint() string  // identity of the content, "kind:..."
	Close() error
}

// Images is a set of images.
type Images interface {
	Set
	Read(dst []byte, i int) error // dst is h·w·c bytes: rows, columns, channels
}

// Points is a set of vectors.
type Points interface {
	Set
	Read(dst []float32, i int) error // dst is c values
}

// Open opens the data of a spec. notes, which may be nil, is told once of each
// conversion that the data undergo, of anything left out and of each file that
// cannot be read. Errors name the file or key and say what to do.
func Open(ctx context.Context, spec Spec, notes func(string)) (Set, error) {
	if notes == nil {
		notes = func(string) {}
	}
	k, err := kindOf(ctx, spec)
	if err != nil {
		return nil, err
	}
	if spec.Limit < 0 {
		return nil, fmt.Errorf("data: limit = %d is impossible: use 0 for all or a positive number", spec.Limit)
	}
	if k.claims != nil && spec.Path == "" {
		return nil, fmt.Errorf("data: kind %s needs a path (%s)", k.name, k.wants)
	}
	if k.claims != nil {
		if err := present(spec.Path); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	labelled := spec
	labelled.Labels = spec.Labels || spec.AnyLabels && k.scan == nil // files are asked once they are listed
	set, err := k.open(ctx, labelled, notes)
	if err != nil && labelled.Labels != spec.Labels {
		set, err = k.open(ctx, spec, notes)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return set, nil
}

// kindOf finds the spec's kind by name, or else by looking at its path.
func kindOf(ctx context.Context, spec Spec) (kind, error) {
	name := spec.Kind
	switch {
	case name == "" && spec.Path == "":
		name = "glyphs"
	case name == "":
		detected, err := Detect(ctx, spec.Path)
		if err != nil {
			return kind{}, fmt.Errorf("data: %w", err)
		}
		name = detected
	}
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("data: kind %q is unknown: use %s", name, strings.Join(Kinds(), ", "))
}

// format is the spec's image shape.
func (s Spec) format() (pixel.Format, error) {
	return pixel.NewFormat(s.Height, s.Width, s.Channels, s.Fit, s.Background)
}
