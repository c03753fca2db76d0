//go:build cuda && cgo && linux

package cudnn

import (
	"fmt"
	"strings"
)

// A Choice is an engine with the settings of its knobs: what determines, with
// the library's version and the device, the kernels that run and the bits that
// they give.
type Choice struct {
	Engine int64
	Knobs  []Knob // in the library's order
}

// A Knob is one setting; both numbers are the library's own.
type Knob struct{ Type, Value int64 }

// String is the choice in the form that ParseChoice reads, "45 2=1 3=0".
func (c Choice) String() string {
	var b strings.Builder
	fmt.Fprint(&b, c.Engine)
	for _, k := range c.Knobs {
		fmt.Fprintf(&b, " %d=%d", k.Type, k.Value)
	}
	return b.String()
}

// ParseChoice reads what Choice's String wrote.
func ParseChoice(text string) (Choice, error) {
	var c Choice
	fields := strings.Fields(text)
	bad := fmt.Errorf("engine choice %q: want the engine's number and its knobs, as in \"45 2=1 3=0\"", text)
	if len(fields) == 0 {
		return c, bad
	}
	if _, err := fmt.Sscanf(fields[0], "%d", &c.Engine); err != nil || fmt.Sprint(c.Engine) != fields[0] {
		return c, bad
	}
	for _, field := range fields[1:] {
		var k Knob
		if _, err := fmt.Sscanf(field, "%d=%d", &k.Type, &k.Value); err != nil || fmt.Sprintf("%d=%d", k.Type, k.Value) != field {
			return c, bad
		}
		c.Knobs = append(c.Knobs, k)
	}
	return c, nil
}

// Notes is what the library says of an engine, a set of bits.
type Notes uint32

const (
	TensorCore                Notes = 1 << 0 // numerical notes: the library's number is the bit's
	DownConvertInputs         Notes = 1 << 1
	ReducedPrecisionReduction Notes = 1 << 2
	FFT                       Notes = 1 << 3
	Nondeterministic          Notes = 1 << 4
	Winograd                  Notes = 1 << 5
	RuntimeCompilation        Notes = 1 << behaviorBit // behaviour notes follow from here
)

const behaviorBit = 16

func (n Notes) String() string {
	names := map[int]string{0: "tensor cores", 1: "converts operands", 2: "narrow sums", 3: "FFT", 4: "not deterministic",
		5: "Winograd", 6: "Winograd 4x4", 7: "Winograd 6x6", 8: "Winograd 13x13", 9: "strict NaN",
		behaviorBit: "compiled at run time", behaviorBit + 3: "native graphs", behaviorBit + 4: "cuBLASLt"}
	var all []string
	for bit := range 32 {
		if n>>bit&1 == 0 {
			continue
		}
		name, ok := names[bit]
		if !ok {
			name = fmt.Sprintf("note %d", bit)
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// A defect is an engine that is known to compute wrongly.
type defect struct {
	from, before int // versions of the library, 92301 for 9.23.1
	direction    Direction
	engine       int64
	capability   int // 86 for 8.6; 0 for any
	why          string
}

// defects lists the engines that are never used, each with its source.
func defects() []defect {
	return []defect{
		{92301, 92400, Forward, 5, 86, "is not deterministic (github.com/pytorch/pytorch/issues/188288)"},
	}
}

// blocked returns why an engine may not be used, "" if it may.
func blocked(list []defect, version, capability int, direction Direction, engine int64) string {
	for _, d := range list {
		if d.from <= version && version < d.before && d.direction == direction && d.engine == engine &&
			(d.capability == 0 || d.capability == capability) {
			return d.why
		}
	}
	return ""
}

// refused returns why an engine with these notes may not compute c, "" if it may.
func (o Options) refused(c Conv, n Notes) string {
	switch {
	case n&DownConvertInputs != 0:
		return "converts its operands to a smaller type"
	case n&ReducedPrecisionReduction != 0:
		return "adds up in a smaller type"
	case n&Nondeterministic != 0 && !o.Nondeterministic:
		return "is not deterministic"
	case n&TensorCore != 0 && c.Type == Float32:
		return "rounds fp32 to TF32"
	}
	return ""
}
