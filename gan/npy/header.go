package npy

import (
	"strconv"
	"strings"
)

// parseHeader reads the dictionary that describes an array, a Python literal with the keys descr (a string),
// fortran_order (True or False) and shape (a tuple of numbers), in any order.
func parseHeader(text string) (Header, error) {
	p := &parser{rest: strings.TrimRight(text, " \n\x00")}
	var h Header
	var fortran bool
	seen := map[string]bool{}
	if !p.take("{") {
		return h, bad("header %.60q is no dictionary", text)
	}
	for !p.take("}") {
		key, ok := p.str()
		if !ok || !p.take(":") {
			return h, bad("header has no key at %.40q", p.rest)
		}
		if seen[key] {
			return h, bad("header says %q twice", key)
		}
		seen[key] = true
		var err error
		switch key {
		case "descr":
			h.DType, err = p.dtype()
		case "fortran_order":
			fortran, ok = p.boolean()
		case "shape":
			h.Shape, ok = p.tuple()
		default:
			return h, bad("header has the unknown key %q", key)
		}
		if err != nil {
			return h, err
		}
		if !ok {
			return h, bad("header's %s cannot be read at %.40q", key, p.rest)
		}
		if !p.take(",") && !p.peek("}") {
			return h, bad("header goes on with %.40q", p.rest)
		}
	}
	switch {
	case p.rest != "":
		return h, bad("header is followed by %.40q", p.rest)
	case len(seen) != 3:
		return h, bad("header %.80q lacks one of descr, fortran_order, shape", text)
	case fortran && len(h.Shape) > 1:
		return h, bad("is in Fortran order: save it with numpy.ascontiguousarray")
	}
	_, err := elements(h.Shape)
	return h, err
}

// parser holds what is not read yet.
type parser struct{ rest string }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\n") }

func (p *parser) peek(s string) bool {
	p.space()
	return strings.HasPrefix(p.rest, s)
}

func (p *parser) take(s string) bool {
	if !p.peek(s) {
		return false
	}
	p.rest = p.rest[len(s):]
	p.space()
	return true
}

// str reads a quoted string without escapes; the format's keys and types need none.
func (p *parser) str() (string, bool) {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			s, rest, ok := strings.Cut(p.rest, quote)
			p.rest = rest
			return s, ok && !strings.Contains(s, `\`)
		}
	}
	return "", false
}

func (p *parser) boolean() (value, ok bool) {
	if p.take("True") {
		return true, true
	}
	return false, p.take("False")
}

func (p *parser) dtype() (string, error) {
	if p.peek("[") {
		return "", bad("is a structured array: save its fields as arrays of their own")
	}
	code, ok := p.str()
	if !ok {
		return "", bad("header's descr cannot be read at %.40q", p.rest)
	}
	if code == "<u1" || code == ">u1" {
		code = "|u1" // one byte has no order
	}
	name := nameOf(code)
	switch {
	case name != code:
		return name, nil
	case strings.HasPrefix(code, ">"):
		return "", bad("element type %q is big endian: convert it with .astype(%q)", code, "<"+code[1:])
	}
	return "", bad("element type %q is not supported: convert it to float32, float64, int32, int64 or uint8", code)
}

func (p *parser) tuple() ([]int, bool) {
	if !p.take("(") {
		return nil, false
	}
	shape := []int{}
	for !p.take(")") {
		end := strings.IndexFunc(p.rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			return nil, false
		}
		n, err := strconv.Atoi(p.rest[:end])
		if err != nil {
			return nil, false
		}
		p.rest = p.rest[end:]
		p.take("L") // a long of Python 2
		shape = append(shape, n)
		if !p.take(",") && !p.peek(")") {
			return nil, false
		}
	}
	return shape, true
}
