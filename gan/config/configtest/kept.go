package configtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/configs"
)

// Kept holds what each shipped configuration says to a file of its name in a folder.
// Whoever means to change it, or ships another configuration, has the files written anew,
// by the command again, and looks at what changed.
func Kept(t *testing.T, folder, again string, update bool, says func(name string) string) {
	t.Helper()
	for _, name := range configs.Names() {
		path, got := filepath.Join(folder, name), says(name)
		if update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s has\n%s\nand %s says\n%s\nif that is meant: %s", name, got, path, want, again)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(configs.Names(), f.Name()) {
			t.Errorf("%s is of no shipped configuration: delete it", filepath.Join(folder, f.Name()))
		}
	}
}
