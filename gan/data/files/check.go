package files

import (
	"context"
	"fmt"

	"ganengine/gan/data/pixel"
)

// Look decodes every file, in parallel, and hands each picture to visit, which is for
// it alone. A file that cannot be decoded gets its Err.
func (t *Tree) Look(ctx context.Context, visit func(i int, p pixel.Picture)) error {
	err := t.each(ctx, "decoded", func(i int, f *File) {
		if f.Err != nil {
			return
		}
		if err := t.decode(ctx, f, func(p pixel.Picture) { visit(i, p) }); err != nil {
			f.Err = t.fault(f.Name, err)
		}
	})
	if err != nil {
		return fmt.Errorf("decoding images in %s: %w", t.Root, err)
	}
	return nil
}

// Picture decodes file i alone.
func (t *Tree) Picture(ctx context.Context, i int, use func(pixel.Picture)) error {
	f := &t.Files[i]
	if f.Err != nil {
		return f.Err
	}
	if err := t.decode(ctx, f, use); err != nil {
		return t.fault(f.Name, err)
	}
	return nil
}
