package nn

import "ganengine/engine/graph"

// Stats says which statistics batch norm normalises with.
type Stats uint8

// The kinds of statistics.
const (
	StatsByTrain Stats = iota // StatsBatch in training, StatsRunning elsewhere
	StatsBatch                // the batch's
	StatsRunning              // running means, as in use
	StatsOwn                  // each image's over its own pixels, so that it depends on no other (pix2pix at use)
)

// Mode says how a pass treats what differs between training and use.
type Mode struct {
	Label string // unique within the program; part of the names of its random streams
	Train bool   // batch norm uses batch statistics, dropout drops
	Track bool   // running statistics follow batch statistics; state moves (needs Train)
	// Stats chooses the statistics apart from Train.
	Stats Stats
	// Rate (float []) is the weight of the newest statistics in the running ones,
	// in place of each layer's momentum: 1/(t+1) in the t-th pass of one batch makes
	// them a plain mean. nil: the layers' own.
	Rate *graph.Node
	// First makes layers whose first parameters depend on data (WeightNorm, ActNorm)
	// set them from this pass's examples in Values, for a program that runs once
	// before all others and commits them.
	First bool
	// Batches is how many equal batches follow each other in the examples: batch
	// norm treats each by itself, as it would in passes of their own. 0 means 1.
	Batches int
	// Values gives a parameter's or statistic's value; nil reads the Variable,
	// and what a tracking pass finds is then in the Mode of the Pass.
	Values *Values
}

// stats are the statistics that batch norm normalises with.
func (p *Pass) stats() Stats {
	switch {
	case p.Mode.Stats != StatsByTrain:
		return p.Mode.Stats
	case p.Mode.Train:
		return StatsBatch
	}
	return StatsRunning
}

// Tracks says whether state moves in this pass.
func (p *Pass) Tracks() bool { return p.Mode.Train && p.Mode.Track }

// batches is how many batches of equal size the examples of x are.
func (p *Pass) batches(op string, x *graph.Node) int {
	n := max(p.Mode.Batches, 1)
	if x.Shape[0]%n != 0 {
		wrong(op, "%d examples are not %d equal batches", x.Shape[0], n)
	}
	return n
}
