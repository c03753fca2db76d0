package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

// AppendRows adds rows, each of which must marshal to a JSON object, to a row file that
// nobody else is appending to: all of them, or none where the disk is full. A row that
// a crash cut off goes.
func (r *Run) AppendRows(file string, rows ...any) error {
	text, err := plainfile.ReadFile(r.Path(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("append to %s: %w", r.Path(file), err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	for _, row := range rows {
		line, err := marshal(row)
		if err != nil {
			return fmt.Errorf("append to %s: %w", r.Path(file), err)
		}
		text = append(text, line...)
	}
	return atomicfile.ReplaceBytes(r.Path(file), text)
}

// marshal is a row as its line.
func marshal(row any) ([]byte, error) {
	b, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	if b[0] != '{' {
		return nil, fmt.Errorf("row %.40s is no object", b)
	}
	return append(b, '\n'), nil
}
