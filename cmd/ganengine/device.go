package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
)

const deviceUsage = "`D`: auto, cpu, cuda or cuda:N"

// fallback is what auto comes to in a build without CUDA.
const fallback = "device auto is the CPU: this build has no CUDA"

// openDevice opens a device by its name in a configuration.
func (a *app) openDevice(name string, threads int, log func(line string)) (device.Device, error) {
	kind, _, _ := strings.Cut(name, ":")
	switch {
	case name == "auto" || name == "cpu":
		return cpu.New(cpu.Options{Threads: threads, Switches: a.switches, Log: log})
	case kind == "cuda":
		return nil, usage("device %s: this build has no CUDA; use -device cpu, or auto", name)
	}
	return nil, usage("there is no device %q; write auto, cpu, cuda or cuda:N", name)
}

func devicesCommand() command {
	return command{name: "devices", usage: "devices [-json]", short: "list what this machine can train on",
		example: []string{"ganengine devices"},
		flags: func(a *app, f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print an array of objects")
			return func(ctx context.Context, _ []string) error { return a.devices(*asJSON) }
		}}
}

// listed is a device as -json prints it.
type listed struct {
	Name      string   `json:"name"`
	Model     string   `json:"model"`
	Libraries []string `json:"libraries"`
	Threads   int      `json:"threads"`
	Memory    int64    `json:"memory_bytes"`
	Notes     []string `json:"notes"`
}

func (a *app) devices(asJSON bool) error {
	dev, err := a.openDevice("cpu", 0, nil)
	if err != nil {
		return err
	}
	defer dev.Close()
	i := dev.Info()
	if asJSON {
		return a.printJSON([]listed{{i.Name, i.Model, append([]string{}, i.Libraries...), i.Threads, i.Memory, append([]string{}, i.Notes...)}})
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%-8s %s, %d threads", i.Name, i.Model, i.Threads)
	if i.Memory > 0 {
		fmt.Fprintf(&s, ", %.1f GiB", float64(i.Memory)/(1<<30))
	}
	s.WriteByte('\n')
	for _, line := range append(append([]string{}, i.Libraries...), i.Notes...) {
		fmt.Fprintf(&s, "%-8s %s\n", "", line)
	}
	fmt.Fprintf(&s, "%-8s not in this build\n", "cuda")
	return a.print(s.String())
}

func (a *app) printJSON(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return a.print(string(b) + "\n")
}
