// Package pickle reads Python's pickles without running what they hold.
//
// A pickle is a program for a machine that calls any function of Python by name. The
// machine here knows the operations that containers, numbers, strings, bytes and
// objects take, and calls nothing but the functions that its owner gives it; whatever
// else a pickle asks for is an error that names it. So a pickle yields dictionaries,
// lists, tuples, numbers, strings, bytes, booleans, None and what its owner makes, and
// can do nothing.
//
// Invariants: nothing is allocated by what a pickle says of its sizes before as many
// bytes were read; the machine takes a bounded number of steps.
//
// Source: pickle protocols 2 to 5, https://docs.python.org/3/library/pickletools.html.
package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// What a pickle may take. A tensor of a state dict takes some 50 steps and 200 bytes.
const (
	MaxSteps = 1 << 21
	MaxBytes = 32 << 20 // where a machine has no bound of its own
	maxLine  = 256      // of a function's name
)

// Operations and how many bytes follow them: of a number or its length, of a text's or bytes' length, of a place in the memo.
var (
	numbers = map[byte]int{'K': 1, 'M': 2, 'J': 4, 'G': 8, 0x8a: 1}
	texts   = map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'U': 1, 'T': 4}
	blobs   = map[byte]int{'C': 1, 'B': 4, 0x8e: 8, 0x96: 8}
	memos   = map[byte]int{'q': 1, 'r': 4, 0x94: 0, 'h': 1, 'j': 4}
)

// Reader is what pickles are read from.
type Reader interface {
	io.Reader
	io.ByteReader
}

// Machine runs one pickle.
type Machine struct {
	In         Reader                      // not read past the pickle's end
	Bytes      int                         // how many a pickle may have; 0: MaxBytes
	Known      map[string]*Global          // names of Python's that it may use
	Unknown    func(name string) error     // the error of asking for others
	Persistent func(id any) (any, error)   // what it says lies outside it; nil: nothing does
	Text       func(b []byte) (any, error) // strings of Python 2, which are bytes; nil: they must be UTF-8

	in    input
	stack []any
	marks []int
	memo  map[uint64]any
}

// Run gives the pickle's value.
func (m *Machine) Run() (any, error) {
	most := m.Bytes
	if most == 0 {
		most = MaxBytes
	}
	m.in, m.memo = input{r: m.In, most: most}, map[uint64]any{}
	for range MaxSteps {
		code, err := m.in.byte()
		if err != nil {
			return nil, err
		}
		if code == '.' {
			return m.result()
		}
		if err := m.step(code); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("its pickle takes more than %d steps", MaxSteps)
}

// Read is how many bytes the pickle had.
func (m *Machine) Read() int { return m.in.read }

func (m *Machine) result() (any, error) {
	if len(m.stack) != 1 || len(m.marks) != 0 {
		return nil, fmt.Errorf("its pickle ends with %d values where one is due", len(m.stack))
	}
	return m.stack[0], nil
}

func (m *Machine) step(code byte) error {
	for _, kind := range []func(byte) (bool, error){m.constant, m.number, m.text, m.blob, m.remember, m.container, m.call} {
		if known, err := kind(code); known || err != nil {
			return err
		}
	}
	return fmt.Errorf("its pickle has operation %#02x, which no tensors or plain values need", code)
}

// constant takes operations that push what they name, and those that change nothing.
func (m *Machine) constant(code byte) (known bool, err error) {
	switch code {
	case 0x80: // PROTO
		version, err := m.in.byte()
		if err == nil && (version < 2 || version > 5) {
			err = fmt.Errorf("its pickle is of protocol %d; 2 to 5 are read", version)
		}
		return true, err
	case 0x95: // FRAME
		_, err := m.in.next(8)
		return true, err
	case 'N':
		m.push(nil)
	case 0x88:
		m.push(true)
	case 0x89:
		m.push(false)
	case '}':
		m.push(&Dict{})
	case ']':
		m.push(&List{})
	case ')':
		m.push(Tuple{})
	case '(':
		m.marks = append(m.marks, len(m.stack))
	case '0': // POP
		_, err := m.pop(1)
		return true, err
	default:
		return false, nil
	}
	return true, nil
}

// number takes integers and floats.
func (m *Machine) number(code byte) (known bool, err error) {
	size, ok := numbers[code]
	if !ok {
		return false, nil
	}
	b, err := m.in.next(size)
	if err != nil {
		return true, err
	}
	switch code {
	case 'K':
		m.push(int64(b[0]))
	case 'M':
		m.push(int64(binary.LittleEndian.Uint16(b)))
	case 'J':
		m.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case 'G':
		m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case 0x8a: // LONG1: so many bytes, little endian, two's complement
		if b[0] > 8 {
			return true, fmt.Errorf("its pickle holds an integer of %d bytes; 8 are read", b[0])
		}
		size := int(b[0])
		if b, err = m.in.next(size); err != nil {
			return true, err
		}
		m.push(signed(b))
	}
	return true, nil
}

// signed is a little-endian two's complement of up to 8 bytes; none are 0.
func signed(b []byte) (n int64) {
	for i, v := range b {
		n |= int64(v) << (8 * i)
	}
	if k := len(b); k > 0 && k < 8 && b[k-1] >= 0x80 {
		n -= 1 << (8 * k)
	}
	return n
}

// text takes strings: of Unicode, and the bytes of Python 2's.
func (m *Machine) text(code byte) (known bool, err error) {
	width, ok := texts[code]
	if !ok {
		return false, nil
	}
	s, err := m.sized("string", width)
	if err != nil {
		return true, err
	}
	if old := code == 'U' || code == 'T'; old && m.Text != nil {
		v, err := m.Text(s)
		m.push(v)
		return true, err
	}
	if !utf8.Valid(s) {
		return true, errors.New("its pickle holds a string that is no UTF-8")
	}
	m.push(string(s))
	return true, nil
}

// blob takes bytes, and bytearrays, which nothing here changes.
func (m *Machine) blob(code byte) (known bool, err error) {
	width, ok := blobs[code]
	if !ok {
		return false, nil
	}
	b, err := m.sized("bytes", width)
	m.push(Bytes(b))
	return true, err
}

// sized gives what stands behind its length.
func (m *Machine) sized(what string, width int) ([]byte, error) {
	n, err := m.in.number(width)
	if err != nil {
		return nil, err
	}
	if n > uint64(m.in.most) {
		return nil, fmt.Errorf("its pickle holds a %s of %d bytes", what, n)
	}
	return m.in.next(int(n))
}

// remember takes operations on the memo, which lets a value stand in several places.
func (m *Machine) remember(code byte) (known bool, err error) {
	width, ok := memos[code]
	if !ok {
		return false, nil
	}
	key, err := m.in.number(width)
	if err != nil {
		return true, err
	}
	if code == 'h' || code == 'j' {
		v, ok := m.memo[key]
		if !ok {
			return true, fmt.Errorf("its pickle recalls value %d, which it has not stored", key)
		}
		m.push(v)
		return true, nil
	}
	if code == 0x94 {
		key = uint64(len(m.memo))
	}
	top, err := m.top()
	if err == nil {
		m.memo[key] = top
	}
	return true, err
}

func (m *Machine) push(v any) { m.stack = append(m.stack, v) }

// pop takes the last n values off the stack, none from before the last mark.
func (m *Machine) pop(n int) ([]any, error) {
	low := len(m.stack) - n
	if low < m.floor() {
		return nil, errors.New("its pickle takes values that are not there")
	}
	v := m.stack[low:]
	m.stack = m.stack[:low]
	return v, nil
}

func (m *Machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *Machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errors.New("its pickle takes a value that is not there")
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark takes the values since the last mark, and the mark.
func (m *Machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("its pickle takes values up to a mark that is not there")
	}
	v, err := m.pop(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return v, err
}

// input reads a pickle, and no byte after it.
type input struct {
	r    Reader
	most int // bytes
	read int
}

func (in *input) byte() (byte, error) {
	if in.read == in.most {
		return 0, in.over()
	}
	in.read++
	b, err := in.r.ReadByte()
	return b, cut(err)
}

// next gives n bytes. They are taken as many at a time as there were before, so that about no more is allocated than is
// there.
func (in *input) next(n int) ([]byte, error) {
	var b []byte
	for len(b) < n {
		more := min(n-len(b), max(len(b), 512), in.most-in.read)
		if more == 0 {
			return nil, in.over()
		}
		b = append(b, make([]byte, more)...)
		if _, err := io.ReadFull(in.r, b[len(b)-more:]); err != nil {
			return nil, cut(err)
		}
		in.read += more
	}
	return b, nil
}

func (in *input) over() error { return fmt.Errorf("its pickle is over %d bytes", in.most) }

// cut says plainly that the input ended.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("its pickle is cut short")
	}
	return err
}

// number gives a number without sign of up to 8 bytes, little endian.
func (in *input) number(width int) (uint64, error) {
	b, err := in.next(width)
	if err != nil {
		return 0, err
	}
	var whole [8]byte
	copy(whole[:], b)
	return binary.LittleEndian.Uint64(whole[:]), nil
}

// line gives the bytes up to a line break.
func (in *input) line() (string, error) {
	var b []byte
	for len(b) <= maxLine {
		v, err := in.byte()
		if err != nil {
			return "", err
		}
		if v == '\n' {
			return string(b), nil
		}
		b = append(b, v)
	}
	return "", fmt.Errorf("its pickle has a name of more than %d bytes", maxLine)
}
