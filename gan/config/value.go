package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"ganengine/engine/spelling"
)

// A kind is the type of a key's value.
type kind int

const (
	text    kind = iota // string
	whole               // int
	number              // float64
	truth               // bool
	texts               // []string
	wholes              // []int
	numbers             // []float64
	course              // Number
)

// kinds says what each kind is called and looks like in a file.
var kinds = [...]struct {
	name, example string
	element       kind // of a list
	list          bool
}{
	text:    {"a string", `"name"`, text, false},
	whole:   {"a whole number", "8", whole, false},
	number:  {"a number", "0.5", number, false},
	truth:   {"true or false", "true", truth, false},
	texts:   {"a list of strings", `["a", "b"]`, text, true},
	wholes:  {"a list of whole numbers", "[64, 64]", whole, true},
	numbers: {"a list of numbers", "[0.5, 1]", number, true},
	course:  {"a number", "0.5", number, false},
}

func kindOf(t reflect.Type) kind {
	switch t {
	case reflect.TypeFor[string]():
		return text
	case reflect.TypeFor[int]():
		return whole
	case reflect.TypeFor[float64]():
		return number
	case reflect.TypeFor[bool]():
		return truth
	case reflect.TypeFor[[]string]():
		return texts
	case reflect.TypeFor[[]int]():
		return wholes
	case reflect.TypeFor[[]float64]():
		return numbers
	case reflect.TypeFor[Number]():
		return course
	}
	panic("config: no key can have the type " + t.String())
}

// convert turns a value as the TOML decoder gives it into the kind's Go type.
// The complaint is empty unless the type is wrong.
func (d kind) convert(v any) (converted any, complaint string) {
	if table, ok := v.(map[string]any); ok && d == course {
		return convertTable(table)
	}
	if d == course {
		x, complaint := number.convert(v)
		if complaint != "" {
			return nil, complaint
		}
		return Number{Value: x.(float64)}, ""
	}
	switch v := v.(type) {
	case string:
		if d == text {
			return v, ""
		}
	case int64:
		switch d {
		case whole:
			return int(v), ""
		case number:
			return float64(v), ""
		}
	case float64:
		if d == number && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, ""
		}
		if d == whole && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return nil, fmt.Sprintf("%s is a number with a fraction; write %d", format(v), int64(v))
		}
	case bool:
		if d == truth {
			return v, ""
		}
	case []any:
		if kinds[d].list {
			return d.convertList(v)
		}
	}
	return nil, fmt.Sprintf("%s; write %s, such as %s", describe(v), kinds[d].name, kinds[d].example)
}

func (d kind) convertList(elements []any) (any, string) {
	out := reflect.ValueOf(d.empty())
	for _, e := range elements {
		v, complaint := kinds[d].element.convert(e)
		if complaint != "" {
			return nil, "in the list, " + complaint
		}
		out = reflect.Append(out, reflect.ValueOf(v))
	}
	return out.Interface(), ""
}

// empty is the list without elements; never nil, so that a list read back
// equals the list written.
func (d kind) empty() any {
	switch d {
	case texts:
		return []string{}
	case wholes:
		return []int{}
	}
	return []float64{}
}

// parse reads a value as the command line has it: a TOML value, where strings
// may lack their quotes and lists their brackets.
func (d kind) parse(s string) (value any, complaint string) {
	if !utf8.ValidString(s) {
		return nil, fmt.Sprintf("%q is not UTF-8; write it in UTF-8", s)
	}
	trimmed := strings.TrimSpace(s)
	switch {
	case d == text && !strings.HasPrefix(trimmed, `"`) && !strings.HasPrefix(trimmed, "'"):
		return s, ""
	case kinds[d].list && !strings.HasPrefix(trimmed, "["):
		return d.parseElements(trimmed)
	}
	var file map[string]any
	if _, err := toml.Decode("v = "+trimmed, &file); err != nil || len(file) != 1 {
		if digits := strings.TrimLeft(trimmed, "+-"); digits != "" && strings.Trim(digits, "0123456789_") == "" {
			return nil, fmt.Sprintf("%s is too large", shorten(s))
		}
		return nil, fmt.Sprintf("cannot read %s; write %s, such as %s", strconv.Quote(shorten(s)), kinds[d].name, kinds[d].example)
	}
	return d.convert(file["v"])
}

func (d kind) parseElements(s string) (any, string) {
	out := reflect.ValueOf(d.empty())
	if s == "" {
		return out.Interface(), ""
	}
	for e := range strings.SplitSeq(s, ",") {
		v, complaint := kinds[d].element.parse(strings.TrimSpace(e))
		if complaint != "" && len(strings.Fields(e)) > 1 {
			return nil, fmt.Sprintf("cannot read %q; separate the elements of a list with commas, as in %s", shorten(s), strings.Trim(kinds[d].example, "[]"))
		}
		if complaint != "" {
			return nil, "in the list, " + complaint
		}
		out = reflect.Append(out, reflect.ValueOf(v))
	}
	return out.Interface(), ""
}

// format writes a value of a key as TOML, on one line.
func format(v any) string {
	if n, ok := v.(Number); ok {
		if n.Schedule != nil {
			return n.Schedule.String()
		}
		v = n.Value
	}
	b, err := toml.Marshal(map[string]any{"v": v})
	if err != nil {
		panic("config: " + err.Error()) // only the kinds above come here
	}
	return strings.TrimSpace(strings.TrimPrefix(string(b), "v = "))
}

// describe says what a decoded value is, for a complaint.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(shorten(v)) + " is a string"
	case int64:
		return format(v) + " is a whole number"
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v) + " is not finite"
		}
		return format(v) + " is a number with a fraction"
	case bool:
		return format(v) + " is a truth value"
	case []any:
		return "the value is a list"
	case time.Time:
		return "the value is a date"
	}
	return "the value is a table"
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func clone(v any) any {
	switch v := v.(type) {
	case []string:
		return append([]string{}, v...)
	case []int:
		return append([]int{}, v...)
	case []float64:
		return append([]float64{}, v...)
	case Number:
		return v.clone()
	}
	return v
}

// check returns a complaint about an impossible value of the key, or "".
func (k *key) check(v any) string {
	if k.later && !reflect.DeepEqual(v, k.def) {
		return fmt.Sprintf("%s is not supported by this version; remove it", shorten(format(v)))
	}
	switch v := v.(type) {
	case string:
		return k.checkText(v)
	case int:
		return k.checkNumber(float64(v), v)
	case float64:
		return k.checkNumber(v, v)
	case Number:
		if v.Schedule != nil {
			return v.Schedule.check(k)
		}
		return k.checkNumber(v.Value, v.Value)
	case []int:
		return checkList(k, v)
	case []float64:
		return checkList(k, v)
	}
	return ""
}

func checkList[T int | float64](k *key, list []T) string {
	for _, e := range list {
		if c := k.checkNumber(float64(e), e); c != "" {
			return "in the list, " + c
		}
	}
	return ""
}

func (k *key) checkText(v string) string {
	if k.values == nil || slices.Contains(k.values, v) || v == k.def {
		return ""
	}
	if near := k.nearest(v); near != "" {
		return fmt.Sprintf("%q is not a value of this key; did you mean %q?", shorten(v), near)
	}
	return fmt.Sprintf("%q is not a value of this key; write %s", shorten(v), quoted(k.values, "or"))
}

// nearest is the value that was probably meant, or "".
func (k *key) nearest(v string) string {
	lower := strings.ToLower(v)
	if m, ok := k.meant[lower]; ok {
		return m
	}
	return spelling.Nearest(lower, k.accepted())
}

// checkNumber refuses numbers outside the key's interval, and those that devices,
// which compute in float32, would take for infinite.
func (k *key) checkNumber(v float64, as any) string {
	if math.Abs(v) > math.MaxFloat32 {
		return fmt.Sprintf("%s is impossible; no number may be larger than 3.4e38", format(as))
	}
	if k.within.contains(v) {
		return ""
	}
	return fmt.Sprintf("%s is impossible; it must be %s", format(as), k.within)
}

// accepted is the values and their other names, in a fixed order.
func (k *key) accepted() []string {
	return slices.Concat(k.values, slices.Sorted(maps.Keys(k.alias)))
}
