package graph

import "fmt"

// Variable is a value that outlives a run: a parameter, a moment, a statistic,
// a counter. A session holds its storage; programs read and update it.
type Variable struct {
	Name  string // unique, scoped: g/up2/conv/w
	Shape Shape
	DType DType
	// Group is the storage group: members of one group lie next to each other
	// on a device, on 256-byte boundaries, with zeros between.
	Group string
	// Init builds the first value; it runs in the session's init program.
	Init func(b *Builder) *Node
	// External values are the host's to write at each start: the init program gives them
	// none, and no checkpoint holds them.
	External bool
}

// Bytes is the size of the value.
func (v *Variable) Bytes() int { return v.Shape.Size() * v.DType.Size() }

// Vars is the set of Variables of one session, in order of declaration.
type Vars struct {
	list   []*Variable
	byName map[string]*Variable
}

// NewVars gives an empty set.
func NewVars() *Vars { return &Vars{byName: map[string]*Variable{}} }

// Add declares v. A name declared twice is a programmer's error.
func (s *Vars) Add(v *Variable) *Variable {
	if s.byName[v.Name] != nil {
		fail("Variable", "%q is declared twice", v.Name)
	}
	if v.Init == nil {
		fail("Variable", "%q has no initial value", v.Name)
	}
	s.list = append(s.list, v)
	s.byName[v.Name] = v
	return v
}

// ByName finds a Variable; nil where there is none.
func (s *Vars) ByName(name string) *Variable { return s.byName[name] }

// All lists the Variables in order of declaration.
func (s *Vars) All() []*Variable { return s.list }

// InitProgram builds the program that gives every Variable its first value,
// except those whose value the host writes (skip).
func (s *Vars) InitProgram(name string, r *Random, skip func(*Variable) bool) (*Program, error) {
	return Build(name, s, func(b *Builder) {
		b.UseRandom(r)
		for _, v := range s.list {
			if v.External || skip != nil && skip(v) {
				continue
			}
			b.In(v.Name, func() {
				x := v.Init(b)
				if x.DType != v.DType {
					x = Cast(x, v.DType)
				}
				b.Update(v, Broadcast(x, v.Shape), nil)
			})
		}
	})
}

// Fill is the initial value x everywhere.
func Fill(d DType, x float64) func(*Builder) *Node {
	return func(b *Builder) *Node { return b.Const(d, x) }
}

// String prints name, type and shape.
func (v *Variable) String() string { return fmt.Sprintf("%s %s %s", v.Name, v.DType, v.Shape) }
