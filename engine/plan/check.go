package plan

import "fmt"

// room is a piece of the arena as a plan gave it out; value is -1 for scratch.
type room struct {
	span
	from, to int64
	name     string
	value    int
}

// Check tests a plan on its own, however it was made: every offset is aligned
// and inside of the arena, and no two rooms that are in use at one step
// overlap, but for values written in place.
func (p *Plan) Check() error {
	w := p.Work
	life, err := lifetimes(w)
	if err != nil {
		return err
	}
	var rooms []room
	for i, v := range w.Values {
		if v.Place == Transient && life[i].first >= 0 {
			rooms = append(rooms, room{life[i], p.Offset[i], p.Offset[i] + v.Bytes, v.Name, i})
		}
	}
	for t, s := range w.Steps {
		if s.Scratch > 0 {
			rooms = append(rooms, room{span{t, t}, p.Scratch[t], p.Scratch[t] + s.Scratch, "the scratch of " + s.Name, -1})
		}
	}
	for i, a := range rooms {
		if a.from < 0 || a.from%Align != 0 || a.to > p.Arena {
			return fmt.Errorf("plan %s: %s is at [%d, %d), outside of the arena of %d bytes or not aligned", w.Name, a.name, a.from, a.to, p.Arena)
		}
		for _, b := range rooms[:i] {
			if a.meets(b.span) && a.from < b.to && b.from < a.to && !shared(w, a, b, life) && !shared(w, b, a, life) {
				return fmt.Errorf("plan %s: %s at [%d, %d) and %s at [%d, %d) overlap while both are in use",
					w.Name, b.name, b.from, b.to, a.name, a.from, a.to)
			}
		}
	}
	return nil
}

// shared says whether the overlap is that of a written in place of b.
func shared(w *Work, a, b room, life []span) bool {
	return a.value >= 0 && b.value >= 0 && a.from == b.from && a.first == b.last &&
		inPlace(w, a.first, a.value, b.value, life)
}
