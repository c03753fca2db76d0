package idx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ganengine/engine/plainfile"
)

// Find says which IDX image file a path means: the path itself if it is an IDX
// file, or in a directory the training images (the only images file, where
// none is called train). It returns "" if there is none.
func Find(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("looking for IDX files: %w", err)
	}
	if !info.IsDir() {
		if !isIDX(path) {
			return "", nil
		}
		return path, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("looking for IDX files: %w", err)
	}
	var all, train []string
	for _, e := range entries { // sorted: the plain file comes before its .gz
		name := e.Name()
		stem := strings.TrimSuffix(name, ".gz")
		if e.IsDir() || strings.HasPrefix(name, ".") || !strings.Contains(name, "images") || !strings.Contains(name, "idx3") {
			continue
		}
		if n := len(all); n > 0 && strings.TrimSuffix(all[n-1], ".gz") == stem {
			continue
		}
		all = append(all, name)
		if strings.HasPrefix(name, "train") {
			train = append(train, name)
		}
	}
	switch {
	case len(all) == 0:
		return "", nil
	case len(train) == 1:
		return filepath.Join(path, train[0]), nil
	case len(all) == 1:
		return filepath.Join(path, all[0]), nil
	}
	return "", fmt.Errorf("directory %s holds several IDX image files: give one of %s", path, strings.Join(all, ", "))
}

// isIDX looks at a file's first bytes.
func isIDX(path string) bool {
	f, _, err := plainfile.OpenLinked(path)
	if err != nil {
		return false
	}
	defer f.Close()
	body, _, err := unpacked(f)
	if err != nil {
		return false
	}
	dims, err := header(body)
	return err == nil && len(dims) == 3
}

// findLabels is the label file beside an image file, plain or gzip, or "" with
// the name that was looked for.
func findLabels(images string) (path, wanted string) {
	dir, name := filepath.Split(strings.TrimSuffix(images, ".gz"))
	name = strings.ReplaceAll(strings.ReplaceAll(name, "images", "labels"), "idx3", "idx1")
	wanted = filepath.Join(dir, name)
	for _, candidate := range []string{wanted, wanted + ".gz"} {
		info, err := os.Stat(candidate)
		if err == nil && info.Mode().IsRegular() && candidate != images {
			return candidate, wanted
		}
	}
	return "", wanted
}
