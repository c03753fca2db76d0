package emit

import (
	"fmt"
	"slices"
	"strings"
)

// A kernel is one part, or several that do not depend on each other, so that one
// launch does for all of them: the blocks of each follow those of the one before.

// entryName stands for the kernel's name until its text is known.
const entryName = "ge_entry"

// launchOf is how a kernel of parts is started.
func launchOf(parts []*builder) Launch {
	l := Launch{Block: [3]int{0, 1, 1}}
	for _, p := range parts {
		l.Block[0] = max(l.Block[0], p.threads)
		for _, q := range p.pointers {
			if !slices.Contains(l.Pointers, q) {
				l.Pointers = append(l.Pointers, q)
			}
		}
	}
	if len(parts) == 1 {
		l.Grid = [3]int{parts[0].grid[0], parts[0].grid[1], 1}
		return l
	}
	// A part counts its threads by the kernel's blocks, and so do its guards.
	l.Grid = [3]int{0, 1, 1}
	for _, p := range parts {
		l.Grid[0] += p.blocks()
	}
	return l
}

// textOf is the whole text of a kernel whose parameters are pointers.
func textOf(parts []*builder, pointers []Pointer) string {
	var s strings.Builder
	fmt.Fprintf(&s, ".visible .entry %s(", entryName)
	for i := range pointers {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, "\n\t.param .u64 p%d", i)
	}
	s.WriteString("\n)\n")
	if largest := slices.MaxFunc(parts, func(p, q *builder) int { return p.blocks() - q.blocks() }); largest.resident > 0 {
		fmt.Fprintf(&s, ".maxntid %d, 1, 1\n.minnctapersm %d\n", threads, largest.resident)
	}
	s.WriteString("{\n")
	shared := 0
	for _, p := range parts {
		shared = max(shared, p.shared)
	}
	if shared > 0 {
		fmt.Fprintf(&s, "\t.shared .align 16 .b8 room[%d];\n", shared)
	}
	if len(parts) == 1 {
		b := parts[0]
		b.write(&s, fmt.Sprintf("\tmov.u32 %s, %%ctaid.x;\n\tmov.u32 %s, %%ctaid.y;\n", b.x, b.y), pointers)
	} else {
		s.WriteString("\t.reg .b32 %block;\n\t.reg .pred %later;\n\tmov.u32 %block, %ctaid.x;\n")
		start := 0
		for i, b := range parts {
			fmt.Fprintf(&s, "\tsetp.ge.u32 %%later, %%block, %d;\n\t@%%later bra part%d;\n\t{\n", start+b.blocks(), i+1)
			b.write(&s, fmt.Sprintf("\tsub.u32 %s, %%block, %d;\n%s", b.x, start, b.split()), pointers)
			fmt.Fprintf(&s, "\t}\npart%d:\n", i+1)
			start += b.blocks()
		}
		s.WriteString("\tret;\n")
	}
	s.WriteString("}\n")
	return s.String()
}

// split makes both of a part's block numbers of one.
func (b *builder) split() string {
	if b.grid[1] == 1 {
		return fmt.Sprintf("\tmov.u32 %s, 0;\n", b.y)
	}
	return fmt.Sprintf("\tdiv.u32 %s, %s, %d;\n\trem.u32 %s, %s, %d;\n", b.y, b.x, b.grid[0], b.x, b.x, b.grid[0])
}

// write writes a part: its registers, which block it has, its addresses, and what
// it does.
func (b *builder) write(s *strings.Builder, block string, pointers []Pointer) {
	for c, n := range b.count {
		if n > 0 {
			fmt.Fprintf(s, "\t.reg %s %s<%d>;\n", types[c], letters[c], n)
		}
	}
	s.WriteString(block)
	for i, r := range b.bases {
		p := slices.Index(pointers, b.pointers[i])
		fmt.Fprintf(s, "\tld.param.u64 %s, [p%d];\n\tcvta.to.global.u64 %s, %s;\n", r, p, r, r)
	}
	s.WriteString(b.text.String())
	s.WriteString("\tret;\n")
}

// moveRoom lets the part's scratch memory and counters begin after those of others.
func (b *builder) moveRoom(by Room) {
	for i := range b.pointers {
		switch p := &b.pointers[i]; {
		case p.IsCounter:
			p.Offset += by.Counters
		case p.Value == nil && p.Var == nil:
			p.Offset += by.Scratch
		}
	}
}
