//go:build systems

package systems_test

import (
	"testing"

	"ganengine/engine/debug"
	"ganengine/gan/classifier"
	"ganengine/gan/data"
)

// judge is the classifier of some glyphs, which knows samples of their characters from
// each other; the user's cache folder keeps it.
func judge(t *testing.T, spec data.Spec) *classifier.Net {
	t.Helper()
	switches, err := debug.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec.Kind, spec.Labels = "glyphs", true
	set, err := data.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := classifier.Open(t.Context(), newDevice(t), set, classifier.Options{Switches: switches, Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Close()
		set.Close()
	})
	return n
}

// TestJudge: a classifier of digits knows 99% of those that it was not trained on.
func TestJudge(t *testing.T) {
	n := judge(t, data.Spec{Characters: "0-9"})
	t.Log(n)
	if n.Accuracy < .99 || n.Held < 1000 {
		t.Errorf("%v", n)
	}
}
