// Package keep bounds folders in which is kept what would be made anew.
package keep

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Used makes a file the last used one of its folder.
func Used(path string) error {
	now := time.Now()
	return os.Chtimes(path, now, now)
}

// Write has write make a file, in a folder that is made where there is none, and prunes the
// folder.
func Write(path string, files int, bytes int64, write func(path string) error) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := write(path); err != nil {
		return err
	}
	return prune(folder, files, bytes)
}

// prune removes all files of a folder but the last used ones: so many of them, of so many
// bytes together. What another process removes meanwhile is no error.
func prune(folder string, files int, bytes int64) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var list []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else another process has removed it
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var total int64
	for i, info := range list {
		if total += info.Size(); i < files && total <= bytes {
			continue
		}
		if err := os.Remove(filepath.Join(folder, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
