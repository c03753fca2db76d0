package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"ganengine/configs"
	"ganengine/engine/atomicfile"
	"ganengine/engine/graph"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

func configCommand() command {
	return command{name: "config", usage: "config list\nconfig show NAME", short: "the built-in configurations, and every key with its default", args: 2,
		example: []string{"ganengine config list", "ganengine config show dcgan"},
		flags: func(a *app, _ *flag.FlagSet) action {
			return func(_ context.Context, args []string) error {
				switch {
				case len(args) == 1 && args[0] == "list":
					return a.listConfigs()
				case len(args) == 2 && args[0] == "show":
					return a.showConfig(strings.TrimSuffix(args[1], ".toml"))
				}
				return usage("write: ganengine config list, or: ganengine config show NAME")
			}
		}}
}

// A builtin is a built-in configuration, its text and the system that it trains.
type builtin struct{ name, text, kind string }

func builtins() (all []builtin, err error) {
	for _, name := range configs.Names() {
		b := builtin{name: name}
		if b.text, err = configs.Read(name); err != nil {
			return nil, err
		}
		settings, err := systems.Schema().Parse(name+".toml", b.text)
		if err != nil {
			return nil, err
		}
		cfg, err := settings.Resolve()
		if err != nil {
			return nil, err
		}
		b.kind = cfg.Model.Kind
		all = append(all, b)
	}
	return all, nil
}

func (a *app) listConfigs() error {
	all, err := builtins()
	if err != nil {
		return err
	}
	var s strings.Builder
	s.WriteString("built-in configurations, and the model.kind of each, which has a page in docs/systems (`ganengine config show NAME`, `ganengine -config NAME`):\n")
	t := tabwriter.NewWriter(&s, 0, 8, 2, ' ', 0)
	for _, b := range all {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", b.name, b.kind, configs.Summary(b.text))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	s.WriteString("\n")
	if err := systems.Schema().List(&s); err != nil {
		return err
	}
	return a.print(s.String())
}

// showConfig prints a built-in configuration and, as a comment, the keys of its kind.
func (a *app) showConfig(name string) error {
	all, err := builtins()
	if err != nil {
		return err
	}
	var of []string
	for _, b := range all {
		if b.name == name {
			s := &strings.Builder{}
			fmt.Fprintf(s, "%s\n# Keys of model.kind = %q besides those of all kinds (ganengine config list), with their defaults:\n#\n", b.text, b.kind)
			if err := systems.Schema().Own(s, b.kind, "#   "); err != nil {
				return err
			}
			return a.print(s.String())
		}
		if b.kind == name {
			of = append(of, b.name)
		}
	}
	if len(of) > 0 {
		return usage("%s is a model.kind and no configuration; show one that has it: %s", name, strings.Join(of, ", "))
	}
	return usage("there is no built-in configuration %q%s; `ganengine config list` lists them", name, didYouMean(name, configs.Names()))
}

func graphCommand() command {
	return command{name: "graph", usage: "graph -config FILE -o FILE.dot | FILE.txt", short: "write the training programs as graphs",
		about:   "A .dot is for Graphviz, one digraph a program; a .txt has a line a node.",
		example: []string{"ganengine graph -config ring -o ring.dot && dot -Tsvg -O ring.dot"},
		flags: func(a *app, f *flag.FlagSet) action {
			s := addSettings(f)
			path := f.String("o", "", "`FILE.dot` or FILE.txt")
			return func(ctx context.Context, _ []string) error { return s.located(a.graph(ctx, s, *path)) }
		}}
}

func (a *app) graph(ctx context.Context, s *settings, path string) error {
	render := (*graph.Program).Dot
	switch strings.ToLower(filepath.Ext(path)) {
	case ".dot":
	case ".txt":
		render = (*graph.Program).Text
	default:
		return usage("-o: name FILE.dot or FILE.txt, got %q", path)
	}
	if err := writable(path); err != nil {
		return err
	}
	cfg, err := s.resolve(ctx, s.config)
	if err != nil {
		return err
	}
	programs, err := train.Programs(ctx, cfg, systems.Table())
	if err != nil {
		return err
	}
	var names []string
	if err := atomicfile.Write(path, func(w io.Writer) error {
		for _, p := range programs {
			names = append(names, p.Name)
			if _, err := io.WriteString(w, render(p)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return a.printf("%s: %s\n", path, strings.Join(names, ", "))
}

func versionCommand() command {
	return command{name: "version", usage: "version", short: "what this program is built from", example: []string{"ganengine version"},
		flags: func(a *app, _ *flag.FlagSet) action {
			return func(context.Context, []string) error {
				text := "ganengine " + versionName()
				if r := revision(); r != "" {
					text += " (" + r + ")"
				}
				return a.printf("%s, %s, %s/%s\n", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			}
		}}
}

func versionName() string {
	if version == "" {
		return "unversioned"
	}
	return version
}

// revision is the commit that was built, with + if files had changed since.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	return commit + changed
}
