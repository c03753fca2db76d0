package plan

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ganengine/internal/property"
)

// chain is four steps of one mebibyte each, every one allowed in place.
func chain(n int, alias bool) *Work {
	w := &Work{Name: "chain"}
	for i := range n {
		w.Values = append(w.Values, Value{Name: fmt.Sprintf("v%d", i), Bytes: 1 << 20})
		s := Step{Name: fmt.Sprintf("s%d", i), Writes: []int{i}}
		if i > 0 {
			s.Reads = []int{i - 1}
			if alias {
				s.Aliases = []Alias{{0, 0}}
			}
		}
		w.Steps = append(w.Steps, s)
	}
	return w
}

func TestChainNeedsTwoBuffersOrOne(t *testing.T) {
	for _, c := range []struct {
		name  string
		alias bool
		opt   Options
		mib   int64
	}{{"ping pong", false, Options{}, 2}, {"in place", true, Options{}, 1}, {"no sharing", true, Options{NoShare: true}, 6}} {
		p, err := Make(chain(6, c.alias), c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if p.Arena != c.mib<<20 || p.Sum != 6<<20 {
			t.Errorf("%s: arena of %d bytes and sum %d, want %d MiB and 6 MiB", c.name, p.Arena, p.Sum, c.mib)
		}
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestReportNamesTheSaving(t *testing.T) {
	p, err := Make(chain(4, false), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "plan chain: 4 steps, 4 values, 2.00 MiB planned, 4.00 MiB unshared (50%)"
	if got := p.Report(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A value that the step reads twice, once where no alias is allowed, must not
// be overwritten while it is read.
func TestInPlaceOnlyWhereEveryUseAllowsIt(t *testing.T) {
	for _, c := range []struct {
		name    string
		aliases []Alias
		live    bool // the operand is read again later
		shared  bool
	}{
		{"both uses allow it", []Alias{{0, 0}, {0, 1}}, false, true},
		{"one use does not", []Alias{{0, 0}}, false, false},
		{"needed afterwards", []Alias{{0, 0}, {0, 1}}, true, false},
	} {
		w := &Work{Name: c.name, Values: []Value{{"x", 64, Transient}, {"y", 64, Transient}},
			Steps: []Step{{Name: "make", Writes: []int{0}},
				{Name: "square", Reads: []int{0, 0}, Writes: []int{1}, Aliases: c.aliases},
				{Name: "use", Reads: []int{1}}}}
		if c.live {
			w.Steps[2].Reads = []int{1, 0}
		}
		p, err := Make(w, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Offset[0] == p.Offset[1]; got != c.shared {
			t.Errorf("%s: shared %v, want %v", c.name, got, c.shared)
		}
	}
}

// Two results may not both take one operand's storage.
func TestOneHeirOnly(t *testing.T) {
	w := &Work{Name: "w", Values: []Value{{"x", 64, Transient}, {"y", 64, Transient}, {"z", 64, Transient}},
		Steps: []Step{{Name: "make", Writes: []int{0}},
			{Name: "split", Reads: []int{0}, Writes: []int{1, 2}, Aliases: []Alias{{0, 0}, {1, 0}}}}}
	p, err := Make(w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Offset[1] == p.Offset[2] {
		t.Error("both results lie at one place")
	}
	p.Offset[1] = p.Offset[2]
	if p.Check() == nil {
		t.Error("Check accepts two results at one place")
	}
}

func TestMalformedWorkIsNamed(t *testing.T) {
	two := []Value{{"x", 4, Transient}, {"y", 4, Transient}}
	for _, c := range []struct {
		values []Value
		steps  []Step
		want   string
	}{
		{two, []Step{{Name: "a", Reads: []int{1}}}, "plan w: step 0 (a) reads y before any step writes it"},
		{two, []Step{{Name: "a", Writes: []int{0}}, {Name: "b", Writes: []int{0}}}, "plan w: step 1 (b) writes x a second time"},
		{two, []Step{{Name: "a", Writes: []int{0, 0}}}, "plan w: step 0 (a) writes x a second time"},
		{two, []Step{{Name: "a", Writes: []int{0}, Reads: []int{0}}}, "plan w: step 0 (a) reads x before any step writes it"},
		{two, []Step{{Name: "a", Writes: []int{2}}}, "plan w: step 0 (a) writes value 2 of 2"},
		{two, []Step{{Name: "a", Reads: []int{-1}}}, "plan w: step 0 (a) reads value -1 of 2"},
		{two, []Step{{Name: "a", Writes: []int{0}, Aliases: []Alias{{0, 0}}}}, "plan w: step 0 (a) lets write 0 of 1 take the storage of read 0 of 0"},
		{two, []Step{{Name: "a", Scratch: -1}}, "plan w: step 0 (a) wants -1 bytes of scratch"},
		{[]Value{{"x", -4, Fixed}}, nil, "plan w: value x has -4 bytes"},
	} {
		_, err := Make(&Work{Name: "w", Values: c.values, Steps: c.steps}, Options{})
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestFixedAndUnusedValuesHaveNoOffset(t *testing.T) {
	w := &Work{Name: "w", Values: []Value{{"var", 4, Fixed}, {"unused", 4, Transient}, {"empty", 0, Transient}},
		Steps: []Step{{Name: "a", Reads: []int{0}, Writes: []int{2, 0}}, {Name: "b", Reads: []int{2}, Writes: []int{0}}}}
	p, err := Make(w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int64{-1, -1, 0}; !reflect.DeepEqual(p.Offset, want) || p.Arena != 0 {
		t.Errorf("offsets %v in %d bytes, want %v in 0", p.Offset, p.Arena, want)
	}
}

// randomWork draws a well-formed work: steps read values that were written
// before or are fixed, and allow some writes in place.
func randomWork(t *rapid.T) *Work {
	w := &Work{Name: "random"}
	bytes := rapid.OneOf(rapid.Int64Range(0, 300), rapid.SampledFrom([]int64{0, 64, 4096}))
	for i := range rapid.IntRange(0, 3).Draw(t, "fixed") {
		w.Values = append(w.Values, Value{fmt.Sprintf("f%d", i), bytes.Draw(t, "bytes"), Fixed})
	}
	for i := range rapid.IntRange(1, 25).Draw(t, "steps") {
		s := Step{Name: fmt.Sprintf("s%d", i)}
		if len(w.Values) > 0 {
			s.Reads = rapid.SliceOfN(rapid.IntRange(0, len(w.Values)-1), 0, 3).Draw(t, "reads")
		}
		for range rapid.IntRange(0, 3).Draw(t, "writes") {
			s.Writes = append(s.Writes, len(w.Values))
			w.Values = append(w.Values, Value{fmt.Sprintf("v%d", len(w.Values)), bytes.Draw(t, "bytes"), Transient})
		}
		if rapid.Bool().Draw(t, "has scratch") {
			s.Scratch = bytes.Draw(t, "scratch")
		}
		for a := range s.Writes {
			for r := range s.Reads {
				if rapid.Bool().Draw(t, "alias") {
					s.Aliases = append(s.Aliases, Alias{a, r})
				}
			}
		}
		w.Steps = append(w.Steps, s)
	}
	return w
}

// replay runs a plan on memory that holds the name of whoever wrote each byte
// last. A step first soils its scratch and every result that is not in place
// of an operand, then checks its operands, then writes: the worst order that a
// kernel may take.
func replay(p *Plan) error {
	owner := make([]int, p.Arena)
	fill := func(from, bytes int64, who int) {
		for i := from; i < from+bytes; i++ {
			owner[i] = who
		}
	}
	const dirt = -1
	for t, s := range p.Work.Steps {
		if s.Scratch > 0 {
			fill(p.Scratch[t], s.Scratch, dirt)
		}
		for _, v := range s.Writes {
			if !writesOver(p, s, v) {
				fill(p.Offset[v], p.Work.Values[v].Bytes, dirt)
			}
		}
		for _, r := range s.Reads {
			if p.Work.Values[r].Place == Fixed {
				continue
			}
			for i := range p.Work.Values[r].Bytes {
				if got := owner[p.Offset[r]+i]; got != r {
					return fmt.Errorf("step %s reads %s, but byte %d holds value %d", s.Name, p.Work.Values[r].Name, i, got)
				}
			}
		}
		for _, v := range s.Writes {
			fill(p.Offset[v], p.Work.Values[v].Bytes, v)
		}
		for _, v := range s.Writes { // results of one step must not overlap
			for i := range p.Work.Values[v].Bytes {
				if owner[p.Offset[v]+i] != v {
					return fmt.Errorf("step %s writes %s over another of its results", s.Name, p.Work.Values[v].Name)
				}
			}
		}
	}
	return nil
}

func writesOver(p *Plan, s Step, v int) bool {
	for _, a := range s.Aliases {
		if s.Writes[a.Write] == v && p.Offset[s.Reads[a.Read]] == p.Offset[v] {
			return true
		}
	}
	return false
}

// mostAlive is the largest number of bytes that values in use at one step
// need, were every write that may be done in place done so.
func mostAlive(w *Work) int64 {
	last := make([]int, len(w.Values))
	for t, s := range w.Steps {
		for _, v := range append(s.Reads, s.Writes...) {
			last[v] = t
		}
	}
	born := map[int]bool{}
	var most int64
	for t, s := range w.Steps {
		bytes := s.Scratch
		for v := range born {
			if last[v] >= t {
				bytes += w.Values[v].Bytes
			}
		}
		for _, v := range s.Writes {
			born[v] = true
			if len(s.Aliases) == 0 {
				bytes += w.Values[v].Bytes
			}
		}
		most = max(most, bytes)
	}
	return most
}

func TestRandomPlansAreSound(t *testing.T) {
	property.Check(t, func(t *rapid.T) {
		w := randomWork(t)
		for _, opt := range []Options{{}, {NoShare: true}} {
			p, err := Make(w, opt)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			if err := replay(p); err != nil {
				t.Fatal(err)
			}
			if p.Arena > p.Sum || p.Arena < mostAlive(w) {
				t.Fatalf("arena of %d bytes; %d without sharing, %d alive at once", p.Arena, p.Sum, mostAlive(w))
			}
			if opt.NoShare && p.Arena != p.Sum {
				t.Fatalf("unshared arena of %d bytes, sum %d", p.Arena, p.Sum)
			}
			again, _ := Make(w, opt)
			if !reflect.DeepEqual(p, again) {
				t.Fatal("two plans of one work differ")
			}
		}
	})
}

// Check must notice whatever replay notices: offsets are drawn at random, and
// whenever the replay reads wrong bytes, Check has to object.
func TestCheckFindsWhatGoesWrong(t *testing.T) {
	found := 0
	property.Check(t, func(t *rapid.T) {
		p, err := Make(randomWork(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Offset {
			if p.Offset[i] >= 0 && rapid.Bool().Draw(t, "move") {
				free := (p.Arena - p.Work.Values[i].Bytes) / Align
				p.Offset[i] = rapid.Int64Range(0, free).Draw(t, "to") * Align
			}
		}
		if wrong := replay(p); wrong != nil {
			found++
			if p.Check() == nil {
				t.Fatalf("Check accepts a plan under which %v", wrong)
			}
		}
	})
	if found == 0 {
		t.Error("no plan was spoilt; the test tests nothing")
	}
}

// A planner that thinks a value dead too early, or born too late, is caught: Check
// does not take the lives from it.
func TestCheckFindsWrongLifetimes(t *testing.T) {
	found := 0
	property.Check(t, func(t *rapid.T) {
		w := randomWork(t)
		life := lifetimes(w)
		for i, l := range life {
			if l.first < 0 || !rapid.Bool().Draw(t, "wrong") {
				continue
			}
			if rapid.Bool().Draw(t, "dies early") {
				life[i].last = rapid.IntRange(l.first, l.last).Draw(t, "last")
			} else {
				life[i].first = rapid.IntRange(l.first, l.last).Draw(t, "first")
			}
		}
		p := makeWith(w, life, Options{})
		if wrong := replay(p); wrong != nil {
			found++
			if p.Check() == nil {
				t.Fatalf("Check accepts the plan of wrong lifetimes, under which %v", wrong)
			}
		}
	})
	if found == 0 {
		t.Error("no plan was spoilt; the test tests nothing")
	}
}

func TestCheckFindsUnalignedAndOutside(t *testing.T) {
	for _, off := range []int64{8, 1 << 30} {
		p, err := Make(chain(2, false), Options{})
		if err != nil {
			t.Fatal(err)
		}
		p.Offset[0] = off
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), "outside of the arena") {
			t.Errorf("offset %d: %v", off, err)
		}
	}
}

func BenchmarkMake(b *testing.B) {
	w := &Work{Name: "deep"} // as forward and backward passes are: early values are needed late
	const n = 1000
	for i := range 2 * n {
		w.Values = append(w.Values, Value{Name: "v", Bytes: int64(1+i%17) << 12})
		s := Step{Name: "s", Writes: []int{i}}
		if i > 0 {
			s.Reads = append(s.Reads, i-1)
		}
		if i > n {
			s.Reads = append(s.Reads, 2*n-i)
		}
		w.Steps = append(w.Steps, s)
	}
	for b.Loop() {
		if _, err := Make(w, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
