package keep

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestPrune: the last used files stay, as many as there may be, of as many bytes.
func TestPrune(t *testing.T) {
	for _, test := range []struct {
		files int
		bytes int64
		want  []string
	}{{2, 1 << 20, []string{"0", "5"}}, {9, 25, []string{"0", "5"}}, {9, 60, []string{"0", "1", "2", "3", "4", "5"}}, {0, 60, nil}} {
		folder := t.TempDir()
		for i := range 6 {
			path := filepath.Join(folder, strconv.Itoa(i))
			if err := os.WriteFile(path, make([]byte, 10), 0o644); err != nil {
				t.Fatal(err)
			}
			used := time.Now().Add(time.Duration(i-10) * time.Minute)
			if err := os.Chtimes(path, used, used); err != nil {
				t.Fatal(err)
			}
		}
		if err := Used(filepath.Join(folder, "0")); err != nil {
			t.Fatal(err)
		}
		if err := prune(folder, test.files, test.bytes); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(folder)
		var names []string
		for _, e := range left {
			names = append(names, e.Name())
		}
		if err != nil || !slices.Equal(names, test.want) {
			t.Errorf("%d files of %d bytes: left %q, %v, want %q", test.files, test.bytes, names, err, test.want)
		}
	}
	if err := prune(filepath.Join(t.TempDir(), "none"), 1, 1); err == nil {
		t.Error("a folder that is not there was pruned")
	}
}
