package train

import (
	"context"

	"ganengine/gan/config"
	"ganengine/gan/data"
)

// OpenData opens the real samples of a configuration's [data], as a run that begins
// does. progress is told how far it is and notes of each conversion once; both may be
// nil.
func OpenData(ctx context.Context, d *config.Data, progress, notes func(line string)) (data.Set, error) {
	return openData(ctx, "data", d, nil, progress, notes)
}

// OpenLabelled is OpenData, with classes where all samples have one, asked for or not.
func OpenLabelled(ctx context.Context, d *config.Data, progress, notes func(line string)) (data.Set, error) {
	spec, err := specOf("data", d)
	if err != nil {
		return nil, err
	}
	spec.Progress, spec.AnyLabels = progress, true
	return data.Open(ctx, spec, notes)
}
