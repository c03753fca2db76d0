package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ganengine/gan/data/arrays"
	"ganengine/gan/data/cifar"
	"ganengine/gan/data/files"
	"ganengine/gan/data/folder"
	"ganengine/gan/data/glyphs"
	"ganengine/gan/data/idx"
	"ganengine/gan/data/mixture"
	"ganengine/gan/data/pixel"
	"ganengine/gan/data/shards"
	"ganengine/gan/data/table"
	"ganengine/gan/data/uniform"
	"ganengine/gan/data/zipped"
)

// cacheBytes is the size up to which decoded images are kept in memory.
const cacheBytes = 512 << 20

// kind is one kind of data.
type kind struct {
	name   string
	wants  string                                      // what a path of this kind is; "" if it has none
	claims func(context.Context, string) (bool, error) // whether an existing path is of this kind
	open   func(context.Context, Spec, func(string)) (Set, error)
	scan   scanner // of kinds whose samples are files; nil of others
}

// scanner lists the files of a path and looks at each.
type scanner func(ctx context.Context, path string, progress func(string)) (*files.Tree, error)

// kinds lists every kind, in the order in which Detect asks them.
func kinds() []kind {
	return []kind{
		{name: "glyphs", open: openGlyphs},
		{name: "mixture", open: openMixture},
		{"idx", "train-images-idx3-ubyte.gz and the like, or a folder with it", claimsIDX, openIDX, nil},
		{"cifar10", "data_batch_1.bin and the like, or a folder with them", claimsCIFAR, stored(cifar.Open), nil},
		{"npz", "a .npz or .npy", claimsNPZ, stored(arrays.Open), nil},
		{"zip", "a .zip of images", claimsZip, opened(zipped.Scan), zipped.Scan},
		{"tar", "a .tar of images, a folder of such, or a pattern such as train-{000..012}.tar", claimsTar, opened(shards.Scan), shards.Scan},
		{"folder", "a folder of images (" + strings.Join(pixel.Extensions(), " ") + ")", claimsFolder, opened(folder.Scan), folder.Scan},
		{"csv", "a .csv of numbers", claimsCSV, stored(table.Open), nil},
	}
}

// Detect says which kind of data a path is, or what was looked for.
func Detect(ctx context.Context, path string) (string, error) {
	if err := present(path); err != nil {
		return "", err
	}
	if pixel.HasExtension(path) && !isDir(path) {
		return "", fmt.Errorf("%s is a single image: give the folder that holds the images", path)
	}
	if shards.IsPattern(path) {
		return "tar", nil
	}
	var wanted []string
	for _, k := range kinds() {
		if k.claims == nil {
			continue
		}
		ok, err := k.claims(ctx, path)
		if err != nil {
			return "", err
		}
		if ok {
			return k.name, nil
		}
		wanted = append(wanted, k.name+": "+k.wants)
	}
	return "", fmt.Errorf("%s is of no known kind: it is %s; the kinds are %s", path, seen(path), strings.Join(wanted, "; "))
}

// missing is a path where nothing is.
type missing struct{ what string }

func (m *missing) Error() string { return m.what }
func (m *missing) Unwrap() error { return fs.ErrNotExist }

// present is an error where nothing is at path.
func present(path string) error {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return nil
	case shards.IsPattern(path):
		_, err := shards.Find(path)
		return err
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at the path: %w", err)
	case filepath.IsAbs(path):
		return &missing{path + " does not exist: check the path"}
	}
	here, err := os.Getwd()
	if err != nil {
		here = "the working directory"
	}
	return &missing{fmt.Sprintf("%s does not exist in %s: check the path, or go to the directory that it begins in", path, here)}
}

// Kinds names every kind of data, for messages.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func openGlyphs(_ context.Context, spec Spec, _ func(string)) (Set, error) {
	if _, err := spec.format(); err != nil {
		return nil, err
	}
	set, err := glyphs.Open(glyphs.Options{Height: spec.Height, Width: spec.Width, Channels: spec.Channels,
		Characters: spec.Characters, Labels: spec.Labels, Limit: spec.Limit, Seed: spec.Seed})
	if err != nil {
		return nil, err
	}
	return keep(set, cacheBytes), nil
}

func openMixture(_ context.Context, spec Spec, _ func(string)) (Set, error) {
	return mixture.Open(mixture.Options{Layout: spec.Layout, Modes: spec.Modes, Radius: spec.Radius, Sigma: spec.Sigma,
		Labels: spec.Labels, Limit: spec.Limit, Seed: spec.Seed})
}

func claimsIDX(_ context.Context, path string) (bool, error) {
	file, err := idx.Find(path)
	return file != "", err
}

func openIDX(_ context.Context, spec Spec, notes func(string)) (Set, error) {
	format, err := spec.format()
	if err != nil {
		return nil, err
	}
	set, err := idx.Open(spec.Path, uniform.Options{Format: format, Labels: spec.Labels, Limit: spec.Limit}, notes)
	if err != nil {
		return nil, err
	}
	var images Images = set
	if set.Resizes() {
		images = keep(set, cacheBytes)
	}
	if spec.Channels == 3 {
		notes(fmt.Sprintf("grey repeated to three channels (all %d images)", set.Len()))
		images = repeated{images}
	}
	return images, nil
}

func claimsCIFAR(_ context.Context, path string) (bool, error) { return cifar.Is(path), nil }

func claimsNPZ(_ context.Context, path string) (bool, error) {
	return !isDir(path) && arrays.Is(path), nil
}

func claimsCSV(_ context.Context, path string) (bool, error) {
	return !isDir(path) && table.Looks(path), nil
}

// stored opens what a reader of samples of one size finds, and keeps what it resizes.
func stored[S any](read func(context.Context, string, uniform.Options, func(string)) (S, error)) func(context.Context, Spec, func(string)) (Set, error) {
	return func(ctx context.Context, spec Spec, notes func(string)) (Set, error) {
		format, err := spec.format()
		if err != nil {
			return nil, err
		}
		set, err := read(ctx, spec.Path, uniform.Options{Format: format, Labels: spec.Labels, Limit: spec.Limit}, notes)
		if err != nil {
			return nil, err
		}
		if images, ok := any(set).(*uniform.Set); ok && images.Resizes() {
			return keep(images, cacheBytes), nil
		}
		return any(set).(Set), nil
	}
}

func claimsZip(_ context.Context, path string) (bool, error) {
	return !isDir(path) && zipped.Is(path), nil
}

func claimsTar(_ context.Context, path string) (bool, error) {
	list, err := shards.Find(path)
	return len(list) > 0, err
}

// claimsFolder looks for a first image, in the folder or below.
func claimsFolder(ctx context.Context, path string) (bool, error) {
	found := false
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, fmt.Errorf("looking for images: %w", err)
	}
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name != root && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.Type()&fs.ModeSymlink != 0: // a linked class folder, or a linked image
			target, err := os.Stat(name)
			found = err == nil && (target.IsDir() || pixel.HasExtension(name))
		case !e.IsDir() && name != root && pixel.HasExtension(name):
			found = true
		}
		if found {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("looking for images: %w", err)
	}
	return found, nil
}

// opened opens the images that a scanner lists.
func opened(scan scanner) func(context.Context, Spec, func(string)) (Set, error) {
	return func(ctx context.Context, spec Spec, notes func(string)) (Set, error) {
		format, err := spec.format()
		if err != nil {
			return nil, err
		}
		tree, err := scan(ctx, spec.Path, spec.Progress)
		if err != nil {
			return nil, err
		}
		set, err := tree.NewSet(ctx, files.Options{Format: format, Labels: spec.Labels || spec.AnyLabels && tree.AllLabelled(), Limit: spec.Limit, Skip: spec.SkipBad, Since: spec.Since}, notes)
		if err != nil {
			return nil, err
		}
		if set.Raw() { // which the system keeps for us
			return set, nil
		}
		return keep(set, cacheBytes), nil
	}
}
