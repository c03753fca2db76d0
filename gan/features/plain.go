package features

import (
	"context"
	"errors"

	"gorgonia.org/tensor"
)

// plain takes samples as they are: pixels as shares of 255, coordinates of points.
type plain struct {
	name  string
	width int
}

// Plain are samples of a shape as they are.
func Plain(shape []int) Extractor {
	e := plain{"pixels", 1}
	if len(shape) == 1 {
		e.name = "points"
	}
	for _, n := range shape {
		e.width *= n
	}
	return e
}

func choosePlain(_ string, s Subject, _ string) (*Choice, error) {
	e := Plain(s.Shape)
	return &Choice{Width: e.Width(), open: func(context.Context, Host) (Extractor, error) { return e, nil }}, nil
}

func (e plain) Name() string   { return e.name }
func (e plain) Hash() string   { return "" }
func (e plain) Resize() string { return "" }
func (e plain) About() string  { return "" }
func (e plain) Width() int     { return e.width }
func (e plain) Classes() int   { return 0 }
func (e plain) Close() error   { return nil }

func (e plain) Extract(_ context.Context, x *tensor.Dense, out Outputs) error {
	switch data := x.Data().(type) {
	case []float32:
		copy(out.Features, data)
	case []uint8:
		for i := range out.Features {
			out.Features[i] = float32(data[i]) / 255
		}
	default:
		return errors.New("features: samples are neither uint8 nor float32")
	}
	return nil
}
