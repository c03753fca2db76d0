package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/draw"
)

// Check decodes every file, in parallel, and returns a digest of each one's
// pixels (as 8-bit RGBA), equal for equal images whatever their names and file
// formats. A file that cannot be decoded gets its Err, and no digest.
func (t *Tree) Check(ctx context.Context) ([][sha256.Size]byte, error) {
	digests := make([][sha256.Size]byte, len(t.Files))
	err := t.each(ctx, "decoded", func(i int, f *File) {
		if f.Err != nil {
			return
		}
		var b bytes.Buffer
		img, err := decode(t.path(f.Name), &b)
		if err != nil {
			f.Err = t.fault(f.Name, err)
			return
		}
		digests[i] = digest(img)
	})
	if err != nil {
		return nil, fmt.Errorf("decoding images in %s: %w", t.Root, err)
	}
	return digests, nil
}

func digest(img image.Image) [sha256.Size]byte {
	size := img.Bounds().Size()
	flat := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(flat, flat.Rect, img, img.Bounds().Min, draw.Src)
	h := sha256.New()
	fmt.Fprintln(h, size)
	h.Write(flat.Pix)
	return [sha256.Size]byte(h.Sum(nil))
}
