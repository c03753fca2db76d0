package config_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ganengine/configs"
	. "ganengine/gan/config"
	"ganengine/gan/systems"
)

// resolve parses text, applies sets ("key=value") and resolves.
func resolve(text string, sets ...string) (*Config, error) {
	return resolveBy(systems.Schema(), text, sets...)
}

func resolveBy(schema *Schema, text string, sets ...string) (*Config, error) {
	s, err := schema.Parse("my.toml", text)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		key, value, _ := strings.Cut(set, "=")
		if err := s.Set(key, value); err != nil {
			return nil, err
		}
	}
	return s.Resolve()
}

func mustResolve(t *testing.T, text string, sets ...string) *Config {
	t.Helper()
	c, err := resolve(text, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rewritten is c written and read again.
func rewritten(t *testing.T, c *Config) *Config {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteTOML(&b); err != nil {
		t.Fatal(err)
	}
	s, err := systems.Schema().Parse("config.toml", b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	again, err := s.Resolve()
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	SameLength(again, c)
	return again
}

func TestDefaults(t *testing.T) {
	var got bytes.Buffer
	if err := mustResolve(t, "").WriteTOML(&got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/defaults.toml")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("defaults are\n%s\nwant\n%s", got.String(), want)
	}
}

func TestDerived(t *testing.T) {
	mlp := "[model]\nkind = \"mlp\"\n"
	ring := mlp + "[data]\nkind = \"mixture\"\n"
	for _, c := range []struct {
		name, text string
		sets       []string
		got        func(*Config) any
		want       any
	}{
		{"dense images are 28×28", mlp, nil, func(c *Config) any { return c.Data.Images.Height }, 28},
		{"width follows height", mlp + "[data]\nheight = 40\n", nil, func(c *Config) any { return [3]int{c.Data.Size, c.Data.Height, c.Data.Width} }, [3]int{40, 40, 40}},
		{"height and width", mlp + "[data]\nheight = 40\nwidth = 30\n", nil, func(c *Config) any { return [3]int{c.Data.Size, c.Data.Height, c.Data.Width} }, [3]int{0, 40, 30}},
		{"a size set replaces sides", mlp + "[data]\nheight = 40\nwidth = 30\n", []string{"data.size=20"}, func(c *Config) any { return [2]int{c.Data.Height, c.Data.Width} }, [2]int{20, 20}},
		{"vectors are as stored", mlp + "[data]\nkind = \"csv\"\npath = \"a.csv\"\n", nil, func(c *Config) any { return [2]int{c.Data.Height, c.Data.Channels} }, [2]int{0, 0}},
		{"points have no size", ring, nil, func(c *Config) any { return c.Data.Images }, Images{}},
		{"points are linear", ring, nil, func(c *Config) any { return c.Value("model.output") }, "linear"},
		{"pixels are tanh", mlp, nil, func(c *Config) any { return c.Value("model.output") }, "tanh"},
		{"scale of uniform", "", []string{"model.init=uniform"}, func(c *Config) any { return c.Value("model.init_scale") }, 0.05},
		{"scale of he", "", []string{"model.init=he-normal"}, func(c *Config) any { return c.Value("model.init_scale") }, 1.0},
		{"d as g", "[optim.g]\nlr = 0.5\nbeta1 = 0.25\n", nil, func(c *Config) any { return [2]float64{c.Optim("d").LR.Value, c.Optim("d").Beta1.Value} }, [2]float64{0.5, 0.25}},
		{"d's own", "[optim.g]\nlr = 0.5\n[optim.d]\nlr = 0.125\n", nil, func(c *Config) any { return [2]float64{c.Optim("g").LR.Value, c.Optim("d").LR.Value} }, [2]float64{0.5, 0.125}},
		{"d of another kind", "[optim.g]\nkind = \"sgd\"\n[optim.d]\nkind = \"adam\"\n", nil, func(c *Config) any { return [2]float64{c.Optim("g").Beta1.Value, c.Optim("d").Beta1.Value} }, [2]float64{0, 0.5}},
		{"kimg", "[train]\nkimg = 10\nbatch = 64\nd_steps = 5\n", nil, func(c *Config) any { return [2]float64{float64(c.Train.Steps), c.Train.Kimg} }, [2]float64{32, 0}},
		{"a length set replaces another", "[train]\nkimg = 10\n", []string{"train.steps=7"}, func(c *Config) any { return c.Train.Steps }, 7},
		{"no length", "", nil, func(c *Config) any { return c.Train.Steps }, 10000},
		{"no length but an empty one", "[train]\nkimg = 0\nepochs = 0\n", nil, func(c *Config) any { return c.Train.Steps }, 10000},
		{"no steps", "[train]\nsteps = 0\n", nil, func(c *Config) any { return c.Train.Steps }, 0},
		{"no steps in place of images", "[train]\nkimg = 10\n", []string{"train.steps=0"}, func(c *Config) any { return c.Train.Steps }, 0},
		{"no steps but passes", "[train]\nsteps = 0\nepochs = 2\n", nil, func(c *Config) any { return [2]float64{float64(c.Train.Steps), c.Train.Epochs} }, [2]float64{0, 2}},
		{"passes set replace steps", "[train]\nsteps = 7\n", []string{"train.epochs=2"}, func(c *Config) any { return [2]float64{float64(c.Train.Steps), c.Train.Epochs} }, [2]float64{0, 2}},
		{"no steps and a schedule", "[train]\nsteps = 0\n", []string{"optim.g.schedule=linear", "optim.g.decay_start=5"}, func(c *Config) any { return c.Train.Steps }, 0},
		{"decay ends with the run", "[train]\nsteps = 70\n", []string{"optim.g.schedule=linear"}, func(c *Config) any { return [2]int{c.Optim("g").End(c.Train.Steps), c.Optim("d").End(c.Train.Steps)} }, [2]int{70, 70}},
		{"alias", "[loss]\nkind = \"lsgan\"\n", nil, func(c *Config) any { return c.Value("loss.kind") }, "least-squares"},
		{"alias set", "", []string{"loss.kind=wgan"}, func(c *Config) any { return c.Value("loss.kind") }, "wasserstein"},
		{"targets", "", []string{"loss.kind=lsgan"}, func(c *Config) any { return c.Value("loss.targets") }, []float64{0, 1, 1}},
		{"another kind drops the file's keys", "[data]\nkind = \"idx\"\npath = \"a\"\n", []string{"data.kind=glyphs"}, func(c *Config) any { return c.Data.Path }, ""},
		{"and d's with g", "[optim.d]\nbeta1 = 0.25\n", []string{"optim.g.kind=sgd"}, func(c *Config) any { return *c.Optim("d") }, Optim{Kind: "sgd", LR: Number{Value: 2e-4}, Schedule: "constant"}},
		{"name", "[data]\nkind = \"idx\"\npath = \"data/Fashion MNIST/\"\n[train]\nbatch = 128\n", nil, func(c *Config) any { return c.Run.Name }, "dcgan-Fashion-MNIST-b128"},
		{"name of an idx file", "[data]\nkind = \"idx\"\npath = \"fashion-mnist/train-images-idx3-ubyte.gz\"\n", nil, func(c *Config) any { return c.Run.Name }, "dcgan-fashion-mnist-b64"},
		{"name of a file", "[data]\nkind = \"zip\"\npath = \"../ffhq.256.zip\"\n", nil, func(c *Config) any { return c.Run.Name }, "dcgan-ffhq-b64"},
		{"name of nothing", "[data]\nkind = \"folder\"\npath = \".\"\n", nil, func(c *Config) any { return c.Run.Name }, "dcgan-folder-b64"},
		{"long name", "[data]\nkind = \"folder\"\npath = \"" + strings.Repeat("d", 200) + "\"\n", nil, func(c *Config) any { return c.Run.Name }, "dcgan-" + strings.Repeat("d", 64) + "-b64"},
		{"name of points", ring, nil, func(c *Config) any { return c.Run.Name }, "mlp-ring-b64"},
		{"background", "[data]\nbackground = \"#0a10ff\"\n", nil, func(c *Config) any { return c.Data.Background }, "#0a10ff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := mustResolve(t, c.text, c.sets...)
			if got := c.got(conf); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if again := rewritten(t, conf); !reflect.DeepEqual(again, conf) {
				t.Errorf("read back:\n%+v, want\n%+v", again, conf)
			}
		})
	}
}

func TestFixSteps(t *testing.T) {
	c := mustResolve(t, "[train]\nepochs = 2.5\nbatch = 100\n[optim.g]\nschedule = \"linear\"\n")
	if c.Train.Steps != 0 {
		t.Errorf("%d steps before the data are known, want 0", c.Train.Steps)
	}
	if err := c.FixSteps(1001); err != nil {
		t.Fatal(err)
	}
	if end := c.Optim("g").End(c.Train.Steps); c.Train.Steps != 26 || c.Train.Epochs != 0 || end != 26 {
		t.Errorf("steps %d, epochs %v, decay end %d; want 26, 0, 26", c.Train.Steps, c.Train.Epochs, end)
	}
	if err := c.FixSteps(5); err != nil || c.Train.Steps != 26 {
		t.Errorf("a second call changed steps to %d", c.Train.Steps)
	}
}

// Eleven tenths of ten samples are eleven, not the twelve that rounding errors make.
func TestStepsAreExact(t *testing.T) {
	c := mustResolve(t, "[train]\nepochs = 1.1\nbatch = 1\n")
	if err := c.FixSteps(10); err != nil || c.Train.Steps != 11 {
		t.Errorf("%d steps, %v, want 11", c.Train.Steps, err)
	}
	if key, images := c.Length(); key != "train.epochs" || images != 11 {
		t.Errorf("the length is %d samples of %s", images, key)
	}
	for text, want := range map[string]int{"kimg = 0.064": 1, "kimg = 0.065": 2, "kimg = 0.0641": 2, "steps = 7": 7} {
		if c := mustResolve(t, "[train]\nbatch = 64\n"+text+"\n"); c.Train.Steps != want {
			t.Errorf("%s: %d steps, want %d", text, c.Train.Steps, want)
		}
	}
}

func TestSetEachType(t *testing.T) {
	c := mustResolve(t, "[model]\nkind = \"mlp\"\n",
		"run.name=a-run", `run.device="cpu"`, "run.seed=1_000", "optim.g.lr=1e-4", "loss.gp=10",
		"run.deterministic=false", "model.g_hidden=[8, 16]", "model.d_hidden=32,64",
		"loss.kind=lsgan", "loss.targets=-1, 1, 0", "model.output='sigmoid'")
	want := []any{"a-run", "cpu", 1000, Number{Value: 1e-4}, Number{Value: 10}, false, []int{8, 16}, []int{32, 64}, []float64{-1, 1, 0}, "sigmoid"}
	got := []any{c.Run.Name, c.Run.Device, c.Run.Seed, c.Optim("g").LR, c.Value("loss.gp"), c.Run.Deterministic, c.Value("model.g_hidden"), c.Value("model.d_hidden"),
		c.Value("loss.targets"), c.Value("model.output")}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("value %d is %v (%T), want %v", i, got[i], got[i], want[i])
		}
	}
}

func TestShipped(t *testing.T) {
	names := configs.Names()
	if len(names) < 7 {
		t.Fatalf("shipped configurations: %v, want at least seven", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s, err := systems.Schema().Load(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Resolve()
			if err != nil {
				t.Fatal(err)
			}
			if again := rewritten(t, c); !reflect.DeepEqual(again, c) {
				t.Errorf("read back:\n%+v, want\n%+v", again, c)
			}
		})
	}
}

func TestStandardDCGAN(t *testing.T) {
	s, err := systems.Schema().Load(t.Context(), "dcgan.toml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	want := map[string]any{"model.z": 100, "data.size": 64, "data.channels": 3, "train.batch": 128, "train.ema_kimg": 0., "model.g_channels": 64,
		"model.d_channels": 64, "model.g_norm": "batch", "model.d_norm": "batch", "optim.d.lr": Number{Value: 2e-4}, "optim.d.beta1": Number{Value: 0.5}}
	for name := range want {
		got[name] = c.Value(name)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("configs/dcgan.toml is not the standard DCGAN: %v", got)
	}
}

func TestLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("glyphs", 0o755); err != nil { // a directory is no file
		t.Fatal(err)
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("ring.toml", "[run]\nname = \"mine\"\n")
	for path, name := range map[string]string{"dcgan": "dcgan-glyphs-b128", "dcgan.toml": "dcgan-glyphs-b128", "glyphs": "dcgan-glyphs-b32", "ring.toml": "mine", "ring": "mlp-ring-b64"} {
		s, err := systems.Schema().Load(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		if c.Run.Name != name {
			t.Errorf("systems.Schema().Load(%q) names the run %q, want %q", path, c.Run.Name, name)
		}
	}
	for path, want := range map[string]string{
		".":               ".: it is a directory; name a file, or a built-in configuration such as glyphs",
		"dcgam":           `dcgam: there is no such file and no built-in configuration of that name; did you mean "dcgan"?`,
		"some/where.toml": "some/where.toml: there is no such file and no built-in configuration of that name; the built-in ones are " + strings.Join(configs.Names(), ", "),
	} {
		if _, err := systems.Schema().Load(t.Context(), path); err == nil || err.Error() != want {
			t.Errorf("systems.Schema().Load(%q): %v\nwant %s", path, err, want)
		}
	}
	write("wrong.toml", "[train]\nbatch = 0\n")
	s, err := systems.Schema().Load(t.Context(), "wrong.toml")
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err = s.Resolve(); !errors.As(err, &e) || e.File != "wrong.toml" || e.Line != 2 || e.Key != "train.batch" {
		t.Errorf("the error %v is %+v", err, e)
	}
}

func TestResumeAllowed(t *testing.T) {
	text := "[data]\nkind = \"folder\"\npath = \"photos\"\n[train]\nsteps = 100\nbatch = 8\n[optim.g]\nschedule = \"linear\"\n"
	run := rewritten(t, mustResolve(t, text))
	next := func(sets ...string) *Config {
		var b bytes.Buffer
		if err := run.WriteTOML(&b); err != nil {
			t.Fatal(err)
		}
		return mustResolve(t, b.String(), sets...)
	}
	for _, c := range []struct{ set, want string }{
		{"train.steps=200", ""},
		{"log.every=3", ""},
		{"sample.count=9", ""},
		{"checkpoint.keep=7", ""},
		{"run.device=cpu", ""},
		{"run.threads=2", ""},
		{"data.path=elsewhere", ""},
		{"data.bad=skip", `data.bad: the run has "stop", and a resume cannot change it to "skip"; leave it out, or start a new run with -init`},
		{"train.batch=16", "train.batch: the run has 8, and a resume cannot change it to 16; leave it out, or start a new run with -init"},
		{"run.seed=1", "run.seed: the run has 0, and a resume cannot change it to 1; leave it out, or start a new run with -init"},
		{"optim.d.lr=0.5", "optim.d.lr: the run has 0.0002, and a resume cannot change it to 0.5; leave it out, or start a new run with -init"},
		{"optim.g.kind=sgd", `optim.g.kind: the run has "adam", and a resume cannot change it to "sgd"; leave it out, or start a new run with -init`},
		{"loss.kind=hinge", `loss.kind: the run has "non-saturating", and a resume cannot change it to "hinge"; leave it out, or start a new run with -init`},
	} {
		err := ResumeAllowed(run, next(c.set))
		if got := errorText(err); got != c.want {
			t.Errorf("%s: %q\nwant %q", c.set, got, c.want)
		}
	}
}

func TestDiff(t *testing.T) {
	a := mustResolve(t, "[model]\nkind = \"mlp\"\ng_hidden = [8]\n")
	b := mustResolve(t, "[model]\nkind = \"mlp\"\ng_hidden = [8, 9]\n", "loss.kind=hinge")
	want := []Difference{{"model.g_hidden", "[8]", "[8, 9]"}, {"loss.kind", `"non-saturating"`, `"hinge"`}, {"loss.smooth_real", "1.0", ""},
		{"loss.soft_real", "[]", ""}, {"loss.soft_fake", "[]", ""}, {"loss.flip", "0.0", ""}, {"loss.adaptive_l2", "0.0", ""}}
	if got := Diff(a, b); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Diff(a, a); got != nil {
		t.Errorf("a configuration differs from itself in %v", got)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A value set on one Config must not show in another one.
func TestListsAreCopies(t *testing.T) {
	a, b := mustResolve(t, "", "model.kind=mlp"), mustResolve(t, "", "model.kind=mlp")
	a.Value("model.g_hidden").([]int)[0] = 5
	if b.Value("model.g_hidden").([]int)[0] != 1200 {
		t.Error("two configurations share a list")
	}
}

func TestUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.toml")
	if err := os.WriteFile(path, nil, 0o000); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	var e *Error
	if _, err := systems.Schema().Load(t.Context(), path); !errors.As(err, &e) || !strings.Contains(err.Error(), "name a readable file") {
		t.Errorf("unreadable file: %v", err)
	}
}

// Whatever has no end is no configuration, and a pipe without a writer keeps nobody.
func TestLoadEnds(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err == nil {
		if _, err := systems.Schema().Load(t.Context(), "/dev/zero"); err == nil || !strings.Contains(err.Error(), "it is larger than 1048576 bytes") {
			t.Errorf("/dev/zero: %v", err)
		}
	}
	silent, pipe := filepath.Join(t.TempDir(), "silent.toml"), filepath.Join(t.TempDir(), "pipe.toml")
	if err := exec.Command("mkfifo", silent, pipe).Run(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	time.AfterFunc(10*time.Millisecond, func() { cancel(interrupted) })
	if _, err := systems.Schema().Load(ctx, silent); err != interrupted {
		t.Errorf("a pipe: %v", err)
	}
	go os.WriteFile(pipe, []byte("[train]\nbatch = 7\n"), 0)
	s, err := systems.Schema().Load(t.Context(), pipe)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.Resolve(); err != nil || c.Train.Batch != 7 {
		t.Errorf("what a pipe brings: %v, %v", c, err)
	}
}
