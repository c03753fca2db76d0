package features

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ganengine/engine/spelling"
)

// Kind is a row of the table.
type Kind struct {
	Name   string
	Doc    string // what they are, in a line
	Labels bool   // they need the data's labels

	// choose says what the kind of that name gives for a subject, or in a line why it gives
	// nothing. path is the file that was named, "" where the kind alone was.
	choose func(name string, s Subject, path string) (*Choice, error)
	// claims says whether a file of weights is of this kind; nil: none is.
	claims func(f *file) bool
	path   string
}

// Usual are the features where nobody names any.
const Usual = "pixels"

// Table lists all kinds of features. A new one is a row here.
func Table() []Kind {
	return []Kind{
		{Name: Usual, Doc: "the numbers of a sample: pixels as shares of 255, or the coordinates of a point",
			choose: choosePlain},
		{Name: "classifier", Doc: "the last layer of a network that is trained first, in a minute, on the labels of the data, and kept", Labels: true,
			choose: chooseClassifier, claims: isClassifier},
		{Name: "inception", Doc: "what the network of FID sees in an image; name the file of its weights, which is yours to bring",
			choose: chooseInception, claims: isInception},
		{Name: "inception-torch", Doc: "the same after the resize and scale of pytorch-fid, whose values these match: inception-torch:PATH",
			choose: chooseInception, claims: isInception},
	}
}

// Find gives the kind of a name, that of a file of weights, or the one of NAME:PATH with that
// file; "" is the usual one.
func Find(name string) (*Kind, error) {
	if name == "" {
		name = Usual
	}
	var known []string
	for _, k := range Table() {
		if k.Name == name {
			return &k, nil
		}
		if path, ok := strings.CutPrefix(name, k.Name+":"); ok {
			return k.with(path)
		}
		known = append(known, k.Name)
	}
	if strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) != "" {
		return ofFile(name)
	}
	if _, err := os.Stat(name); err == nil {
		return ofFile(name)
	}
	if near := spelling.Nearest(name, known); near != "" {
		return nil, fmt.Errorf("there are no features %.40q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("there are no features %.40q; there are %s, and files of weights", name, strings.Join(known, ", "))
}

// with is the kind with a file of weights that is of it.
func (k Kind) with(path string) (*Kind, error) {
	if k.claims == nil {
		return nil, fmt.Errorf("features %s are of no file: leave out :%.40s", k.Name, path)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	if !k.claims(f) {
		return nil, fmt.Errorf("%s holds no network of features %s", path, k.Name)
	}
	k.path, k.Labels = path, false
	return &k, nil
}

// ofFile is the kind that a file of weights is of, the first in the table.
func ofFile(path string) (*Kind, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	for _, k := range Table() {
		if k.claims != nil && k.claims(f) {
			k.path, k.Labels = path, false
			return &k, nil
		}
	}
	return nil, fmt.Errorf("%s holds no network that samples are measured by", path)
}

// Choose says what the kind will give for a subject, or in a line why it gives nothing.
func (k *Kind) Choose(s Subject) (*Choice, error) { return k.choose(k.Name, s, k.path) }
