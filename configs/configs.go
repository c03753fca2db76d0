// Package configs holds the shipped configurations, embedded, so that the
// program finds them wherever it runs. Each NAME.toml beside this file is one; a
// NAME-paper.toml is the same system at its paper's size.
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

// Standard is the configuration to begin with on images of one's own.
const Standard = "dcgan"

// paper ends the names of configurations of a paper's own size.
const paper = "-paper"

// Paper says whether a shipped configuration is NAME-paper: NAME, which runs in minutes
// on two cores, as its paper has it, which needs days or a GPU.
func Paper(name string) bool { return strings.HasSuffix(name, paper) }

// Read returns the text of a shipped configuration, named without .toml. The
// error of an unknown name is an fs.ErrNotExist.
func Read(name string) (string, error) {
	b, err := files.ReadFile(name + ".toml")
	if err != nil {
		return "", fmt.Errorf("reading the built-in configuration %q: %w", name, err)
	}
	return string(b), nil
}

// Summary is what the comment at the head of a shipped configuration says it is:
// its first sentence.
func Summary(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok || strings.TrimSpace(rest) == "" {
			break
		}
		words = append(words, strings.Fields(rest)...)
	}
	for i, w := range words {
		if strings.HasSuffix(w, ".") {
			words = words[:i+1]
			break
		}
	}
	return strings.Join(words, " ")
}
