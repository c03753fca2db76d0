package main

import (
	"strconv"
	"strings"
	"testing"
)

// What data or networks turn out not to allow is refused where the key was set, as is what
// the configuration alone does not.
func TestErrorsNamePlaces(t *testing.T) {
	p := newPlace(t)
	before, after, _ := strings.Cut(points, "[sample]\n")
	p.write("standing.toml", before+"[sample]\nstanding = 2\n"+after)
	line := strings.Count(before, "\n") + 2
	for _, test := range []struct{ args, want string }{
		{"-config|@/standing.toml|-dry-run", "standing.toml:" + strconv.Itoa(line) + ": sample.standing: model mlp has no batch norm"},
		{"-config|@/points.toml|-set|sample.standing=2|-dry-run", "ganengine: -set: sample.standing: model mlp has no batch norm"},
		{"bench|-config|@/points.toml|-set|sample.standing=2|-steps|1", "ganengine: -set: sample.standing: model mlp has no batch norm"},
		{"graph|-config|@/points.toml|-set|sample.standing=2|-o|@/g.dot", "ganengine: -set: sample.standing: model mlp has no batch norm"},
		{"-config|@/points.toml|-set|eval.every=1|-set|eval.metrics=kd|-set|eval.features=none|-out|@/runs", "ganengine: -set: eval.features: there are no features"},
	} {
		if status, _, errs := p.try(strings.Split(test.args, "|")...); status != 2 || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d: %s", test.args, status, errs)
		}
	}
}
