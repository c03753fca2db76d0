package measure

import (
	"reflect"
	"strings"
	"testing"
)

func row() Row {
	return Row{Name: "fd10k_pixels_test", Metric: "fd", Settings: map[string]float64{"k": 5, "sigma": .2},
		Protocol: Protocol{Samples: 10000, Reals: 9000, Split: "test", Data: "d", Resize: "none", Feature: "pixels", Seed: 1}}
}

// Values of another protocol are refused, with what differs; a field that is added to
// Protocol counts without being listed anywhere.
func TestComparable(t *testing.T) {
	a := row()
	other := row()
	step := int64(7)
	other.Checkpoint, other.Value, other.Settings["sigma"] = &step, 3, .9 // of the samples
	if err := Comparable(a, other); err != nil {
		t.Errorf("the same protocol: %v", err)
	}
	for i := range reflect.TypeFor[Protocol]().NumField() {
		b := row()
		field := reflect.ValueOf(&b.Protocol).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("other")
		case reflect.Int:
			field.SetInt(77)
		default:
			t.Fatalf("field %d is a %s", i, field.Kind())
		}
		name, _, _ := strings.Cut(reflect.TypeFor[Protocol]().Field(i).Tag.Get("json"), ",")
		if err := Comparable(a, b); err == nil || !strings.Contains(err.Error(), " differ in "+name+" ") {
			t.Errorf("another %s: %v", name, err)
		}
	}
	b := row()
	b.Name, b.Split, b.Samples, b.Settings = "fd5k_pixels_train", "train", 5000, map[string]float64{"k": 3, "subsets": 2}
	const want = "fd10k_pixels_test and fd5k_pixels_train are not compared: their protocols differ in samples 10000 and 5000, split test and train, setting k 5 and 3, setting subsets none and 2"
	if err := Comparable(a, b); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	b = row()
	b.Metric = "kd"
	if err := Comparable(a, b); err == nil || !strings.Contains(err.Error(), "metric fd and kd") {
		t.Errorf("another metric: %v", err)
	}
}
