package measure

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// found are settings that come out of the samples themselves, not out of a protocol.
var found = []string{"sigma"} // of parzen: chosen by the validation samples

// Comparable says in which respects two values came about in different ways, so that
// neither is better than the other; nil where they can be compared.
func Comparable(a, b Row) error {
	var differ []string
	note := func(name string, x, y any) {
		if !reflect.DeepEqual(x, y) {
			differ = append(differ, fmt.Sprintf("%s %s and %s", name, said(x), said(y)))
		}
	}
	note("metric", a.Metric, b.Metric)
	x, y := reflect.ValueOf(a.Protocol), reflect.ValueOf(b.Protocol)
	for i := range x.NumField() {
		name, _, _ := strings.Cut(x.Type().Field(i).Tag.Get("json"), ",")
		note(name, x.Field(i).Interface(), y.Field(i).Interface())
	}
	both := maps.Clone(a.Settings)
	if both == nil {
		both = map[string]float64{}
	}
	maps.Copy(both, b.Settings)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if slices.Contains(found, name) {
			continue
		}
		v, inA := a.Settings[name]
		w, inB := b.Settings[name]
		if inA != inB || v != w {
			note("setting "+name, setting(v, inA), setting(w, inB))
		}
	}
	if differ == nil {
		return nil
	}
	return fmt.Errorf("%s and %s are not compared: their protocols differ in %s", a.Name, b.Name, strings.Join(differ, ", "))
}

func setting(x float64, there bool) string {
	if !there {
		return ""
	}
	return fmt.Sprintf("%g", x)
}

func said(x any) string {
	if text := fmt.Sprint(x); text != "" {
		return text
	}
	return "none"
}
