package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"ganengine/engine/spelling"
)

// Number is a hyper-parameter that may change in the course of a run: a number, or in
// its place a table on one line, { at = [0, 100], to = [2e-4, 0], unit = "epochs" }.
type Number struct {
	Value    float64   // zero with a Schedule
	Schedule *Schedule // nil for a number that stays
}

// Schedule is the course of a number over a clock: To[i] at At[i], the first of To
// before and the last after, and between two of them what Shape says.
type Schedule struct {
	At    []float64 // ascending, from 0 on
	To    []float64
	Unit  string // of At
	Shape string
	From  string // what the clock counts from
}

// The values of a table's words; the first is the default.
var (
	units  = []string{"steps", "kimg", "epochs", "updates"}
	shapes = []string{"linear", "cosine", "exponential", "step", "inverse"}
	froms  = []string{"start", "phase"}
)

// IsZero reports whether the number is 0 all along.
func (n Number) IsZero() bool {
	for _, v := range n.Course().To {
		if v != 0 {
			return false
		}
	}
	return true
}

// Course is the number as a schedule: of one point, if it stays.
func (n Number) Course() Schedule {
	if n.Schedule != nil {
		return *n.Schedule
	}
	return Schedule{At: []float64{0}, To: []float64{n.Value}, Unit: units[0], Shape: shapes[0], From: froms[0]}
}

const tableExample = `{ at = [0, 100], to = [2e-4, 0], unit = "epochs" }`

// convertTable reads a schedule as the TOML decoder gives it.
func convertTable(table map[string]any) (any, string) {
	s := &Schedule{Unit: units[0], Shape: shapes[0], From: froms[0]}
	parts := map[string]reflect.Value{"at": reflect.ValueOf(&s.At), "to": reflect.ValueOf(&s.To),
		"unit": reflect.ValueOf(&s.Unit), "shape": reflect.ValueOf(&s.Shape), "from": reflect.ValueOf(&s.From)}
	names := []string{"at", "to", "unit", "shape", "from"}
	given := make([]string, 0, len(table))
	for name := range table {
		given = append(given, name)
	}
	slices.Sort(given)
	for _, name := range given {
		place, ok := parts[name]
		if !ok {
			if near := spelling.Nearest(name, names); near != "" {
				return nil, fmt.Sprintf("in the table, there is no %s; did you mean %s?", shorten(name), near)
			}
			return nil, fmt.Sprintf("in the table, there is no %s; write %s", shorten(name), tableExample)
		}
		v, complaint := kindOf(place.Type().Elem()).convert(table[name])
		if complaint != "" {
			return nil, fmt.Sprintf("in the table, %s: %s", name, complaint)
		}
		place.Elem().Set(reflect.ValueOf(v))
	}
	return Number{Schedule: s}, ""
}

// check returns a complaint about a schedule of a key, or "".
func (s *Schedule) check(k *key) string {
	for _, word := range []struct {
		name, value string
		values      []string
	}{{"unit", s.Unit, units}, {"shape", s.Shape, shapes}, {"from", s.From, froms}} {
		if !slices.Contains(word.values, word.value) {
			return fmt.Sprintf("in the table, %q is no %s; write %s", shorten(word.value), word.name, quoted(word.values, "or"))
		}
	}
	if len(s.At) != len(s.To) || len(s.To) == 0 {
		return fmt.Sprintf("in the table, at has %d numbers and to has %d; write as many of both, as in %s", len(s.At), len(s.To), tableExample)
	}
	within := k.within
	if k.course.given {
		within = k.course
	}
	for i, at := range s.At {
		if at < 0 || i > 0 && at <= s.At[i-1] {
			return fmt.Sprintf("in the table, at is %s; it must begin with 0 or more, and grow", format(s.At))
		}
		if c := (&key{within: within}).checkNumber(s.To[i], s.To[i]); c != "" {
			return "in the table, to: " + c
		}
		if s.To[i] <= 0 && (s.Shape == "exponential" || s.Shape == "inverse") {
			return fmt.Sprintf("in the table, to: %s is impossible; a schedule of shape %q has numbers of more than 0", format(s.To[i]), s.Shape)
		}
	}
	return ""
}

// String is the schedule as TOML, on one line.
func (s *Schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{ at = %s, to = %s, unit = %q, shape = %q, from = %q }", format(s.At), format(s.To), s.Unit, s.Shape, s.From)
	return b.String()
}

func (n Number) clone() Number {
	if n.Schedule != nil {
		s := *n.Schedule
		s.At, s.To = slices.Clone(s.At), slices.Clone(s.To)
		n.Schedule = &s
	}
	return n
}
