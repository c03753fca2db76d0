package plan

import "fmt"

// span is the first and the last step of a value's life; first is -1 for
// values that no step writes.
type span struct{ first, last int }

func (s span) meets(t span) bool { return s.first <= t.last && t.first <= s.last }

// lifetimes checks a work and answers the life of each Transient value.
func lifetimes(w *Work) ([]span, error) {
	life := make([]span, len(w.Values))
	for i, v := range w.Values {
		life[i] = span{-1, -1}
		if v.Bytes < 0 {
			return nil, fmt.Errorf("plan %s: value %s has %d bytes", w.Name, v.Name, v.Bytes)
		}
	}
	for t := range w.Steps {
		if err := live(w, t, life); err != nil {
			return nil, fmt.Errorf("plan %s: step %d (%s) %w", w.Name, t, w.Steps[t].Name, err)
		}
	}
	return life, nil
}

// live checks step t and extends the lives of the values that it touches.
func live(w *Work, t int, life []span) error {
	s := &w.Steps[t]
	if s.Scratch < 0 {
		return fmt.Errorf("wants %d bytes of scratch", s.Scratch)
	}
	for _, v := range s.Reads {
		switch {
		case v < 0 || v >= len(w.Values):
			return fmt.Errorf("reads value %d of %d", v, len(w.Values))
		case w.Values[v].Place == Fixed:
		case life[v].first < 0:
			return fmt.Errorf("reads %s before any step writes it", w.Values[v].Name)
		default:
			life[v].last = t
		}
	}
	for _, v := range s.Writes {
		switch {
		case v < 0 || v >= len(w.Values):
			return fmt.Errorf("writes value %d of %d", v, len(w.Values))
		case w.Values[v].Place == Fixed: // the order of its writes is the device's business
		case life[v].first >= 0:
			return fmt.Errorf("writes %s a second time", w.Values[v].Name)
		default:
			life[v] = span{t, t}
		}
	}
	for _, a := range s.Aliases {
		if a.Write < 0 || a.Write >= len(s.Writes) || a.Read < 0 || a.Read >= len(s.Reads) {
			return fmt.Errorf("lets write %d of %d take the storage of read %d of %d", a.Write, len(s.Writes), a.Read, len(s.Reads))
		}
	}
	return nil
}

// inPlace says whether step t may write value v over value r: r dies at t, is
// large enough, and each of its uses by the step allows it.
func inPlace(w *Work, t, v, r int, life []span) bool {
	s := &w.Steps[t]
	if w.Values[v].Place != Transient || w.Values[r].Place != Transient ||
		life[r].last != t || life[r].first == t || w.Values[v].Bytes > w.Values[r].Bytes {
		return false
	}
	for i, read := range s.Reads {
		if read == r && !allows(s, v, i) {
			return false
		}
	}
	return true
}

func allows(s *Step, v, read int) bool {
	for _, a := range s.Aliases {
		if s.Writes[a.Write] == v && a.Read == read {
			return true
		}
	}
	return false
}
