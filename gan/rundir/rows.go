package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

// The files of JSON rows that training appends to.
const (
	StatsFile   = "stats.jsonl"
	MetricsFile = "metrics.jsonl"
)

// Number is a float64 that JSON can carry: NaN and the infinities become null.
type Number float64

// MarshalJSON writes the shortest text that reads back as the same number.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON is MarshalJSON's inverse: null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// Rows appends JSON objects to a file, one a line, each in one write, so that a reader of the growing file
// never sees a part of a row that is not its last line.
type Rows struct{ f *os.File }

// OpenRows opens a row file (StatsFile, MetricsFile) for appending. After a crash call Rewind first, which
// removes a row that was cut off.
func (r *Run) OpenRows(file string) (*Rows, error) {
	f, err := plainfile.OpenFile(r.Path(file), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open rows: %w", atomicfile.Explain(err))
	}
	return &Rows{f}, nil
}

// Append writes one row, which must marshal to a JSON object. Floats that may not be finite are of type Number.
func (r *Rows) Append(row any) error {
	line, err := marshal(row)
	if err != nil {
		return fmt.Errorf("append to %s: %w", r.f.Name(), err)
	}
	if _, err := r.f.Write(line); err != nil {
		return fmt.Errorf("append row: %w", atomicfile.Explain(err))
	}
	return nil
}

// Close syncs and closes the file.
func (r *Rows) Close() error { return errors.Join(r.f.Sync(), r.f.Close()) }

// tail is more than the length of any row.
const tail = 64 << 10

// LastRow reads the last whole row of a row file into a struct or map; a file without one, or none, changes nothing.
func (d Dir) LastRow(file string, into any) error {
	f, err := plainfile.Open(d.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	text := make([]byte, min(info.Size(), tail))
	if _, err := f.ReadAt(text, info.Size()-int64(len(text))); err != nil && len(text) > 0 {
		return err
	}
	line := bytes.TrimRight(text[:bytes.LastIndexByte(text, '\n')+1], "\n")
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	if len(line) == 0 {
		return nil
	}
	if err := readRow(line, into); err != nil {
		return fmt.Errorf("%s: the last row: %w", d.Path(file), err)
	}
	return nil
}

// ReadRows reads all whole rows of a row file; a file without any, or none, has none.
func ReadRows[T any](d Dir, file string) (rows []T, err error) {
	text, err := plainfile.ReadFile(d.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // a row without its newline was cut off
	for line := range bytes.Lines(text) {
		var row T
		if err := readRow(line, &row); err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", d.Path(file), len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readRow reads a row: an object, for null would be taken for a row of zeros.
func readRow(line []byte, into any) error {
	if bytes.Equal(bytes.TrimSpace(line), []byte("null")) {
		return errors.New("it is null, no object")
	}
	return json.Unmarshal(line, into)
}

// dropRows rewrites a row file without the rows past step and without damaged lines (a crash can leave one).
// A row's place is its "step", else its "checkpoint"; a row with neither stays. A file that needs no change is
// left untouched; a missing file has no rows.
func dropRows(path string, step int64) error {
	in, err := plainfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	var kept bytes.Buffer
	dropped := false
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			dropped = dropped || len(line) > 0 // a row without its newline was cut off
			break
		}
		if err != nil {
			return err
		}
		if keepRow(line, step) {
			kept.Write(line)
		} else {
			dropped = true
		}
	}
	if !dropped {
		return nil
	}
	return atomicfile.ReplaceBytes(path, kept.Bytes())
}

func keepRow(line []byte, step int64) bool {
	var row map[string]json.RawMessage
	if err := json.Unmarshal(line, &row); err != nil || row == nil {
		return false
	}
	at, ok := row["step"]
	if !ok {
		at, ok = row["checkpoint"]
	}
	if !ok {
		return true
	}
	var n int64
	return json.Unmarshal(at, &n) == nil && n <= step
}
