package features

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"ganengine/engine/safetensors"
	"ganengine/gan/classifier"
)

// classified are the means over a classifier's last map, and its logits.
type classified struct{ *classifier.Net }

func (c classified) Width() int   { return classifier.Width }
func (c classified) Classes() int { return len(c.Net.Classes) }

func (c classified) Extract(ctx context.Context, x *tensor.Dense, out Outputs) error {
	return c.Run(ctx, x, out.Features, out.Logits)
}

// chooseClassifier takes the classifier of a file, or one of what was trained on, which
// is trained where the user's cache folder has none.
func chooseClassifier(_ string, s Subject, path string) (*Choice, error) {
	if err := images("classifier", s); err != nil {
		return nil, err
	}
	if path != "" {
		return classifierOf(s, path)
	}
	if err := classifier.Check(s.Labelled); err != nil {
		return nil, err
	}
	return &Choice{Width: classifier.Width, Classes: len(s.Labelled.Classes()), open: func(ctx context.Context, h Host) (Extractor, error) {
		return wrapped(classifier.Open(ctx, h.Device, s.Labelled, classifier.Options{Switches: h.Switches, Progress: h.Progress, Note: h.Note}))
	}}, nil
}

// classifierOf is that of a file, which must be of images of the samples' size.
func classifierOf(s Subject, path string) (*Choice, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	o, _, err := classifier.OriginOf(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !slices.Equal(s.Shape, o.Shape[:]) {
		return nil, fmt.Errorf("%s is a classifier of images %v (height, width, channels), and these samples are %v", path, o.Shape, s.Shape)
	}
	return &Choice{Width: classifier.Width, Classes: len(o.Classes), open: func(_ context.Context, h Host) (Extractor, error) {
		n, err := classifier.Read(path, h.Device, h.Switches)
		if err == nil {
			h.Note(n.String())
		}
		return wrapped(n, err)
	}}, nil
}

func wrapped(n *classifier.Net, err error) (Extractor, error) {
	if err != nil {
		return nil, err
	}
	return classified{n}, nil
}

// isClassifier says whether a file is a classifier's.
func isClassifier(f *file) bool {
	if f.safetensors == nil {
		return false
	}
	_, ok, _ := classifier.OriginOf(f.safetensors)
	return ok
}
