package features

import (
	"strings"
	"testing"
)

// What is no name of features, nor a file, is said.
func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"pixel":               `there are no features "pixel"; did you mean pixels?`,
		"something":           `there are no features "something"; there are pixels`,
		"missing.safetensors": "missing.safetensors",
		"./missing":           "missing",
	} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if k, err := Find(""); err != nil || k.Name != Usual {
		t.Error(k, err)
	}
}
