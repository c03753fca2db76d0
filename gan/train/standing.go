package train

import (
	"context"
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/game"
)

// Prepare fills the standing statistics that a game's samplers use, with the weights as
// they are. The session has compiled the game's program of that name; without one nothing
// happens.
func Prepare(ctx context.Context, g *game.Game, ses *session.Session) error {
	program := ses.Program(game.Preparation)
	if program == nil {
		return nil
	}
	runs, counter := g.StandingRuns()
	err := ses.WriteBytes(counter.Name, make([]byte, graph.I32.Size()))
	for i := 0; i < runs && err == nil; i++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		_, err = program.Finish()
	}
	if err != nil {
		return fmt.Errorf("preparing standing statistics: %w", err)
	}
	return nil
}
