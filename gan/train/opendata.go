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
