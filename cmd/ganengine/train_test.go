package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ganengine/engine/safetensors"
	"ganengine/gan/rundir"
	"ganengine/gan/train"
)

func TestTrainAndResume(t *testing.T) {
	p := newPlace(t)
	out := p.run("--config", "@/images.toml", "-out", "@/runs", "-seed", "7", "-name", "small", "-set", "optim.g.lr=1e-3")
	for _, want := range []string{"; no GPU is used: `ganengine devices` says why\n", "step 2/4 ", "step 4/4 ", "ganengine sample -run "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.ContainsAny(out, "\r\x1b") {
		t.Error("control characters where there is no terminal")
	}
	toml := string(p.read("runs/00000-small/config.toml"))
	for _, want := range []string{"seed = 7", "lr = 0.001", `name = "small"`} {
		if !strings.Contains(toml, want) {
			t.Errorf("no %q in config.toml", want)
		}
	}
	for _, file := range []string{"run.json", "log.txt", "stats.jsonl", "reals.png", "samples/000004.png"} {
		p.read("runs/00000-small/" + file)
	}
	out = p.run("-resume", "latest", "-out", "@/runs", "-set", "train.steps=6", "-device", "cpu")
	if !strings.Contains(out, "step 6/6") || !slices.Contains(p.steps("0"), 6) {
		t.Errorf("checkpoints %v after\n%s", p.steps("0"), out)
	}
	if strings.Contains(out, "not bit for bit") || strings.Contains(out, "device auto") {
		t.Errorf("a resume on the same machine prints\n%s", out)
	}
	// The same in one go.
	p.run("-config", "@/images.toml", "-out", "@/runs", "-seed", "7", "-name", "whole", "-set", "optim.g.lr=1e-3", "-steps", "6", "-quiet")
	if a, b := weights(p, "0"), weights(p, "1"); !bytes.Equal(a, b) {
		t.Error("4 steps and 2 more give other weights than 6")
	}
	if out := p.run("runs", "@/runs"); !strings.Contains(out, "small") || !strings.Contains(out, "done") || strings.Count(out, "\n") != 3 {
		t.Errorf("the table of runs:\n%s", out)
	}
}

// weights are G's, as exported.
func weights(p *place, run string) []byte {
	p.t.Helper()
	p.run("export", "-run", run, "-out", "@/runs", "-o", "@/g"+run+".safetensors")
	return p.read("g" + run + ".safetensors")
}

// auto continues the latest run of the configuration's name, or starts one.
func TestResumeAuto(t *testing.T) {
	p := newPlace(t)
	auto := func(args ...string) string {
		return p.run(append([]string{"-config", "@/images.toml", "-out", "@/runs", "-resume", "auto"}, args...)...)
	}
	if out := auto(); !strings.Contains(out, "starting one") {
		t.Errorf("the first prints\n%s", out)
	}
	p.run("-config", "@/images.toml", "-out", "@/runs", "-name", "other", "-steps", "1", "-quiet")
	if out := auto("-steps", "8"); !strings.Contains(out, "resuming "+p.at("runs/00000-dcgan-glyphs-b8")+" after step 4") {
		t.Errorf("the second prints\n%s", out)
	}
	if out := auto("-steps", "8"); !strings.Contains(out, "train.steps=N makes it longer") {
		t.Errorf("the third prints\n%s", out)
	}
	if dirs, err := rundir.List(p.at("runs")); err != nil || len(dirs) != 2 {
		t.Errorf("runs %v (%v), want one of each", dirs, err)
	}
}

// A length in epochs is one in steps once the run has begun.
func TestResumeAutoWithEpochs(t *testing.T) {
	p := newPlace(t)
	p.write("epochs.toml", strings.Replace(images, "steps = 4", "epochs = 0.5", 1))
	for range 2 {
		p.run("-config", "@/epochs.toml", "-out", "@/runs", "-resume", "auto", "-quiet")
	}
	if steps := p.steps("0"); steps[len(steps)-1] != 4 {
		t.Errorf("checkpoints %v, want the last at step 4", steps)
	}
}

// -init takes the weights of a run, and nothing else.
func TestInit(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	first := func(run string) []float32 {
		p.run("export", "-run", run, "-out", "@/runs", "-raw-weights", "-o", "@/g.safetensors")
		f, err := safetensors.Open(p.at("g.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w := make([]float32, 4*4*4*4)
		if err := safetensors.Read(f, "main.0.weight", w); err != nil {
			t.Fatal(err)
		}
		return w
	}
	before := first("0")
	for i, from := range []string{"0", p.at("runs/00000-dcgan-glyphs-b8/checkpoints/000004.safetensors")} {
		p.run("-config", "@/images.toml", "-out", "@/runs", "-init", from, "-quiet", "-steps", "1", "-seed", "5", "-set", "optim.g.lr=1e-30")
		if !slices.Equal(first(strconv.Itoa(i+1)), before) {
			t.Errorf("-init %s did not start from the weights of run 0", from)
		}
	}
	status, _, errs := p.try("-config", "@/points.toml", "-out", "@/runs", "-init", "0")
	if status != 1 || !strings.Contains(errs, "name a run or files of the same networks") {
		t.Errorf("-init of another model: status %d, %s", status, errs)
	}
}

func TestDataFlag(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	folder := p.at("pictures")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "16", "-o", folder+"/")
	if out := p.run("data", "inspect", folder); !strings.Contains(out, "samples     16") {
		t.Errorf("inspect prints\n%s", out)
	}
	out := p.run("-config", "@/images.toml", "-set", "data.limit=0", "-data", folder, "-out", "@/runs")
	if !strings.Contains(out, folder+": data of kind folder") {
		t.Errorf("the kind is not printed:\n%s", out)
	}
	if !strings.Contains(string(p.read("runs/00001-dcgan-pictures-b8/config.toml")), `kind = "folder"`) {
		t.Error("the run has other data")
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	p := newPlace(t)
	before := tree(t, p.dir)
	out := p.run("-config", "@/images.toml", "-out", "@/runs", "-dry-run", "-precision", "tf32")
	for _, want := range []string{"[model]", "z = 4", "generator", "parameters", "memory on cpu", "tf32 means fp32"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if after := tree(t, p.dir); !slices.Equal(before, after) {
		t.Errorf("the directory had %v and has %v", before, after)
	}
}

func tree(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		files = append(files, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestQuiet(t *testing.T) {
	p := newPlace(t)
	if out := p.run("-config", "@/images.toml", "-out", "@/runs", "-quiet"); out != "" {
		t.Errorf("-quiet prints %q", out)
	}
}

// child starts the program as a process of its own, and waits for its first
// checkpoint. wrap is a command that starts it, if any.
func (p *place) child(wrap ...string) *exec.Cmd {
	p.t.Helper()
	args := append(wrap, self(p.t), "-config", p.at("images.toml"), "-out", p.at("runs"), "-steps", "100000000", "-quiet",
		"-set", "checkpoint.every=50", "-set", "sample.every=0")
	c := asProcess(args[0], args[1:]...)
	c.Stderr = new(bytes.Buffer)
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Process.Kill() })
	p.saved(c, "0")
	return c
}

// A training outlives the reader of its lines: ganengine ... | head.
func TestClosedOutput(t *testing.T) {
	p := newPlace(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	c := asProcess(self(t), "-config", p.at("points.toml"), "-out", p.at("runs"))
	c.Stdout = writer
	if err := c.Run(); err != nil {
		t.Error(err)
	}
	if steps := p.steps("0"); !slices.Equal(steps, []int64{4}) {
		t.Errorf("checkpoints of steps %v, want 4", steps)
	}
	log := string(p.read("runs/00000-mlp-ring-b8/log.txt"))
	if strings.Count(log, "nobody reads the program's lines any more (") != 1 || !strings.Contains(log, "done: 4 steps") {
		t.Errorf("log.txt does not say that the lines ended:\n%s", log)
	}
}

// What a CPU start says of the device is one line; -v has the rest.
func TestDeviceLine(t *testing.T) {
	p := newPlace(t)
	out := p.run("-config", "@/points.toml", "-out", "@/runs")
	for line := range strings.Lines(out) {
		if strings.Contains(line, "AVX") || strings.Contains(line, "CUDA") || strings.Contains(line, ".so") {
			t.Errorf("a detail of the machine: %s", line)
		}
	}
	if n := strings.Count(out, "GPU"); n != 1 || !strings.HasPrefix(out, "device   cpu") {
		t.Errorf("%d lines on GPUs, want 1, the first:\n%s", n, out)
	}
	if out := p.run("-config", "@/points.toml", "-out", "@/runs", "-v"); !strings.Contains(out, "device auto is the CPU: ") {
		t.Errorf("-v does not say why it is the CPU:\n%s", out)
	}
}

// What a table shows of an error fits into its column.
func TestFirstClause(t *testing.T) {
	for text, want := range map[string]string{
		"done": "done",
		"interrupted after step 150; continue with: ganengine -resume 0": "interrupted after step 150",
		strings.Repeat("é", 41): strings.Repeat("é", 40) + "...",
	} {
		if got := firstClause(text); got != want {
			t.Errorf("firstClause(%q) = %q, want %q", text, got, want)
		}
	}
}

// Interrupted and terminated trainings save where they are, and say so.
func TestSignalledTraining(t *testing.T) {
	// Behind nohup the tests ignore SIGHUP, and so would what they start; what is
	// handled here is not ignored there.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for _, test := range []struct {
		signal os.Signal
		status int
		want   string
	}{{os.Interrupt, 130, "interrupted"}, {syscall.SIGTERM, 143, "terminated"}, {syscall.SIGHUP, 129, "hung up"}} {
		p := newPlace(t)
		c := p.child()
		if err := c.Process.Signal(test.signal); err != nil {
			t.Skip("this system sends no signals: ", err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != test.status {
			t.Fatalf("%v, want status %d: %s", err, test.status, c.Stderr)
		}
		if text := c.Stderr.(*bytes.Buffer).String(); !strings.Contains(text, test.want+" after step ") || !strings.Contains(text, "-resume "+p.at("runs")) {
			t.Errorf("it said %q", text)
		}
		steps := p.steps("0")
		last := steps[len(steps)-1]
		info, err := rundir.Dir(p.at("runs/00000-dcgan-glyphs-b8")).ReadInfo()
		if err != nil || info.Segments[0].ToStep != last {
			t.Errorf("run.json tells of %+v (%v), the last checkpoint is of step %d", info.Segments, err, last)
		}
	}
}

// A training under nohup outlives its terminal, and in the background of a
// script, where SIGINT is ignored, one that is sent counts.
func TestIgnoredSignals(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	p := newPlace(t)
	c := p.child("sh", "-c", `trap "" HUP INT; exec "$0" "$@"`)
	for _, s := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a signal that counts would come first
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 || !strings.Contains(c.Stderr.(*bytes.Buffer).String(), "interrupted after step ") {
		t.Errorf("%v, want status 130 after a checkpoint: %s", err, c.Stderr)
	}
}

// The progress is one line of a terminal, and a line each elsewhere.
func TestConsole(t *testing.T) {
	steps := func(c *console) {
		for i := range int64(4) {
			c.Progress(train.Progress{Step: i + 1, Steps: 4, Left: time.Duration(3-i) * time.Second, Logged: i%2 == 1})
		}
		c.Line("note")
		c.end()
	}
	var plain, screen, none bytes.Buffer
	steps(&console{out: &plain})
	steps(&console{out: &screen, terminal: true})
	steps(&console{out: &none, volume: quiet, terminal: true})
	var begin []string
	for line := range strings.Lines(plain.String()) {
		begin = append(begin, line[:min(8, len(line))])
	}
	if want := []string{"step 1/4", "step 2/4", "step 4/4", "note\n"}; !slices.Equal(begin, want) {
		t.Errorf("plain lines %q, want %q", begin, want)
	}
	text := screen.String()
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "\r\x1b[K\x1b[?7lstep 1/4") || !strings.HasSuffix(text, "\r\x1b[Knote\n") {
		t.Errorf("on a terminal: %q", text)
	}
	if none.Len() > 0 {
		t.Errorf("quiet: %q", none.String())
	}
}
