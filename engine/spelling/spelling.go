// Package spelling finds what a mistyped name was meant to be.
package spelling

// Nearest returns the candidate with the smallest edit distance to name, the
// first of several, or "" when none is near enough to be meant.
func Nearest(name string, candidates []string) string {
	if len(name) > 64 {
		return ""
	}
	best, limit := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := Distance(name, c); d < limit && d < len(c) {
			best, limit = c, d
		}
	}
	return best
}

// Distance counts the insertions, deletions and substitutions of bytes, and
// swaps of neighbours, that turn a into b (optimal string alignment).
func Distance(a, b string) int {
	older := make([]int, len(b)+1)
	old := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}
