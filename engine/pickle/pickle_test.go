package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pair is an object that takes attributes.
type pair struct{ state any }

func (*pair) Kind() string { return "pair" }

func (p *pair) Build(state any) error {
	if state == nil {
		return errors.New("a pair of nothing")
	}
	p.state = state
	return nil
}

func machine(text string) *Machine {
	return &Machine{In: strings.NewReader(text), Known: Named(Global{Name: "m.pair", Call: func(Tuple) (any, error) { return &pair{}, nil }}, Global{Name: "m.value", Value: 7}),
		Unknown: func(name string) error { return fmt.Errorf("nothing like %s here", name) }}
}

func TestValues(t *testing.T) {
	v, err := machine("\x80\x05(C\x01\xffB\x02\x00\x00\x00\x00\x01\x8e\x00\x00\x00\x00\x00\x00\x00\x00\x96\x01\x00\x00\x00\x00\x00\x00\x00zU\x01sK\x05t.").Run()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", v); got != `["\xff" "\x00\x01" "" "z" "s" '\x05']` {
		t.Errorf("%s", got)
	}
	v, err = machine("cm\npair\n)R(K\x01K\x02tb.").Run()
	if p, ok := v.(*pair); err != nil || !ok || !slices.Equal(p.state.(Tuple), Tuple{int64(1), int64(2)}) {
		t.Errorf("%v, %v", v, err)
	}
	v, err = machine("}(C\x01aK\x01X\x01\x00\x00\x00aK\x02u.").Run()
	if d, ok := v.(*Dict); err != nil || !ok || len(d.keys) != 1 {
		t.Errorf("keys of bytes: %v, %v", v, err)
	}
	m := machine("T\x02\x00\x00\x00\xff\xfe.rest")
	m.Text = func(b []byte) (any, error) { return len(b), nil }
	if v, err := m.Run(); err != nil || v != 2 || m.Read() != 8 {
		t.Errorf("bytes of Python 2: %v, %v, %d read", v, err, m.Read())
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"cos\nsystem\n.":                        "nothing like os.system here",
		"cm\npair\n)RNb.":                       "a pair of nothing",
		"cm\nvalue\n)R.":                        "its pickle calls a function with a tuple",
		"cm\npair\n)RK\x01a.":                   "its pickle appends to a pair",
		"C\xff.":                                "cut short",
		"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.": "a bytes of 18446744073709551615 bytes",
		"U\x01\xff.":                            "a string that is no UTF-8",
		"NQ.":                                   "asks for a part outside it where there is none",
		strings.Repeat("(", 100) + ".":          "ends with 0 values",
		"}(C\x01aK\x01":                         "cut short",
		"}(}K\x01u.":                            "a dictionary has a dictionary for a key",
		"i":                                     "operation 0x69",
		"}(X\x00\x20\x00\x00" + strings.Repeat("k", 1<<13) + "Nu.": "a key of 8192 bytes",
	} {
		if _, err := machine(text).Run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	m := machine(strings.Repeat("N0", 60) + "N.")
	if m.Bytes = 100; true {
		if _, err := m.Run(); err == nil || !strings.Contains(err.Error(), "over 100 bytes") {
			t.Errorf("a long pickle: %v", err)
		}
	}
}

// FuzzRun: whatever the bytes, an error or a value, and no more memory than a bounded
// number of steps takes.
func FuzzRun(f *testing.F) {
	f.Add([]byte("\x80\x04\x8c\x01m\x94\x8c\x04pair\x94\x93)R}b."))
	f.Add([]byte("\x80\x02}q\x00(U\x01aK\x01X\x01\x00\x00\x00b](M\x01\x02G\x3f\xf0\x00\x00\x00\x00\x00\x00eC\x01x\x8a\x01\xffu."))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := machine("")
		m.In = bytes.NewReader(b)
		if _, err := m.Run(); err == nil && m.Read() > len(b) {
			t.Errorf("%d bytes read of %d", m.Read(), len(b))
		}
	})
}
