package debug

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"ganengine/engine/internal/isa"
)

var update = flag.Bool("update", false, "rewrite the table in docs/debugging.md")

func TestRead(t *testing.T) {
	for _, c := range []struct {
		environ string // blank-separated
		want    Switches
	}{
		{"", Switches{Winograd: true, AMX: true}},
		{"PATH=/bin HOME=/root GANENGINE=1 XGANENGINE_NOPLAN=1", Switches{Winograd: true, AMX: true}},
		{"GANENGINE_NOPLAN=1 GANENGINE_NOFUSE=1", Switches{NoPlan: true, NoFuse: true, Winograd: true, AMX: true}},
		{"GANENGINE_NOPLAN=0 GANENGINE_CHECKNAN=1", Switches{CheckNaN: true, Winograd: true, AMX: true}},
		{"GANENGINE_NOPLAN= GANENGINE_DEBUG=", Switches{Winograd: true, AMX: true}},
		{"GANENGINE_DEBUG=3", Switches{Level: PrintRuns, Winograd: true, AMX: true}},
		{"GANENGINE_ONEDNN=off GANENGINE_CPU=plain", Switches{OneDNN: "off", CPU: isa.Plain, Winograd: true, AMX: true}},
		{"GANENGINE_ONEDNN=/opt/a=b/libdnnl.so.3 GANENGINE_CPU=all", Switches{OneDNN: "/opt/a=b/libdnnl.so.3", Winograd: true, AMX: true}},
		{"GANENGINE_WINOGRAD=off", Switches{AMX: true}},
		{"GANENGINE_AMX=off", Switches{Winograd: true}},
	} {
		got, err := Read(strings.Fields(c.environ))
		if err != nil || got != c.want {
			t.Errorf("Read(%q) = %+v, %v; want %+v", c.environ, got, err, c.want)
		}
	}
}

// TestCPU: a level is taken where the machine has all of it.
func TestCPU(t *testing.T) {
	for _, level := range []isa.Level{isa.Plain, isa.ToAVX2, isa.To512} {
		_, lacks := level.Limit(isa.Machine())
		got, err := Read([]string{"GANENGINE_CPU=" + string(level)})
		if lacks == nil && (err != nil || got.CPU != level) {
			t.Errorf("%s: %q, %v", level, got.CPU, err)
		}
		if want := fmt.Sprintf("environment: GANENGINE_CPU=%q: %v", level, lacks); lacks != nil && (err == nil || err.Error() != want) {
			t.Errorf("%s: error %v, want %s", level, err, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ environ, want string }{
		{"GANENGINE_NOPLANS=1", `environment: "GANENGINE_NOPLANS" is not a debug switch; the nearest is GANENGINE_NOPLAN (docs/debugging.md lists them)`},
		{"GANENGINE_DBUG=2", "nearest is GANENGINE_DEBUG "},
		{"GANENGINE_CHECK_NAN=1", "nearest is GANENGINE_CHECKNAN "},
		{"GANENGINE_nofuse=1", `"GANENGINE_nofuse" is not a debug switch`},
		{"GANENGINE_DEBUG=4", `environment: GANENGINE_DEBUG="4": want a whole number from 0 to 3`},
		{"GANENGINE_DEBUG=-1", `GANENGINE_DEBUG="-1"`},
		{"GANENGINE_DEBUG=all", `GANENGINE_DEBUG="all"`},
		{"GANENGINE_NOPLAN=yes", `GANENGINE_NOPLAN="yes": want 0 or 1`},
		{"GANENGINE_CPU=sse", `environment: GANENGINE_CPU="sse": want plain, avx2, avx512 or all`},
	} {
		_, err := Read([]string{"PATH=/bin", c.environ})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Read(%q): error %q, want one line with %q", c.environ, err, c.want)
		}
	}
}

// TestDefaults sets each switch to the default that the table states.
func TestDefaults(t *testing.T) {
	want, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Table() {
		if s.Default == "search" || s.Default == "the user's" { // a behaviour, not a value
			continue
		}
		if got, err := Read([]string{s.Name + "=" + s.Default}); err != nil || got != want {
			t.Errorf("%s=%s gives %+v, %v; unset gives %+v", s.Name, s.Default, got, err, want)
		}
	}
}

// TestDocumentedTable compares the table in docs/debugging.md with Table;
// -update rewrites it.
func TestDocumentedTable(t *testing.T) {
	const file, begin, end = "../../docs/debugging.md", "<!-- switches -->\n", "<!-- end -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s: the table must stand between %q and %q", file, begin, end)
	}
	var table strings.Builder
	table.WriteString("| variable | value | default | what it does |\n|---|---|---|---|\n")
	for _, s := range Table() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", s.Name, s.Type, s.Default, s.Doc)
	}
	if old == table.String() {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the table of switches; run go test ./engine/debug -update\nwant:\n%s", file, table.String())
	}
	if err := os.WriteFile(file, []byte(head+begin+table.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzRead: whatever the environment, Read returns, and an error is one line.
func FuzzRead(f *testing.F) {
	for _, s := range Table() {
		f.Add(s.Name, s.Default)
	}
	f.Add("GANENGINE_X", "1")
	f.Fuzz(func(t *testing.T, name, value string) {
		if _, err := Read([]string{name + "=" + value}); err != nil && (!strings.Contains(err.Error(), "GANENGINE_") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("the error is not one line that names the variable: %v", err)
		}
	})
}

// TestCacheFolder: the switch, else the user's folder.
func TestCacheFolder(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/some/where")
	for switched, want := range map[string]string{"": "/some/where/ganengine", "/else/where": "/else/where", "off": ""} {
		if got, err := (Switches{Cache: switched}).CacheFolder(); err != nil || got != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	t.Setenv("XDG_CACHE_HOME", "not/absolute")
	if got, err := (Switches{}).CacheFolder(); err == nil {
		t.Errorf("%q without an error", got)
	}
}
