package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ganengine/configs"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
)

// killedSteps is how long the trainings are that TestKilledTraining kills within their
// first steps.
const killedSteps = 60

// A training of any shipped configuration that is killed, at a moment that nobody chose,
// goes on from its last checkpoint and is in the end what it would have been, byte for
// byte: gradients that it was adding up do not count twice, and what one turn of a step
// left to the next, pools, gates and averages are as they were.
func TestKilledTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("each shipped configuration starts a process")
	}
	long := []string{fmt.Sprint("train.steps=", killedSteps), "run.name=tiny"}
	for _, name := range configs.Names() {
		t.Run(name, func(t *testing.T) { killed(t, configtest.Tiny(t, name, long...)) })
	}
	t.Run("accumulated", func(t *testing.T) {
		killed(t, configtest.Tiny(t, "dcgan", append(long, "train.accumulate=3", "train.reuse_fakes=false")...))
	})
}

func killed(t *testing.T, c *config.Config) {
	p := newPlace(t)
	var text strings.Builder
	if err := c.WriteTOML(&text); err != nil {
		t.Fatal(err)
	}
	p.write("tiny.toml", text.String())
	victim := p.killedChild()
	if out := p.run("runs", "@/runs"); !strings.Contains(out, "killed") {
		t.Errorf("the table of runs:\n%s", out)
	}
	steps := p.steps(victim)
	last := steps[len(steps)-1]
	plain := []string{"-out", "@/runs", "-quiet", "-set", "checkpoint.every=0", "-set", "sample.every=0"}
	p.run(append([]string{"-resume", victim}, plain...)...)
	p.run(append([]string{"-config", "@/tiny.toml"}, plain...)...)

	d, err := rundir.Find(p.at("runs"), victim)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := rundir.Find(p.at("runs"), "latest")
	if err != nil {
		t.Fatal(err)
	}
	info, err := d.ReadInfo()
	if err != nil || len(info.Segments) != 2 || info.Segments[1].FromStep != last || !info.Segments[1].Exact {
		t.Errorf("it went on from checkpoint %d by segments %+v, %v", last, info.Segments, err)
	}
	for what, path := range map[string]func(d rundir.Dir) string{
		"checkpoint": func(d rundir.Dir) string { return d.CheckpointPath(killedSteps) },
		"picture":    func(d rundir.Dir) string { return d.SamplePath(killedSteps) },
	} {
		got, err := os.ReadFile(path(d))
		want, none := os.ReadFile(path(whole))
		if what == "picture" && os.IsNotExist(none) { // vectors have none
			continue
		}
		if err != nil || none != nil || !bytes.Equal(got, want) {
			t.Errorf("killed after step %d, the last %s is not that of a run that nobody killed: %v, %v", last, what, err, none)
		}
	}
}

// killedChild starts a training of tiny.toml as a process of its own, kills it within its
// first steps and gives its run. Where the training was faster there is another one.
func (p *place) killedChild() (run string) {
	p.t.Helper()
	for i := range 10 {
		run = fmt.Sprint(i)
		c := asProcess(self(p.t), "-config", p.at("tiny.toml"), "-out", p.at("runs"), "-quiet", "-set", "checkpoint.every=1", "-set", "sample.every=1")
		c.Stderr = new(bytes.Buffer)
		if err := c.Start(); err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { c.Process.Kill() })
		p.saved(c, run)
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		if err := c.Process.Kill(); err != nil {
			p.t.Fatal(err)
		}
		if err := c.Wait(); err != nil { // else it was done before
			return run
		}
	}
	p.t.Fatal("ten trainings were done before anybody could kill them")
	return ""
}

// saved waits for a run's first checkpoint.
func (p *place) saved(c *exec.Cmd, run string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if files, _ := filepath.Glob(p.at("runs/0000" + run + "-*/checkpoints/*.safetensors")); len(files) > 0 {
			return
		}
	}
	c.Process.Kill()
	c.Wait()
	p.t.Fatalf("no checkpoint within a minute: %s", c.Stderr)
}
