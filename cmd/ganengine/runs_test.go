package main

import (
	"regexp"
	"strings"
	"testing"

	"ganengine/gan/rundir"
)

// A run whose files are damaged takes a line of the table, not the table.
func TestRunsWithDamagedOnes(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"good", "half", "rows", "empty", "fresh"} {
		run, err := rundir.Create(p.at("runs"), name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "fresh" {
			err = run.WriteInfo(rundir.Info{Segments: []rundir.Segment{{ExitReason: "done"}}})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.write("runs/00000-good/stats.jsonl", `{"step":7,"images_per_second":2.5}`+"\n")
	p.write("runs/00001-half/run.json", `{"version": "v1", "segm`)
	p.write("runs/00002-rows/stats.jsonl", "{\"step\":7}\n{\"step\":\x00\x00}\n")
	p.write("runs/00003-empty/run.json", "")
	lines := strings.Split(p.run("runs", "@/runs"), "\n")
	for i, want := range []string{"number .*", "0 +good +done +7 +2.5 +-", "1 +half +damaged: run.json: unexpected end of JSON input +- .*",
		"2 +rows +damaged: stats.jsonl: the last row: invalid .* +- .*", "3 +empty +damaged: run.json: unexpected end of JSON input +- .*",
		"4 +fresh +no run.json +0 +- +-", ""} {
		if i >= len(lines) || !regexp.MustCompile("^"+want+"$").MatchString(lines[i]) {
			t.Fatalf("line %d of the table is not %q:\n%s", i, want, strings.Join(lines, "\n"))
		}
	}
}
