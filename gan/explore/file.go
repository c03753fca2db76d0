package explore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/npy"
)

// File is the latents, or points, in a .npy or .npz file, float32 [n, length].
type File struct {
	path   string
	rows   string // what its rows are: latents or points
	array  string // of an archive that is read, else the first
	length int
	shape  []int
	source *npy.Source[float32]
	close  func() error
	at     int       // number of the latent that source reads next
	z      []float32 // of the last Read
}

// OpenLatents opens the latents in a file: a .npy array, or of an .npz archive
// the array z, as samples are written with, else the first. They are read once
// to see that they are whole and finite.
func OpenLatents(ctx context.Context, path string, length int) (*File, error) {
	return openFile(ctx, &File{path: path, rows: "latents", array: "z", length: length})
}

// openPoints opens points as samples are written: of an archive arr_0, else the first.
func openPoints(ctx context.Context, path string, length int) (*File, error) {
	return openFile(ctx, &File{path: path, rows: "points", array: "arr_0", length: length})
}

func openFile(ctx context.Context, f *File) (*File, error) {
	if err := f.rewind(); err != nil {
		return nil, err
	}
	if err := f.check(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) check(ctx context.Context) error {
	if len(f.shape) != 2 || f.shape[1] != f.length || f.shape[0] == 0 {
		return fmt.Errorf("%s: its shape is %v, and this run's %s are [n, %d]", f.path, f.shape, f.rows, f.length)
	}
	const part = 256
	for first := 0; first < f.Len(); first += part {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		z, err := f.Read(ctx, first, min(part, f.Len()-first))
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(z, func(v float32) bool { return v-v != 0 }); i >= 0 {
			return fmt.Errorf("%s: number %d of %s %d is %g; write finite numbers", f.path, i%f.length, strings.TrimSuffix(f.rows, "s"), first+i/f.length, z[i])
		}
	}
	return nil
}

// Len implements Latents.
func (f *File) Len() int { return f.shape[0] }

// Read implements Latents.
func (f *File) Read(_ context.Context, first, n int) ([]float32, error) {
	if first < f.at {
		if err := f.rewind(); err != nil {
			return nil, err
		}
	}
	if cap(f.z) < n*f.length {
		f.z = make([]float32, n*f.length)
	}
	for f.at < first { // what lies between is passed over
		k := min(first-f.at, n)
		if err := f.read(f.z[:k*f.length]); err != nil {
			return nil, err
		}
	}
	z := f.z[:n*f.length]
	return z, f.read(z)
}

func (f *File) read(z []float32) error {
	if err := f.source.Read(z); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.at += len(z) / f.length
	return nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	err := f.close()
	f.close = nil
	return err
}

// rewind opens the file again at its first latent.
func (f *File) rewind() error {
	if err := f.Close(); err != nil {
		return err
	}
	file, _, err := plainfile.OpenLinked(f.path)
	if err != nil {
		return err
	}
	if err := f.begin(file); err != nil {
		return errors.Join(err, f.Close())
	}
	f.shape, f.at = f.source.Shape, 0
	return nil
}

// begin reads the header, of an archive or of the array that the file is.
func (f *File) begin(file *os.File) (err error) {
	f.close = file.Close
	var magic [2]byte
	_, short := io.ReadFull(file, magic[:])
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if short == nil && string(magic[:]) == "PK" { // a ZIP archive
		return errors.Join(f.Close(), f.beginArchive())
	}
	if f.source, err = npy.NewSource[float32](file); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

func (f *File) beginArchive() error {
	a, err := npy.Open(f.path)
	if err != nil {
		return err
	}
	names := a.Names()
	f.close = a.Close
	if len(names) == 0 {
		return fmt.Errorf("%s: the archive has no array", f.path)
	}
	name := names[0]
	if slices.Contains(names, f.array) {
		name = f.array
	}
	source, end, err := npy.OpenArray[float32](a, name)
	if err != nil {
		return err
	}
	f.source, f.close = source, func() error { return errors.Join(end(), a.Close()) }
	return nil
}
