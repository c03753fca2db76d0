package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ganengine/engine/plainfile"
)

// seen tells what is at a path that is of no kind: for a folder which files it holds,
// for a file how it begins.
func seen(path string) string {
	if isDir(path) {
		return inFolder(path)
	}
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		var other *plainfile.Error
		if errors.As(err, &other) {
			return other.Kind
		}
		return "a file that cannot be opened"
	}
	defer f.Close()
	head := make([]byte, 16)
	n, err := f.ReadAt(head, 0)
	switch {
	case err != nil && err != io.EOF:
		return "a file that cannot be read"
	case n == 0:
		return "an empty file"
	}
	return fmt.Sprintf("a file of %d bytes that begins with %q", info.Size(), head[:n])
}

const (
	listed     = 1 << 12 // entries of a folder that are looked at
	shownKinds = 4       // kinds of them that are shown
)

// inFolder counts the files of a folder by what their names end in.
func inFolder(path string) string {
	dir, err := os.Open(path)
	if err != nil {
		return "a folder that cannot be opened"
	}
	defer dir.Close()
	entries, err := dir.ReadDir(listed)
	if len(entries) == 0 {
		if err != nil && err != io.EOF {
			return "a folder that cannot be listed"
		}
		return "an empty folder"
	}
	counts := map[string]int{}
	for _, e := range entries {
		kind := cmp.Or(strings.ToLower(filepath.Ext(e.Name())), "without an ending")
		if e.IsDir() {
			kind = "folders"
		}
		counts[kind]++
	}
	var kinds []string
	for _, c := range commonest(counts) {
		kinds = append(kinds, fmt.Sprintf("%s: %d", c.Name, c.N))
	}
	if rest := len(kinds) - shownKinds; rest > 0 {
		kinds = append(kinds[:shownKinds], fmt.Sprintf("%d more", rest))
	}
	return fmt.Sprintf("a folder without images (%s)", strings.Join(kinds, ", "))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
