package systems_test

import (
	"strings"
	"testing"

	"ganengine/gan/systems"
)

// A model without codes is refused where its file says so.
func TestInfoGANNeedsCodes(t *testing.T) {
	s, err := systems.Schema().Parse("test.toml", "[model]\nkind = \"infogan\"\ncategories = []\ncontinuous = 0\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve(); err == nil || !strings.Contains(err.Error(), "test.toml:3: model.categories: there are no codes") {
		t.Errorf("error %v", err)
	}
}
