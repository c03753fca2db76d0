package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a committed script that runs this test's program as ganengine.
func (p *place) script(path string, args ...string) *exec.Cmd {
	p.t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		p.t.Skip("there is no bash")
	}
	return asProcess("bash", append([]string{filepath.Join("../..", path)}, args...)...)
}

// A training that is ended a few times, at moments that nobody chose, ends as one that
// nobody ended: scripts/preempt says so of many.
func TestPreempted(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts half a dozen processes")
	}
	p := newPlace(t)
	c := p.script("scripts/preempt", self(t), "4", p.at("images.toml"), "300")
	c.Env = append(c.Env, "PREEMPT_MOST=500", "TMPDIR="+t.TempDir())
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the last checkpoint is that of a run that nobody ended") {
		t.Errorf("%v: %s", err, out)
	}
}

// The batch script for Slurm hands the end of its time on, waits for the checkpoint, and has
// the job queued again; a training that is done is not.
func TestSlurmScript(t *testing.T) {
	p := newPlace(t)
	if err := os.Symlink(self(t), p.at("ganengine")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"srun": `exec "$@"`, "scontrol": `echo "$@" >>` + p.at("asked")} {
		if err := os.WriteFile(p.at(name), []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	job := func(config string) *exec.Cmd {
		c := p.script("docs/slurm.sbatch")
		c.Env = append(c.Env, "PATH="+p.dir+":"+os.Getenv("PATH"), "CONFIG="+p.at(config), "NAME=queued", "OUT="+p.at("runs"), "SLURM_JOB_ID=77")
		return c
	}
	p.write("long.toml", strings.Replace(images, "steps = 4", "steps = 1000000", 1))
	c := job("long.toml")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	p.saved(c, "0")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	if c.ProcessState.ExitCode() != 143 {
		t.Errorf("the job ends with %v", err)
	}
	if asked := string(p.read("asked")); asked != "requeue 77\n" {
		t.Errorf("Slurm was asked to %q", asked)
	}
	steps := p.steps("0")
	info := string(p.read(fmt.Sprintf("runs/00000-queued/checkpoints/%06d.safetensors", steps[len(steps)-1])))
	if len(info) == 0 {
		t.Error("the last checkpoint is empty")
	}
	if err := os.Remove(p.at("asked")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c = job("images.toml")
	c.Env = append(c.Env, "NAME=done")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("a job that is done, after %v: %v: %s", time.Since(began), err, out)
	}
	if _, err := os.Stat(p.at("asked")); err == nil {
		t.Error("a job that is done is queued again")
	}
}
