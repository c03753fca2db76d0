package train

import (
	"slices"

	"ganengine/gan/config"
)

// sequence says which program runs when. A step is dSteps programs: dSteps-1
// discriminator updates, then one with the generator's update. Every each-th
// discriminator update of the whole run computes the penalties.
type sequence struct {
	dSteps, every int64
}

func newSequence(c *config.Config) sequence {
	s := sequence{dSteps: int64(part[config.Rhythm](c).DSteps), every: 1}
	if p := part[config.Penalties](c); !p.GP.IsZero() || !p.R1.IsZero() {
		s.every = int64(p.Every)
	}
	return s
}

// The training programs.
const (
	progD = iota
	progDReg
	progDG
	progDGReg
	progCount
)

// at is the program at place k of a step counted from 0.
func (s sequence) at(step, k int64) int {
	p := progD
	if k == s.dSteps-1 {
		p = progDG
	}
	if s.every > 1 && (step*s.dSteps+k+1)%s.every == 0 {
		p++
	}
	return p
}

// used lists the programs that ever run, and how often each does in every
// steps, after which the sequence repeats.
func (s sequence) used() (programs []int, counts [progCount]int64) {
	for step := range s.every {
		for k := range s.dSteps {
			p := s.at(step, k)
			counts[p]++
			if !slices.Contains(programs, p) {
				programs = append(programs, p)
			}
		}
	}
	slices.Sort(programs)
	return programs, counts
}

// steps builds the training programs that ever run; used are their numbers.
func (g *Game) steps() (used []int, steps []*Step, err error) {
	used, _ = newSequence(&g.Config).used()
	for _, p := range used {
		penalties := g.penalty.Every == 1 || p == progDReg || p == progDGReg
		update := g.DUpdate
		if p == progDG || p == progDGReg {
			update = g.DGUpdate
		}
		step, err := update(penalties)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, step)
	}
	return used, steps, nil
}
