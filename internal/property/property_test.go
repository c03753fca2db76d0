package property

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// recorder is a test that may fail.
type recorder struct {
	*testing.T
	said   strings.Builder
	failed bool
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	fmt.Fprintf(&r.said, format, args...)
}
func (r *recorder) Failed() bool { return r.failed }
func (r *recorder) FailNow()     { r.failed = true; runtime.Goexit() }

// TestFailureLeavesNoFile, and says how to repeat it.
func TestFailureLeavesNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	r := &recorder{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Check(r, func(t *rapid.T) {
			if n := rapid.IntRange(0, 100).Draw(t, "n"); n > 3 {
				t.Fatalf("%d is large", n)
			}
		})
	}()
	<-done
	if got := r.said.String(); !r.failed || !strings.Contains(got, "4 is large") || !strings.Contains(got, "-rapid.seed=") {
		t.Errorf("a property that does not hold: %q", got)
	}
	files, err := os.ReadDir(".")
	if err != nil || len(files) > 0 {
		t.Errorf("the failure left %v (%v)", files, err)
	}
}

// TestEveryPropertyIsCheckedHere: no other test of the module runs rapid itself.
func TestEveryPropertyIsCheckedHere(t *testing.T) {
	const root = "../.."
	found := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "property_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !strings.Contains(string(source), `"pgregory.net/rapid"`) {
			return nil
		}
		found++
		for _, call := range []string{"rapid.Check(", "rapid.MakeCheck("} {
			if strings.Contains(string(source), call) {
				t.Errorf("%s: %s...) leaves a file when it fails; call property.Check", name, call)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Errorf("no test of %s uses rapid: is this the module's root?", root)
	}
}
