//go:build cuda && cgo && linux

package cudnn

import (
	"encoding/json"
	"fmt"
)

// A Record is which engine computes what: choices as Choice's String, or Own, by
// convolutions as Conv's String. Its JSON has the keys in order, so that a run
// can keep it, and a later one with the same Record, library and device computes
// the same bits.
type Record map[string]string

// Own stands in a Record where no engine of cuDNN's computes the convolution.
const Own = "own"

// ParseRecord reads a Record's JSON.
func ParseRecord(text []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("record of engines: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("record of engines: %w", err)
	}
	return r, nil
}

// check says what is no choice.
func (r Record) check() error {
	for conv, text := range r {
		if text == Own {
			continue
		}
		if _, err := ParseChoice(text); err != nil {
			return fmt.Errorf("%s: %w", conv, err)
		}
	}
	return nil
}
