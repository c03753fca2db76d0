package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/configs"
	"ganengine/engine/atomicfile"
	"ganengine/engine/printable"
	"ganengine/gan/data"
	"ganengine/gan/data/pack"
	"ganengine/gan/picture"
	"ganengine/gan/train"
)

// dataFlags are those of `ganengine data`.
type dataFlags struct {
	*flag.FlagSet
	settings settings
	out      string
	shard    int64
	json     bool
}

func dataCommand() command {
	return command{name: "data", usage: "data inspect PATH [-o SHEET.png] [-json]\ndata pack PATH -o FILE.tar [-size N] [-config FILE] [-set data.KEY=VALUE]",
		short: "look through a data set before training on it, or pack it for fast reading", args: 2,
		about: "inspect reads everything: kind, samples, classes, sizes, shapes, modes, unreadable files, equal images and\n" +
			"those that look alike, and prints the line that trains on it. -o draws a contact sheet, a row a class.\n" +
			"The status is 1 where files cannot be read.\n\n" +
			"pack writes the pixels as a configuration has them (" + configs.Standard + "'s without -config), with all classes, in tar\n" +
			"archives that -data reads without decoding: WebDataset's shards, of .npy and .cls members. All or none are made.",
		example: []string{"ganengine data inspect photos/ -o sheet.png", "ganengine data pack photos/ -o photos.tar -size 64"},
		flags: func(a *app, f *flag.FlagSet) action {
			d := &dataFlags{FlagSet: f}
			f.StringVar(&d.out, "o", "", "`FILE` to write: a contact sheet, or an archive")
			f.BoolVar(&d.json, "json", false, "inspect: print one object")
			f.Int64Var(&d.shard, "shard", 1000, "pack: `MB` of an archive at most; FILE-00000.tar and so on where one is not enough; 0: one for all")
			d.settings.declare(f, "pack: `FILE`, or the name of a built-in configuration, whose [data] is packed", []override{
				{"size", "data.size", "pack: `N`: height and width in pixels"}})
			return func(ctx context.Context, words []string) error {
				switch {
				case len(words) == 2 && words[0] == "inspect":
					return a.inspect(ctx, d, words[1])
				case len(words) == 2 && words[0] == "pack":
					return d.settings.located(a.pack(ctx, d, words[1]))
				}
				return usage("write: ganengine data inspect PATH, or: ganengine data pack PATH -o FILE.tar")
			}
		}}
}

// only refuses flags that are not for this.
func (d *dataFlags) only(what string, names ...string) (err error) {
	d.Visit(func(f *flag.Flag) {
		if !slices.Contains(names, f.Name) {
			err = usage("data %s takes no -%s", what, f.Name)
		}
	})
	return err
}

// pack writes what a configuration would train on.
func (a *app) pack(ctx context.Context, d *dataFlags, path string) (err error) {
	if err := d.only("pack", "o", "shard", "config", "set", "size"); err != nil {
		return err
	}
	switch {
	case !strings.EqualFold(filepath.Ext(d.out), ".tar"):
		return usage("data pack: name the archive: -o FILE.tar")
	case d.shard < 0:
		return usage("-shard %d: write megabytes, or 0 for one archive", d.shard)
	}
	s := &d.settings
	if s.config == "" {
		s.config = configs.Standard
	}
	s.data("PATH", path)
	cfg, err := s.resolve(ctx, s.config)
	if err != nil {
		return err
	}
	for _, line := range s.detected {
		fmt.Fprintln(a.stderr, line)
	}
	if err := atomicfile.Check(d.out); err != nil {
		return err
	}
	set, err := train.OpenLabelled(ctx, &cfg.Data, a.ticker(), func(line string) { fmt.Fprintln(a.stderr, line) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	images, ok := set.(data.Images)
	if !ok {
		return usage("%s holds vectors, and images are what is packed: vectors are read as they are", path)
	}
	r, err := pack.Write(ctx, d.out, images, pack.Options{Shard: d.shard * 1e6, Skip: cfg.Data.Bad == "skip",
		Note: func(line string) { fmt.Fprintln(a.stderr, line) }, Progress: a.ticker()})
	if err != nil {
		return err
	}
	return a.packed(d, images, r)
}

// packed says what was written, and what to type next.
func (a *app) packed(d *dataFlags, set data.Images, r pack.Result) error {
	h, w, c := set.Shape()
	classes := ""
	if n := len(set.Classes()); n > 0 {
		classes = " in " + printable.Count(n, "class", "classes")
	}
	next := []string{"ganengine", "-config", d.settings.config, "-data", r.Path}
	for _, o := range d.settings.overrides {
		if o.key != dataPath {
			next = append(next, "-set", o.key+"="+o.value)
		}
	}
	return a.printf("%s: %d images of %dx%dx%d%s, %.1f MB\ntrain: %s\n", r.Path, r.Images, h, w, c, classes, float64(r.Bytes)/1e6, shell(next))
}

// shell is words as a shell takes them.
func shell(words []string) string {
	var out []string
	for _, w := range words {
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+%@", r))
		}) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// inspect prints what there is to know of data before training on them.
func (a *app) inspect(ctx context.Context, d *dataFlags, path string) error {
	if err := d.only("inspect", "o", "json"); err != nil {
		return err
	}
	if d.out != "" {
		if !strings.EqualFold(filepath.Ext(d.out), ".png") {
			return usage("data inspect: name the contact sheet: -o FILE.png")
		}
		if err := atomicfile.Check(d.out); err != nil {
			return err
		}
	}
	kind, err := data.Detect(ctx, path)
	if err != nil {
		return usage("%w", err)
	}
	report, err := data.Inspect(ctx, data.Spec{Kind: kind, Path: path, Progress: a.ticker()}, d.out != "")
	if err != nil {
		return err
	}
	if report.Sheet != nil && report.Sheet.N > 0 {
		if err := drawSheet(d.out, report.Sheet); err != nil {
			return err
		}
	}
	next := suggestion(path, report)
	if d.json {
		err = a.printJSON(struct {
			data.Report
			Next string `json:"next"`
		}{report, next})
	} else {
		err = a.printf("%s%-11s %s\n", report, "train", next)
	}
	if err != nil {
		return err
	}
	return report.Err()
}

// mostName is how many letters of a class's name stand on a contact sheet.
const mostName = 11

// drawSheet writes a contact sheet.
func drawSheet(path string, s *data.Sheet) error {
	var names []string
	for _, name := range s.Names {
		if letters := []rune(name); len(letters) > mostName {
			name = string(letters[:mostName])
		}
		names = append(names, name)
	}
	o := picture.GridOptions{Columns: data.SheetColumns, Lengths: s.Lengths}
	if s.Lengths != nil {
		o.Rows = names
	} else {
		o.Captions = names
	}
	m, err := picture.Grid(picture.Images{N: s.N, H: s.Side, W: s.Side, C: s.Channels, Pix: s.Pixels}, o)
	if err != nil {
		return err
	}
	return picture.WritePNG(path, m)
}

// suggestion is the command that trains on what was inspected; "" where there is
// nothing to train on. Images keep about their size, as far as it is one for a first
// training.
func suggestion(path string, r data.Report) string {
	if r.Side == 0 || r.Samples == 0 {
		return ""
	}
	const least, most = 16, 64
	const batch = 128 // of the configuration
	size := least
	for size < most && 4*r.Side >= 6*size { // the power of two that is nearest by its ratio, about
		size *= 2
	}
	words := []string{"ganengine", "-config", configs.Standard, "-data", path}
	set := func(key string, value any) { words = append(words, "-set", fmt.Sprintf("data.%s=%v", key, value)) }
	if size != most {
		set("size", size)
	}
	if r.Grey {
		set("channels", 1)
	}
	if len(r.Unreadable) > 0 {
		set("bad", "skip")
	}
	if r.Samples < batch {
		words = append(words, "-batch", fmt.Sprint(1<<(bits.Len(uint(r.Samples))-1)))
	}
	return shell(words)
}
