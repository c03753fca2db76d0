package main

import (
	"context"
	"embed"
	"flag"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/configs"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// completions holds, for each shell, a few lines that ask `ganengine completion words` at
// each press of the tabulator.
//
//go:embed completion
var completions embed.FS

// shells are those that there are lines for, and where each wants them.
var shells = []struct{ name, install string }{
	{"bash", "ganengine completion bash > ~/.local/share/bash-completion/completions/ganengine"},
	{"zsh", "ganengine completion zsh > \"${fpath[1]}/_ganengine\""},
	{"fish", "ganengine completion fish > ~/.config/fish/completions/ganengine.fish"},
}

func completionCommand() command {
	c := command{name: "completion", usage: "completion bash|zsh|fish", short: "have a shell complete commands, flags, configurations, keys and runs",
		args: 1 << 10, about: "It prints what the shell has to read, which asks `ganengine completion words` for what may follow the words of a line."}
	for _, s := range shells {
		c.example = append(c.example, s.install)
	}
	c.flags = func(a *app, _ *flag.FlagSet) action {
		return func(_ context.Context, args []string) error {
			switch {
			case len(args) > 0 && args[0] == "words":
				return a.print(strings.Join(complete(args[1:]), "\n") + "\n")
			case len(args) == 1 && slices.Contains(shellNames(), args[0]):
				text, err := completions.ReadFile("completion/" + args[0])
				if err != nil {
					return err
				}
				return a.print(string(text))
			}
			return usage("write: ganengine %s", c.usage)
		}
	}
	return c
}

// complete lists what the last of the words may become. Where that is a file, or anything,
// it lists nothing, and the shell offers files.
func complete(words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	name := "train"
	if len(before) > 0 && !isFlag(before[0]) {
		name = before[0]
	}
	if len(before) == 0 && !strings.HasPrefix(last, "-") || name == "help" {
		return beginning(names(), last)
	}
	c, ok := find(name)
	if !ok {
		return nil
	}
	f, _ := c.flagSet(&app{})
	if n := len(before); n > 0 && isFlag(before[n-1]) {
		if of := f.Lookup(strings.TrimLeft(before[n-1], "-")); of != nil && takesValue(of) {
			return values(of.Name, last)
		}
	}
	if strings.HasPrefix(last, "-") {
		return flagNames(f, last)
	}
	return beginning(wordsOf(name), last)
}

// wordsOf are what stands behind some commands without a flag.
func wordsOf(command string) []string {
	switch command {
	case "config":
		return append([]string{"list", "show"}, configs.Names()...)
	case "data":
		return []string{"inspect", "pack"}
	case "report", "compare":
		return runNames()
	case "completion":
		return shellNames()
	}
	return nil
}

func shellNames() (all []string) {
	for _, s := range shells {
		all = append(all, s.name)
	}
	return all
}

// values are what a flag may have.
func values(flag, begun string) []string {
	var all []string
	switch flag {
	case "config":
		all = configs.Names()
	case "run", "resume", "init", "with":
		all = append([]string{"latest"}, runNames()...)
	case "set":
		all = keys()
	case "device":
		all = []string{"auto", "cpu", "cuda"}
	case "precision":
		all = systems.Schema().Values("run.precision")
	case "format":
		all = exportFormats
	case "mode":
		all = modeNames
	case "metrics":
		done := begun[:strings.LastIndex(begun, ",")+1] // a list
		for _, m := range metric.Table() {
			all = append(all, done+m.Name)
		}
	}
	return beginning(all, begun)
}

// keys are those of the configuration, with the sign that a value follows.
func keys() (all []string) {
	for _, k := range systems.Schema().Names() {
		if strings.Contains(k, ".") {
			all = append(all, k+"=")
		}
	}
	return all
}

func runNames() (all []string) {
	dirs, err := rundir.List("runs")
	if err != nil {
		return nil // nothing to offer
	}
	for _, d := range dirs {
		all = append(all, filepath.ToSlash(string(d)))
	}
	return all
}

func flagNames(f *flag.FlagSet, begun string) (all []string) {
	f.VisitAll(func(f *flag.Flag) { all = append(all, "-"+f.Name) })
	if strings.HasPrefix(begun, "--") {
		begun = begun[1:]
	}
	return beginning(all, begun)
}

func takesValue(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}

func beginning(all []string, with string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, with) })
}
