package plan

import "fmt"

// valid checks a work: all values and aliases are there, each Transient value is
// written once and not read before, and no size is negative. Errors name the step
// and the value.
func valid(w *Work) error {
	for _, v := range w.Values {
		if v.Bytes < 0 {
			return fmt.Errorf("plan %s: value %s has %d bytes", w.Name, v.Name, v.Bytes)
		}
	}
	written := make([]bool, len(w.Values))
	for t := range w.Steps {
		if err := validStep(w, t, written); err != nil {
			return fmt.Errorf("plan %s: step %d (%s) %w", w.Name, t, w.Steps[t].Name, err)
		}
	}
	return nil
}

// validStep checks step t and marks what it writes.
func validStep(w *Work, t int, written []bool) error {
	s := &w.Steps[t]
	if s.Scratch < 0 {
		return fmt.Errorf("wants %d bytes of scratch", s.Scratch)
	}
	for _, v := range s.Reads {
		switch {
		case v < 0 || v >= len(w.Values):
			return fmt.Errorf("reads value %d of %d", v, len(w.Values))
		case w.Values[v].Place == Transient && !written[v]:
			return fmt.Errorf("reads %s before any step writes it", w.Values[v].Name)
		}
	}
	for _, v := range s.Writes {
		switch {
		case v < 0 || v >= len(w.Values):
			return fmt.Errorf("writes value %d of %d", v, len(w.Values))
		case w.Values[v].Place == Fixed: // the order of its writes is the device's business
		case written[v]:
			return fmt.Errorf("writes %s a second time", w.Values[v].Name)
		default:
			written[v] = true
		}
	}
	for _, a := range s.Aliases {
		if a.Write < 0 || a.Write >= len(s.Writes) || a.Read < 0 || a.Read >= len(s.Reads) {
			return fmt.Errorf("lets write %d of %d take the storage of read %d of %d", a.Write, len(s.Writes), a.Read, len(s.Reads))
		}
	}
	return nil
}
