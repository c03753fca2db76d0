// Package configs holds the shipped configurations, embedded, so that the
// program finds them wherever it runs. Each NAME.toml beside this file is one.
package configs

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.toml
var files embed.FS

// Names lists the shipped configurations, without .toml, sorted.
func Names() []string {
	paths, err := fs.Glob(files, "*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(p, ".toml")
	}
	slices.Sort(paths) // "ring" comes before "ring-r1" once .toml is gone
	return paths
}

// Read returns the text of a shipped configuration, named without .toml. The
// error of an unknown name is an fs.ErrNotExist.
func Read(name string) (string, error) {
	b, err := files.ReadFile(name + ".toml")
	if err != nil {
		return "", fmt.Errorf("reading the built-in configuration %q: %w", name, err)
	}
	return string(b), nil
}
