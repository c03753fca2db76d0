package train

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ganengine/engine/device"
	"ganengine/engine/printable"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/game"
	"ganengine/gan/measure"
	"ganengine/gan/picture"
	"ganengine/gan/rundir"
)

// rig is a compiled model on its data: what a run, its continuation and a
// measurement have in common.
type rig struct {
	host     Host
	cfg      config.Config
	sets     sets
	set      data.Set         // of [data]
	labelled data.Set         // the same with labels, where only what is measured needs them
	notes    []string         // on the data and the configuration
	eval     *measure.Request // what is measured while training; nil for nothing
	trainer  *trainer
	sampler  *sampler
	watcher  *watcher // nil where there is nothing to watch
}

// newRig opens the data, builds the model and compiles what a run needs: one
// that goes on without some files, or, where since is nil, one that begins and
// draws first weights.
func newRig(ctx context.Context, cfg *config.Config, h Host, since beginning) (*rig, error) {
	h.Console = h.console()
	r, g, err := open(ctx, cfg, h, since, h.Console.Line)
	if err != nil {
		return nil, err
	}
	if err := r.compile(g, since == nil); err != nil {
		return nil, closing(err, r.close)
	}
	return r, nil
}

// open does what comes before the device's part, with every check of it: the
// same for a run and for what only looks at one. notes is told what there is
// to know about data and configuration, of a run that goes on if since is not nil.
func open(ctx context.Context, cfg *config.Config, h Host, since beginning, notes func(line string)) (r *rig, g *game.Game, err error) {
	r = &rig{host: h, cfg: *cfg}
	note := func(line string) {
		r.notes = append(r.notes, line)
		notes(line)
	}
	if r.sets, err = since.open(ctx, cfg, h.console().Line, note); err != nil {
		return nil, nil, err
	}
	r.set = r.sets.of("")
	if err = fits(&r.cfg, r.set); err == nil {
		g, err = r.declare()
	}
	if err == nil {
		err = r.evaluation(ctx, g)
	}
	if err != nil {
		return nil, nil, closing(err, r.close)
	}
	doubts := r.cfg.Doubts()
	if since == nil && len(h.Weights) == 0 {
		doubts = append(doubts, r.cfg.DrawnDoubts()...)
	}
	for _, line := range doubts {
		note(line)
	}
	return r, g, nil
}

// declare declares the game. Where its steps take different numbers of samples, a length in
// samples becomes the steps that take them, which only the game's order tells.
func (r *rig) declare() (*game.Game, error) {
	g, err := newGame(r.host.Systems, &r.cfg, r.sets)
	key, images := r.cfg.Length()
	if err != nil || key == "" {
		return g, err
	}
	steps, ok := g.StepsOf(images)
	switch {
	case !ok:
		return nil, &config.Error{Key: key, Msg: fmt.Sprintf("the order of model %s takes fewer than %d samples, however long it runs; give train.steps", r.cfg.Model.Kind, images)}
	case int(steps) == r.cfg.Train.Steps:
		return g, nil
	}
	if err := r.cfg.SetLength(int(steps)); err != nil {
		return nil, err
	}
	return newGame(r.host.Systems, &r.cfg, r.sets) // rates may end with the run
}

// fits checks a configuration against its data, and completes it with the
// number of steps where train.epochs gives the length.
func fits(c *config.Config, set data.Set) error {
	if s := SampleShape(set); len(s) == 3 {
		if err := picture.CheckGrid(c.Sample.Count, s[0], s[1], s[2], picture.GridOptions{}); err != nil {
			return &config.Error{Key: "sample.count", Msg: fmt.Sprintf("%v; draw fewer", err)}
		}
	}
	return c.FixSteps(set.Len())
}

func (r *rig) compile(g *game.Game, fresh bool) error {
	var err error
	if r.sampler, err = newSampler(g); err != nil {
		return err
	}
	if r.eval != nil {
		r.eval.Device, r.eval.Switches, r.eval.Generate = r.host.Device, r.host.Switches, r.sampler.array
	}
	programs, err := r.sampler.programs(fresh)
	if err != nil {
		return err
	}
	steps, err := g.Steps()
	if err != nil {
		return err
	}
	if r.watcher, err = newWatcher(g, steps); err != nil {
		return err
	}
	if r.trainer, err = newTrainer(r.host, g, steps, programs...); err != nil {
		return r.suggest(err)
	}
	if r.watcher != nil {
		r.watcher.join(r.trainer)
	}
	return r.sampler.attach(r.trainer.ses)
}

func (r *rig) close() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	if r.sampler != nil {
		keep(r.sampler.free())
	}
	if r.watcher != nil {
		keep(r.watcher.free())
	}
	if r.trainer != nil {
		keep(r.trainer.close())
	}
	keep(r.eval.Close())
	if r.labelled != nil {
		keep(r.labelled.Close())
	}
	keep(r.sets.close())
	return first
}

// engines are those that the device took so far; nil where it has no such choice.
func (r *rig) engines() json.RawMessage {
	if dev, ok := r.host.Device.(device.Recorder); ok {
		return dev.Record()
	}
	return nil
}

// info is what run.json says of a run here and now.
func (r *rig) info() rundir.Info {
	d := r.host.Device.Info()
	return rundir.Info{
		Version: r.host.Version, Revision: r.host.Revision,
		Device: deviceName(d), Libraries: libraries(d), Threads: d.Threads, Engines: r.engines(),
		Precision: r.cfg.Run.Precision, Seed: uint64(r.cfg.Run.Seed), Classes: r.set.Classes(),
		Data: describeData(&r.cfg.Data, r.set), Sections: r.sections(), Frozen: r.trainer.frozen,
	}
}

// sections is what run.json says of the data of [data.NAME], by name.
func (r *rig) sections() map[string]rundir.Section {
	out := map[string]rundir.Section{}
	for i := range r.cfg.Streams {
		s := &r.cfg.Streams[i]
		set := r.sets.of(s.Name)
		out[s.Name] = rundir.Section{Data: describeData(&s.Data, set), Classes: set.Classes()}
	}
	return out
}

func deviceName(d device.Info) string {
	if d.Model == "" {
		return d.Name
	}
	return d.Name + " (" + d.Model + ")"
}

// libraries splits names from versions: "oneDNN 2.6.3".
func libraries(d device.Info) map[string]string {
	out := map[string]string{}
	for _, l := range d.Libraries {
		name, version, _ := strings.Cut(l, " ")
		out[name] = version
	}
	return out
}

// describe says in lines what will train on what.
func (r *rig) describe() []string {
	d := r.host.Device.Info()
	line := "device   " + deviceName(d)
	if d.Threads > 0 {
		line += ", " + printable.Count(d.Threads, "thread", "threads")
	}
	for _, l := range d.Libraries {
		name, _, _ := strings.Cut(l, " (") // run.json and `ganengine devices` say where it lies
		line += ", " + name
	}
	if r.host.Fallback != "" {
		line += "; " + r.host.Fallback
	}
	return []string{line,
		fmt.Sprintf("data     %s, %s of %s%s", r.cfg.Data.Kind, printable.Count(r.set.Len(), "sample", "samples"), SampleShape(r.set), stored(r.set)),
		fmt.Sprintf("model    %s, %s; %d MiB on the device", r.cfg.Model.Kind, counts(r.trainer.game), mebibytes(r.trainer.ses.Memory().Total()))}
}

// counts are the parameters of each network.
func counts(g *game.Game) string {
	var parts []string
	for _, net := range g.Nets() {
		if len(parts) == 0 {
			parts = append(parts, fmt.Sprintf("%d parameters in %s", net.Count(), title(net.Name)))
		} else {
			parts = append(parts, fmt.Sprintf("%d in %s", net.Count(), title(net.Name)))
		}
	}
	return strings.Join(parts, ", ")
}

// title is a network's name for people: G for g.
func title(name string) string {
	if len(name) == 1 {
		return strings.ToUpper(name)
	}
	return name
}

// listed is libraries for people.
func listed(libraries map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(libraries)) {
		all = append(all, strings.TrimSpace(name+" "+libraries[name]))
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}

// changes says in which respects that decide the bits one host differs from
// another; "" for none.
func changes(before, now rundir.Info) string {
	var out []string
	if before.Device != now.Device {
		out = append(out, fmt.Sprintf("the device was %s and is %s", before.Device, now.Device))
	}
	if before.Device == now.Device && !sameEngines(before.Engines, now.Engines) {
		out = append(out, "engines of convolutions are other ones")
	}
	if !maps.Equal(before.Libraries, now.Libraries) {
		out = append(out, fmt.Sprintf("the libraries were %s and are %s", listed(before.Libraries), listed(now.Libraries)))
	}
	if before.Threads != now.Threads {
		out = append(out, fmt.Sprintf("there were %s and are %d", printable.Count(before.Threads, "thread", "threads"), now.Threads))
	}
	if before.Data.Fingerprint != now.Data.Fingerprint {
		out = append(out, fmt.Sprintf("the data were %s and are %s", before.Data.Fingerprint, now.Data.Fingerprint))
	}
	for _, name := range slices.Sorted(maps.Keys(now.Sections)) {
		if was, is := before.Sections[name].Fingerprint, now.Sections[name].Fingerprint; was != is {
			out = append(out, fmt.Sprintf("the data of %s were %s and are %s", name, was, is))
		}
	}
	return joined(out...)
}

// joined is a line of those parts that say something.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// sameEngines says that what both records have in common is equal. Programs that
// one of the runs did not compile do not matter.
func sameEngines(before, now json.RawMessage) bool {
	var a, b map[string]string
	if len(before) == 0 || json.Unmarshal(before, &a) != nil || json.Unmarshal(now, &b) != nil {
		return len(before) == len(now)
	}
	for conv, engine := range b {
		if was, ok := a[conv]; ok && was != engine {
			return false
		}
	}
	return true
}
