package rundir

import (
	"os"
	"testing"
)

// TestAppendRows: all rows or none, after those that are there; one that was cut off
// does not run into the next.
func TestAppendRows(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	type object map[string]int
	check := func(want string) {
		t.Helper()
		b, err := os.ReadFile(r.Path(MetricsFile))
		if err != nil || string(b) != want {
			t.Errorf("the file has %q, %v, want %q", b, err, want)
		}
	}
	if err := r.AppendRows(MetricsFile, object{"a": 1}, object{"a": 2}); err != nil {
		t.Fatal(err)
	}
	check("{\"a\":1}\n{\"a\":2}\n")
	if err := r.AppendRows(MetricsFile, object{"a": 3}, 4); err == nil {
		t.Error("a number was taken for a row")
	}
	check("{\"a\":1}\n{\"a\":2}\n")
	if err := os.WriteFile(r.Path(MetricsFile), []byte("{\"a\":1}\n{\"a\""), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.AppendRows(MetricsFile, object{"a": 3}); err != nil {
		t.Fatal(err)
	}
	check("{\"a\":1}\n{\"a\":3}\n")
}
