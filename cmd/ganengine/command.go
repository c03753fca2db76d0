package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// command is a word of the command line with its flags.
type command struct {
	name    string
	usage   string // what follows the name
	short   string // what it does, in a line
	about   string // more of that, in lines of the help text
	example []string
	args    int // most arguments that are not flags
	// flags declares the flags on f and gives what runs once they have their values.
	flags func(a *app, f *flag.FlagSet) action
}

type action func(ctx context.Context, args []string) error

// commands lists all commands in the order of the help text.
func commands() []command {
	return []command{trainCommand(), sampleCommand(), interpolateCommand(), arithmeticCommand(), encodeCommand(), translateCommand(), evalCommand(), exportCommand(), benchCommand(),
		runsCommand(), reportCommand(), compareCommand(), dataCommand(), graphCommand(), devicesCommand(), configCommand(), completionCommand(), versionCommand()}
}

func find(name string) (command, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return all[i], true
}

const examples = `ganengine -config glyphs                        train a small DCGAN on built-in glyphs, in two minutes
ganengine -config dcgan -data photos/           train the standard DCGAN on a folder of images
ganengine -resume latest                        continue where the last run stopped
ganengine sample -run latest -o samples.png     draw images from it
ganengine help                                  list all commands
`

// dispatch finds the command that the arguments begin with, and runs it.
func (a *app) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return a.print(examples)
	}
	first, rest := args[0], args[1:]
	switch first {
	case "help", "-h", "-help", "--h", "--help":
		return a.help(rest)
	case "-version", "--version":
		first = "version"
	}
	if strings.HasPrefix(first, "-") {
		first, rest = "train", args
	}
	c, ok := find(first)
	switch {
	case ok:
		return a.call(ctx, c, rest)
	}
	return usage("there is no command %q%s; `ganengine help` lists them", first, didYouMean(first, names()))
}

func names() []string {
	out := []string{"help"}
	for _, c := range commands() {
		out = append(out, c.name)
	}
	return out
}

func (c command) flagSet(a *app) (*flag.FlagSet, action) {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return f, c.flags(a, f)
}

// call parses the flags of a command and runs it.
func (a *app) call(ctx context.Context, c command, args []string) error {
	f, do := c.flagSet(a)
	words, err := c.parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		return a.print(c.help())
	}
	if err != nil {
		return err
	}
	return do(ctx, words)
}

// help prints the list of commands, or one command's help.
func (a *app) help(args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(w string) bool { return isFlag(w) || w == "help" })
	if len(args) == 0 {
		return a.print(overview())
	}
	c, ok := find(args[0])
	if !ok {
		return usage("there is no command %q%s; `ganengine help` lists them", args[0], didYouMean(args[0], names()))
	}
	return a.print(c.help())
}

func overview() string {
	var s strings.Builder
	s.WriteString("ganengine trains generative adversarial networks and looks into what it has trained.\n\n")
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(t, "  %s\t%s\n", c.name, c.short)
	}
	fmt.Fprintf(t, "  help [COMMAND]\tthis list, or a command's flags and an example\n")
	t.Flush()
	s.WriteString("\nWithout a command name it trains: `ganengine -config glyphs`. Flags take one dash or two.\n")
	return s.String()
}

// help is a command's help text: what the terminal shows, and docs/cli.md.
func (c command) help() string {
	var s strings.Builder
	fmt.Fprintf(&s, "ganengine %s: %s\n\nusage:\n", c.name, c.short)
	for line := range strings.SplitSeq(c.usage, "\n") {
		fmt.Fprintf(&s, "  ganengine %s\n", line)
	}
	if c.about != "" {
		fmt.Fprintf(&s, "\n%s\n", c.about)
	}
	f, _ := c.flagSet(&app{})
	head := "\nflags:\n"
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	f.VisitAll(func(f *flag.Flag) {
		fmt.Fprint(t, head)
		head = ""
		value, text := flag.UnquoteUsage(f)
		text = strings.TrimPrefix(text, value+": ") // the name stands beside the flag already
		if f.DefValue != "" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(t, "  -%s\t%s\n", strings.TrimSpace(f.Name+" "+value), text)
	})
	t.Flush()
	s.WriteString("\nexample:\n")
	for _, e := range c.example {
		fmt.Fprintf(&s, "  %s\n", e)
	}
	return s.String()
}

// reference is docs/cli.md.
func reference() string {
	var s strings.Builder
	s.WriteString("# Command line\n\n<!-- Generated from the commands' help texts; run go test ./cmd/ganengine -update. -->\n\n")
	fmt.Fprintf(&s, "```\n%s```\n", overview())
	for _, c := range commands() {
		fmt.Fprintf(&s, "\n## %s\n\n```\n%s```\n", c.name, c.help())
	}
	s.WriteString(`
## Exit status

| status | when |
|---|---|
| 0 | done |
| 1 | the work failed |
| 2 | the command line or the configuration is wrong |
| 129, 130, 143 | hung up (the terminal was closed), interrupted, terminated; a training has saved a checkpoint before. A second signal stops at once |

A training outlives the reader of its lines: after ` + "`ganengine -config glyphs | head`" + ` it goes on without printing, and log.txt
says so and has every line. Other commands end with the pipe, as programs do. With ` + "`nohup`" + ` the closed terminal is no signal.

Names of files, classes and the like are printed with control characters, changes of text direction and bytes outside
UTF-8 quoted, as in ` + "`\\u001b`" + `.

Errors are one line on standard error that begins with ` + "`ganengine: `" + `. The debug switches of the environment are in
[debugging.md](debugging.md), the keys of a configuration in [configuration.md](configuration.md).
`)
	return s.String()
}

func (a *app) print(text string) error {
	_, err := io.WriteString(a.stdout, text)
	return err
}

func (a *app) printf(format string, args ...any) error {
	return a.print(fmt.Sprintf(format, args...))
}
