package shards

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"ganengine/gan/data/classes"
	"ganengine/gan/data/files"
)

const maxNames = 1 << 22 // bytes of the list of classes

// labelKeys are what a class is called in a sample's .json, the first that is there.
var labelKeys = []string{"label", "class", "cls", "class_id", "class_name"}

// label takes in the class that a member beside an image tells; a .cls comes before
// a .json. What tells none is no fault: it is one where classes are wanted.
func (l *lister) label(name, extension string, content io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(content, maxJSON+1))
	if err != nil {
		return fmt.Errorf("%s: %w", files.Clip(name), err)
	}
	var text string
	switch {
	case len(b) > maxJSON:
		l.noClass = fmt.Errorf("%s has more than %d bytes", files.Clip(name), maxJSON)
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

// names takes in the list of classes that an archive begins with. All archives have
// the same; what is no list is left out, and said.
func (l *lister) names(content io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(content, maxNames+1))
	if err != nil {
		return fmt.Errorf("%s: %w", classes.Member, err)
	}
	var list []string
	err = json.Unmarshal(b, &list)
	if len(b) > maxNames || len(list) > classes.Most {
		err = fmt.Errorf("it has more than %d bytes, or %d names", maxNames, classes.Most)
	}
	switch {
	case err != nil:
		l.Remarks = append(l.Remarks, fmt.Sprintf("%s lists no names of classes (%v): they are numbers", classes.Member, err))
	case l.named != nil && !slices.Equal(l.named, list):
		return fmt.Errorf("its %s lists other classes than the archives before: are they of one set?", classes.Member)
	default:
		l.named = list
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
