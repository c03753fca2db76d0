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

// beginning is what a run that goes on knows of the data that it began with, by
// section.
type beginning map[string]begun

// begun is one section of it.
type begun struct {
	data rundir.Data // but for the files that bad names
	bad  data.Bad
}

// began is what a checkpoint and run.json say of the data.
func began(info rundir.Info, m mark) beginning {
	b := beginning{"": {info.Data.As(m.data), m.bad}}
	for name, s := range info.Sections {
		was := begun{data: s.Data}
		if in, ok := m.sections[name]; ok { // it has a stream that reads it
			was = begun{s.Data.As(in.Data), in.Bad}
		}
		b[name] = was
	}
	return b
}

// open opens the data of a configuration, section by section, for a run that goes
// on unless b is nil.
func (b beginning) open(ctx context.Context, cfg *config.Config, progress, notes func(line string)) (sets, error) {
	all := sets{}
	open := func(name, key string, d *config.Data) error {
		var since *begun
		if was, ok := b[name]; ok {
			since = &was
		}
		set, err := since.open(ctx, key, d, progress, notes)
		if err == nil {
			all[name] = set
		}
		return err
	}
	err := open("", "data", &cfg.Data)
	for i := range cfg.Streams {
		if err != nil {
			break
		}
		s := &cfg.Streams[i]
		key := "data." + s.Name
		if err = open(s.Name, key, &s.Data); err != nil && !errors.As(err, new(*config.Error)) {
			err = fmt.Errorf("%s: %w", key, err)
		}
	}
	if err != nil {
		return nil, closing(err, all.close)
	}
	return all, nil
}

// open opens the data of one section, for a run that goes on unless b is nil. Under
// another path they must be the same.
func (b *begun) open(ctx context.Context, key string, d *config.Data, progress, notes func(line string)) (data.Set, error) {
	if b == nil {
		return openData(ctx, key, d, nil, progress, notes)
	}
	set, err := openData(ctx, key, d, &b.bad, progress, notes)
	if _, gone := os.Stat(d.Path); err != nil && d.Path != "" && errors.Is(gone, fs.ErrNotExist) {
		says := "-data PATH says"
		if key != "data" {
			says = "-set " + key + ".path=PATH says"
		}
		err = fmt.Errorf("%w; if they were moved, %s where they are", err, says)
	}
	if err != nil || d.Path == b.data.Path {
		return set, err
	}
	if differs := otherData(b.data, describeData(d, set)); differs != "" {
		return nil, closing(&config.Error{Key: key + ".path", Msg: fmt.Sprintf("%s is not what %s was, it has %s; name the run's data, or start a run of its own with -init",
			d.Path, b.data.Path, differs)}, set.Close)
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
func describeData(d *config.Data, set data.Set) rundir.Data {
	bad := data.BadOf(set, data.Lost(set))
	return rundir.Data{Kind: d.Kind, Path: d.Path, Fingerprint: set.Fingerprint(), Items: set.Len(), Shape: SampleShape(set),
		LeftOut: len(bad.Out), Lost: len(bad.Lost)}
}
