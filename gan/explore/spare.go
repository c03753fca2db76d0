package explore

import (
	"fmt"
	"path/filepath"
)

// Spare says which of the files given one of those written would take the place of, by
// whatever path; nil where there is none.
func Spare(given []string, written ...string) error {
	own := map[string]bool{}
	for _, path := range written {
		if real := resolved(path); real != "" {
			own[real] = true
		}
	}
	if len(own) == 0 { // the usual case: nothing is there yet
		return nil
	}
	for _, path := range given {
		if own[resolved(path)] {
			return fmt.Errorf("%s would be written over, and it is read here: name another place", path)
		}
	}
	return nil
}

// SpareFolder is Spare for the files of a folder: n of them, whose names are relative to
// it, with slashes.
func SpareFolder(folder string, n int, name func(i int) string, written ...string) error {
	given := make([]string, n)
	for i := range given {
		given[i] = filepath.Join(folder, filepath.FromSlash(name(i)))
	}
	return Spare(given, written...)
}

// resolved is the path of a file without links; "" where none is there.
func resolved(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	if real, err = filepath.Abs(real); err != nil {
		return ""
	}
	return real
}
