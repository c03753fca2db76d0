// Package cifar reads CIFAR-10 and CIFAR-100, as binary files and as Python's batches.
//
// A record of a binary file is the class, for CIFAR-100 the coarse one and the fine
// one, and 3,072 bytes: 32×32 pixels in planes of red, green and blue. A batch of
// Python's is a pickle of the same; it is read without running anything. The classes
// of CIFAR-100 are the fine ones. A folder stands for its training files. All is kept
// in memory, 184 MB, as it is stored.
//
// Source: https://www.cs.toronto.edu/~kriz/cifar.html.
package cifar

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/classes"
	"ganengine/gan/data/memory"
	"ganengine/gan/data/uniform"
)

const (
	side     = 32
	channels = 3
	planes   = channels * side * side // bytes of an image
)

// layout is a way in which images are kept.
type layout struct {
	name   string
	before int // bytes of classes before an image, of which the last counts; 0: a pickle
	train  []string
	test   string
	meta   string
}

var layouts = []layout{
	{"CIFAR-10, binary", 1, []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}, "test_batch.bin", "batches.meta.txt"},
	{"CIFAR-10, Python", 0, []string{"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"}, "test_batch", "batches.meta"},
	{"CIFAR-100, binary", 2, []string{"train.bin"}, "test.bin", "fine_label_names.txt"},
	{"CIFAR-100, Python", 0, []string{"train"}, "test", "meta"},
}

// find says which files a path means, none if it is no CIFAR: itself by its name, or
// in a folder the training files that there are, else the test file.
func find(path string) (found []string, l layout, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, l, fmt.Errorf("looking for CIFAR's files: %w", err)
	}
	for _, l := range layouts {
		if !info.IsDir() {
			if base := filepath.Base(path); (slices.Contains(l.train, base) || base == l.test) && l.fits(path) {
				return []string{path}, l, nil
			}
			continue
		}
		for _, name := range append(slices.Clone(l.train), l.test) {
			one := filepath.Join(path, name)
			if name == l.test && len(found) > 0 || !l.fits(one) {
				continue
			}
			found = append(found, one)
		}
		if len(found) > 0 {
			return found, l, nil
		}
	}
	return nil, l, nil
}

// fits looks whether a file may be of the layout: at its size, or its first bytes.
func (l layout) fits(path string) bool {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if l.before > 0 {
		return info.Size() > 0 && info.Size()%int64(l.before+planes) == 0
	}
	var head [3]byte
	n, _ := f.ReadAt(head[:], 0)
	return n == len(head) && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5
}

// Is says whether a path is CIFAR's.
func Is(path string) bool {
	found, _, err := find(path)
	return err == nil && len(found) > 0
}

// batch is the content of a file: planes of images, and their classes.
type batch struct{ pixels, labels []byte }

// Open reads the images that path, a file or a folder, means; notes is told of each
// conversion, and of training files that are missing.
func Open(ctx context.Context, path string, o uniform.Options, notes func(string)) (*uniform.Set, error) {
	found, l, err := find(path)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s is no file of CIFAR's and no folder with any: wanted for example data_batch_1.bin to data_batch_5.bin, or data_batch_1 to data_batch_5", path)
	}
	if n := len(found); n > 1 && n < len(l.train) || n == 1 && len(l.train) > 1 && filepath.Dir(found[0]) == filepath.Clean(path) {
		notes(fmt.Sprintf("%d of the files of %s are there: %s", n, l.name, filepath.Base(found[0])))
	}
	all, err := readAll(ctx, found, l)
	if err != nil {
		return nil, err
	}
	n := len(all.labels)
	if o.Limit > 0 {
		n = min(n, o.Limit)
	}
	all.pixels, all.labels = all.pixels[:n*planes], all.labels[:n]
	var names []string
	var of []int32
	if o.Labels {
		if names, err = classNames(filepath.Join(filepath.Dir(found[0]), l.meta), l, slices.Max(all.labels)); err != nil {
			return nil, err
		}
		for _, label := range all.labels {
			of = append(of, int32(label))
		}
	}
	return uniform.New(ctx, uniform.Source{N: n, Height: side, Width: side, Channels: channels, Labels: of, Classes: names, Held: int64(len(all.pixels)),
		Read: func(buf []byte, i int) ([]byte, error) {
			weave(buf, all.pixels[i*planes:])
			return buf, nil
		},
		Fingerprint: sync.OnceValue(func() string {
			h := sha256.New()
			h.Write(all.pixels)
			h.Write(all.labels)
			return fmt.Sprintf("cifar10:%x", h.Sum(nil)[:16])
		})}, o.Format, notes)
}

// weave makes pixels of planes.
func weave(dst, from []byte) {
	const size = side * side
	for k := range size {
		dst[3*k], dst[3*k+1], dst[3*k+2] = from[k], from[size+k], from[2*size+k]
	}
}

func readAll(ctx context.Context, found []string, l layout) (all batch, err error) {
	budget := memory.NewBudget()
	for _, path := range found {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		one, err := readFile(path, l, budget, int64(len(all.pixels)))
		if err != nil {
			return all, fmt.Errorf("%s (%s): %w", path, l.name, err)
		}
		all.pixels, all.labels = append(all.pixels, one.pixels...), append(all.labels, one.labels...)
	}
	if len(all.labels) == 0 {
		return all, fmt.Errorf("%s (%s) holds no images", found[0], l.name)
	}
	return all, nil
}

func readFile(path string, l layout, budget *memory.Budget, held int64) (b batch, err error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return b, err
	}
	defer f.Close()
	if err := budget.Check(3*info.Size() + held); err != nil { // the file, what it holds, and all together
		return b, err
	}
	if l.before == 0 {
		return pickled(io.NewSectionReader(f, 0, info.Size()))
	}
	record := make([]byte, l.before+planes)
	for {
		if _, err := io.ReadFull(f, record); err == io.EOF {
			return b, nil
		} else if err != nil {
			return b, errors.New("it is cut short: copy or download it again")
		}
		b.labels = append(b.labels, record[l.before-1])
		b.pixels = append(b.pixels, record[l.before:]...)
	}
}

// classNames reads the names of classes, or counts where there is no file of them.
func classNames(path string, l layout, most byte) ([]string, error) {
	f, info, err := plainfile.OpenLinked(path)
	if errors.Is(err, fs.ErrNotExist) {
		return classes.Numbers(int(most) + 1), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	if l.before == 0 {
		names, err = pickledNames(io.NewSectionReader(f, 0, info.Size()))
	} else {
		b, fault := io.ReadAll(io.LimitReader(f, 1<<20))
		err = fault
		for line := range bytes.Lines(b) {
			if name := strings.TrimSpace(string(line)); name != "" {
				names = append(names, name)
			}
		}
	}
	if err == nil && len(names) <= int(most) {
		err = fmt.Errorf("it names %d classes, and there is an image of class %d", len(names), most)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return names, nil
}
