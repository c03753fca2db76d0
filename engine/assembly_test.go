package engine_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// unguarded lists, sorted, packages with assembly whose tests do not compare their
// choices with what it needs, and files that ask the processor themselves: package isa
// does that for all.
func unguarded(tree fs.FS) ([]string, error) {
	const ask, asks = `"golang.org/x/sys/cpu"`, "engine/internal/isa"
	assembled, guarded := map[string]bool{}, map[string]bool{} // folders
	var lines []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "bin" || name != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		folder := path.Dir(name)
		switch path.Ext(name) {
		case ".s":
			assembled[folder] = true
		case ".go":
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			if strings.HasSuffix(name, "_test.go") && bytes.Contains(text, []byte("isatest.Check(t,")) {
				guarded[folder] = true
			}
			if folder != asks && bytes.Contains(text, []byte(ask+"\n")) {
				lines = append(lines, name+" imports "+ask+": ask package isa")
			}
		}
		return nil
	})
	for folder := range assembled {
		if !guarded[folder] {
			lines = append(lines, folder+" has assembly and no test that calls isatest.Check")
		}
	}
	slices.Sort(lines)
	return lines, err
}

func TestAssemblyIsGuarded(t *testing.T) {
	lines, err := unguarded(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		t.Error(line)
	}
}

func TestUnguarded(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got, err := unguarded(fstest.MapFS{
		"a/a_amd64.s":              file(""),
		"a/a_test.go":              file("package a\n"),
		"b/b_amd64.s":              file(""),
		"b/guards_amd64_test.go":   file("package b\n\nfunc TestGuards(t *testing.T) {\n\tisatest.Check(t, all)\n}\n"),
		"c/c.go":                   file("package c\n\nimport (\n\t\"golang.org/x/sys/cpu\"\n)\n"),
		"engine/internal/isa/i.go": file("package isa\n\nimport (\n\t\"golang.org/x/sys/cpu\"\n)\n"),
	})
	want := []string{"a has assembly and no test that calls isatest.Check", `c/c.go imports "golang.org/x/sys/cpu": ask package isa`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
