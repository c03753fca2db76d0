package explore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Expression is arithmetic on latents: whole numbers are seeds, mean(...) is
// the average of its operands; + and - work on latents, and * between a latent
// and a factor such as 0.5.
type Expression struct {
	text string
	root term
}

// term is a node of the syntax: a seed, a factor, or an operation.
type term struct {
	op    string // seed, factor, mean, +, -, *
	seed  int32
	value float64
	args  []term
	text  string // of a mean, as it was written
}

// Parse reads an expression. Errors say where.
func Parse(text string) (*Expression, error) {
	p := &parser{text: text}
	root, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(text) {
		return nil, p.fault("expected + or - or the end")
	}
	if root.op == "factor" {
		return nil, p.fault("the result is a number, not a latent; seeds are whole numbers, such as 7")
	}
	return &Expression{text, root}, nil
}

// Seeds lists the seeds in order of first mention.
func (x *Expression) Seeds() []int32 {
	var seeds []int32
	var visit func(t term)
	visit = func(t term) {
		if t.op == "seed" && !slices.Contains(seeds, t.seed) {
			seeds = append(seeds, t.seed)
		}
		for _, a := range t.args {
			visit(a)
		}
	}
	visit(x.root)
	return seeds
}

// Part is a latent that an expression shows: a seed, a mean, the result.
type Part struct {
	Text string
	term term
}

// Eval computes its latent from those of the seeds.
func (p Part) Eval(latent func(seed int32) []float32) []float32 { return eval(p.term, latent) }

// Parts lists what there is to see of an expression, in rows: the seeds of each mean, then
// the mean; seeds that are in none; the result. What was shown is not shown again.
func (x *Expression) Parts() (rows [][]Part) {
	shown := map[string]bool{}
	var loose []Part
	show := func(row []Part, text string, t term) []Part {
		if shown[text] {
			return row
		}
		shown[text] = true
		return append(row, Part{text, t})
	}
	// below are the parts under a term, in order; means within it have rows of their own.
	var below func(row []Part, t term) []Part
	below = func(row []Part, t term) []Part {
		if t.op == "seed" {
			return show(row, strconv.Itoa(int(t.seed)), t)
		}
		if t.op == "mean" {
			var own []Part
			for _, a := range t.args {
				own = below(own, a)
			}
			if own = show(own, t.text, t); own != nil {
				rows = append(rows, own)
			}
			return row
		}
		for _, a := range t.args {
			row = below(row, a)
		}
		return row
	}
	if loose = below(nil, x.root); loose != nil {
		rows = append(rows, loose)
	}
	return append(rows, []Part{{"result", x.root}})
}

// String is the expression as it was written.
func (x *Expression) String() string { return x.text }

// Eval computes the latent from those of the seeds.
func (x *Expression) Eval(latent func(seed int32) []float32) []float32 {
	return eval(x.root, latent)
}

func eval(t term, latent func(int32) []float32) []float32 {
	if t.op == "seed" {
		return slices.Clone(latent(t.seed))
	}
	out := eval(t.args[0], latent)
	if t.op == "*" {
		for i := range out {
			out[i] = float32(t.value * float64(out[i]))
		}
		return out
	}
	for _, a := range t.args[1:] {
		for i, v := range eval(a, latent) {
			if t.op == "-" {
				v = -v
			}
			out[i] += v
		}
	}
	if t.op == "mean" {
		for i := range out {
			out[i] /= float32(len(t.args))
		}
	}
	return out
}

// deepest bounds how deep brackets nest.
const deepest = 100

type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) fault(what string) error {
	return fmt.Errorf("expression %.60q, position %d: %s", p.text, p.at+1, what)
}

func (p *parser) skip() {
	for p.at < len(p.text) && strings.ContainsRune(" \t", rune(p.text[p.at])) {
		p.at++
	}
}

// accept takes one of the characters, if it is next.
func (p *parser) accept(chars string) (byte, bool) {
	p.skip()
	if p.at < len(p.text) && strings.IndexByte(chars, p.text[p.at]) >= 0 {
		p.at++
		return p.text[p.at-1], true
	}
	return 0, false
}

func (p *parser) sum() (term, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > deepest {
		return term{}, p.fault(fmt.Sprintf("brackets are nested more than %d deep", deepest))
	}
	left, err := p.product()
	for err == nil {
		op, ok := p.accept("+-")
		if !ok {
			return left, nil
		}
		var right term
		if right, err = p.product(); err != nil {
			break
		}
		if left.op == "factor" || right.op == "factor" {
			return term{}, p.fault("a factor can only multiply; seeds are whole numbers, such as 7")
		}
		left = term{op: string(op), args: []term{left, right}}
	}
	return term{}, err
}

func (p *parser) product() (term, error) {
	left, err := p.operand()
	for err == nil {
		if _, ok := p.accept("*"); !ok {
			return left, nil
		}
		var right term
		if right, err = p.operand(); err != nil {
			break
		}
		if right.op == "factor" {
			left, right = right, left
		}
		if left.op != "factor" || right.op == "factor" {
			return term{}, p.fault("* needs a factor such as 0.5 and a latent")
		}
		left = term{op: "*", value: left.value, args: []term{right}}
	}
	return term{}, err
}

func (p *parser) operand() (term, error) {
	p.skip()
	rest := p.text[p.at:]
	if strings.HasPrefix(rest, "mean") {
		from := p.at
		p.at += len("mean")
		t, err := p.mean()
		t.text = strings.Join(strings.Fields(p.text[from:p.at]), "")
		return t, err
	}
	if _, ok := p.accept("("); ok {
		t, err := p.sum()
		if err != nil {
			return term{}, err
		}
		return t, p.expect(")")
	}
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
		n++
	}
	if n == 0 {
		return term{}, p.fault("expected a seed, mean(...) or an opening bracket")
	}
	if seed, err := strconv.ParseInt(rest[:n], 10, 32); err == nil {
		p.at += n
		return term{op: "seed", seed: int32(seed)}, nil
	}
	if f, err := strconv.ParseFloat(rest[:n], 64); err == nil && strings.Contains(rest[:n], ".") {
		p.at += n
		return term{op: "factor", value: f}, nil
	}
	return term{}, p.fault(rest[:n] + " is no seed: seeds are whole numbers up to 2147483647")
}

func (p *parser) mean() (term, error) {
	t := term{op: "mean"}
	if err := p.expect("("); err != nil {
		return t, err
	}
	for {
		arg, err := p.sum()
		if err != nil {
			return t, err
		}
		if arg.op == "factor" {
			return t, p.fault("mean takes latents; seeds are whole numbers, such as 7")
		}
		t.args = append(t.args, arg)
		if _, ok := p.accept(","); !ok {
			return t, p.expect(")")
		}
	}
}

func (p *parser) expect(char string) error {
	if _, ok := p.accept(char); !ok {
		return p.fault("expected " + char)
	}
	return nil
}
