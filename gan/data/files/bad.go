package files

import (
	"errors"
	"fmt"
	"slices"
)

var errLost = errors.New("it went bad during the run")

// Bad names the files, relative to the root, that a run does without. It is
// part of a run's state: a file mended since then stays away all the same.
type Bad struct {
	Out  []string `json:"out,omitempty"`  // unreadable when the run began: no part of the set
	Lost []string `json:"lost,omitempty"` // gone bad since then: in the set, though not read
}

// Empty says that there are none.
func (b Bad) Empty() bool { return len(b.Out) == 0 && len(b.Lost) == 0 }

// begin decides on the files of a new run: those that cannot be read are named,
// and are left out or an error.
func (t *Tree) begin(o Options, notes func(string)) (files []File, out []string, err error) {
	skip, offer := o.Skip, `, or set data.bad = "skip"`
	if o.NoSkip {
		offer = ""
	}
	var faults []error
	for _, f := range t.Files {
		if f.Err != nil {
			faults, out = append(faults, f.Err), append(out, f.Name)
		}
	}
	files = t.Files
	if len(faults) > 0 {
		files = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Err != nil })
	}
	n := len(faults)
	if n > 1 || skip {
		for _, fault := range faults {
			notes(fault.Error())
		}
	}
	switch {
	case n == 0:
	case skip && n < len(t.Files):
		notes(fmt.Sprintf("%d of %d images left out, as data.bad is \"skip\"", n, len(t.Files)))
	case skip:
		err = fmt.Errorf("none of the %d images in %s can be read: give another", n, t.Root)
	case n == 1:
		err = fmt.Errorf("%w; replace or remove it%s", faults[0], offer)
	default:
		err = fmt.Errorf("%w (and %d more: `ganengine data inspect %s` lists them); replace or remove them%s",
			faults[0], n-1, t.Root, offer)
	}
	return files, out, err
}

// resume gives a run that goes on the files that it began with. Those that it
// did without stay away, and those that cannot be read any more are lost to it
// too.
func (t *Tree) resume(since Bad, notes func(string)) ([]File, error) {
	out, lost := set(since.Out), set(since.Lost)
	list := t.Files[:0:0]
	for _, f := range t.Files {
		switch {
		case out[f.Name]:
			notes(fmt.Sprintf("image %s is left out, as when the run began", t.Path(f.Name)))
			continue
		case lost[f.Name]:
			f.Err = t.fault(f.Name, errLost)
			notes(f.Err.Error())
			delete(lost, f.Name)
		case f.Err != nil:
			notes(f.Err.Error() + ", as it could when the run began")
		}
		list = append(list, f)
	}
	if len(lost) == 0 {
		return list, nil
	}
	for _, name := range since.Lost {
		if !lost[name] {
			continue
		}
		if !t.Loose {
			return nil, fmt.Errorf("%s %s does not hold %s any more: give the data that the run began with", t.What, t.Root, name)
		}
		f := File{Name: name, Err: t.fault(name, errLost)}
		notes(f.Err.Error())
		list = append(list, f)
	}
	slices.SortFunc(list, Order)
	return list, nil
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}
