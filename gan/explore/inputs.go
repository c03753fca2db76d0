package explore

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"ganengine/engine/device"
	"ganengine/gan/config"
	"ganengine/gan/data/files"
	"ganengine/gan/data/folder"
	"ganengine/gan/data/pixel"
	"ganengine/gan/game"
)

// Inputs are samples from files, in the form that a stream has them: an image, a
// folder of images, or an array of points. Images are brought to the stream's size
// as those of its data are, and stay on the disk until they are read.
type Inputs struct {
	path   string
	single bool       // one image, not a folder of them
	images *files.Set // nil for points
	points *File
}

// openInputs opens what is at path for a stream; notes is told once of each
// conversion that images undergo.
func openInputs(ctx context.Context, cfg *config.Config, s *game.Stream, path string, notes func(string)) (*Inputs, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if s.Samples() == game.Points {
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a folder, and this run takes points: name FILE.npy, float32 [n, %d]", path, s.Shape[0])
		}
		points, err := openPoints(ctx, path, s.Shape[0])
		return &Inputs{path: path, points: points}, err
	}
	d := &cfg.Data
	if s.Section != "" {
		d = cfg.Stream(s.Section)
	}
	o := files.Options{NoSkip: true}
	if o.Format, err = pixel.NewFormat(s.Shape[0], s.Shape[1], s.Shape[2], d.Fit, d.Background); err != nil {
		return nil, err
	}
	open := folder.OpenFile
	if info.IsDir() {
		open = folder.Open
	}
	images, err := open(ctx, path, o, notes)
	return &Inputs{path: path, single: !info.IsDir(), images: images}, err
}

// Len is the number of samples.
func (in *Inputs) Len() int {
	if in.images != nil {
		return in.images.Len()
	}
	return in.points.Len()
}

// Close closes the files.
func (in *Inputs) Close() error {
	if in.images != nil {
		return in.images.Close()
	}
	return in.points.Close()
}

// read writes n samples from number first on to dst: pixels, or float32.
func (in *Inputs) read(ctx context.Context, dst []byte, first, n int) error {
	if in.images == nil {
		points, err := in.points.Read(ctx, first, n)
		if err == nil {
			copy(device.View[float32](dst), points)
		}
		return err
	}
	h, w, c := in.images.Shape()
	size := h * w * c
	for i := range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := in.images.Read(dst[i*size:(i+1)*size], first+i); err != nil {
			return err
		}
	}
	return nil
}

// names are the files, relative to dir, that what is made of each image goes to:
// its own name, as PNG. Two images of one name, or one over any of them, are an error.
func (in *Inputs) names(dir string) ([]string, error) {
	names, written, from := make([]string, in.Len()), make([]string, in.Len()), map[string]string{}
	for i := range names {
		name := in.images.Name(i)
		names[i] = strings.TrimSuffix(name, path.Ext(name)) + ".png"
		if other, taken := from[names[i]]; taken {
			return nil, fmt.Errorf("%s and %s would both be written to %s: rename one", other, name, names[i])
		}
		from[names[i]] = name
		written[i] = filepath.Join(dir, filepath.FromSlash(names[i]))
	}
	return names, in.Spare(written...)
}

// Spare says which of the inputs one of the files written would take the place of; nil
// where there is none.
func (in *Inputs) Spare(written ...string) error {
	if in.images == nil || in.single {
		return Spare([]string{in.path}, written...)
	}
	return SpareFolder(in.path, in.Len(), in.images.Name, written...)
}
