package main

// didYouMean is the question after an unknown word, or nothing.
func didYouMean(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// nearest is the known word the fewest edits away, "" if none is near enough
// to be meant.
func nearest(word string, known []string) string {
	best, limit := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := edits(word, k); d < limit && d < len(k) {
			best, limit = k, d
		}
	}
	return best
}

// edits is Levenshtein's distance: insertions, deletions and replacements of
// a byte that turn a into b.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // distances from a[:i] to each b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
