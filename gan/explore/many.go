package explore

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"ganengine/engine/atomicfile"
	"ganengine/gan/picture"
)

// part is some images on their way from the device to files.
type part struct {
	first   int // number of the first one
	images  picture.Images
	classes []int32 // -1 each where there are none
	files   []bytes.Buffer
	encoder *picture.Encoder
	ready   chan struct{} // has a token once all files are there
}

func (p *part) take(first int, s *samples) {
	pix := append(p.images.Pix[:0], s.Pixels...)
	p.first, p.images, p.classes = first, s.images(), s.classes
	p.images.Pix = pix
	p.files = slices.Grow(p.files[:0], s.N)[:s.N]
}

func (p *part) compress(scale int) error {
	for i := range p.files {
		p.files[i].Reset()
		if err := p.encoder.Encode(&p.files[i], p.images, i, scale); err != nil {
			return err
		}
	}
	p.ready <- struct{}{}
	return nil
}

// compressed hands over each image of the latents as a PNG file, in order and from one
// goroutine. As many parts as there are processors, and one, are in memory: these compress
// them while the device makes the next.
func (e *Explorer) compressed(ctx context.Context, l Latents, o Output, write func(i int, class int32, png []byte) error) error {
	n := runtime.GOMAXPROCS(0) + 1
	free, order := make(chan *part, n), make(chan *part, n)
	for range n {
		free <- &part{encoder: picture.NewEncoder(), ready: make(chan struct{}, 1)}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for p := range order {
			select {
			case <-p.ready:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			for i := range p.files {
				if err := write(p.first+i, p.classes[i], p.files[i].Bytes()); err != nil {
					return err
				}
			}
			tell(o.Done, p.first+len(p.files))
			free <- p
		}
		return nil
	})
	err := e.each(ctx, l, false, func(first int, s *samples) error {
		select {
		case p := <-free:
			p.take(first, s)
			g.Go(func() error { return p.compress(o.Scale) })
			order <- p // there is room for all
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(order)
	if failed := g.Wait(); failed != nil { // which each was stopped for
		return failed
	}
	return err
}

// writeFolder writes each image to a file of its own. What an interruption leaves is whole
// files.
func (e *Explorer) writeFolder(ctx context.Context, dir string, l Latents, o Output) error {
	if e.Points() {
		return fmt.Errorf("%s: points are written to FILE.png, FILE.npy or FILE.npz, not one by one", dir)
	}
	folders := []string{dir}
	if o.Classed {
		folders = folders[:0]
		for _, name := range folderNames(e.ClassNames()) {
			folders = append(folders, filepath.Join(dir, name))
		}
	}
	for _, f := range folders {
		if err := os.MkdirAll(f, 0o777); err != nil {
			return fmt.Errorf("making the folder for samples: %w", atomicfile.Explain(err))
		}
	}
	return e.compressed(ctx, l, o, func(i int, class int32, png []byte) error {
		in := folders[0]
		if o.Classed {
			in = folders[class]
		}
		return atomicfile.WriteSoon(filepath.Join(in, o.Name(i)+".png"), func(w io.Writer) error {
			_, err := w.Write(png)
			return err
		})
	})
}

// folderNames are names of classes as folders: without what file systems give a meaning to,
// and each only once.
func folderNames(classes []string) []string {
	out := make([]string, len(classes))
	for k, name := range classes {
		name = strings.Map(func(r rune) rune {
			if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
				return '_'
			}
			return r
		}, name)
		if len(name) > 100 || strings.Trim(name, ". ") != name || name == "" || slices.Contains(out[:k], name) {
			name = fmt.Sprintf("%05d", k)
		}
		out[k] = name
	}
	return out
}

// writeShard writes images as WebDataset has them: KEY.png, and KEY.cls where they have
// classes, one after the other.
func (e *Explorer) writeShard(ctx context.Context, path string, w io.Writer, l Latents, o Output) error {
	if e.Points() {
		return fmt.Errorf("%s: points are written to FILE.png, FILE.npy or FILE.npz, not as files of a shard", path)
	}
	t := tar.NewWriter(w)
	member := func(name string, content []byte) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err := t.Write(content)
		return err
	}
	if err := e.compressed(ctx, l, o, func(i int, class int32, png []byte) error {
		err := member(o.Name(i)+".png", png)
		if err == nil && class >= 0 {
			err = member(o.Name(i)+".cls", strconv.AppendInt(nil, int64(class), 10))
		}
		return err
	}); err != nil {
		return err
	}
	return t.Close()
}

// writeEach writes each image to a file of its own.
func writeEach(images picture.Images, path func(i int) string) error {
	enc := picture.NewEncoder()
	for i := range images.N {
		if err := atomicfile.WriteSoon(path(i), func(w io.Writer) error { return enc.Encode(w, images, i, 1) }); err != nil {
			return err
		}
	}
	return nil
}
