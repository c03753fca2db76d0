package train

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// Every system goes on exactly: from a checkpoint between two steps, and from one in the
// middle of a step of several runs, past the end of the data, with what adds up for one
// update and without.
func TestResumeOfEverySystem(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) {
		t.Run("plain", func(t *testing.T) { goesOn(t, c) })
		if c, ok := configtest.Accumulated(t, name, 3); ok {
			t.Run("accumulated", func(t *testing.T) { goesOn(t, c) })
		}
	})
}

// goesOn stops a run after some steps and in the middle of the next, and compares what
// goes on from there with the run itself.
func goesOn(t *testing.T, c *config.Config) {
	t.Helper()
	tr := beginTraining(t, c, systems.Table()).trainer
	// Two more steps begin a second pass through the data, where these are few.
	stop := int64(2)
	if first := tr.game.Streams[0]; first.Len <= 64 {
		stop = int64(float64(first.Len) / tr.game.ImagesPerStep())
	}
	to := func(step int64) error {
		for tr.step < step {
			if err := tr.advance(t.Context()); err != nil {
				return err
			}
		}
		return tr.drain()
	}
	if err := to(stop); err != nil {
		t.Fatal(err)
	}
	states := map[string]map[string][]byte{"between two steps": goneOn(t, c, systems.Table(), tr, stop+2)}
	if middle := int64(len(tr.game.Sequence.At(stop)) / 2); middle > 0 {
		for k := range middle {
			tr.once(t, stop, k)
		}
		tr.place = middle
		states["in the middle of a step"] = goneOn(t, c, systems.Table(), tr, stop+2)
	}
	if err := to(stop + 2); err != nil {
		t.Fatal(err)
	}
	for where, state := range states {
		t.Run(where, func(t *testing.T) { sameState(t, state, tr.state(t)) })
	}
}

// The pictures of a training are of the samples that its seeds give one at a time from
// its checkpoint.
func TestPicturesOfEverySystemAreOfTheirSeeds(t *testing.T) {
	const count = 5
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		r := beginTraining(t, c, systems.Table())
		if r.sampler.latents == nil {
			t.Skip("no samples are drawn by seed")
		}
		if err := errors.Join(r.trainer.advance(t.Context()), r.trainer.drain()); err != nil {
			t.Fatal(err)
		}
		all, _, err := r.sampler.draw(count, 0)
		if err != nil {
			t.Fatal(err)
		}
		each := len(all) / count
		one := alone(t, c, r.trainer)
		seen := map[string]bool{}
		for seed := range count {
			got := one(seed)
			if want := all[seed*each : (seed+1)*each]; !bytes.Equal(got, want) {
				t.Errorf("seed %d alone is not what it is among %d", seed, count)
			}
			seen[string(got)] = true
		}
		if len(seen) < 2 { // two seeds may leave so few units dead
			t.Error("all seeds give one sample: this tells nothing")
		}
	}, fmt.Sprint("sample.count=", count))
}

// alone draws single samples by seed from a run's checkpoint, pixels or numbers.
func alone(t *testing.T, c *config.Config, run *trainer) func(seed int) []byte {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	path := t.TempDir() + "/c.safetensors"
	ok(run.ses.Save(path, run.mark().metadata()))
	h, _ := testHost(t, "")
	_, g, err := open(t.Context(), c, h, nil, func(string) {})
	ok(err)
	sample := g.Sampler("sample")
	codes, err := sample.Codes()
	ok(err)
	latents, err := g.Latents(1, codes...)
	ok(err)
	generate, err := sample.Program("sample", 1, false)
	ok(err)
	ses := session.New(h.Device, g.Vars, session.Options{})
	t.Cleanup(func() { ok(ses.Close()) })
	ok(ses.Compile(latents, generate))
	_, err = ses.Load(path)
	ok(err)
	output := game.Samples
	if g.Streams[0].Samples() == game.Pixels {
		output = game.SamplePixels
	}
	execute := func(p *session.Program, input func(name string) []byte) *session.Result {
		var in []device.HostBuffer
		for _, x := range p.Graph.Inputs {
			b, err := p.NewInput(x.InputName())
			ok(err)
			copy(b.Data(), input(x.InputName()))
			in = append(in, b)
		}
		r, err := p.Run(in...)
		ok(err)
		ok(r.Wait())
		for _, b := range in {
			ok(b.Free())
		}
		return r
	}
	return func(seed int) []byte {
		first := ses.Program("latents")
		z := execute(first, func(string) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(seed)) })
		last := ses.Program("sample")
		x := execute(last, func(code string) []byte { return z.Bytes(first.Index(code)) })
		return bytes.Clone(x.Bytes(last.Index(output)))
	}
}
