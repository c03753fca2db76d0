package systems_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
)

// general are the packages that run any system, and know none of them.
var general = []string{"../train", "../explore", "../config", "../rundir", "../game", "../../cmd/ganengine"}

// help are the fields of a command whose texts show what one may type.
var help = []string{"usage", "short", "about", "example"}

// others are words of a file that mean something else there than the player of that name.
var others = map[string][]string{"../config/number.go": {"inverse"}} // a shape of a course

// What runs systems names neither one of them nor what they are made of: no text in its
// code is a system's name, a player's or an optimiser's, and none has the key of an
// optimiser in it, other than to show how one gives it a value.
func TestNobodyNamesASystem(t *testing.T) {
	names := map[string]string{}
	for _, s := range systems.Table().All {
		names[s.Name] = "a system"
		for _, section := range s.Optims {
			names[section] = "an optimiser of " + s.Name
		}
	}
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		for _, p := range configtest.Declare(t, c).Players {
			names[p.Name] = "a player of " + c.Model.Kind
		}
	})
	for _, dir := range general {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files in %s: %v", len(files), dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range named(t, file, source, names) {
				t.Error(line)
			}
		}
	}
}

// TestNamesAreFound: the search itself, on every way to name a system.
func TestNamesAreFound(t *testing.T) {
	const source = "package p\n" +
		"// f is for \"dcgan\".\n" +
		"func f(kind string) bool { return kind == \"dcgan\" }\n" + // 3
		"var keys = struct{ a int `toml:\"g\"` }{}\n" +
		"func g(kind string) string { switch kind { case \"g\", \"h\": return \"lower optim.g.lr\" }; return \"gg, or optim.g.lr=1\" }\n" + // 5, twice
		"var c = command{usage: \"g\", example: []string{\"dcgan\"}, name: \"g\"}\n" + // 6, the last
		"const examples = `dcgan`\n"
	got := named(t, "p.go", []byte(source), map[string]string{"dcgan": "a system", "g": "a player"})
	want := []string{`p.go:3: "dcgan" is a system`, `p.go:5: "g" is a player`, `p.go:5: "lower optim.g.lr" names a player, g`, `p.go:6: "g" is a player`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

var (
	optimKey = regexp.MustCompile(`\boptim\.([a-z0-9_]+)`)
	example  = regexp.MustCompile(`\boptim\.[a-z0-9_]+\.[a-z0-9_]+=\S`)
)

// named lists the texts of a file that are one of the names, or have an optimiser's key
// in them, in the order of lines. Tags of fields and help texts are left out.
func named(t *testing.T, file string, source []byte, names map[string]string) (out []string) {
	t.Helper()
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return n.Tag == nil
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			return !ok || !slices.Contains(help, key.Name)
		case *ast.ValueSpec:
			return n.Names[0].Name != "examples"
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil {
				return true
			}
			line := fmt.Sprintf("%s:%d: %q", file, files.Position(n.Pos()).Line, text)
			if what := names[text]; what != "" && !slices.Contains(others[file], text) {
				out = append(out, line+" is "+what)
			} else if m := optimKey.FindStringSubmatch(example.ReplaceAllString(text, "")); m != nil && names[m[1]] != "" {
				out = append(out, line+" names "+names[m[1]]+", "+m[1])
			}
		}
		return true
	})
	return out
}

// A system is one file, which one can read in one go.
func TestSystemsAreShort(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n > 300 && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s has %d lines, and 300 are the most: move networks to gan/model and formulas to gan/loss", file, n)
		}
	}
}
