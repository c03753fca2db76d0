package plan

// span is the first and the last step of a value's life; first is -1 for
// values that no step writes.
type span struct{ first, last int }

func (s span) meets(t span) bool { return s.first <= t.last && t.first <= s.last }

// lifetimes answers the life of each Transient value of a valid work.
func lifetimes(w *Work) []span {
	life := make([]span, len(w.Values))
	for i := range life {
		life[i] = span{-1, -1}
	}
	for t, s := range w.Steps {
		for _, v := range s.Reads {
			if w.Values[v].Place == Transient {
				life[v].last = t
			}
		}
		for _, v := range s.Writes {
			if w.Values[v].Place == Transient {
				life[v] = span{t, t}
			}
		}
	}
	return life
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
