package systems_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
	"ganengine/gan/systems"
)

const pagePath = "../../docs/adding-a-system.md"

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// blocks are the page's blocks of code in a language.
func blocks(t *testing.T, language string) (out []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page(t), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("%s has no block of %s", pagePath, language)
	}
	return out
}

// The page's Go is that of files that are compiled and run here. A block quotes one of
// them in order; a line "..." stands for lines that it leaves out.
func TestPageQuotes(t *testing.T) {
	var files []string
	for _, name := range []string{"noisy_test.go", "phrases_test.go", "ring_test.go", "table.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(b))
	}
	for _, block := range blocks(t, "go") {
		if !slices.ContainsFunc(files, func(text string) bool { return quotes(text, block) }) {
			t.Errorf("no file has what %s quotes:\n%s", pagePath, block)
		}
	}
}

func quotes(text, block string) bool {
	for _, part := range regexp.MustCompile(`(?m)^\s*\.\.\.\n`).Split(block, -1) {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// configure is a configuration of any system, with the page's.
func configure(t *testing.T, text string) *config.Config {
	t.Helper()
	c := configtest.Of(t, systems.Everything().Schema, text)
	return c
}

// TestPageExample does with the page's system and configuration what the page does:
// noise keeps all eight modes, of which the same game without it loses about half.
func TestPageExample(t *testing.T) {
	dev, c := newDevice(t), configure(t, blocks(t, "toml")[0])
	run := trained(t, dev, c)
	got := points(t, run, dev, func(e *explore.Explorer) explore.Latents { return seeds(e, 2560) })
	set := mixtureOf(t, &c.Data)
	if c := metric.ModeCoverage(got, set.Centres(), set.Sigma(), 20); c.Modes != 8 {
		t.Errorf("%d modes of 8", c.Modes)
	}
	pictures, err := filepath.Glob(filepath.Join(string(run), "samples", "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Errorf("pictures %v, %v; want some", pictures, err)
	}
}

// TestPagePhrases plays what else the page quotes.
func TestPagePhrases(t *testing.T) {
	dev := newDevice(t)
	run := trained(t, dev, configure(t, "[data]\nkind = \"mixture\"\nlabels = true\n[data.b]\nmodes = 4\nlabels = false\n"+
		"[model]\nkind = \"phrases\"\n[train]\nsteps = 24\nbatch = 8\n[sample]\ncount = 64\n"))
	for i, x := range points(t, run, dev, func(e *explore.Explorer) explore.Latents { return seeds(e, 100) }) {
		if !(x > -100 && x < 100) {
			t.Fatalf("number %d of the samples is %v", i, x)
		}
	}
}

// exported are the exported names of a package: functions and types by their names,
// methods and fields by those of their types too.
func exported(t *testing.T, dir string) map[string]*ast.FuncDecl {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]*ast.FuncDecl{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				names[receiver(d)+d.Name.Name] = d
			case *ast.GenDecl:
				for _, s := range d.Specs {
					addSpec(names, s)
				}
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no names", dir)
	}
	for name := range names {
		if !ast.IsExported(name[strings.LastIndexByte(name, '.')+1:]) {
			delete(names, name)
		}
	}
	return names
}

func addSpec(names map[string]*ast.FuncDecl, s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			names[n.Name] = nil
		}
	case *ast.TypeSpec:
		names[s.Name.Name] = nil
		if fields, ok := s.Type.(*ast.StructType); ok {
			for _, f := range fields.Fields.List {
				for _, n := range f.Names {
					names[s.Name.Name+"."+n.Name] = nil
				}
			}
		}
	}
}

// receiver is "T." of a method of T or *T.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return fmt.Sprint(of) + "."
}

// The page knows all words of the language, all layers and what a kind can say.
func TestPageIsComplete(t *testing.T) {
	text := page(t)
	lacks := func(name string) bool { return !regexp.MustCompile(`\b` + name + `\b`).MatchString(text) }
	for name := range exported(t, "../game") {
		for _, of := range []string{"Setup.", "Turn.", "StreamOptions.", "AverageOptions.", "Pass.", "Goal.", "Penalty.", "Entry."} {
			if last, is := strings.CutPrefix(name, of); is && lacks(last) && name != "Setup.Config" {
				t.Errorf("%s does not say what game.%s is for", pagePath, name)
			}
		}
	}
	for name := range exported(t, "../config") {
		if last, is := strings.CutPrefix(name, "Kind."); is && lacks(last) {
			t.Errorf("%s does not say what config.%s is for", pagePath, name)
		}
	}
	for name, f := range exported(t, "../../engine/nn") {
		weight, is := strings.CutSuffix(name, ".Weight")
		layer := f != nil && f.Recv == nil && !strings.HasPrefix(name, "New")
		if layer && lacks(name) || is && lacks(weight) {
			t.Errorf("%s does not say what nn.%s is", pagePath, name)
		}
	}
}

// What the page calls a word of a package is one.
func TestPageNamesExist(t *testing.T) {
	dirs := map[string]string{"game": "../game", "nn": "../../engine/nn", "graph": "../../engine/graph", "loss": "../loss", "model": "../model", "config": "../config"}
	known := map[string]map[string]*ast.FuncDecl{}
	for name, dir := range dirs {
		known[name] = exported(t, dir)
	}
	for _, m := range regexp.MustCompile(`\b(game|nn|graph|loss|model|config)\.([A-Z]\w*)`).FindAllStringSubmatch(page(t), -1) {
		if _, ok := known[m[1]][m[2]]; !ok {
			t.Errorf("%s speaks of %s, and there is none", pagePath, m[0])
		}
	}
	for _, m := range regexp.MustCompile(`\b(Setup|Turn|Player|Goal|Entry|StreamOptions|Kind|Drawn)\.([A-Z]\w*)`).FindAllStringSubmatch(page(t), -1) {
		_, inGame := known["game"][m[0]]
		if _, inConfig := known["config"][m[0]]; !inGame && !inConfig {
			t.Errorf("%s speaks of %s, and there is none", pagePath, m[0])
		}
	}
}
