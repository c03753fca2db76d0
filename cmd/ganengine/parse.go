package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/spelling"
	"ganengine/gan/systems"
)

// parse sets the flags that the arguments have, before, between and after words
// (up to -- , after which all are words), and gives the words.
func (c command) parse(f *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, c.complain(f, err)
		}
		rest := f.Args()
		parsed := args[:len(args)-len(rest)]
		if len(parsed) > 0 && parsed[len(parsed)-1] == "--" {
			words, rest = append(words, rest...), nil
		}
		if len(rest) == 0 {
			if err := c.empty(f); err != nil {
				return nil, err
			}
			if len(words) > c.args {
				return nil, c.whatFor(words[c.args])
			}
			return words, nil
		}
		words, args = append(words, rest[0]), rest[1:]
		if len(words) > c.args && len(parsed) > 0 {
			return nil, c.stray(f, parsed, rest)
		}
	}
}

// empty refuses flags without a value, which scripts write where a variable of
// theirs is empty: -resume "$RUN" must not begin another run.
func (c command) empty(f *flag.FlagSet) (err error) {
	f.Visit(func(f *flag.Flag) {
		if g, ok := f.Value.(flag.Getter); ok && g.Get() == "" {
			err = usage("%s: -%s has an empty value; write one, or leave the flag out", c.name, f.Name)
		}
	})
	return err
}

// stray explains words that are no argument of the command: where a flag with
// its value stands before them, they were meant to belong to that value.
func (c command) stray(f *flag.FlagSet, before, rest []string) error {
	n := len(before)
	if n < 2 || isFlag(before[n-1]) || !isFlag(before[n-2]) {
		return c.whatFor(rest[0])
	}
	name, words := strings.TrimLeft(before[n-2], "-"), before[n-1:]
	for _, w := range rest {
		if isFlag(w) {
			break
		}
		words = append(slices.Clip(words), w)
	}
	if takesList(f.Lookup(name), words[0]) {
		return usage("%s: what is %q for? Lists take commas: -%s %s", c.name, rest[0], name, strings.Join(words, ","))
	}
	return usage("%s: what is %q for? A value with spaces takes quotes: -%s %q", c.name, rest[0], name, strings.Join(words, " "))
}

func (c command) whatFor(word string) error {
	return usage("%s: what is %q for? Flags begin with a dash; `ganengine %s -h` lists them", c.name, word, c.name)
}

// takesList says whether a flag's value is a list: by what the help text calls
// the value, or because it sets a key that is one.
func takesList(f *flag.Flag, value string) bool {
	if f == nil {
		return false
	}
	what, _ := flag.UnquoteUsage(f)
	key, _, _ := strings.Cut(value, "=")
	return what == "LIST" || f.Name == "set" && systems.Schema().IsList(key)
}

func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// elsewhere is what other programs call our flags. In place of a flag there may
// be one with its value, for keys that have no flag of their own.
var elsewhere = map[string][]string{
	"trunc": {"psi"}, "truncation": {"psi"}, "truncation-psi": {"psi"}, "z-trunc": {"z-threshold"},
	"outdir": {"out"}, "output": {"o", "out"}, "outfile": {"o"}, "output-dir": {"out"}, "logdir": {"out"},
	"cfg": {"config"}, "conf": {"config"}, "dataset": {"data"}, "dataroot": {"data"}, "data-dir": {"data"}, "input": {"data"},
	"network": {"run"}, "model": {"run", "config"}, "ckpt": {"checkpoint"}, "ckpt-path": {"checkpoint", "resume"}, "load": {"resume", "run"},
	"pretrained": {"init"}, "weights": {"init", "checkpoint"}, "restore": {"resume"}, "continue": {"resume"},
	"gpu": {"device"}, "gpus": {"device"}, "cuda": {"device cuda"}, "cpu": {"device cpu"},
	"fp16": {"precision bf16"}, "half": {"precision bf16"}, "amp": {"precision bf16"}, "bf16": {"precision bf16"}, "tf32": {"precision tf32"},
	"iterations": {"steps"}, "iters": {"steps"}, "max-steps": {"steps"}, "niter": {"set train.epochs=N"}, "num-steps": {"steps"},
	"batch-size": {"batch"}, "batchsize": {"batch"}, "bs": {"batch"}, "num": {"n"}, "count": {"n"}, "num-samples": {"n"}, "samples": {"n"},
	"random-seed": {"seed"}, "manual-seed": {"seed"}, "latents": {"z"}, "labels": {"captions"}, "verbose": {"v"}, "silent": {"quiet"}, "q": {"quiet"},
	"epochs": {"set train.epochs=N"}, "kimg": {"set train.kimg=N"}, "lr": {"set optim.g.lr=X"}, "learning-rate": {"set optim.g.lr=X"},
	"workers": {"set run.threads=N"}, "threads": {"set run.threads=N"}, "gamma": {"set loss.r1=X"}, "mirror": {"set data.mirror=true"},
	"size": {"set data.size=N"}, "image-size": {"set data.size=N"}, "resolution": {"set data.size=N"}, "snap": {"set checkpoint.every=N"},
	"netg": {"init"}, "netd": {"init"}, "imagesize": {"set data.size=N"}, "manualseed": {"seed"}, "nz": {"set model.z=N"},
	"ngf": {"set model.g_channels=N"}, "ndf": {"set model.d_channels=N"}, "beta1": {"set optim.g.beta1=X"}, "cond": {"set data.labels=true"},
	"glr": {"set optim.g.lr=X"}, "dlr": {"set optim.d.lr=X"}, "mixed-precision": {"precision bf16"}, "aug": {},
	"zoom": {"scale"}, "upscale": {"scale"}, "expression": {"expr"}, "dry": {"dry-run"},
}

// numbers says what the flag package leaves open.
var numbers = strings.NewReplacer(": parse error", "; write a number, whole where it counts something", ": value out of range", "; it is too large")

// complain names the flag that was probably meant where there is none of that
// name.
func (c command) complain(f *flag.FlagSet, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return usage("%s: %s", c.name, numbers.Replace(err.Error()))
	}
	meant := ""
	if near := c.meant(f, name); near != "" {
		meant = fmt.Sprintf("; did you mean -%s?", near)
	}
	return usage("%s: there is no flag -%s%s; `ganengine %s -h` lists them", c.name, name, meant, c.name)
}

// meant is the flag of f that stands for what others call name, else the one
// that is spelled most like it.
func (c command) meant(f *flag.FlagSet, name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	theirs, known := elsewhere[name]
	for _, ours := range theirs {
		if own, _, _ := strings.Cut(ours, " "); f.Lookup(own) != nil {
			return ours
		}
	}
	if known && len(theirs) == 0 {
		return "" // there is nothing like it, whatever is spelled alike
	}
	var own []string
	f.VisitAll(func(f *flag.Flag) { own = append(own, f.Name) })
	return spelling.Nearest(name, own)
}
