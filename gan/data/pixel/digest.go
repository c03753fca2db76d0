package pixel

import (
	"crypto/sha256"
	"fmt"
	"image"
	"image/draw"
)

// Digest identifies the upright picture's pixels as 8-bit RGBA: equal for equal
// pictures, however they are stored.
func (p Picture) Digest() [sha256.Size]byte {
	size, bounds := p.size(), p.Bounds()
	h := sha256.New()
	fmt.Fprintln(h, size)
	var flat image.NRGBA
	row := make([]byte, 4*size.X)
	band := max(1, bandPixels/size.X)
	for top := 0; top < size.Y; top += band {
		part := image.Rect(0, top, size.X, min(top+band, size.Y))
		stored := p.Orientation.stored(part, bounds.Size())
		if flat.Rect.Size() != stored.Size() {
			flat = *image.NewNRGBA(image.Rectangle{Max: stored.Size()})
		}
		draw.Draw(&flat, flat.Rect, p.Image, stored.Min.Add(bounds.Min), draw.Src)
		r := raster{pix: flat.Pix, right: 4, down: flat.Stride}.turned(p.Orientation, stored.Size())
		for y := range part.Dy() {
			at := r.first + y*r.down
			for x := 0; x < len(row); x += 4 {
				copy(row[x:x+4], r.pix[at:at+4])
				at += r.right
			}
			h.Write(row)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
