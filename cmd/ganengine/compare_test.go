package main

import (
	"regexp"
	"strings"
	"testing"
)

// Runs stand side by side: keys that differ, values of one protocol with the best marked,
// and of others what differs.
func TestCompare(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	p.run("-config", "@/points.toml", "-set", "optim.g.lr=0.001", "-name", "fast", "-out", "@/runs", "-quiet")
	eval := func(run string, args ...string) {
		p.run(append([]string{"eval", "-run", run, "-out", "@/runs"}, args...)...)
	}
	eval("0", "-metrics", "modes", "-n", "50")
	eval("1", "-metrics", "modes", "-n", "50")
	eval("0", "-metrics", "kd", "-n", "50")
	eval("1", "-metrics", "kd", "-n", "40")
	out := p.run("compare", "0", "1", "-out", "@/runs")
	for _, want := range []string{`(?m)^run +0 mlp-ring-b8 +1 fast$`, `(?m)^step +4 +4$`, `(?m)^optim\.g\.lr +0\.0002 +0\.001$`, `(?m)^modes50_points +\d+( \*)? +\d+( \*)?$`,
		`(?m)^kd50_points_train +[-.\de]+ +-$`, `(?m)^kd50_points_train and kd40_points_train are not compared: their protocols differ in samples 50 and 40, reals 50 and 40`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "train.batch") {
		t.Errorf("a key that does not differ:\n%s", out)
	}
	for _, test := range []struct{ args, want string }{
		{"compare|0", "name the runs: ganengine compare 0 1"}, {"compare", "name the runs"}, {"compare|0|0", "is named twice"}, {"compare|0|7", "run 7: no such run"},
		{"compare|0|1|-o|x.png", "-o: name FILE.html"},
	} {
		if status, _, errs := p.try(append(strings.Split(test.args, "|"), "-out", "@/runs")...); status != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%s: status %d: %s", test.args, status, errs)
		}
	}
	// An infinite value has no number in JSON, and is no zero in the table of runs.
	p.write("runs/00000-mlp-ring-b8/metrics.jsonl", `{"name":"psnr10k","value":null}`+"\n")
	if out := p.run("runs", "@/runs"); !strings.Contains(out, "psnr10k NaN") {
		t.Errorf("the table of runs:\n%s", out)
	}
	// Nor is a row without a name or a metric a line of its own.
	for _, row := range []string{`{}`, `{"name":"psnr10k","value":null}`, `{"metric":"psnr","value":1}`} {
		p.write("runs/00000-mlp-ring-b8/metrics.jsonl", row+"\n")
		if status, out, errs := p.try("compare", "0", "1", "-out", "@/runs"); status == 0 || !strings.Contains(errs, "metrics.jsonl, row 1: it has no name or no metric") {
			t.Errorf("%s: status %d: %s%s", row, status, out, errs)
		}
	}
}
