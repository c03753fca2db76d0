package config

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

func TestReference(t *testing.T) {
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != Reference() {
		t.Error("docs/configuration.md is stale; run go test ./gan/config -update")
	}
}

// Every key stands in the reference and the listing, under its section.
func TestEveryKeyIsDocumented(t *testing.T) {
	var listing bytes.Buffer
	if err := List(&listing); err != nil {
		t.Fatal(err)
	}
	for _, k := range declared().keys {
		if k.doc == "" {
			t.Errorf("%s has no documentation", k.name)
		}
		_, page, _ := strings.Cut(Reference(), "## ["+k.section+"]\n")
		page, _, _ = strings.Cut(page, "\n## ")
		if !strings.Contains(page, "| `"+k.short()+"` |") {
			t.Errorf("the reference lacks %s", k.name)
		}
		_, page, _ = strings.Cut(listing.String(), "["+k.section+"]")
		page, _, _ = strings.Cut(page, "\n[")
		if !strings.Contains(page, "\n  "+k.short()+" ") {
			t.Errorf("the listing lacks %s", k.name)
		}
	}
}

// The declarations agree with themselves: defaults are possible values, other
// names lead to values, and keys named by tags exist.
func TestDeclarations(t *testing.T) {
	d := declared()
	for _, k := range d.keys {
		if complaint := k.check(k.def); complaint != "" {
			t.Errorf("the default of %s: %s", k.name, complaint)
		}
		for other, value := range k.alias {
			if !slices.Contains(k.values, value) {
				t.Errorf("%s: %q is another name of %q, which is no value", k.name, other, value)
			}
		}
		for _, r := range k.replaces {
			if d.named[r] == nil {
				t.Errorf("%s replaces %s, which does not exist", k.name, r)
			}
		}
		for _, v := range k.when.values {
			if !slices.Contains(k.when.on.values, v) {
				t.Errorf("%s needs %s = %q, which is no value", k.name, k.when.on.name, v)
			}
		}
	}
	for _, r := range resumable {
		if d.named[r] == nil && !d.hasSection(r) {
			t.Errorf("a resume may change %s, which does not exist", r)
		}
	}
}
