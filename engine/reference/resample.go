package reference

import "ganengine/engine/graph"

// resample is the two formulas of graph.FIR, as they stand.
func resample(f graph.FIR, x, y Array) {
	h, w, c := x.Shape[1], x.Shape[2], x.Shape[3]
	// z is the stretched image at (i, j) of channel k.
	z := func(n, i, j, k int) float64 {
		i, j = i-f.Low[0], j-f.Low[1]
		if i < 0 || j < 0 || i%f.Up[0] != 0 || j%f.Up[1] != 0 || i/f.Up[0] >= h || j/f.Up[1] >= w {
			return 0
		}
		return x.Data[((n*h+i/f.Up[0])*w+j/f.Up[1])*c+k]
	}
	e := 0
	for n := range y.Shape[0] {
		for p := range y.Shape[1] {
			for q := range y.Shape[2] {
				for k := range c {
					for r, a := range f.Taps[0] {
						for s, b := range f.Taps[1] {
							y.Data[e] += float64(a) * float64(b) * z(n, p*f.Down[0]+r, q*f.Down[1]+s, k)
						}
					}
					e++
				}
			}
		}
	}
}
