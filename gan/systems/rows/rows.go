// Package rows keeps what full checks of systems reach: a run of hours that was ended goes
// on where it stopped, and documents quote figures that nobody typed.
package rows

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/engine/atomicfile"
)

// A Row is a check that ran to its end.
type Row struct {
	Name     string   `json:"name"`     // the path of its subtest
	Revision string   `json:"revision"` // of the sources that reached the figures
	Seconds  float64  `json:"seconds"`
	Busy     float64  `json:"busy"` // seconds of processors, which other programs do not lengthen
	Figures  []Figure `json:"figures"`
}

// A Figure is a number that a check reached, and what it is held to.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Bound
}

// A Bound holds a figure to one side or both; one that is zero only tells it.
type Bound struct {
	Least *float64 `json:"least,omitempty"`
	Most  *float64 `json:"most,omitempty"`
}

// AtLeast is a bound from below.
func AtLeast(x float64) Bound { return Bound{Least: &x} }

// AtMost is a bound from above.
func AtMost(x float64) Bound { return Bound{Most: &x} }

// Between is a bound from both sides.
func Between(least, most float64) Bound { return Bound{Least: &least, Most: &most} }

// Met says whether a figure is within its bound; no number is.
func (f Figure) Met() bool {
	if f.Least == nil && f.Most == nil {
		return true
	}
	return (f.Least == nil || f.Value >= *f.Least) && (f.Most == nil || f.Value <= *f.Most)
}

func (b Bound) String() string {
	var out []string
	if b.Least != nil {
		out = append(out, fmt.Sprintf("≥ %.4g", *b.Least))
	}
	if b.Most != nil {
		out = append(out, fmt.Sprintf("≤ %.4g", *b.Most))
	}
	return strings.Join(out, ", ")
}

// A Store is a folder with a file for each row that is finished. A row is not finished for
// another build than the one that ran it: its figures may be others there.
type Store struct {
	Dir   string
	Build string // "" takes rows of any build
}

// kept is a row's file.
type kept struct {
	Build string `json:"build"`
	Row
}

// ThisBuild names the running program by its contents: a change of the engine, of a system,
// a shipped configuration, a check or the compiler makes another, and one of a document
// does not.
func ThisBuild() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the running program: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the running program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading the running program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// path is a row's file; slashes of its name are no folders.
func (s *Store) path(name string) string {
	return filepath.Join(s.Dir, strings.NewReplacer("/", "~", "\\", "~").Replace(name)+".json")
}

// Finished is the row of a name, or nil where it has yet to run to its end.
func (s *Store) Finished(name string) (*Row, error) {
	b, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a finished row: %w", err)
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fmt.Errorf("%s is no row: %w; delete it", s.path(name), err)
	}
	if k.Name != name || s.Build != "" && k.Build != s.Build {
		return nil, nil
	}
	return &k.Row, nil
}

// Keep writes a row that is finished, by a build.
func (s *Store) Keep(r *Row, build string) error {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of finished rows: %w", err)
	}
	return writeJSON(s.path(r.Name), kept{build, *r})
}

// Read is the rows of a file that Publish writes; one that is not there has none.
func Read(path string) ([]Row, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	var all []Row
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%s are no rows: %w", path, err)
	}
	return all, nil
}

// Publish puts a row in place of that of its name in a file of rows, which is in order of
// names.
func Publish(path string, r *Row) error {
	all, err := Read(path)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(all, r.Name, func(r Row, name string) int { return strings.Compare(r.Name, name) })
	if found {
		all[at] = *r
	} else {
		all = slices.Insert(all, at, *r)
	}
	return writeJSON(path, all)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("writing rows: %w", err)
	}
	return atomicfile.WriteBytes(path, append(b, '\n'))
}
