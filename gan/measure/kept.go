package measure

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gorgonia.org/tensor"

	"ganengine/engine/atomicfile"
	"ganengine/engine/keep"
	"ganengine/engine/safetensors"
	"ganengine/gan/metric"
)

// What is kept of real samples: files, and their bytes together. One of more than a
// quarter of these is not kept.
const (
	mostKept      = 64
	mostKeptBytes = 2 << 30
)

// kept is where the features of some real samples are kept between evaluations; "" keeps
// none.
type kept string

// place is that of samples' features. Those that take no network are not kept.
// Its name is of all that they depend on: the data, which samples, the network, and the
// pixels of some of the samples, which are other ones where they came to their size
// otherwise.
func (r *Request) place(ctx context.Context, indices []int) kept {
	const looked = 16
	by := r.extractor
	folder, err := r.Switches.CacheFolder()
	if by.Hash() == "" || err != nil || folder == "" || 4*len(indices)*by.Width() > mostKeptBytes/4 {
		return ""
	}
	some, err := Read(ctx, r.Data, indices[:min(looked, len(indices))], nil)
	if err != nil {
		return "" // who reads them says so
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %s %s %d %d\n", r.Data.Fingerprint(), r.resize(by), by.Name(), by.Hash(), by.Width(), len(indices))
	for _, i := range indices {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], uint64(i))
		h.Write(word[:])
	}
	h.Write(some.Raw)
	return kept(filepath.Join(folder, "features", fmt.Sprintf("%x.safetensors", h.Sum(nil))))
}

const keptName = "features"

// read gives the features that are kept; nil where there are none. A file that is damaged
// is noted.
func (k kept) read(n, width int, note func(line string)) *metric.Features {
	if k == "" {
		return nil
	}
	if _, err := os.Stat(string(k)); err != nil {
		return nil
	}
	rows := make([]float32, n*width)
	f, err := safetensors.Open(string(k))
	if err == nil {
		defer f.Close()
		err = safetensors.Read(f, keptName, rows)
	}
	if err != nil {
		note(fmt.Sprintf("features that were kept are computed anew: %v", err))
		return nil
	}
	features, err := arrayOf(rows, n)
	if err != nil {
		return nil
	}
	_ = keep.Used(string(k)) // else it goes before others
	return features
}

// write keeps features; where that fails it is noted.
func (k kept) write(x *metric.Features, note func(line string)) {
	if k == "" {
		return
	}
	err := keep.Write(string(k), mostKept, mostKeptBytes, func(path string) error {
		entry := safetensors.NewEntry(keptName, []int{x.Len(), x.Dim()}, x.Rows())
		return atomicfile.Replace(path, func(w io.Writer) error { return safetensors.WriteChecked(w, []safetensors.Entry{entry}, nil) })
	})
	if err != nil {
		note(fmt.Sprintf("features of the data are not kept: %v (GANENGINE_CACHE names another folder)", err))
	}
}

// read gives the features of real samples: kept ones, or those of the samples.
func (r *Request) read(ctx context.Context, indices []int) (*metric.Features, error) {
	note := r.Note
	if note == nil {
		note = func(string) {}
	}
	place := r.place(ctx, indices)
	if f := place.read(len(indices), r.extractor.Width(), note); f != nil {
		return f, nil
	}
	f, _, err := extract(ctx, r.extractor, len(indices), wanted{features: true}, func(ctx context.Context, first, n int) (*tensor.Dense, error) {
		return Read(ctx, r.Data, indices[first:first+n], r.counter("read", first, len(indices)))
	})
	if err == nil {
		place.write(f, note)
	}
	return f, err
}
