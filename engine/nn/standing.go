package nn

import "ganengine/engine/graph"

// Standing is a second set of networks' running statistics, for use alone: those
// of the networks as they are now (or as their average is), over examples drawn for
// the purpose (BigGAN's standing statistics). Training neither reads nor moves them.
type Standing struct {
	of map[*graph.Variable]*graph.Variable
}

// NewStanding declares a Variable name/... for each statistic of the networks,
// which must all be declared; the network's name comes between where there are
// several. A program that runs some times before they are used fills them: a pass
// with StatsBatch, Track, Rate 1/(t+1) and Values, committed.
func NewStanding(name string, nets ...*Net) *Standing {
	return &Standing{seconds(name, nets, (*Net).Stats)}
}

// Values reads these statistics, and all else as weights does: NewValues() for the
// networks' own, or an Average's Values.
func (s *Standing) Values(weights *Values) *Values {
	v := NewValues()
	v.alias = func(v *graph.Variable) *graph.Variable {
		if standing := s.of[v]; standing != nil {
			return standing
		}
		return weights.stored(v)
	}
	return v
}
