package rows

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A row that is finished is found again by its name and build, and by no other.
func TestFinished(t *testing.T) {
	s := &Store{Dir: filepath.Join(t.TempDir(), "new"), Build: "a"}
	want := &Row{"TestRing/r1/seed0", "v1", 12.5, 20, []Figure{{"modes", 8, AtLeast(8)}, {"good", .7, Bound{}}}}
	if r, err := s.Finished(want.Name); r != nil || err != nil {
		t.Fatalf("before it ran: %v, %v", r, err)
	}
	if err := s.Keep(want, "a"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		build, name string
		want        *Row
	}{
		{"a", want.Name, want},
		{"b", want.Name, nil},
		{"", want.Name, want},
		{"a", "TestRing/r1/seed1", nil},
		{"a", "TestRing~r1~seed0", nil},
	} {
		got, err := (&Store{s.Dir, c.build}).Finished(c.name)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("build %q, %s: %+v, %v, want %+v", c.build, c.name, got, err, c.want)
		}
	}
	if err := os.WriteFile(s.path("broken"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finished("broken"); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestMet(t *testing.T) {
	for _, c := range []struct {
		value float64
		bound Bound
		want  bool
	}{
		{8, AtLeast(8), true}, {7, AtLeast(8), false}, {4, AtMost(4), true}, {5, AtMost(4), false},
		{.5, Between(0, 1), true}, {2, Between(0, 1), false}, {-1, Between(0, 1), false},
		{math.NaN(), AtLeast(0), false}, {math.NaN(), AtMost(0), false}, {9, Bound{}, true},
	} {
		if got := (Figure{"", c.value, c.bound}).Met(); got != c.want {
			t.Errorf("%v within %q: %v", c.value, c.bound, got)
		}
	}
}

// A file of rows has one of each name, in order.
func TestPublish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.json")
	for _, r := range []Row{{Name: "b", Seconds: 1}, {Name: "a", Seconds: 2}, {Name: "c"}, {Name: "b", Seconds: 3}} {
		if err := Publish(path, &r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if want := []Row{{Name: "a", Seconds: 2}, {Name: "b", Seconds: 3}, {Name: "c"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestTable(t *testing.T) {
	row := func(name string, seconds, modes float64) Row {
		return Row{name, "", seconds, 2 * seconds, []Figure{{"modes", modes, AtLeast(8)}, {"good, %", 81.26, Bound{}}}}
	}
	got := Table([]Row{row("TestRing/r1/seed0", 1.2, 8), row("TestRing/r1/seed1", 2, 7), row("TestRing/r2/seed0", 3, 8),
		{"TestWGAN", "", .2, 1.5, []Figure{{"correlation", math.Pi, AtLeast(.8)}}}})
	const want = `| row | figure | reached | bound | seconds | of processors |
|---|---|---|---|---|---|
| Ring/r1, seeds 0 1 | modes | 8, **7** | ≥ 8 | 4 | 7 |
|  | good, % | 81.26, 81.26 |  |  |  |
| Ring/r2, seeds 0 | modes | 8 | ≥ 8 | 3 | 6 |
|  | good, % | 81.26 |  |  |  |
| WGAN | correlation | 3.142 | ≥ 0.8 | 1 | 2 |
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The build is that of this test's program, the same each time it is asked for.
func TestThisBuild(t *testing.T) {
	a, err := ThisBuild()
	b, again := ThisBuild()
	if err != nil || again != nil || a != b || len(a) != 16 {
		t.Errorf("%q, %v; %q, %v", a, err, b, again)
	}
}
