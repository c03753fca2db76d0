package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/printable"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
)

// DryRun prints the resolved configuration, what each layer gives, how many
// parameters there are and the memory that training would take, and refuses
// what training would refuse. It reads the data's directory, writes nothing and
// allocates nothing on the device.
func DryRun(ctx context.Context, cfg *config.Config, h Host, w io.Writer) error {
	return dryRun(ctx, cfg, h, nil, nil, w)
}

// DryResume is DryRun for what Resume would continue.
func DryResume(ctx context.Context, dir string, changed *config.Config, h Host, w io.Writer) error {
	at, err := rundir.Dir(dir).Checkpoint(h.Checkpoint)
	if err != nil {
		return err
	}
	m, err := peek(at.Path, (*safetensors.File).CheckAll)
	if err != nil {
		return CheckpointError(at, err)
	}
	if err := m.under(changed, at); err != nil {
		return err
	}
	info, err := rundir.Dir(dir).ReadInfo()
	if err != nil {
		return err
	}
	return dryRun(ctx, changed, h, began(info, m), &info, w)
}

func dryRun(ctx context.Context, cfg *config.Config, h Host, since beginning, run *rundir.Info, w io.Writer) error {
	var notes []string // which follow the configuration, or are why there is none
	r, g, err := open(ctx, cfg, h, since, func(line string) { notes = append(notes, line) })
	p := &printer{w: w}
	if err != nil {
		p.lines(notes)
		return err
	}
	defer r.close()
	ses := session.New(h.Device, g.Vars, session.Options{})
	if err := checkFrozen(g, ses, run); err != nil {
		return err
	}
	if len(h.Weights) > 0 {
		if err := checkWeights(g, ses, h.Weights); err != nil {
			return err
		}
	}
	all, err := allPrograms(g)
	if err != nil {
		return err
	}
	memory, arenas, err := planned(h.Device, g, all.programs)
	if err != nil {
		return err
	}
	if most, room := memory.Total(), h.Device.Info().Memory; room > 0 && most > room {
		return r.suggest(outOfMemory(&device.OutOfMemoryError{Device: h.Device.Info().Name, Label: "training", Wanted: most, Present: room}, session.Memory{}))
	}
	if err := r.cfg.WriteTOML(w); err != nil {
		return err
	}
	p.printf("\n")
	p.lines(notes)
	p.sections(&r.cfg, r.sets, g)
	const mib = 1 << 20
	var compiled []string
	for i, arena := range arenas[len(all.programs)-len(all.steps):] {
		compiled = append(compiled, fmt.Sprintf("%s (%.1f MiB)", all.steps[i].Name, float64(arena)/mib))
	}
	err = errors.Join(p.players(g), p.outline(g, compiled))
	p.printf("\n%s\n", all.watcher.describe())
	p.printf("\nmemory on %s: %.1f MiB of variables, %.1f MiB for activations and gradients (%.1f MiB if nothing shared)\n",
		h.Device.Info().Name, float64(memory.Variables)/mib, float64(memory.Arena)/mib, float64(memory.Unshared)/mib)
	return errors.Join(err, p.err)
}

// planned is what programs take together, and for activations and gradients each alone.
func planned(dev device.Device, g *game.Game, programs []*graph.Program) (all session.Memory, arenas []int64, err error) {
	for _, p := range programs {
		m, err := session.Plan(dev, g.Vars, p)
		if err != nil {
			return all, nil, err
		}
		arenas = append(arenas, m.Arena)
		all = session.Memory{Variables: m.Variables, Arena: max(all.Arena, m.Arena), Unshared: max(all.Unshared, m.Unshared)}
	}
	return all, arenas, nil
}

// Programs builds the training programs of a configuration, in the order of
// their first runs.
func Programs(ctx context.Context, cfg *config.Config, systems *game.Systems) (programs []*graph.Program, err error) {
	r, g, err := open(ctx, cfg, Host{Systems: systems}, nil, silent{}.Line)
	if err != nil {
		return nil, err
	}
	defer r.close()
	steps, err := g.Steps()
	for _, s := range steps {
		programs = append(programs, s.Program)
	}
	return programs, err
}

// everything is every program of a fresh run.
type everything struct {
	programs []*graph.Program
	steps    []*game.Step // those that train, last of them
	watcher  *watcher     // nil where nothing is watched
}

// allPrograms builds every program of a fresh run.
func allPrograms(g *game.Game) (all everything, err error) {
	s, err := newSampler(g)
	if err == nil {
		all.programs, err = s.programs(true)
	}
	if err == nil {
		all.steps, err = g.Steps()
	}
	if err == nil {
		all.watcher, err = newWatcher(g, all.steps)
	}
	if err != nil {
		return all, err
	}
	if all.watcher != nil {
		all.programs = append(all.programs, all.watcher.Program)
	}
	for _, s := range all.steps {
		all.programs = append(all.programs, s.Program)
	}
	return all, nil
}

// layer is a scope of a network and the shape of the last value in it.
type layer struct {
	name  string
	shape graph.Shape
}

// players lists the networks with their layers, for one batch, and who updates what.
func (p *printer) players(g *game.Game) error {
	seen := map[*nn.Net]bool{}
	for _, player := range g.Players {
		if seen[player.Net] {
			continue
		}
		seen[player.Net] = true
		program, err := player.Program("layers", g.Config.Train.Batch, true)
		if err != nil {
			return err
		}
		p.layers(g, player, layersOf(program, player.Net))
	}
	return nil
}

// layersOf groups a program's nodes by the network's scopes that have
// parameters.
func layersOf(p *graph.Program, net *nn.Net) []layer {
	var out []layer
	at := map[string]int{}
	for _, v := range net.Params() {
		name := scopeOf(v)
		if _, ok := at[name]; !ok {
			at[name] = len(out)
			out = append(out, layer{name: name})
		}
	}
	for _, n := range p.Nodes {
		if i, ok := at[n.Scope]; ok {
			out[i].shape = n.Shape
		}
	}
	return out
}

// scopeOf is the layer that a parameter is of.
func scopeOf(v *graph.Variable) string { return v.Name[:strings.LastIndexByte(v.Name, '/')] }

// printer remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) lines(all []string) {
	for _, line := range all {
		p.printf("%s\n", printable.Line(line))
	}
}

func (p *printer) layers(g *game.Game, player *game.Player, layers []layer) {
	net := player.Net
	p.printf("\n%s: %d parameters\n", player.Title(), net.Count())
	table := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, l := range layers {
		count, frozen := 0, ""
		for _, v := range net.Params() {
			if scopeOf(v) == l.name {
				count += v.Shape.Size()
				if g.Frozen(v) {
					frozen = ", frozen"
				}
			}
		}
		fmt.Fprintf(table, "  %s\t%s\t%d%s\n", strings.TrimPrefix(l.name, net.Name+"/"), l.shape, count, frozen)
	}
	if err := table.Flush(); p.err == nil {
		p.err = err
	}
}
