package classes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestNumbersAreClassesOfTheirOwn(t *testing.T) {
	for _, c := range []struct{ labels, names, class string }{
		{"7 0 10 7", "0 1 2 3 4 5 6 7 8 9 10", "7 0 10 7"},
		{"dog cat dog", "cat dog", "1 0 1"},
		{"1 0 x", "0 1 x", "1 0 2"},
		{"01 1", "01 1", "0 1"},       // no numbers: two labels would be one class
		{"-1 1", "-1 1", "0 1"},       // an unknown class is a word
		{"65536 1", "1 65536", "1 0"}, // an identity, not a count
	} {
		var table Table
		var numbers []int32
		for _, label := range strings.Fields(c.labels) {
			n, err := table.Add(label)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, n)
		}
		names, class := table.Numbered()
		var got []string
		for _, n := range numbers {
			got = append(got, fmt.Sprint(class[n]))
		}
		if strings.Join(names, " ") != c.names || strings.Join(got, " ") != c.class {
			t.Errorf("%s: classes %v of %v, want %s of %s", c.labels, got, names, c.class, c.names)
		}
	}
}

// TestNumbersHaveNames: a list names classes that are numbers, if it has all of them.
func TestNumbersHaveNames(t *testing.T) {
	for labels, want := range map[string]string{"1 0 1": "ant bee cat", "2": "ant bee cat", "3 0": "0 1 2 3", "x 1": "1 x"} {
		var table Table
		for _, label := range strings.Fields(labels) {
			if _, err := table.Add(label); err != nil {
				t.Fatal(err)
			}
		}
		if names, _ := table.Numbered("ant", "bee", "cat"); strings.Join(names, " ") != want {
			t.Errorf("%s: classes %v, want %s", labels, names, want)
		}
	}
}

func TestWhatIsNoClass(t *testing.T) {
	var table Table
	if _, err := table.Add(strings.Repeat("x", 257)); err == nil {
		t.Error("a caption became a class")
	}
	for i := range Most {
		if _, err := table.Add(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := table.Add("more"); err == nil {
		t.Error("one class too many")
	}
	if names, _ := table.Numbered(); len(names) != Most || !slices.Equal(names[:2], []string{"0", "1"}) {
		t.Errorf("%d classes", len(names))
	}
}
