package game

import "slices"

// Uses is what a turn or a sampler takes, runs and moves, found by building it.
type Uses struct {
	Fed     []Fed
	Drawn   []*Code // each once
	Passes  []Ran   // in order, those of penalties too
	Lazies  []*Lazy // those that it asks for
	Updates []*Optimizer
	Gives   []string // what a sampler gives, by name
	Shows   *Stream  // whose kind of samples it shows; nil where it shows none
	// minimised is how many updates there are, one after the other.
	minimised int
}

// Fed is an input of a program that a stream feeds.
type Fed struct {
	Name   string
	Stream *Stream
	Field  Field
	Again  bool // the batch that the step's last reader took, not a fresh one
}

// Ran is one pass of a player.
type Ran struct {
	Pass
	Player *Player
}

// Tracks says whether running statistics or state follow the pass: whether there are any,
// and the pass is one that moves them.
func (r Ran) Tracks() bool {
	return r.Track && len(r.Player.Net.Stats())+len(r.Player.Net.State()) > 0
}

func (u *Uses) drawn(codes []*Code) {
	for _, c := range codes {
		if !slices.Contains(u.Drawn, c) {
			u.Drawn = append(u.Drawn, c)
		}
	}
}

// Players are those that run, each once, in order.
func (u *Uses) Players() (out []*Player) {
	for _, r := range u.Passes {
		if !slices.Contains(out, r.Player) {
			out = append(out, r.Player)
		}
	}
	return out
}
