package files

import "image"

// Sizes are the least and the greatest width and height of the images.
func (s *Set) Sizes() (least, most image.Point) {
	for _, f := range s.files {
		if f.Err != nil {
			continue
		}
		w, h := f.Header.Width, f.Header.Height
		if most.X == 0 {
			least = image.Pt(w, h)
		}
		least.X, least.Y = min(least.X, w), min(least.Y, h)
		most.X, most.Y = max(most.X, w), max(most.Y, h)
	}
	return least, most
}

// ClassesThere is how many classes the images have, whether they are used or not.
func (s *Set) ClassesThere() int {
	if s.classes != nil {
		return len(s.classes)
	}
	return len(s.tree.Label(s.files))
}
