package glyphs

import "fmt"

// DefaultCharacters are the digits and capitals, one by one the defaultNames.
const (
	DefaultCharacters = "0-9A-Z"
	defaultNames      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// characters lists what a text such as "0-9", "a-zA-Z" or "abc" names: single
// characters and ranges, in its order, which is that of the classes. A dash that
// stands first or last is a character itself.
func characters(text string) ([]rune, error) {
	var list []rune
	named := map[rune]bool{}
	for rest := []rune(text); len(rest) > 0; {
		low, high, used := rest[0], rest[0], 1
		if len(rest) > 2 && rest[1] == '-' {
			high, used = rest[2], 3
		}
		if low > high {
			return nil, fmt.Errorf("glyphs characters = %q: the range %q runs backwards: write %q", text, string(rest[:used]), string([]rune{high, '-', low}))
		}
		for r := low; r <= high; r++ {
			if named[r] {
				return nil, fmt.Errorf("glyphs characters = %q: %q stands there twice: name each character once", text, r)
			}
			named[r] = true
			list = append(list, r)
		}
		rest = rest[used:]
	}
	return list, nil
}
