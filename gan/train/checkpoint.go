package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/rundir"
)

// mark is what a checkpoint says beside the Variables: where the run stands.
// Nothing in it depends on a clock, so that equal runs write equal files.
type mark struct {
	step   int64 // steps that are finished
	next   int64 // run of the next step that comes next
	images int64 // samples of the first stream that were taken
	// positions are the samples of each stream that were taken, by name.
	positions map[string]int64
	seed      int64
	config    string                 // fingerprint of what a resume may not change
	data      string                 // identity of the data, but for what bad names
	bad       data.Bad               // files that the run does without
	sections  map[string]sectionMark // likewise of [data.NAME]
	scores    scores                 // of the log interval that is not over
	watched   *watched               // nil where nothing is watched
	rollbacks []rollback             // that led to it
}

// sectionMark is what a mark says of the data of one section.
type sectionMark struct {
	Data string   `json:"data"`
	Bad  data.Bad `json:"bad"`
}

const badKey, scoresKey, positionsKey, sectionsKey, watchedKey, rollbacksKey = "bad", "scores", "positions", "sections", "watched", "rollbacks"

// metadata is the mark as a checkpoint holds it.
func (m mark) metadata() map[string]string {
	all := map[string]string{
		"step": fmt.Sprint(m.step), "next": fmt.Sprint(m.next), "images": fmt.Sprint(m.images),
		"seed": fmt.Sprint(m.seed), "config": m.config, "data": m.data,
	}
	put := func(key string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // there are only strings and numbers that are finite
		}
		all[key] = string(text)
	}
	put(positionsKey, m.positions)
	if !m.bad.Empty() {
		put(badKey, m.bad)
	}
	if len(m.sections) > 0 {
		put(sectionsKey, m.sections)
	}
	if len(m.scores) > 0 {
		put(scoresKey, m.scores)
	}
	if m.watched != nil {
		put(watchedKey, m.watched)
	}
	if len(m.rollbacks) > 0 {
		put(rollbacksKey, m.rollbacks)
	}
	return all
}

// readMark is metadata's inverse.
func readMark(path string, get func(key string) (string, bool)) (m mark, err error) {
	for key, to := range map[string]*int64{"step": &m.step, "next": &m.next, "images": &m.images,
		"seed": &m.seed} {
		text, _ := get(key)
		if *to, err = strconv.ParseInt(text, 10, 64); err != nil {
			return m, fmt.Errorf("%s is no training checkpoint: its %s is %q", path, key, text)
		}
	}
	m.config, _ = get("config")
	m.data, _ = get("data")
	text, ok := get(positionsKey)
	if !ok {
		return m, fmt.Errorf("%s was written by an earlier version, which counted batches; go on with that version, or start a run from its weights with -init", path)
	}
	if err := json.Unmarshal([]byte(text), &m.positions); err != nil {
		return m, fmt.Errorf("%s contradicts itself: its positions: %w; use an earlier checkpoint", path, err)
	}
	if text, ok := get(badKey); ok {
		if err := json.Unmarshal([]byte(text), &m.bad); err != nil {
			return m, fmt.Errorf("%s contradicts itself: its list of bad files: %w; use an earlier checkpoint", path, err)
		}
	}
	if text, ok := get(sectionsKey); ok {
		if err := json.Unmarshal([]byte(text), &m.sections); err != nil {
			return m, fmt.Errorf("%s contradicts itself: its data by section: %w; use an earlier checkpoint", path, err)
		}
	}
	if text, ok := get(scoresKey); ok {
		if err := json.Unmarshal([]byte(text), &m.scores); err != nil {
			return m, fmt.Errorf("%s contradicts itself: its sums of scores: %w; use an earlier checkpoint", path, err)
		}
	}
	if text, ok := get(watchedKey); ok {
		if err := json.Unmarshal([]byte(text), &m.watched); err != nil {
			return m, fmt.Errorf("%s contradicts itself: what was watched: %w; use an earlier checkpoint", path, err)
		}
	}
	if text, ok := get(rollbacksKey); ok {
		if err := json.Unmarshal([]byte(text), &m.rollbacks); err != nil {
			return m, fmt.Errorf("%s contradicts itself: how it was rolled back: %w; use an earlier checkpoint", path, err)
		}
	}
	return m, nil
}

// peek reads a checkpoint's mark alone: the data that it goes on with are
// opened before there is anything to load its Variables into. A check, which
// may be nil, comes first.
func peek(path string, check func(f *safetensors.File) error) (mark, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return mark{}, fmt.Errorf("reading checkpoint: %w", err)
	}
	defer f.Close()
	if check != nil {
		if err := check(f); err != nil {
			return mark{}, fmt.Errorf("reading checkpoint: %w", err)
		}
	}
	return readMark(path, f.Metadata)
}

// under refuses to go on from a checkpoint under another configuration than its
// own, before that one's data and networks are looked for, and under a name that
// tells of another step: what is past the step in it goes.
func (m mark) under(c *config.Config, at rundir.StepFile) error {
	if m.step != at.Step {
		return fmt.Errorf("%s holds step %d: rename it to %06d.safetensors, unless that is there, or take it away", at.Path, m.step, m.step)
	}
	if m.config != fingerprint(c) || m.seed != int64(c.Run.Seed) {
		return fmt.Errorf("%s was written by another configuration: restore the run's config.toml, or start a run of its own with -init", at.Path)
	}
	return nil
}

// mark is where the trainer stands, with nothing in flight.
func (t *trainer) mark() mark {
	c := t.game.Config
	first := t.feeders[0]
	positions := t.positions()
	all := map[string]sectionMark{}
	for _, f := range t.feeders {
		if _, ok := all[f.stream.Section]; !ok {
			all[f.stream.Section] = f.mark(t.lostIn(f.stream.Section, func(f *feeder) int64 { return positions[f.stream.Name] }))
		}
	}
	own := all[first.stream.Section]
	if delete(all, first.stream.Section); len(all) == 0 {
		all = nil // as it is read back
	}
	return mark{step: t.step, next: t.place, images: positions[first.stream.Name], positions: positions,
		seed: int64(c.Run.Seed), config: fingerprint(c), data: own.Data, bad: own.Bad, sections: all, scores: t.tally.save(), rollbacks: t.rollbacks}
}

// lostIn is the data of a section, with the samples that its streams go without at their
// positions: loaders of one section know of each other's losses, but for those of
// samples that they have not.
func (t *trainer) lostIn(section string, position func(f *feeder) int64) (whole data.Set, lost []int) {
	for _, f := range t.feeders {
		if f.stream.Section != section {
			continue
		}
		var own []int
		whole, own = data.Whole(f.set, f.loader.Lost(position(f)))
		for _, sample := range own {
			if !slices.Contains(lost, sample) {
				lost = append(lost, sample)
			}
		}
	}
	return whole, lost
}

// mark is what a checkpoint says of the data of the feeder's section without so many
// samples.
func (f *feeder) mark(whole data.Set, lost []int) sectionMark {
	if f.identity == "" || len(lost) != f.without { // which reads the names of all files
		f.identity, f.without = data.Identity(whole, lost), len(lost)
	}
	return sectionMark{f.identity, data.BadOf(whole, lost)}
}

// load stands where a checkpoint does.
func (t *trainer) load(at rundir.StepFile) (mark, error) {
	get, err := t.ses.Load(at.Path)
	if err != nil {
		return mark{}, CheckpointError(at, err)
	}
	return t.restore(at.Path, get)
}

// restore stands where a checkpoint does that the session has loaded; get
// reads its metadata. The loader comes after.
func (t *trainer) restore(path string, get func(key string) (string, bool)) (mark, error) {
	m, err := readMark(path, get)
	if err != nil {
		return m, err
	}
	t.step, t.place, t.done, t.rollbacks = m.step, m.next, m.step, m.rollbacks
	t.tally.restore(m.scores)
	clock, err := t.ses.ReadBytes(t.game.Clock.Name)
	if err != nil {
		return m, err
	}
	if now := binary.LittleEndian.Uint32(clock); int64(now) != m.step {
		return m, fmt.Errorf("%s contradicts itself: step %d, and its clock shows %d; use an earlier checkpoint", path, m.step, now)
	}
	if m.step < 0 || m.next < 0 || m.next >= int64(len(t.game.Sequence.At(m.step))) || !maps.Equal(t.positions(), m.positions) {
		return m, fmt.Errorf("%s contradicts itself: step %d, run %d, samples taken %v; use an earlier checkpoint", path, m.step, m.next, m.positions)
	}
	return m, nil
}

// fingerprint identifies what a resume may not change in a configuration; data
// that moved are told by their own identity.
func fingerprint(c *config.Config) string {
	fixed := *c
	fixed.Train.Steps, fixed.Train.Kimg, fixed.Train.Epochs = 0, 0, 0
	fixed.Log, fixed.Sample, fixed.Checkpoint, fixed.Eval = config.Log{}, config.Sample{}, config.Checkpoint{}, config.Eval{}
	fixed.Run.Device, fixed.Run.Threads = "", 0
	fixed.Data.Path = ""
	fixed.Streams = slices.Clone(fixed.Streams)
	for i := range fixed.Streams {
		fixed.Streams[i].Path = ""
	}
	h := sha256.New()
	if err := fixed.WriteTOML(io.Writer(h)); err != nil {
		panic(err) // a hash takes everything
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}
