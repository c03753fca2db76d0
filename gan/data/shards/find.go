package shards

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/pixel"
)

// mostShards bounds what a pattern or a folder may mean.
const mostShards = 1 << 16

// IsPattern says whether a path is a list of archives in braces or with
// wildcards, unless there is something of that very name.
func IsPattern(path string) bool {
	if _, err := os.Lstat(path); err == nil {
		return false
	}
	return strings.ContainsAny(path, "*?[{") && strings.Contains(strings.ToLower(path), ".tar")
}

// Find lists the tar archives that a path means, sorted: itself, those in a
// folder, or those of a pattern such as train-{000..012}.tar or train-*.tar. It
// is empty where the path is no tar data; packed archives are an error.
func Find(path string) ([]string, error) {
	if IsPattern(path) {
		return expand(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("looking for tar archives: %w", err)
	}
	if !info.IsDir() {
		if packed(path) {
			return nil, fmt.Errorf("%s is packed as a whole, so that no image can be read without all before it: unpack it to a .tar first (images are packed already)", path)
		}
		if isTar(path) {
			return []string{path}, nil
		}
		return nil, nil
	}
	return inFolder(path)
}

// inFolder lists the archives that lie in a folder itself.
func inFolder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("looking for tar archives: %w", err)
	}
	var list []string
	other, image := "", ""
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || e.IsDir():
		case strings.HasSuffix(strings.ToLower(name), ".tar"):
			list = append(list, filepath.Join(path, name))
		case packed(name):
			other = name
		case pixel.HasExtension(name):
			image = name
		}
	}
	switch {
	case len(list) == 0 && other != "" && image == "":
		return nil, fmt.Errorf("folder %s holds packed archives such as %s, in which no image can be read without all before it: unpack them to .tar first (images are packed already)", path, other)
	case len(list) > 0 && image != "":
		return nil, fmt.Errorf("folder %s holds tar archives (%s) and images (%s): set data.kind to tar or folder beside data.path, or separate them", path, filepath.Base(list[0]), image)
	case len(list) > mostShards:
		return nil, fmt.Errorf("folder %s holds %d tar archives, more than %d", path, len(list), mostShards)
	}
	return list, nil
}

// packed says whether a name is one of a compressed tar archive.
func packed(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}

// isTar looks at the name, or at where POSIX's magic stands.
func isTar(path string) bool {
	const magic, at = "ustar", 257
	head, err := plainfile.Head(path, at+len(magic))
	return err == nil && (string(head[min(at, len(head)):]) == magic || strings.HasSuffix(strings.ToLower(path), ".tar"))
}

// expand lists the files of a pattern.
func expand(pattern string) ([]string, error) {
	names, err := braces(pattern)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, name := range names {
		if !strings.ContainsAny(name, "*?[") {
			if _, err := os.Stat(name); err != nil {
				return nil, fmt.Errorf("%s is one of %s: %w", name, pattern, err)
			}
			list = append(list, name)
			continue
		}
		found, err := filepath.Glob(name)
		if err != nil {
			return nil, fmt.Errorf("pattern %s: %w", pattern, err)
		}
		list = append(list, found...)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(list) == 0:
		return nil, fmt.Errorf("no file matches %s: check the pattern and the directory that it begins in", pattern)
	case len(list) > mostShards:
		return nil, fmt.Errorf("%s means %d tar archives, more than %d", pattern, len(list), mostShards)
	}
	return list, nil
}

// braces writes out {a,b} and {000..123}, numbers with the width of the first.
func braces(pattern string) ([]string, error) {
	list := []string{""}
	for rest := pattern; rest != ""; {
		before, inner, ok := strings.Cut(rest, "{")
		parts := []string{""}
		if ok {
			if inner, rest, ok = strings.Cut(inner, "}"); !ok {
				return nil, fmt.Errorf("pattern %s opens a brace and does not close it", pattern)
			}
			var err error
			if parts, err = alternatives(inner); err != nil {
				return nil, fmt.Errorf("pattern %s: %w", pattern, err)
			}
		} else {
			rest = ""
		}
		if len(list)*len(parts) > mostShards {
			return nil, fmt.Errorf("pattern %s means more than %d tar archives", pattern, mostShards)
		}
		var longer []string
		for _, head := range list {
			for _, part := range parts {
				longer = append(longer, head+before+part)
			}
		}
		list = longer
	}
	return list, nil
}

func alternatives(inner string) ([]string, error) {
	low, high, ok := strings.Cut(inner, "..")
	if !ok {
		return strings.Split(inner, ","), nil
	}
	first, err := strconv.ParseUint(low, 10, 31)
	last, bad := strconv.ParseUint(high, 10, 31)
	if err != nil || bad != nil || last < first || last-first >= mostShards {
		return nil, fmt.Errorf("{%s} is no range such as {000..012} of up to %d", inner, mostShards)
	}
	var list []string
	for n := first; n <= last; n++ {
		list = append(list, fmt.Sprintf("%0*d", len(low), n))
	}
	return list, nil
}
