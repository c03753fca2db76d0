package shards

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// labelKeys are what a class is called in a sample's .json, the first that is there.
var labelKeys = []string{"label", "class", "cls", "class_id", "class_name"}

// label takes in the class that a member beside an image tells; a .cls comes before
// a .json. What tells none is no fault: it is one where classes are wanted.
func (l *lister) label(name, extension string, content io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(content, maxJSON+1))
	if err != nil {
		return fmt.Errorf("%s: %w", clip(name), err)
	}
	var text string
	switch {
	case len(b) > maxJSON:
		l.noClass = fmt.Errorf("%s has more than %d bytes", clip(name), maxJSON)
	case extension == ".cls":
		text = strings.TrimSpace(string(b))
	case l.sample.class < 0:
		text = inJSON(b)
	}
	if text != "" {
		l.sample.class = l.class(text)
	}
	return nil
}

// inJSON is the class in an object, "" for none.
func inJSON(b []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(b, &object) != nil {
		return ""
	}
	for _, key := range labelKeys {
		var word string
		var number json.Number
		switch value := object[key]; {
		case len(value) == 0:
		case json.Unmarshal(value, &word) == nil && word != "":
			return word
		case json.Unmarshal(value, &number) == nil && number != "":
			return number.String()
		}
	}
	return ""
}
