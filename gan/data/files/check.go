package files

import (
	"context"
	"crypto/sha256"
	"fmt"

	"ganengine/gan/data/pixel"
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
		err := t.decode(ctx, f, func(p pixel.Picture) { digests[i] = p.Digest() })
		if err != nil {
			f.Err = t.fault(f.Name, err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("decoding images in %s: %w", t.Root, err)
	}
	return digests, nil
}
