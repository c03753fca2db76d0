// Package printable makes text from outside safe to show: names of files, keys
// and classes may hold what a terminal would execute or a reader would be
// misled by.
//
// Quoted are control characters of both sets (C0 with DEL, and C1), what turns
// the direction of text (Unicode's Bidi_Control), the separators U+2028 and
// U+2029, and bytes that are no UTF-8. A rune becomes \uXXXX, a byte \xXX. In
// strings of JSON and TOML \uXXXX means the same rune, and both have no bytes
// outside UTF-8, so quoting changes no value there.
package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes text one line: line breaks and tabs are quoted too.
func Line(text string) string { return quote(text, "") }

// Text keeps line breaks and tabs.
func Text(text string) string { return quote(text, "\n\t") }

// Count is a number with what it counts: 1 step, 2 steps, 3 classes.
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return fmt.Sprint("1 ", one)
	}
	return fmt.Sprint(n, " ", many)
}

// quote quotes what is unsafe and not in keep.
func quote(text, keep string) string {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unsafe(r, size) && !strings.ContainsRune(keep, r) {
			break
		}
		at += size
	}
	if at == len(text) {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case !unsafe(r, size) || strings.ContainsRune(keep, r):
			b.WriteString(rest[:size])
		case r == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		rest = rest[size:]
	}
	return b.String()
}

// unsafe takes a decoded rune and how many bytes it had.
func unsafe(r rune, size int) bool {
	return r == utf8.RuneError && size == 1 || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// Writer writes Text to W. Each Write is a text of its own: a rune must not be
// split over two.
type Writer struct{ W io.Writer }

// Write implements io.Writer.
func (w Writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.W, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
