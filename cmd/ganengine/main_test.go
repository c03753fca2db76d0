package main

import (
	"bytes"
	"context"
	"flag"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

var update = flag.Bool("update", false, "rewrite docs/cli.md")

// asProgram makes the test binary behave as ganengine, for tests that need a
// process of its own.
const asProgram = "TEST_AS_GANENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// self is the test binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// asProcess is a program, self or one that starts it, to which the test binary is ganengine.
func asProcess(program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

func TestAlone(t *testing.T) {
	p := newPlace(t)
	out := p.run()
	if lines := strings.Count(out, "\n"); lines != 5 || !strings.Contains(out, "ganengine -config glyphs ") {
		t.Errorf("%d lines:\n%s", lines, out)
	}
}

// docs/cli.md is what the program itself says.
func TestReference(t *testing.T) {
	const path = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(path, []byte(reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != reference() {
		t.Error("docs/cli.md is stale; run go test ./cmd/ganengine -update")
	}
}

// Every command has help with an example, under each way of asking for it.
func TestHelp(t *testing.T) {
	p := newPlace(t)
	overview := p.run("help")
	for _, c := range commands() {
		if !strings.Contains(overview, "\n  "+c.name+" ") {
			t.Errorf("the overview lacks %s", c.name)
		}
		help := p.run("help", c.name)
		for _, args := range [][]string{{c.name, "-h"}, {c.name, "--help"}} {
			if out := p.run(args...); out != help {
				t.Errorf("%v prints something else than help %s", args, c.name)
			}
		}
		if !strings.Contains(help, "\nexample:\n  ganengine "+strings.TrimPrefix(c.name, "train")) {
			t.Errorf("%s has no example:\n%s", c.name, help)
		}
	}
	for _, first := range []string{"-h", "--help"} {
		if p.run(first) != overview {
			t.Errorf("%s does not print the overview", first)
		}
	}
}

// Wrong uses give one line on standard error, which says what to do, and
// status 2; work that fails gives status 1.
func TestWrongUses(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.write("broken.toml", "[train]\nbatchsize = 3\n")
	p.write("text.npy", "no array")
	p.write("weights.pkl", "\x80\x03}q\x00."+strings.Repeat("\x00", 200))
	var nan bytes.Buffer
	if err := npy.Write(&nan, []int{1, 4}, []float32{0, float32(math.NaN()), 0, 0}); err != nil {
		t.Fatal(err)
	}
	p.write("nan.npy", nan.String())
	p.run("-config", "@/points.toml", "-out", "@/points", "-quiet")
	p.run("-config", "@/points.toml", "-out", "@/begun", "-quiet", "-steps", "1")
	if err := os.Remove(p.at("begun/00000-mlp-ring-b8/checkpoints/000001.safetensors")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"empty", "bare/00000-x"} {
		if err := os.MkdirAll(p.at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	sample := func(args ...string) []string {
		return append([]string{"sample", "-out", "@/runs", "-run", "0"}, args...)
	}
	walk := func(args ...string) []string {
		return append([]string{"interpolate", "-out", "@/runs", "-run", "0"}, args...)
	}
	resume := func(args ...string) []string { return append([]string{"-out", "@/runs", "-resume", "0"}, args...) }
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"trian"}, 2, "did you mean train?"},
		{[]string{"xyzzyplugh"}, 2, `there is no command "xyzzyplugh"; `},
		{[]string{"help", "smaple"}, 2, "did you mean sample?"},
		{[]string{"-confg", "x"}, 2, "did you mean -config?"},
		{[]string{"sample", "--sed", "1"}, 2, "did you mean -seed?"},
		{[]string{"train"}, 2, "name a configuration: -config FILE"},
		{[]string{"train", "points.toml"}, 2, `what is "points.toml" for?`},
		{[]string{"-config"}, 2, "needs an argument"},
		{[]string{"-config", "dcgam"}, 2, `did you mean "dcgan"?`},
		{[]string{"-config", "@/broken.toml"}, 2, "broken.toml:2: train.batchsize"},
		{[]string{"-config", "@/points.toml", "-set", "train.batc=3"}, 2, "-set: train.batc"},
		{[]string{"-config", "@/points.toml", "-set", "train.batch"}, 2, "write key=value"},
		{[]string{"-config", "@/points.toml", "-batch", "many"}, 2, "-batch: train.batch"},
		{[]string{"-config", "@/points.toml", "-steps", "0.5"}, 2, "-steps: train.steps"},
		{[]string{"-config", "@/points.toml", "-data", "@/nowhere"}, 2, "nowhere does not exist"},
		{[]string{"-config", "@/points.toml", "-data", ""}, 2, "flag -data: it is empty"},
		{[]string{"-config", "@/points.toml", "-out", "@/runs", "-resume", ""}, 2, "-resume has an empty value"},
		{[]string{"-config", "@/points.toml", "-out", "@/runs", "-init="}, 2, "flag -init: it is empty"},
		{[]string{"-config", "@/points.toml", "-name", ""}, 2, "flag -name: it is empty"},
		{[]string{"help", "nosuch"}, 2, "`ganengine help` lists them"},
		{[]string{"-config", "@/points.toml", "-data", "@/empty"}, 2, "is of no known kind"},
		{[]string{"-config", "@/points.toml", "-device", "tpu"}, 2, "run.device"},
		{[]string{"-config", "@/points.toml", "-device", "cuda:1"}, 2, "device cuda:1: this program was built without CUDA"},
		{[]string{"-config", "@/points.toml", "-precision", "fp8"}, 2, "-precision: run.precision"},
		{[]string{"-config", "@/points.toml", "-quiet", "-v"}, 2, "exclude each other"},
		{[]string{"-config", "@/points.toml", "-init", "7", "-out", "@/runs"}, 2, "-init: run 7"},
		{[]string{"-config", "@/points.toml", "-init", "0", "-resume", "0", "-out", "@/runs"}, 2, "leave -init out"},
		{[]string{"-config", "@/points.toml", "-out", "@/points.toml/x"}, 1, "cannot create a run directory"},
		{[]string{"-resume", "9", "-out", "@/runs"}, 2, `holds 0 to 0`},
		{[]string{"-resume", "latest", "-out", "@/none"}, 2, "no such run"},
		{[]string{"-resume", "@/empty"}, 2, "a directory without checkpoints/"},
		{[]string{"-resume", "0", "-out", "@/bare"}, 2, "has no config.toml"},
		{[]string{"-resume", "auto", "-out", "@/runs"}, 2, "name a configuration"},
		{resume("-set", "optim.g.lr=0.5"), 2, "optim.g.lr: the run has 0.0002"},
		{resume("-batch", "16"), 2, "train.batch: the run has 8"},
		{resume("-set", "train.step=9"), 2, "did you mean train.steps?"},
		{[]string{"-config", "@/points.toml", "-set", "eval.every=5", "-set", "eval.metrics=bogus"}, 2, "eval.metrics: there is no metric \"bogus\""},
		{[]string{"-config", "@/points.toml", "-dry-run", "-set", "eval.metrics=bogus"}, 2, "-set: eval.metrics: "},
		{[]string{"-config", "@/points.toml", "-set", "data.size=48", "-set", "data.width=64"}, 2, "data."},
		{[]string{"-config", "@/images.toml", "-set", "data.size=16", "-set", "data.width=32"}, 2, "-set: data.width: disagrees with data.size = 16"},
		{[]string{"-config", "@/images.toml", "-precision", "fp16"}, 2, `did you mean "bf16"?`},
		{[]string{"-config", "@/images.toml", "-dry-run", "-set", "data.limit=5"}, 2, "train.batch: 8 is more than the data set holds"},
		{[]string{"-resume", "0", "-dry-run", "-out", "@/begun"}, 2, "has no checkpoint"},
		{[]string{"compare"}, 2, "name the runs: ganengine compare 0 1"},
		{[]string{"data", "pack", "x"}, 2, "name the archive: -o FILE.tar"},
		{[]string{"data"}, 2, "ganengine data inspect PATH"},
		{[]string{"data", "inspect", "@/nowhere"}, 2, "does not exist"},
		{[]string{"config"}, 2, "ganengine config list"},
		{[]string{"config", "show", "rng"}, 2, "did you mean ring?"},
		{[]string{"version", "please"}, 2, `what is "please" for?`},
		{[]string{"data", "inspect", "@/empty", "-size", "8"}, 2, "takes no -size"},
		{[]string{"data", "inspect", "--", "-o", "x"}, 2, `what is "x" for?`},
		{[]string{"data", "inspect", "@/empty", "more"}, 2, `what is "more" for? Flags begin`},
		{[]string{"interpolate", "-seeds", "1", "2", "3", "-o", "x"}, 2, `what is "2" for? Lists take commas: -seeds 1,2,3` + "\n"},
		{[]string{"-config", "@/points.toml", "-set", "model.g_hidden=8", "16"}, 2, "Lists take commas: -set model.g_hidden=8,16\n"},
		{[]string{"-config", "@/points.toml", "-data", "my", "own", "photos", "-v"}, 2, `takes quotes: -data "my own photos"` + "\n"},
		{[]string{"interpolate", "-loop", "yes"}, 2, `what is "yes" for? Flags begin`},
		{[]string{"sample", "-trunc", ".5"}, 2, "did you mean -psi?"},
		{[]string{"sample", "--num_samples", "5"}, 2, "did you mean -n?"},
		{[]string{"-epochs", "5"}, 2, "did you mean -set train.epochs=N?"},
		{[]string{"-fp16"}, 2, "did you mean -precision bf16?"},
		{[]string{"bench", "-Batch_Size=5"}, 2, "did you mean -batch?"},
		{[]string{"graph", "-config", "@/points.toml"}, 2, "-o: name FILE.dot or FILE.txt"},
		{[]string{"graph", "-o", "@/g.dot"}, 2, "name a configuration"},
		{[]string{"bench", "-config", "@/points.toml", "-tune"}, 2, "-tune"},
		{[]string{"bench", "-config", "@/points.toml", "-steps", "0"}, 2, "-steps 0 is nothing to measure"},
		{[]string{"sample", "-o", "@/s.png"}, 2, "name the run"},
		{sample(), 2, "-o: name the output"},
		{sample("-o", "@/s.jpg"), 2, "s.jpg: samples are written to FILE.png"},
		{sample("-o", "@/s.png", "-n", "0"), 2, "-n must be 1 or more"},
		{sample("-o", "@/s.png", "-n", "three"), 2, `invalid value "three" for flag -n`},
		{sample("-o", "@/s.png", "-n", "1.5"), 2, "write a number"},
		{sample("-o", "@/s.png", "-n", "99999999999999999999"), 2, "it is too large"},
		{sample("-o", "@/s.png", "-z", ""), 2, "-z has an empty value"},
		{sample("-o", "@/s.png", "-z", "@/empty"), 2, "empty: it is a directory, not a file"},
		{[]string{"interpolate", "-out", "@/points", "-run", "0", "-seeds", "1,2", "-o", "@/w.gif"}, 2, "animations are of images"},
		{sample("-o", "@/s.png", "-n", "1000000"), 2, "a picture of 1000000 images would have "},
		{sample("-o", "@/s.png", "-n", "2147483647"), 2, "draw fewer, or write DIR/"},
		{sample("-o", "@/s.npy", "-n", "9223372036854775807"), 2, "seeds go from 0"},
		{sample("-o", "@/s.png", "-scale", "-1"), 2, "-scale must be from 1"},
		{sample("-o", "@/s.png", "-scale", "99999999"), 2, "-scale must be from 1"},
		{sample("-o", "@/s.npy", "-scale", "2"), 2, "-scale goes with"},
		{sample("-o", "@/s.png", "-seed", "-1"), 2, "seeds go from 0"},
		{sample("-o", "@/s.png", "-seed", "2147483647"), 2, "seeds go from 0"},
		{sample("-o", "@/s.png", "-seeds", "1,x"), 2, `cannot read "x"`},
		{sample("-o", "@/s.png", "-seeds", "6-4"), 2, `cannot read "6-4"`},
		{sample("-o", "@/s.png", "-seeds", "0-2147483647"), 2, "more than"},
		{sample("-o", "@/s.png", "-seeds", "1", "-n", "2"), 2, "give one of"},
		{sample("-o", "@/s.png", "-z", "@/text.npy", "-seed", "2"), 2, "give one of"},
		{sample("-o", "@/s.png", "-z", "@/text.npy"), 2, "text.npy"},
		{sample("-o", "@/s.png", "-z", "@/nan.npy"), 2, "number 1 of latent 0 is NaN"},
		{sample("-o", "@/s.png", "-psi", ".7"), 2, "has no mapping network"},
		{sample("-o", "@/s.png", "-class", "all"), 2, "knows no classes"},
		{sample("-o", "@/s.png", "-raw"), 2, "-raw goes with"},
		{sample("-o", "@/s.npy", "-captions"), 2, "-captions goes with"},
		{sample("-o", "@/s.png", "-z-threshold", "0"), 2, "must be more than 0"},
		{sample("-o", "@/s.png", "-checkpoint", "best"), 2, "best: no such checkpoint: run "},
		{sample("-o", "@/s.png", "-checkpoint", "newest"), 2, `checkpoint "newest": no such checkpoint: want latest, best or a step`},
		{resume("-checkpoint", "99"), 2, "step 99: no such checkpoint: run "},
		{sample("-o", "@/s.png", "-checkpoint", "99"), 2, "step 99: no such checkpoint: run "},
		{sample("-o", "@/s.png", "-device", "gpu"), 2, `there is no device "gpu"`},
		{sample("-o", "@/s.png", "-device", "cuda"), 2, "built without CUDA"},
		{sample("-o", "@/none/s.png"), 1, "none"},
		{[]string{"sample", "-out", "@/points", "-run", "0", "-o", "@/points/"}, 2, "makes points"},
		{[]string{"sample", "-out", "@/points", "-run", "0", "-o", "@/s.png", "-captions"}, 2, "makes points"},
		{[]string{"sample", "-run", "@/runs", "-o", "@/s.png"}, 2, "a directory without checkpoints/"},
		{walk("-seeds", "1,2", "-o", "@/w.webm"), 2, "FILE.png or FILE.gif"},
		{walk("-o", "@/w.png"), 2, "name the seeds"},
		{[]string{"-config", "glyphs", "-init", "@/nosuch.pth"}, 2, "there is no file "},
		{[]string{"-config", "glyphs", "-init", "@/weights.pkl"}, 1, "is a Python pickle and none of torch.save's"},
		{[]string{"-config", "realnvp"}, 2, "it is a model.kind and no configuration; name one that has it: ring-flow"},
		{[]string{"-config", "glyphs", "--netG", "x"}, 2, "did you mean -init?"},
		{[]string{"-config", "glyphs", "--imageSize", "64"}, 2, "did you mean -set data.size=N?"},
		{[]string{"-config", "glyphs", "--aug", "ada"}, 2, "there is no flag -aug; `"},
		{walk("-seeds", "1", "-o", "@/w.png"), 2, "needs 2 to 10000 seeds"},
		{walk("-seeds", "0-2147483647", "-o", "@/w.png"), 2, "needs 2 to 10000 seeds"},
		{walk("-seeds", "0-9999", "-steps", "1000", "-o", "@/w.png"), 2, "take fewer -steps"},
		{walk("-seeds", "0-9999", "-steps", "1000", "-o", "@/w.gif"), 2, "an animation of 9999001 images, where at most 4096 of this size fit; take fewer -steps or seeds"},
		{walk("-seeds", "1,2", "-steps", "0", "-o", "@/w.png"), 2, "1 to 1000 steps"},
		{walk("-seeds", "1,2", "-mode", "slurp", "-o", "@/w.png"), 2, "did you mean slerp?"},
		{[]string{"arithmetic", "-run", "0", "-out", "@/runs", "-o", "@/a.png"}, 2, "write an expression"},
		{[]string{"arithmetic", "-run", "0", "-out", "@/runs", "-expr", "1 +", "-o", "@/a.png"}, 2, "position 4: expected a seed"},
		{[]string{"arithmetic", "-run", "0", "-out", "@/runs", "-expr", "1", "-o", "@/a"}, 2, "name FILE.png"},
		{[]string{"export", "-run", "0", "-out", "@/runs", "-format", "onnx", "-o", "@/g.safetensors"}, 2, "-o: name FILE.onnx for -format onnx"},
		{[]string{"export", "-run", "0", "-out", "@/runs", "-format", "pt", "-o", "@/g.pt"}, 2, `there is no format "pt"`},
		{[]string{"export", "-run", "0", "-out", "@/runs", "-net", "e", "-o", "@/e.safetensors"}, 2, `-net: model.kind = "dcgan" has the networks g, d, not "e"`},
		{[]string{"export", "-run", "0", "-out", "@/runs"}, 2, "-o: name FILE.onnx or FILE.safetensors"},
		{[]string{"export", "-run", "0", "-out", "@/runs", "-o", "@/x.pt"}, 2, "-o: name FILE.onnx or FILE.safetensors, got"},
		{[]string{"runs", "@/nonexistent"}, 1, "nonexistent"},
		{[]string{"runs", "@/points.toml"}, 1, "points.toml"},
	} {
		status, out, errs := p.try(test.args...)
		if status != test.status || !strings.Contains(errs, test.want) {
			t.Errorf("%v: status %d, %q; want %d, %q", test.args, status, errs, test.status, test.want)
		}
		if !strings.HasPrefix(errs, "ganengine: ") || strings.Count(errs, "\n") != 1 || !strings.HasSuffix(errs, "\n") {
			t.Errorf("%v: the error is not one line: %q", test.args, errs)
		}
		if out != "" && test.status == 2 {
			t.Errorf("%v: something is printed: %q", test.args, out)
		}
	}
	if steps := p.steps("0"); len(steps) == 0 || steps[len(steps)-1] != 4 {
		t.Errorf("run 0 has checkpoints %v: a refused resume changed it", steps)
	}
	if dirs, err := rundir.List(p.at("runs")); err != nil || len(dirs) != 1 {
		t.Errorf("runs %v (%v), want the one that was trained", dirs, err)
	}
}

// Flags stand before, between and after words.
func TestFlagsAfterWords(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-o", "@/two/")
	help := p.run("data", "-h")
	for _, args := range [][]string{{"data", "inspect", "-h"}, {"data", "inspect", "@/two", "--help"}} {
		if out := p.run(args...); out != help {
			t.Errorf("%v prints\n%s", args, out)
		}
	}
	if out := p.run("data", "inspect", "--", "@/two"); !strings.Contains(out, "samples     2") {
		t.Errorf("after --: %s", out)
	}
}

// What others call a flag leads to one that exists.
func TestElsewhere(t *testing.T) {
	known := map[string]bool{"scale": true}
	for _, c := range commands() {
		f, _ := c.flagSet(&app{})
		f.VisitAll(func(f *flag.Flag) { known[f.Name] = true })
	}
	for theirs, ours := range elsewhere {
		for _, o := range ours {
			if name, _, _ := strings.Cut(o, " "); !known[name] {
				t.Errorf("-%s is explained by -%s, which no command has", theirs, o)
			}
			if key, _, set := strings.Cut(strings.TrimPrefix(o, "set "), "="); set {
				s, err := systems.Schema().Parse("", "")
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Set(key, "1"); err != nil && strings.Contains(err.Error(), "no such key") {
					t.Errorf("-%s: %v", theirs, err)
				}
			}
		}
	}
}

// A mistyped debug switch would do nothing in silence.
func TestUnknownSwitch(t *testing.T) {
	t.Setenv("GANENGINE_NOFUSS", "1")
	status, _, errs := newPlace(t).try("version")
	if status != 2 || !strings.Contains(errs, "GANENGINE_NOFUSE") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestSignals(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	status := make(chan int, 1)
	ctx := untilSignal(t.Context(), func(*interrupt) {}, func(s int) { status <- s })
	if err := self.Signal(os.Interrupt); err != nil {
		t.Skip("this system sends no signals: ", err)
	}
	<-ctx.Done()
	if got := statusOf(ctx, context.Cause(ctx)); got != 130 {
		t.Errorf("the first signal leads to status %d, want 130", got)
	}
	if got := statusOf(ctx, ctx.Err()); got != 130 {
		t.Errorf("a plain context error leads to status %d, want 130", got)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-status:
		if got != 143 {
			t.Errorf("the second signal stops with status %d, want 143", got)
		}
	case <-time.After(time.Minute):
		t.Fatal("the second signal did not stop the program")
	}
}
