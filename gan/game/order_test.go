package game

import (
	"slices"
	"testing"

	"ganengine/internal/property"
	"pgregory.net/rapid"
)

// sequenceOf is a sequence of entries over turns that read one stream.
func sequenceOf(accumulate int64, lazies []*Lazy, entries ...Entry) *Sequence {
	s := &Sequence{lazies: lazies, accumulate: accumulate}
	for _, e := range entries {
		e.Times, e.Every = max(e.Times, 1), max(e.Every, 1)
		s.order = append(s.order, e)
	}
	return s
}

func turn(name string, st *Stream, lazies ...*Lazy) *TurnRef {
	r := &TurnRef{Name: name, Uses: Uses{Lazies: lazies, minimised: 1}}
	if st != nil {
		r.Uses.Fed = []Fed{{Stream: st}}
	}
	return r
}

func names(s *Sequence, step int64) (out []string) {
	for _, p := range s.At(step) {
		out = append(out, s.name(s.variants[p]))
	}
	return out
}

// What runs in each step, worked out by hand from papers' orders.
func TestOrders(t *testing.T) {
	data := &Stream{Name: "data", StreamOptions: StreamOptions{Batch: 8}}
	reg := &Lazy{Name: "reg", Every: 3, Offset: 2}
	d, dg, g := turn("d", data, reg), turn("dg", data, reg), turn("g", nil)
	early, late := turn("early", data), turn("late", data)
	for what, c := range map[string]struct {
		s     *Sequence
		steps map[int64][]string
	}{
		"two critic steps, each third update with penalties": {sequenceOf(1, []*Lazy{reg}, Entry{Turn: d}, Entry{Turn: dg}),
			map[int64][]string{0: {"d", "dg"}, 1: {"d_reg", "dg"}, 2: {"d", "dg_reg"}, 3: {"d", "dg"}}},
		"G first, then D twice": {sequenceOf(1, nil, Entry{Turn: g}, Entry{Turn: d, Times: 2}),
			map[int64][]string{0: {"g", "d", "d_end"}}},
		"in turns": {sequenceOf(1, nil, Entry{Turn: d, Every: 2}, Entry{Turn: g, Every: 2, Offset: 1}),
			map[int64][]string{0: {"d"}, 1: {"g"}, 100: {"d"}}},
		"phases": {sequenceOf(1, nil, Entry{Turn: early, Until: 5}, Entry{Turn: late, From: 5}),
			map[int64][]string{0: {"early"}, 4: {"early"}, 5: {"late"}, 1e9: {"late"}}},
		"accumulated": {sequenceOf(3, []*Lazy{reg}, Entry{Turn: d}, Entry{Turn: g}),
			map[int64][]string{0: {"d_add", "d_add", "d", "g_add", "g_add", "g"}, 2: {"d_reg_add", "d_reg_add", "d_reg", "g_add", "g_add", "g"}}},
	} {
		if err := c.s.find(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for step, want := range c.steps {
			if got := names(c.s, step); !slices.Equal(got, want) {
				t.Errorf("%s: step %d runs %v, want %v", what, step, got, want)
			}
		}
	}
	if err := sequenceOf(1, nil, Entry{Turn: d, Every: 2}).find(); err == nil {
		t.Error("an order whose second step is empty was taken")
	}
}

// Positions and counts of lazy things are those of running step after step, and
// every program that comes was found.
func TestTakenCountsRuns(t *testing.T) {
	property.Check(t, func(r *rapid.T) {
		st := &Stream{StreamOptions: StreamOptions{Batch: 3}}
		every := int64(rapid.IntRange(1, 5).Draw(r, "lazy"))
		lazy := &Lazy{Name: "lazy", Every: every, Offset: int64(rapid.IntRange(0, 4).Draw(r, "lazy offset"))}
		entries := []Entry{{Turn: turn("always", nil)}}
		for range rapid.IntRange(1, 3).Draw(r, "entries") {
			e := Entry{Turn: turn("t", st, lazy), Times: int64(rapid.IntRange(1, 3).Draw(r, "times")), Every: int64(rapid.IntRange(1, 4).Draw(r, "every")),
				Offset: int64(rapid.IntRange(0, 3).Draw(r, "offset")), From: int64(rapid.IntRange(0, 9).Draw(r, "from"))}
			if rapid.Bool().Draw(r, "ends") {
				e.Until = e.From + int64(rapid.IntRange(1, 9).Draw(r, "length"))
			}
			entries = append(entries, e)
		}
		s := sequenceOf(int64(rapid.IntRange(1, 3).Draw(r, "accumulate")), []*Lazy{lazy}, entries...)
		if err := s.find(); err != nil {
			r.Fatal(err)
		}
		taken, asked := int64(0), int64(0)
		for step := range int64(40) {
			for place, v := range slices.Clone(s.runs(step)) {
				if got := s.Taken(st, step, place); got != 3*taken {
					r.Fatalf("step %d, place %d: %d samples, want %d", step, place, got, 3*taken)
				}
				if v.turn.Name == "t" {
					if want := mod(asked-lazy.Offset, every) == 0; (v.due == 1) != want {
						r.Fatalf("step %d, place %d: due %v, want %v", step, place, v.due == 1, want)
					}
					taken++
					if !v.adding {
						asked++
					}
				}
			}
			if slices.Contains(s.At(step), -1) {
				r.Fatalf("step %d runs a program that was not found", step)
			}
		}
	})
}

// Gradients do not add up over runs that set first values in between.
func TestFirstValuesOfOneSet(t *testing.T) {
	first := []Ran{{Pass{First: true}, nil}}
	if why := (&Uses{Passes: first}).single(); why != "" {
		t.Errorf("a turn that sets first values alone %s", why)
	}
	if why, want := (&Uses{Passes: first, minimised: 1}).single(), "sets first values and makes updates, and gradients add up over one set of values"; why != want {
		t.Errorf("a turn that learns too %q, want %q", why, want)
	}
}
