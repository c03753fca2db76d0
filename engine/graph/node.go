package graph

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Node is one value of a program: an operator applied to earlier nodes.
// Nodes are immutable once built.
type Node struct {
	Op     Op
	Inputs []*Node
	Attr   any // the operator's attributes: Axes, Perm, Conv, ...; nil for most
	Shape  Shape
	DType  DType
	ID     int    // position in the program; means nothing outside the process
	Scope  string // the builder's scope when the node was built
	Site   string // file:line of the caller that built it

	b *Builder
}

// Builder is the builder that the node belongs to.
func (n *Node) Builder() *Builder { return n.b }

// String prints as %12 = Conv2D[128,32,32,64] f32.
func (n *Node) String() string {
	return fmt.Sprintf("%%%d = %s %s %s", n.ID, n.Op, n.DType, n.Shape)
}

// Describe names the node for people: operator, result, operands, where it was built.
func (n *Node) Describe() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s %s", n.Op, n.DType, n.Shape)
	if len(n.Inputs) > 0 {
		s.WriteString(" of")
		for i, x := range n.Inputs {
			if i > 0 {
				s.WriteString(",")
			}
			fmt.Fprintf(&s, " %s %s", x.DType, x.Shape)
		}
	}
	if n.Scope != "" {
		fmt.Fprintf(&s, " in %s", n.Scope)
	}
	if n.Site != "" {
		fmt.Fprintf(&s, ", built at %s", n.Site)
	}
	return s.String()
}

// BuildError is a programmer's error met while building a program.
type BuildError struct {
	Op   string // operator, or the builder function
	Msg  string // what does not fit, with the shapes
	Site string // file:line of the caller
}

func (e *BuildError) Error() string {
	if e.Site == "" {
		return e.Op + ": " + e.Msg
	}
	return fmt.Sprintf("%s: %s (built at %s)", e.Op, e.Msg, e.Site)
}

func fail(op, format string, args ...any) {
	panic(&BuildError{Op: op, Msg: fmt.Sprintf(format, args...), Site: callSite(nil)})
}

// Fail panics with a *BuildError of a package that builds with this one: its Site is
// the first caller outside of both, a line of whoever made the mistake.
func Fail(op, format string, args ...any) {
	site := ""
	if _, file, _, ok := runtime.Caller(1); ok {
		site = siteOutside(filepath.Dir(file))
	}
	panic(&BuildError{Op: op, Msg: fmt.Sprintf(format, args...), Site: site})
}

// siteOutside is the first caller whose file is neither in the folder nor of this package;
// "" for none.
func siteOutside(dir string) string {
	_, self, _, _ := runtime.Caller(0)
	own := filepath.Dir(self)
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if at := filepath.Dir(f.File); f.File != "" && (at != dir && at != own || strings.HasSuffix(f.File, "_test.go")) {
			return fmt.Sprintf("%s/%s:%d", filepath.Base(at), filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// callSite finds the first caller outside of this package: the line a reader
// wants to see, since most nodes are built by other builder functions. What is
// known of a program counter is looked up once and kept in seen, if that is
// not nil: most of the time of building went here.
func callSite(seen map[uintptr]string) string {
	var pcs [8]uintptr // the answer is near the top but for gradients
	for skip := 3; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			site, known := seen[pc]
			if !known {
				site = outside(pc)
				if seen != nil {
					seen[pc] = site
				}
			}
			if site != "" {
				return site
			}
		}
		if n < len(pcs) {
			return ""
		}
	}
}

// outside is the file and line of the first frame of pc (several where calls
// are inlined) that is outside of this package; "" where there is none.
func outside(pc uintptr) string {
	frames := runtime.CallersFrames([]uintptr{pc})
	for {
		f, more := frames.Next()
		dir, file := filepath.Split(f.File)
		inside := strings.HasSuffix(dir, "/engine/graph/") && !strings.HasSuffix(file, "_test.go")
		if !inside && f.File != "" && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s/%s:%d", filepath.Base(dir), file, f.Line)
		}
		if !more {
			return ""
		}
	}
}
