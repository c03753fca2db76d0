package config_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"ganengine/gan/systems"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

func TestReference(t *testing.T) {
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(systems.Schema().Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != systems.Schema().Reference() {
		t.Error("docs/configuration.md is stale; run go test ./gan/config -update")
	}
}

// Every key stands in the reference and the listing, under its section.
func TestEveryKeyIsListed(t *testing.T) {
	var listing bytes.Buffer
	if err := systems.Schema().List(&listing); err != nil {
		t.Fatal(err)
	}
	if names := systems.Schema().Unlisted(systems.Schema().Reference(), listing.String()); len(names) > 0 {
		t.Errorf("the reference or the listing lacks %q", names)
	}
}

// The declarations agree with themselves: defaults are possible values, other
// names lead to values, keys named by tags exist, and all are documented.
func TestDeclarations(t *testing.T) {
	for _, line := range systems.Schema().Faults() {
		t.Error(line)
	}
}
