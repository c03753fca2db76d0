package train

import (
	"errors"
	"fmt"
	"strings"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/game"
)

// sets are the data by section: "" is [data].
type sets map[string]data.Set

func (s sets) of(section string) data.Set { return s[section] }

func (s sets) close() error {
	var first error
	for _, set := range s {
		if err := set.Close(); first == nil {
			first = err
		}
	}
	return first
}

// read is what a stream reads of its section: all of it, or so many samples of each
// class.
func (s sets) read(st *game.Stream, seed int) (data.Set, error) {
	if n := st.StreamOptions.PerClass; n > 0 {
		return data.PerClass(s.of(st.Section), n, uint64(seed))
	}
	return s.of(st.Section), nil
}

// newGame declares a game on sets, and holds what it takes of them to what they have.
func newGame(systems *game.Systems, c *config.Config, s sets) (*game.Game, error) {
	g, err := systems.Declare(c, game.Options{Float: graph.F32, Data: func(section string) game.Data {
		set := s.of(section)
		return game.Data{Shape: SampleShape(set), Classes: set.Classes(), Len: set.Len(), PerClass: func(n int) (int, error) {
			part, err := data.PerClass(set, n, uint64(c.Run.Seed))
			if err != nil {
				return 0, errors.New(strings.TrimPrefix(err.Error(), "data: ")) // the section's name is said before it
			}
			return part.Len(), nil
		}}
	}})
	if err != nil {
		return nil, err
	}
	for _, st := range g.Streams {
		if n := st.StreamOptions.Batch; n > st.Len && !st.Cycle {
			return nil, &config.Error{Key: "train.batch", Msg: fmt.Sprintf("%d is more than the data set holds, which is %d; use a smaller batch or more data", n, st.Len)}
		}
	}
	return g, nil
}
