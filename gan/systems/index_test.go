package systems_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
	"ganengine/gan/systems/rows"
)

var update = flag.Bool("update", false, "rewrite docs/systems/README.md and testdata/tracks")

const (
	pages = "../../docs/systems/"
	head  = `# Systems

<!-- Generated from gan/systems, configs and the pages beside this one; run go test ./gan/systems -run TestIndex -update. -->

What ` + "`model.kind`" + ` may be. Each page has the system's equations, source and keys, and what to expect of it; a name under
"configurations" is one to start from: ` + "`ganengine -config NAME`" + `, in minutes on two cores; NAME-paper is of the paper's size. All keys are in [configuration.md](../configuration.md);
how to write a system of your own is in [adding-a-system.md](../adding-a-system.md).

| kind | system | paper | configurations |
|---|---|---|---|
`
	foot = `
## What full checks reached

` + "`make check-systems-full`" + ` trains every row below to its end, tells its figures and holds them to their bounds: those of
papers at the size that a row says, not those of ` + "`make check-systems`" + `, which has one seed. It takes hours. ` + "`ROWS=TestRing/r1`" + ` runs
rows of that name alone; one that was ended goes on where it stopped, with what ` + "`bin/checks`" + ` keeps: a row is run again when the
engine, a system, a configuration, a check or the compiler changed, or never with ` + "`KEEP=any`" + `. Rows with ` + "`avx2`" + ` or ` + "`plain`" + ` in their names ran
with that ` + "`GANENGINE_CPU`" + `: trainings on points depend on the order of sums. Seconds are those of all seeds, on two cores of an AMD EPYC
that other programs kept busy: quiet ones need about half of what it took of processors. Figures in bold are not what they should be. Rows that are
not here were not run.

`
)

var (
	title = regexp.MustCompile(`^# (\S+): (.+)\n`)
	paper = regexp.MustCompile(`arXiv (\d{4}\.\d{4,5})`)
)

// Every system has a page, whose first line is "# kind: what it is" and which names
// its paper first, and the index has a line for each.
func TestIndex(t *testing.T) {
	of := map[string][]string{}
	for _, name := range configs.Names() {
		kind := configtest.Shipped(t, name).Model.Kind
		of[kind] = append(of[kind], "`"+name+"`")
	}
	var want strings.Builder
	want.WriteString(head)
	for _, s := range systems.Table().All {
		b, err := os.ReadFile(pages + s.Name + ".md")
		if err != nil {
			t.Fatalf("each system has a page: %v", err)
		}
		called, source := title.FindStringSubmatch(string(b)), paper.FindStringSubmatch(string(b))
		if called == nil || called[1] != s.Name {
			t.Errorf("the first line of docs/systems/%s.md is not \"# %s: what it is\"", s.Name, s.Name)
			continue
		}
		if source == nil {
			t.Errorf("docs/systems/%s.md names no paper: write arXiv and its number", s.Name)
			continue
		}
		if of[s.Name] == nil {
			t.Errorf("no configuration of configs has model.kind = %q", s.Name)
		}
		fmt.Fprintf(&want, "| [`%[1]s`](%[1]s.md) | %[2]s | [arXiv %[3]s](https://arxiv.org/abs/%[3]s) | %[4]s |\n", s.Name, called[2], source[1], strings.Join(of[s.Name], ", "))
	}
	all, err := rows.Read("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	want.WriteString(foot)
	want.WriteString(rows.Table(all))
	const path = pages + "README.md"
	if *update {
		if err := os.WriteFile(path, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Error("docs/systems/README.md is stale; run go test ./gan/systems -run TestIndex -update")
	}
}

// Pages name keys of [model] and [loss] that their systems have.
func TestPagesNameKeys(t *testing.T) {
	key := regexp.MustCompile("`((?:model|loss)\\.[a-z0-9_]+)")
	for _, s := range systems.Table().All {
		b, err := os.ReadFile(pages + s.Name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		var own strings.Builder
		if err := systems.Schema().Own(&own, s.Name, ""); err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(b), -1) {
			if m[1] != "model.kind" && !strings.Contains("\n"+own.String(), "\n"+m[1]+" ") {
				t.Errorf("docs/systems/%s.md names %s, which model.kind = %q does not have", s.Name, m[1], s.Name)
			}
		}
	}
}
