package engine_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// TestImports holds the module to the list, and the list to the module: an edge
// that no file uses is an error too.
func TestImports(t *testing.T) {
	used, err := imports(os.DirFS(".."), "ganengine")
	if err != nil {
		t.Fatal(err)
	}
	if len(used) == 0 {
		t.Fatal("no import between packages of the module was found: is this the module's root?")
	}
	for _, line := range forbidden(used, allowed()) {
		t.Error(line)
	}
	for _, e := range unused(used, allowed()) {
		t.Errorf("no file of %s imports %s any more: delete the edge from engine/deps_test.go", e.from, e.to)
	}
}

// imports returns each edge in use with the first file that makes it, by
// parsing the import clauses of all Go files whatever their build tags,
// test files apart. Folders that the go command passes over are passed over.
func imports(tree fs.FS, module string) (map[edge]string, error) {
	used := make(map[edge]string)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
			}
			to, ours := strings.CutPrefix(imported, module+"/")
			e := edge{path.Dir(name), to}
			if ours && used[e] == "" {
				used[e] = name
			}
		}
		return nil
	})
	return used, err
}

// covers reports whether the rule e lets u in.
func (e edge) covers(u edge) bool {
	below, isPattern := strings.CutSuffix(e.to, "...")
	return e.from == u.from && (e.to == u.to || isPattern && strings.HasPrefix(u.to, below))
}

// forbidden describes each edge in use that no rule covers, sorted.
func forbidden(used map[edge]string, rules []edge) []string {
	var lines []string
	for u, file := range used {
		if slices.ContainsFunc(rules, func(r edge) bool { return r.covers(u) }) {
			continue
		}
		var may []string
		for _, r := range rules {
			if r.from == u.from {
				may = append(may, r.to)
			}
		}
		rule := "nothing of this module"
		if len(may) > 0 {
			rule = "only " + strings.Join(may, ", ")
		}
		lines = append(lines, fmt.Sprintf("%s: the edge %s -> %s is not allowed: %s may import %s (engine/deps_test.go)",
			file, u.from, u.to, u.from, rule))
	}
	slices.Sort(lines)
	return lines
}

// unused returns the rules that cover no edge in use, in the list's order.
func unused(used map[edge]string, rules []edge) []edge {
	var rest []edge
	for _, r := range rules {
		covered := false
		for u := range used {
			covered = covered || r.covers(u)
		}
		if !covered {
			rest = append(rest, r)
		}
	}
	return rest
}

// TestChecker runs the check over a small tree with known faults.
func TestChecker(t *testing.T) {
	source := func(imports string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package p\n\nimport (\n" + imports + "\n)\n")}
	}
	tree := fstest.MapFS{
		"low/a.go":           source(`"fmt"`),
		"low/b.go":           source(`"m/high"`),
		"low/a_test.go":      source(`"m/cmd"`),
		"mid/a.go":           source(`l "m/low"; "mx/low"`),
		"mid/cuda.go":        {Data: []byte("//go:build cuda\n\npackage p\n\nimport _ \"m/high\"\n")},
		"mid/testdata/a.go":  source(`"m/cmd"`),
		"mid/_old/a.go":      source(`"m/cmd"`),
		"high/a.go":          source(`"m/high/x"; "m/highest"`),
		"cmd/a.go":           source(`"m/low"; "m/high/x"`),
		"docs/no-go-file.md": {Data: []byte("import \"m/low\"")},
	}
	rules := []edge{{"mid", "low"}, {"mid", "gone"}, {"high", "high/..."}, {"cmd", "..."}, {"gone", "..."}}
	used, err := imports(tree, "m")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"high/a.go: the edge high -> highest is not allowed: high may import only high/... (engine/deps_test.go)",
		"low/b.go: the edge low -> high is not allowed: low may import nothing of this module (engine/deps_test.go)",
		"mid/cuda.go: the edge mid -> high is not allowed: mid may import only low, gone (engine/deps_test.go)",
	}
	if got := forbidden(used, rules); !slices.Equal(got, want) {
		t.Errorf("forbidden edges:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := unused(used, rules), []edge{{"mid", "gone"}, {"gone", "..."}}; !slices.Equal(got, want) {
		t.Errorf("unused rules %v, want %v", got, want)
	}
	if _, err := imports(fstest.MapFS{"p/a.go": {Data: []byte("no Go")}}, "m"); err == nil {
		t.Error("a file that does not parse was passed over")
	}
}

// TestListIsOrderly: no edge twice, none the wrong way round as well.
func TestListIsOrderly(t *testing.T) {
	seen := make(map[edge]bool)
	for _, e := range allowed() {
		if seen[e] {
			t.Errorf("%s -> %s is listed twice", e.from, e.to)
		}
		if seen[edge{e.to, e.from}] {
			t.Errorf("%s and %s are listed both ways", e.from, e.to)
		}
		seen[e] = true
	}
}
