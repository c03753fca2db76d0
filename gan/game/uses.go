package game

import (
	"fmt"
	"slices"

	"ganengine/engine/nn"
)

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
// and the pass is one that moves them. It moves statistics where it uses a batch's.
func (r Ran) Tracks() bool {
	n := len(r.Player.Net.State())
	if r.Stats == nn.StatsByTrain || r.Stats == nn.StatsBatch {
		n += len(r.Player.Net.Stats())
	}
	return r.Track && n > 0
}

// takes says whether there are fresh batches of a stream in it.
func (u *Uses) takes(st *Stream) bool {
	return slices.ContainsFunc(u.Fed, func(f Fed) bool { return f.Stream == st && !f.Again })
}

const sometimes = "turn %s takes stream %s in some of its runs only: take it whatever is due, or in a turn of its own"

// holds says which of the streams that the turn takes a program of it does not: positions
// are worked out by what was seen when all was due.
func (r *TurnRef) holds(u *Uses) error {
	for _, f := range r.Uses.Fed {
		if !f.Again && !u.takes(f.Stream) {
			return fmt.Errorf(sometimes, r.Name, f.Stream.Name)
		}
	}
	return nil
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
