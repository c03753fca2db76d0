package config_test

import (
	"strings"
	"testing"

	. "ganengine/gan/config"
	"ganengine/gan/systems"
)

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// names
		{"[train]\nstps = 3\n", "my.toml:2: train.stps: there is no such key; did you mean train.steps?"},
		{"[train]\n\n# a comment\nlr = 3\n", "my.toml:4: train.lr: there is no such key; did you mean optim.g.lr?"},
		{"[optim]\nlr = 3\n", "my.toml:2: optim.lr: there is no such key; did you mean optim.g.lr?"},
		{"[optim.gg]\nlr = 3\n", "my.toml:1: optim.gg: there is no such key; did you mean optim.g?"},
		{"[train]\nphases = []\n", "my.toml:2: train.phases: this key is gone: stages are part of a system's order; remove it, and of a run of an earlier version take the weights with -init"},
		{"\n[traim]\nsteps = 3\n", "my.toml:2: traim: there is no such key; did you mean train?"},
		{"[bananas]\na = 3\n", "my.toml:1: bananas: there is no such key; `ganengine config list` shows all"},
		{"batch = 3\n", "my.toml:1: batch: there is no such key; did you mean train.batch?"},
		{"[train]\nbananas = 3\n", "my.toml:2: train.bananas: there is no such key; `ganengine config list` shows all"},
		{"[loss]\nGP = 3\n", "my.toml:2: loss.GP: there is no such key; did you mean loss.gp?"},
		{"[train]\n\"a\\nb\" = 3\n", `my.toml:2: train."a\nb": there is no such key; ` + "`ganengine config list` shows all"},
		{"train = 3\n", "my.toml:1: train: 3 is a whole number, and this is a section; write [train] and its keys on lines below"},
		{"[[train]]\nsteps = 3\n", "my.toml:1: train: the value is a table, and this is a section; write [train] and its keys on lines below"},
		{"train = {batch = 3,\n steps = 4, x = 5}\n", "my.toml:2: train.x: there is no such key; `ganengine config list` shows all"},
		{"train.batch.x = 3\n", "my.toml:1: train.batch.x: there is no such key; did you mean train.batch?"},
		// syntax
		{"[train\nsteps = 3\n", "my.toml:1: this is not TOML: expected '.' or ']' to end table name, but got '\\n' instead; see https://toml.io"},
		{"[train]\nsteps = 3\nsteps = 4\n", "my.toml:3: train.steps: this is not TOML: Key 'train.steps' has already been defined.; see https://toml.io"},
		{"[data]\nkind = glyphs\n", "my.toml:2: data.kind: this is not TOML: expected value but found \"glyphs\" instead; see https://toml.io"},
		// types
		{"[train]\nbatch = \"big\"\n", `my.toml:2: train.batch: "big" is a string; write a whole number, such as 8`},
		{"[train]\nbatch = 64.0\n", "my.toml:2: train.batch: 64.0 is a number with a fraction; write 64"},
		{"[train]\nbatch = 6.5\n", "my.toml:2: train.batch: 6.5 is a number with a fraction; write a whole number, such as 8"},
		{"[train]\nbatch = [8]\n", "my.toml:2: train.batch: the value is a list; write a whole number, such as 8"},
		{"[train]\nbatch = {}\n", "my.toml:2: train.batch: the value is a table; write a whole number, such as 8"},
		{"[train]\nbatch = 2020-01-01\n", "my.toml:2: train.batch: the value is a date; write a whole number, such as 8"},
		{"[train]\nreuse_fakes = 1\n", "my.toml:2: train.reuse_fakes: 1 is a whole number; write true or false, such as true"},
		{"[model]\nkind = true\n", `my.toml:2: model.kind: true is a truth value; write a string, such as "name"`},
		{"[loss]\ngp = nan\n", "my.toml:2: loss.gp: NaN is not finite; write a number, such as 0.5"},
		{"[loss]\ngp = \"1e-4\"\n", `my.toml:2: loss.gp: "1e-4" is a string; write a number, such as 0.5`},
		{"[model]\nkind = \"mlp\"\ng_hidden = [8,\n 4.5]\n", "my.toml:3: model.g_hidden: in the list, 4.5 is a number with a fraction; write a whole number, such as 8"},
		{"[eval]\nmetrics = \"swd\"\n", `my.toml:2: eval.metrics: "swd" is a string; write a list of strings, such as ["a", "b"]`},
		// values
		{"[train]\nbatch = 0\n", "my.toml:2: train.batch: 0 is impossible; it must be at least 1 and at most 65536"},
		{"[optim.g]\nlr = 1e39\n", "my.toml:2: optim.g.lr: 1e+39 is impossible; no number may be larger than 3.4e38"},
		{"[loss]\nkind = \"lsgan\"\ntargets = [0, -1e300, 1]\n", "my.toml:3: loss.targets: in the list, -1e+300 is impossible; no number may be larger than 3.4e38"},
		{"[run]\nseed = -1\n", "my.toml:2: run.seed: -1 is impossible; it must be at least 0"},
		{"[optim.d]\nlr = 0\n", "my.toml:2: optim.d.lr: 0.0 is impossible; it must be more than 0"},
		{"[optim.g]\nbeta1 = 1\n", "my.toml:2: optim.g.beta1: 1.0 is impossible; it must be at least 0 and less than 1"},
		{"[model]\nkind = \"mlp\"\ng_hidden = [8, 0]\n", "my.toml:3: model.g_hidden: in the list, 0 is impossible; it must be at least 1 and at most 65536"},
		{"[loss]\nkind = \"hing\"\n", `my.toml:2: loss.kind: "hing" is not a value of this key; did you mean "hinge"?`},
		{"[loss]\nkind = \"vanila\"\n", `my.toml:2: loss.kind: "vanila" is not a value of this key; did you mean "vanilla"?`},
		{"[loss]\ngp_at = \"everywhere\"\n", `my.toml:2: loss.gp_at: "everywhere" is not a value of this key; write "interpolate", "fake", "real" or "dragan"`},
		{"[run]\ndevice = \"gpu\"\n", `my.toml:2: run.device: "gpu" is no device; write auto, cpu, cuda or cuda:N`},
		{"[run]\nname = \"a/b\"\n", `my.toml:2: run.name: "a/b" cannot name a directory; use up to 128 letters, digits, dots, dashes and underscores`},
		{"[data]\nbackground = \"#fff\"\n", `my.toml:2: data.background: "#fff" is no colour; write white, black or #rrggbb`},
		// not in this version
		{"[train]\naugment = \"ada\"\n", `my.toml:2: train.augment: "ada" is not supported by this version; remove it`},
		// keys of evaluations
		{"[eval]\nevery = 9\n", `my.toml: eval.metrics: eval.every is 9 and there is nothing to measure; write ["kd", "recall"], say`},
		{"[eval]\nmetrics = [\"kd\"]\n", `my.toml:2: eval.metrics: eval.every is 0, so that they are never measured; set it, or remove this key`},
		{"[eval]\nevery = -1\n", `my.toml:2: eval.every: -1 is impossible; it must be at least 0`},
		{"[checkpoint]\nbest = \"swd\"\n", `my.toml:2: checkpoint.best: "swd" is no metric of eval.metrics; add it there`},
		// keys that need another
		{"[optim.g]\nkind = \"adam\"\nmomentum = 0.5\n", `my.toml:3: optim.g.momentum: belongs to optim.g.kind = "sgd" or "rmsprop", and here it is "adam"; remove the key or change optim.g.kind`},
		{"[data]\npath = \"a\"\n", `my.toml:2: data.path: belongs to data.kind = "idx", "cifar10", "folder", "zip", "tar", "npz" or "csv", and here it is "glyphs"; remove the key or change data.kind`},
		{"[data]\nchannels = 2\n", "my.toml:2: data.channels: images of 2 channels cannot be drawn; write 1 for grey or 3 for colour"},
		{"[data]\nkind = \"idx\"\n", `my.toml: data.path: data.kind = "idx" needs files; say where they are`},
		{"[data]\nsize = 32\nheight = 64\n", "my.toml:3: data.height: disagrees with data.size = 32; give size, or height and width"},
		{"[data]\nheight = 32\nwidth = 64\n", "my.toml:2: data.height: 32 by 64 is not square, and dcgan makes square images; set data.size"},
		{"[data]\nsize = 512\n", "my.toml:2: data.size: glyphs of 512 pixels a side cannot be drawn; write 8 to 256, or give a data.path with larger images"},
		{"[model]\nkind = \"mlp\"\n[data]\nheight = 28\nwidth = 300\n", "my.toml:5: data.width: glyphs of 300 pixels a side cannot be drawn; write 8 to 256, or give a data.path with larger images"},
		{"[data]\nsize = 48\n", "my.toml:2: data.size: 48 is no size that dcgan makes; use 8, 16, 32, 64, 128, 256, 512 or 1024"},
		{"[data]\nkind = \"mixture\"\n[model]\nkind = \"dcgan\"\n", `my.toml:4: model.kind: dcgan makes images, and data.kind = "mixture" gives points; use model.kind = "mlp"`},
		{"[data]\nkind = \"mixture\"\n[model]\nkind = \"mlp\"\noutput = \"tanh\"\n", `my.toml:5: model.output: "tanh" cannot reach all points of the plane; write "linear"`},
		{"[data]\nkind = \"mixture\"\nlayout = \"grid\"\nmodes = 24\n", "my.toml:4: data.modes: 24 Gaussians make no square grid; write 25, say"},
		{"[train]\nkimg = 5\nsteps = 5\n", "my.toml:2: train.kimg: there is another length; give one of steps, kimg and epochs"},
		{"[train]\nepochs = 5\nsteps = 5\n", "my.toml:2: train.epochs: there is another length; give one of steps, kimg and epochs"},
		{"[loss]\nkind = \"lsgan\"\ntargets = [0, 1]\n", "my.toml:3: loss.targets: there are 2 numbers; write three: a, b, c"},
		{"[loss]\ngp_at = \"real\"\n", "my.toml:2: loss.gp_at: there is no gradient penalty; set loss.gp, or remove this key"},
		{"[loss]\nevery = 4\n", "my.toml:2: loss.every: there is no penalty; set loss.gp, loss.r1 or loss.r2, or remove this key"},
		{"[loss]\nr2 = 1.0\nevery = 4\n", ""},
		{"[optim.g]\nschedule = \"exponential\"\n", "my.toml: optim.g.lr_end: an exponential schedule never reaches 0; set lr_end to more than 0"},
		{"[optim.g]\nschedule = \"linear\"\ndecay_start = 9\ndecay_end = 9\n", "my.toml:4: optim.g.decay_end: 9 is not after decay_start = 9; set it later"},
	} {
		_, err := resolve(c.text)
		if got := errorText(err); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestSetErrorTexts(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"optim.g.lrr=1", "-set: optim.g.lrr: there is no such key; did you mean optim.g.lr?"},
		{"train=1", "-set: train: this is a section; name one of its keys, such as train.steps"},
		{"optim=1", "-set: optim: this is a section; name one of its keys, such as optim.g.kind"},
		{"lr=1", "-set: lr: there is no such key; did you mean optim.g.lr?"},
		{"train.batch=big", `-set: train.batch: cannot read "big"; write a whole number, such as 8`},
		{"train.batch=", `-set: train.batch: cannot read ""; write a whole number, such as 8`},
		{"train.batch=1e4", "-set: train.batch: 10000.0 is a number with a fraction; write 10000"},
		{"train.batch=1\nsteps = 2", `-set: train.batch: cannot read "1\nsteps = 2"; write a whole number, such as 8`},
		{"optim.g.beta1=.5", `-set: optim.g.beta1: cannot read ".5"; write a number, such as 0.5`},
		{"run.deterministic=yes", `-set: run.deterministic: cannot read "yes"; write true or false, such as true`},
		{"run.deterministic=\"true\"", `-set: run.deterministic: "true" is a string; write true or false, such as true`},
		{"model.g_hidden=8,x", `-set: model.g_hidden: in the list, cannot read "x"; write a whole number, such as 8`},
		{"model.g_hidden=8 16", `-set: model.g_hidden: cannot read "8 16"; separate the elements of a list with commas, as in 64, 64`},
		{"train.steps=99999999999999999999", "-set: train.steps: 99999999999999999999 is too large"},
		{"run.name=\xff", `-set: run.name: "\xff" is not UTF-8; write it in UTF-8`},
		{`run.name="a`, `-set: run.name: cannot read "\"a"; write a string, such as "name"`},
		{"optim.g.schedule=linear\x00optim.g.decay_start=10000", "-set: optim.g.decay_start: 10000 is not before the last step, which is 10000; set it earlier, or train longer"},
		{"data.size=48\x00data.width=64", "-set: data.width: disagrees with data.size = 48; give size, or height and width"},
		{"data.width=64\x00data.size=48", "-set: data.width: disagrees with data.size = 48; give size, or height and width"},
		{"train.steps=5\x00train.kimg=3", "-set: train.kimg: there is another length; give one of steps, kimg and epochs"},
		{"run.precision=fp16", `-set: run.precision: "fp16" is not a value of this key; did you mean "bf16"?`},
		{"run.precision=Half", `-set: run.precision: "Half" is not a value of this key; did you mean "bf16"?`},
		{"run.precision=BF16", `-set: run.precision: "BF16" is not a value of this key; did you mean "bf16"?`},
		{"loss.kind=Hinge", `-set: loss.kind: "Hinge" is not a value of this key; did you mean "hinge"?`},
		{"train.batch=-1", "-set: train.batch: -1 is impossible; it must be at least 1 and at most 65536"},
	} {
		_, err := resolve("", strings.Split(c.set, "\x00")...)
		if got := errorText(err); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.set, got, c.want)
		}
	}
	s, err := systems.Schema().Parse("my.toml", "")
	if err != nil {
		t.Fatal(err)
	}
	want := `-batch: train.batch: cannot read "x"; write a whole number, such as 8`
	if got := errorText(s.SetFlag("-batch", "train.batch", "x")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[train]\nsteps = 3\n[optim.g]\nlr = 1e-4\n")
	f.Add("optim = {g.lr = 1, d = {kind = 'sgd'}}\n[data]\nkind='mixture'\nradius=1e9")
	f.Add("[[train]]\n\"a\\nb\" = 1979-05-27\n")
	f.Add("[model]\nkind = \"mlp\"\ng_hidden = [1,\n 2]\n[eval]\nmetrics = [\"a\\u0000\"]")
	f.Add("\x7f")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := resolve(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("an error of more than one line: %q", err)
			}
			if _, ok := err.(*Error); !ok {
				t.Fatalf("the error is a %T: %v", err, err)
			}
			return
		}
		if again := rewritten(t, c); len(Diff(c, again)) > 0 {
			t.Fatalf("read back with %v", Diff(c, again))
		}
	})
}

func FuzzSet(f *testing.F) {
	f.Add("train.batch", "8")
	f.Add("model.g_hidden", "[8, 9]")
	f.Add("eval.metrics", "a,'b'")
	f.Fuzz(func(t *testing.T, name, value string) {
		s, err := systems.Schema().Parse("", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Set(name, value); err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Fatalf("an error of more than one line: %q", err)
		}
		if c, err := s.Resolve(); err == nil {
			if again := rewritten(t, c); len(Diff(c, again)) > 0 {
				t.Fatalf("read back with %v", Diff(c, again))
			}
		}
	})
}
