package train

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data"
	"ganengine/gan/game"
)

// fewLabels is a game of a classifier that is told the classes of n samples of each, and
// keeps what it says of all others small.
func fewLabels(n int) *game.Systems {
	return game.NewSystems(game.System{
		Kind: config.Kind{Name: "few", Doc: "knows some labels", Keys: struct{}{}, Optims: []string{"c"}, Labels: true},
		Declare: func(s *game.Setup) error {
			some := s.Stream("some", game.StreamOptions{PerClass: n, Cycle: true})
			all := s.Stream("all", game.StreamOptions{})
			c := s.Player("c", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				x := graph.Scale(graph.Reshape(in[0], graph.Shape{in[0].Shape[0], 64}), .1)
				return []*graph.Node{nn.Dense(p, "out", x, len(some.Classes), nn.Constant(0), nn.Constant(0))}
			}, game.In{Shape: some.Shape})
			opt := s.Optimizer("c", "c", c)
			s.Order(game.Entry{Turn: s.Turn("c", func(t *game.Turn) {
				y := game.OneHot(t.Batch(some, game.Label), len(some.Classes), s.Float)
				told := graph.Average(graph.Square(graph.Sub(t.Run(c, t.Batch(some, game.Pixels))[0], y)))
				t.Minimise(game.Goal{By: opt, Loss: graph.Add(told, graph.Average(graph.Square(t.Run(c, t.Batch(all, game.Pixels))[0])))})
			})})
			return nil
		},
	})
}

func fewConfig(t *testing.T, from *game.Systems, root string, more string) *config.Config {
	t.Helper()
	c := configtest.Of(t, from.Schema, fmt.Sprintf("[run]\nseed = 4\n[data]\nkind = \"folder\"\nsize = 8\nchannels = 1\npath = %q\nlabels = true\nbad = \"skip\"\n[train]\nbatch = 8\nsteps = 12\n%s", root, more))
	return c
}

// A stream of two samples of each class gives those that the seed chooses and no others,
// each once in an epoch, with its label, however its batches lie. A run that goes on is
// what it would have been.
func TestSomeOfEachClass(t *testing.T) {
	root := t.TempDir()
	for class := range 3 {
		shadesIn(t, filepath.Join(root, fmt.Sprint(class)))
	}
	from := fewLabels(2)
	c := fewConfig(t, from, root, "")
	tr := beginTraining(t, c, from).trainer
	chosen, err := data.PerClass(wholeOf(tr), 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := tr.feeders[0].stream.Len; got != 6 || chosen.Len() != 6 {
		t.Errorf("the stream has %d samples, the choice %d, want 6", got, chosen.Len())
	}
	_, few := data.Whole(chosen, []int{0, 1, 2, 3, 4, 5})
	var want, rows []string // shade and label
	for _, i := range few {
		want = append(want, fmt.Sprint(4*(i%shades), i/shades))
	}
	slices.Sort(want)
	const steps = 12
	for step := range int64(steps) {
		rows = append(rows, tr.labelled(t, step)...)
	}
	var epochs [][]string
	for epoch := range slices.Chunk(slices.Clone(rows), 6) {
		epochs = append(epochs, slices.Clone(epoch))
		if slices.Sort(epoch); !slices.Equal(epoch, want) {
			t.Errorf("an epoch of %v, want %v", epoch, want)
		}
	}
	if slices.Equal(epochs[0], epochs[1]) {
		t.Error("two epochs have one order")
	}
	tr.step = steps
	if m := tr.mark(); !maps.Equal(m.positions, map[string]int64{"some": 8 * steps, "all": 8 * steps}) {
		t.Errorf("the checkpoint says %v", m.positions)
	}
	half := beginTraining(t, c, from).trainer
	for step := range int64(7) { // within an epoch
		half.once(t, step, 0)
	}
	half.step = 7
	sameState(t, goneOn(t, c, from, half, steps), tr.state(t))
}

func wholeOf(t *trainer) data.Set {
	whole, _ := t.lostIn("", func(*feeder) int64 { return 0 })
	return whole
}

// A file that only the second stream of a section has goes bad. The checkpoint names it,
// though the first stream cannot know of it, and a run that goes on without it ends where
// the run in one go does.
func TestLossBesideSomeOfEachClass(t *testing.T) {
	root := t.TempDir()
	for class := range 3 {
		shadesIn(t, filepath.Join(root, fmt.Sprint(class)))
	}
	from := fewLabels(2)
	c := fewConfig(t, from, root, "[log]\nevery = 1\n[sample]\nevery = 0\n[checkpoint]\nevery = 3\nkeep = 10\n")
	tr := beginTraining(t, c, from).trainer
	all, err := data.NewLoader(t.Context(), wholeOf(tr), data.LoaderConfig{Batch: 8, Seed: 4, Stream: "all", Shuffle: true})
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	known := tr.labelled(t, 0)
	for range 5 { // an epoch and more
		known = append(known, tr.labelled(t, 0)...)
	}
	if err := all.SeekTo(72); err != nil { // no loader reads so far ahead of the first step
		t.Fatal(err)
	}
	b, err := all.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var victim string
	for row, label := range b.Labels {
		if shade := b.Images[64*row]; !slices.Contains(known, fmt.Sprint(shade, label)) {
			victim = fmt.Sprintf("%d/%02d.png", label, shade/4)
		}
	}
	out := t.TempDir()
	h, shown := testHost(t, out)
	h.Systems = from
	shown.onProgress = func(p Progress) {
		if p.Step == 1 {
			put(t, filepath.Join(root, victim), []byte("?"))
		}
	}
	if err := Run(t.Context(), c, h); err != nil {
		t.Fatal(err)
	}
	d := latest(t, out)
	end := file(t, d.CheckpointPath(12))
	m, err := peek(d.CheckpointPath(12), nil)
	if info, failed := d.ReadInfo(); err != nil || failed != nil || !slices.Equal(m.bad.Lost, []string{victim}) || info.Data.Lost != 1 {
		t.Errorf("lost is %s, the checkpoint says %+v, run.json %+v (%v, %v)", victim, m.bad, info.Data, err, failed)
	}
	if err := os.Remove(d.CheckpointPath(12)); err != nil {
		t.Fatal(err)
	}
	h, _ = testHost(t, out)
	h.Systems = from
	own, err := ReadConfig(string(d), from.Schema)
	if err == nil {
		err = Resume(t.Context(), string(d), own, h)
	}
	if err != nil {
		t.Fatal(err)
	}
	if file(t, d.CheckpointPath(12)) != end {
		t.Error("it ends elsewhere")
	}
}

// labelled runs a step, and gives shade and label of the rows of its first stream.
func (t *trainer) labelled(tt *testing.T, step int64) (rows []string) {
	tt.Helper()
	f := t.feeders[0]
	f.again = true // keeps the batch
	t.once(tt, step, 0)
	f.again = false
	slot := f.slots[f.last.Slot]
	pixels, labels := slot[slices.Index(f.fields, game.Pixels)].Data(), ints(slot[slices.Index(f.fields, game.Label)].Data())
	for i, label := range labels {
		rows = append(rows, fmt.Sprint(pixels[i*len(pixels)/len(labels)], label))
	}
	f.drop(f.last.Slot)
	f.last = nil
	return rows
}

// What a choice of each class cannot have is refused before anything runs.
func TestSomeOfEachClassRefused(t *testing.T) {
	root := t.TempDir()
	shadesIn(t, filepath.Join(root, "a"))
	shadesIn(t, filepath.Join(root, "b"))
	from := fewLabels(2)
	unlabelled := fewConfig(t, from, root, "")
	unlabelled.Data.Labels = false
	for _, x := range []struct {
		systems *game.Systems
		c       *config.Config
		want    string
	}{
		{from, unlabelled, "data.labels: stream some takes 2 samples of each class; set it to true, with data that have labels"},
		{fewLabels(1000), fewConfig(t, fewLabels(1000), root, ""), fmt.Sprintf("data: stream some: class \"a\" holds %d samples, fewer than the 1000", shades)},
	} {
		h, _ := testHost(t, "")
		h.Systems = x.systems
		err := DryRun(t.Context(), x.c, h, &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
}
