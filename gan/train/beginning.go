package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/rundir"
)

// beginning is what a run that goes on knows of the data that it began with.
type beginning struct {
	data rundir.Data // but for the files that bad names
	bad  data.Bad
}

// began is what a checkpoint and run.json say of the data.
func began(info rundir.Info, m mark) *beginning {
	b := &beginning{data: info.Data, bad: m.bad}
	b.data.Fingerprint = m.data
	return b
}

// open opens the data of a configuration for a run that goes on, unless b is
// nil. Under another path they must be the same.
func (b *beginning) open(ctx context.Context, cfg *config.Config, progress, notes func(line string)) (data.Set, error) {
	if b == nil {
		return openData(ctx, cfg, nil, progress, notes)
	}
	set, err := openData(ctx, cfg, &b.bad, progress, notes)
	if _, gone := os.Stat(cfg.Data.Path); err != nil && cfg.Data.Path != "" && errors.Is(gone, fs.ErrNotExist) {
		err = fmt.Errorf("%w; if they were moved, -data PATH says where they are", err)
	}
	if err != nil || cfg.Data.Path == b.data.Path {
		return set, err
	}
	if differs := otherData(b.data, describeData(cfg, set)); differs != "" {
		return nil, closing(&config.Error{Key: "data.path", Msg: fmt.Sprintf("%s is not what %s was, it has %s; name the run's data, or start a run of its own with -init",
			cfg.Data.Path, b.data.Path, differs)}, set.Close)
	}
	return set, nil
}

// otherData says what data have that others have not, "" for the same.
func otherData(before, now rundir.Data) string {
	namesBefore, _, _ := strings.Cut(before.Fingerprint, "-")
	namesNow, _, hasNames := strings.Cut(now.Fingerprint, "-")
	switch {
	case before.Fingerprint == now.Fingerprint:
		return ""
	case before.Items != now.Items:
		return fmt.Sprintf("%d samples in place of %d", now.Items, before.Items)
	case hasNames && namesBefore != namesNow:
		return "files of other names"
	}
	return "other contents"
}

// describeData is what run.json says of the data.
func describeData(cfg *config.Config, set data.Set) rundir.Data {
	bad := data.BadOf(set, data.Lost(set))
	return rundir.Data{Kind: cfg.Data.Kind, Path: cfg.Data.Path, Fingerprint: set.Fingerprint(), Items: set.Len(), Shape: SampleShape(set),
		LeftOut: len(bad.Out), Lost: len(bad.Lost)}
}
