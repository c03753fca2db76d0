// Package debug holds the one table of debug switches: environment variables
// that change how a program is compiled, checked or printed, and never what
// it means.
//
// The command line reads them once and passes the struct down; nothing else
// looks at the environment. A name beginning with GANENGINE_ that is not in
// the table is an error, since a mistyped switch would do nothing in silence.
// docs/debugging.md shows the table; a test keeps the two equal.
package debug

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/internal/isa"
	"ganengine/engine/spelling"
)

//go:generate go test -run TestDocumentedTable -update

// Prefix begins the name of every switch.
const Prefix = "GANENGINE_"

// Switches is what the environment asks for. The zero value is not the
// default: take it from Read.
type Switches struct {
	NoPlan   bool      // every value has memory of its own
	NoFuse   bool      // every node is a kernel of its own
	NoGraph  bool      // CUDA kernels are enqueued one by one
	CheckNaN bool      // each kernel's outputs are tested at once
	Level    Level     // what is printed
	OneDNN   string    // "" looks in the usual places, "off", or the library to open
	Cache    string    // folder of what is kept between starts; "": the user's; "off": none
	CuDNN    string    // "" looks in the usual places, else the library, or its folder, to open
	CPU      isa.Level // how many of the processor's instructions are used
	Winograd bool      // convolutions with fewer multiplications where they are faster
	AMX      bool      // bf16 products in tiles where the processor has them
}

// A Level says how much is printed; each includes the ones before it.
type Level int

const (
	Quiet      Level = iota
	PassSizes        // one line for each pass: nodes before and after, bytes
	PrintPlan        // the plan: kernels in order, buffers, offsets
	PrintRuns        // each kernel as it runs, with its time
	levelCount = iota
)

// A Switch is one row of the table.
type Switch struct {
	Name    string // environment variable
	Type    string // what its value may be
	Default string
	Doc     string // one sentence
	set     func(*Switches, string) error
}

// Table returns the switches in the order of the documentation.
func Table() []Switch {
	return []Switch{
		{"GANENGINE_NOPLAN", "0, 1", "0", "Give every value memory of its own, so that no buffer is shared or reused.",
			boolean(func(s *Switches) *bool { return &s.NoPlan })},
		{"GANENGINE_NOFUSE", "0, 1", "0", "Fuse nothing: each node of a graph is one kernel.",
			boolean(func(s *Switches) *bool { return &s.NoFuse })},
		{"GANENGINE_NOGRAPH", "0, 1", "0", "CUDA: enqueue each kernel in place of replaying a captured graph.",
			boolean(func(s *Switches) *bool { return &s.NoGraph })},
		{"GANENGINE_CHECKNAN", "0, 1", "0", "Test each kernel's outputs at once and stop at the first value that is not finite, naming its node, shapes and source line.",
			boolean(func(s *Switches) *bool { return &s.CheckNaN })},
		{"GANENGINE_DEBUG", "0 to 3", "0", "Print: 1 the size of each pass, 2 also the plan, 3 also each kernel as it runs.", setLevel},
		{"GANENGINE_ONEDNN", "off, file", "search", "Do without oneDNN, or open this library and no other.",
			text(func(s *Switches) *string { return &s.OneDNN })},
		{"GANENGINE_CACHE", "off, folder", "the user's", "Keep nothing between starts (classifiers that samples are measured by; CUDA: measured engines and machine code), or keep it here in place of the user's cache folder.",
			text(func(s *Switches) *string { return &s.Cache })},
		{"GANENGINE_CUDNN", "file, folder", "search", "CUDA: open this cuDNN, or the one in this folder, and no other.",
			text(func(s *Switches) *string { return &s.CuDNN })},
		{"GANENGINE_CPU", "plain, avx2, avx512", "all", "Use no more of the processor's instructions, nor let oneDNN: plain Go loops without oneDNN, up to AVX2, or up to AVX-512.", setCPU},
		{"GANENGINE_WINOGRAD", "auto, off", "auto", "Off: multiply every term of a convolution, where Winograd's algorithms would take fewer multiplications.",
			automatic(func(s *Switches) *bool { return &s.Winograd })},
		{"GANENGINE_AMX", "auto, off", "auto", "Off: leave products in bf16 to oneDNN, or to float32, where the processor has AMX.",
			automatic(func(s *Switches) *bool { return &s.AMX })},
	}
}

// Read takes the switches from the environment, given as os.Environ returns
// it; a variable set to nothing counts as not set. The error is one line and
// names the variable.
func Read(environ []string) (Switches, error) {
	s := Switches{Winograd: true, AMX: true}
	table := Table()
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) || value == "" {
			continue
		}
		i := slices.IndexFunc(table, func(r Switch) bool { return r.Name == name })
		if i < 0 {
			return Switches{}, fmt.Errorf("environment: %q is not a debug switch; the nearest is %s (docs/debugging.md lists them)",
				name, nearest(name, table))
		}
		if err := table[i].set(&s, value); err != nil {
			return Switches{}, fmt.Errorf("environment: %s=%q: %w", name, value, err)
		}
	}
	return s, nil
}

func boolean(field func(*Switches) *bool) func(*Switches, string) error {
	return func(s *Switches, value string) error {
		if value != "0" && value != "1" {
			return errors.New("want 0 or 1")
		}
		*field(s) = value == "1"
		return nil
	}
}

func setLevel(s *Switches, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n >= levelCount {
		return fmt.Errorf("want a whole number from 0 to %d", levelCount-1)
	}
	s.Level = Level(n)
	return nil
}

// setCPU refuses what this machine lacks.
func setCPU(s *Switches, value string) error {
	level, err := isa.ParseLevel(value)
	if err != nil {
		return err
	}
	s.CPU = level
	_, err = level.Limit(isa.Machine())
	return err
}

func text(field func(*Switches) *string) func(*Switches, string) error {
	return func(s *Switches, value string) error {
		*field(s) = value
		return nil
	}
}

func automatic(field func(*Switches) *bool) func(*Switches, string) error {
	return func(s *Switches, value string) error {
		if value != "auto" && value != "off" {
			return errors.New("want auto or off")
		}
		*field(s) = value == "auto"
		return nil
	}
}

// CacheFolder is where is kept what would be made anew at each start: in a folder of the
// user's, or where the switch says; "" where nothing is.
func (s Switches) CacheFolder() (string, error) {
	switch s.Cache {
	case "off":
		return "", nil
	case "":
		folder, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("looking for a folder to keep things in between starts: %w", err)
		}
		return filepath.Join(folder, "ganengine"), nil
	}
	return s.Cache, nil
}

// nearest is the switch whose name is the fewest edits away, the first of equals.
func nearest(name string, table []Switch) string {
	best := slices.MinFunc(table, func(a, b Switch) int {
		return spelling.Distance(name, a.Name) - spelling.Distance(name, b.Name)
	})
	return best.Name
}
