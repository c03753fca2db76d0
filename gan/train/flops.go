package train

// flopsPerStep is the mean over the steps after which the sequence repeats.
func (t *trainer) flopsPerStep() float64 {
	used, counts := t.seq.used()
	var sum float64
	for _, p := range used {
		sum += float64(counts[p]) * float64(t.programs[p].Graph.Flops())
	}
	return sum / float64(t.seq.every)
}
