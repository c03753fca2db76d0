package graph_test

import (
	"fmt"
	"strings"
	"testing"

	. "ganengine/engine/graph"
)

// TestOperatorsDocumented keeps docs/operators.md equal to the table.
func TestOperatorsDocumented(t *testing.T) {
	var s strings.Builder
	s.WriteString(`# Operators

<!-- Written by: go test ./engine/graph -run TestOperatorsDocumented -update -->

The closed table of the graph language (engine/graph). Devices compute every
row but the composites, which they either claim or have expanded into their
definition. Gradient: "rule" builds more nodes, so that any order follows;
"zero" is zero by definition; "none" is refused by name.

| Operator | Operands | Class | Formula | Gradient |
|---|---|---|---|---|
`)
	for _, r := range Rows() {
		operands := "any"
		if r.Arity >= 0 {
			operands = fmt.Sprint(r.Arity)
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s |\n", r.Name, operands, r.Class, strings.ReplaceAll(r.Doc, "|", `\|`), r.Gradient())
	}
	golden(t, "../../docs/operators.md", s.String())
}

// Every row says what it computes, under a name of its own.
func TestTableIsComplete(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rows() {
		if r.Name == "" || r.Doc == "" || names[r.Name] || r.Op.String() != r.Name || r.Op.Info().Name != r.Name {
			t.Errorf("row %+v", r)
		}
		names[r.Name] = true
	}
	if n := len(Rows()); n > 70 {
		t.Errorf("%d rows; the table is meant to stay about sixty", n)
	}
}
