package classifier

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/keep"
	"ganengine/engine/safetensors"
	"ganengine/gan/data"
)

// Metadata of a network's file: where it comes from, as JSON, and its hash.
const (
	originKey = "classifier"
	hashKey   = "classifier_hash"
)

// Open gives the classifier of some data, a seed and the Recipe: that of an earlier Open
// where the user's cache folder has it, else one that it trains and keeps there. Files
// that cannot be read or written are noted and cost no more than a training.
func Open(ctx context.Context, dev device.Device, set data.Set, o Options) (*Net, error) {
	o.fill()
	if err := Check(set); err != nil {
		return nil, err
	}
	folder, err := o.Switches.CacheFolder()
	if err != nil || folder == "" {
		return Train(ctx, dev, set, o)
	}
	file, err := name(set, o.Seed)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "classifier", file)
	n, err := Read(path, dev, o.Switches)
	if err == nil {
		_ = keep.Used(path) // else it goes before others
		o.Note(n.String())
		return n, nil
	}
	if _, gone := os.Stat(path); gone == nil {
		o.Note(fmt.Sprintf("the classifier that was kept is trained anew: %v", err))
	}
	if n, err = Train(ctx, dev, set, o); err != nil {
		return nil, err
	}
	if err := keep.Write(path, mostKept, math.MaxInt64, n.Write); err != nil {
		o.Note(fmt.Sprintf("the classifier is not kept, so each start trains it anew: %v (GANENGINE_CACHE names another folder)", err))
	}
	return n, nil
}

// mostKept is how many networks are kept, the last used ones.
const mostKept = 256

// name is the file of what a classifier depends on: the data, and the pixels of some of
// them, which are other ones where they came to their size otherwise.
func name(set data.Set, seed uint64) (string, error) {
	const looked = 16
	h, w, c := set.Shape()
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %dx%dx%d %d %s\n", set.Fingerprint(), set.Classes(), h, w, c, seed, Recipe)
	image := make([]byte, h*w*c)
	for i := range looked {
		if err := set.(data.Images).Read(image, i*set.Len()/looked); err != nil {
			return "", err
		}
		sum.Write(image)
	}
	return fmt.Sprintf("%x.safetensors", sum.Sum(nil)), nil
}

// Write keeps the network in a file, whole or not at all.
func (n *Net) Write(path string) error {
	origin, err := json.Marshal(n.Origin)
	if err != nil {
		return fmt.Errorf("writing a classifier: %w", err)
	}
	return n.session.Save(path, map[string]string{originKey: string(origin), hashKey: n.hash})
}

// OriginOf gives where the network of a file comes from; ok says whether it is a
// classifier's.
func OriginOf(f *safetensors.File) (o Origin, ok bool, err error) {
	text, ok := f.Metadata(originKey)
	if !ok {
		return o, false, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return o, true, fmt.Errorf("where the classifier comes from is no JSON: %w", err)
	}
	for _, side := range o.Shape {
		if side < 1 || side > mostSide {
			return o, true, fmt.Errorf("the classifier is of images %v, which there are none of", o.Shape)
		}
	}
	switch {
	case len(o.Classes) < 1:
		return o, true, errors.New("the classifier has no classes")
	case o.Recipe != Recipe:
		return o, true, fmt.Errorf("the classifier is of recipe %q, and this version makes and reads %q", o.Recipe, Recipe)
	}
	return o, true, nil
}

// mostSide is the longest side of an image that a file may be of.
const mostSide = 1 << 14

// Read gives the network of a file that Write wrote. A file with other weights than its
// hash says is an error.
func Read(path string, dev device.Device, switches debug.Switches) (*Net, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	o, ok, err := OriginOf(f)
	hash, _ := f.Metadata(hashKey)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("%s holds no classifier", path)
	}
	n, err := newNet(dev, o, switches)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err = n.session.Load(path); err == nil {
		err = n.sum()
	}
	if err == nil && n.hash != hash {
		err = fmt.Errorf("%s has weights of hash %s, and says %s: they were changed", path, n.hash, hash)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}
