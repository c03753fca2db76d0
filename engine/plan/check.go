package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// room is a piece of the arena as a plan gave it out; value is -1 for scratch.
type room struct {
	from, to int64
	name     string
	value    int
}

// Check tests a plan on its own, however it was made: every offset is aligned
// and inside of the arena, and no two rooms that are in use at one step overlap,
// but for values written in place. What is in use it finds itself, by walking the
// steps from the last to the first, and nothing of it is the planner's.
func (p *Plan) Check() error {
	w := p.Work
	if err := valid(w); err != nil {
		return err
	}
	later := map[int]bool{} // values that steps after this one read, and that are written before
	for t := len(w.Steps) - 1; t >= 0; t-- {
		rooms := p.rooms(t, later)
		for i, a := range rooms {
			if a.from < 0 || a.from%Align != 0 || a.to > p.Arena {
				return fmt.Errorf("plan %s: %s is at [%d, %d), outside of the arena of %d bytes or not aligned", w.Name, a.name, a.from, a.to, p.Arena)
			}
			for _, b := range rooms[i+1:] {
				if b.from >= a.to {
					break
				}
				if b.from < b.to && !w.Steps[t].replaces(w, a, b, later) && !w.Steps[t].replaces(w, b, a, later) {
					return fmt.Errorf("plan %s: %s at [%d, %d) and %s at [%d, %d) overlap while both are in use",
						w.Name, a.name, a.from, a.to, b.name, b.from, b.to)
				}
			}
		}
		for _, v := range w.Steps[t].Writes {
			delete(later, v)
		}
		for _, v := range w.Steps[t].Reads {
			later[v] = true
		}
	}
	return nil
}

// rooms lists what is in use at step t, by offset: what it reads and writes, what
// is read later, and its scratch.
func (p *Plan) rooms(t int, later map[int]bool) []room {
	w, s := p.Work, &p.Work.Steps[t]
	used := map[int]bool{}
	for v := range later {
		used[v] = true
	}
	for _, v := range slices.Concat(s.Reads, s.Writes) {
		used[v] = true
	}
	var rooms []room
	for v := range used {
		if w.Values[v].Place == Transient {
			rooms = append(rooms, room{p.Offset[v], p.Offset[v] + w.Values[v].Bytes, w.Values[v].Name, v})
		}
	}
	if s.Scratch > 0 {
		rooms = append(rooms, room{p.Scratch[t], p.Scratch[t] + s.Scratch, "the scratch of " + s.Name, -1})
	}
	slices.SortFunc(rooms, func(a, b room) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.value, b.value)) })
	return rooms
}

// replaces says whether the step may write a over b: it reads b, nothing reads b
// later, a is no larger, and every use of b allows it.
func (s *Step) replaces(w *Work, a, b room, later map[int]bool) bool {
	if a.value < 0 || b.value < 0 || a.from != b.from || a.to > b.to || later[b.value] {
		return false
	}
	uses := 0
	for i, v := range s.Reads {
		if v == b.value {
			uses++
			if !slices.ContainsFunc(s.Aliases, func(l Alias) bool { return l.Read == i && s.Writes[l.Write] == a.value }) {
				return false
			}
		}
	}
	return uses > 0
}
