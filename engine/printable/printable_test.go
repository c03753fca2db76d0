package printable

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"
)

func TestQuotes(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"a plain name.png":             "a plain name.png",
		"Grüße, 猫, 😀, \ufffd":          "Grüße, 猫, 😀, \ufffd",
		"\x1b]0;x\x07.png":             `\u001b]0;x\u0007.png`,
		"\x9b31m\xff":                  `\x9b31m\xff`,
		"\u009b31m\x7f\r":              `\u009b31m\u007f\u000d`,
		"gnp.\u202eexe\u2066\u200f":    `gnp.\u202eexe\u2066\u200f`,
		"\u2028\u2029\x00":             `\u2028\u2029\u0000`,
		"two\nlines\tand \xe2\x82 cut": `two\u000alines\u0009and \xe2\x82 cut`,
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
	if got := Text("a\n\tb\r\n"); got != "a\n\tb\\u000d\n" {
		t.Errorf("a text became %q", got)
	}
}

// JSON keeps its values.
func TestCount(t *testing.T) {
	for n, want := range []string{"0 classes", "1 class", "2 classes"} {
		if got := Count(n, "class", "classes"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	const nasty = "\x1b\u009b\u202e\x7f\u2028"
	b, err := json.Marshal(nasty)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if n, err := (Writer{&out}).Write(b); n != len(b) || err != nil {
		t.Fatal(n, err)
	}
	var got string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got != nasty {
		t.Errorf("%s is read as %q (%v)", out.Bytes(), got, err)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"a\nb", "\x1b[2J", "\xff\ufffd", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Line(text)
		if !utf8.ValidString(got) || Line(got) != got {
			t.Fatalf("%q became %q", text, got)
		}
		for _, r := range got {
			if unsafe(r, len(fmt.Sprintf("%c", r))) {
				t.Fatalf("%q is in %q", r, got)
			}
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for b.Loop() {
		Line("step  1234/10000  D 0.693  G 0.693  1234 images/s  2h05m left")
	}
}
