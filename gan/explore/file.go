package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// File is the latents, or points, in a .npy or .npz file, float32 [n, length], with the
// classes of latents where an archive has them.
type File struct {
	rows    string // what its rows are: latents or points
	length  int
	x       *column[float32]
	y       *column[int32] // nil without
	classes int
}

// OpenLatents opens the latents in a file: a .npy array, or of an .npz archive
// the array z, as samples are written with, else the first. They are read once
// to see that they are whole and finite. With classes above 0 the array y of an
// archive, int32 [n], is their classes.
func OpenLatents(ctx context.Context, path string, length, classes int) (*File, error) {
	return openFile(ctx, &File{rows: "latents", length: length, x: &column[float32]{path: path, name: "z"}, classes: classes})
}

// openPoints opens points as samples are written: of an archive arr_0, else the first.
func openPoints(ctx context.Context, path string, length int) (*File, error) {
	return openFile(ctx, &File{rows: "points", length: length, x: &column[float32]{path: path, name: "arr_0"}})
}

func openFile(ctx context.Context, f *File) (*File, error) {
	if err := f.x.rewind(); err != nil {
		return nil, err
	}
	if f.classes > 0 && slices.Contains(f.x.members, "y") {
		f.y = &column[int32]{path: f.x.path, name: "y"}
		if err := f.y.rewind(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := f.check(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) check(ctx context.Context) error {
	path, shape := f.x.path, f.x.shape
	if slices.Contains(shape, 0) {
		return fmt.Errorf("%s: it holds no %s: its shape is %v", path, f.rows, shape)
	}
	if len(shape) != 2 || shape[1] != f.length {
		return fmt.Errorf("%s: its shape is %v, and this run's %s are [n, %d]", path, shape, f.rows, f.length)
	}
	if f.y != nil && (len(f.y.shape) != 1 || f.y.shape[0] != shape[0]) {
		return fmt.Errorf("%s: the shape of y is %v, and %d latents have classes [%d]", path, f.y.shape, shape[0], shape[0])
	}
	const part = 256
	for first := 0; first < f.Len(); first += part {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(part, f.Len()-first)
		x, err := f.x.read(first, n)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(x, func(v float32) bool { return v-v != 0 }); i >= 0 {
			return fmt.Errorf("%s: number %d of %s %d is %g; write finite numbers", path, i%f.length, strings.TrimSuffix(f.rows, "s"), first+i/f.length, x[i])
		}
		if err := f.checkClasses(first, n); err != nil {
			return err
		}
	}
	if f.y != nil {
		if err := f.y.end(); err != nil {
			return err
		}
	}
	return f.x.end()
}

func (f *File) checkClasses(first, n int) error {
	if f.y == nil {
		return nil
	}
	y, err := f.y.read(first, n)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(y, func(k int32) bool { return k < 0 || int(k) >= f.classes }); i >= 0 {
		return fmt.Errorf("%s: y has class %d for latent %d, and this run has the classes 0 to %d", f.y.path, y[i], first+i, f.classes-1)
	}
	return nil
}

// Len implements Latents.
func (f *File) Len() int { return f.x.shape[0] }

// Classed says whether the file has classes.
func (f *File) Classed() bool { return f.y != nil }

// Unasked says whether the archive has classes that were not asked for.
func (f *File) Unasked() bool { return f.classes == 0 && slices.Contains(f.x.members, "y") }

// Read gives n rows of the file's length.
func (f *File) Read(_ context.Context, first, n int) ([]float32, error) { return f.x.read(first, n) }

// Close closes the file.
func (f *File) Close() error {
	err := f.x.Close()
	if f.y != nil {
		err = errors.Join(err, f.y.Close())
	}
	return err
}
