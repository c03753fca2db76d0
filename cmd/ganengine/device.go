package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ganengine/cuda"
	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/gan/config"
)

const deviceUsage = "`D`: auto, cpu, cuda or cuda:N"

// wish says which device is opened, and how it computes.
type wish struct {
	config.Run
	tune time.Duration     // for measuring engines of convolutions
	log  func(line string) // nil drops it
}

// openDevice opens a device. Where auto comes to the CPU, note says why.
func (a *app) openDevice(w wish) (dev device.Device, note string, err error) {
	kind, number, numbered := strings.Cut(w.Device, ":")
	gpu := cuda.Options{Nondeterministic: !w.Deterministic, Tune: w.tune, Workspace: int64(w.WorkspaceMiB) << 20, Switches: a.switches, Log: w.log,
		Warn: func(line string) { fmt.Fprintln(a.stderr, line) }}
	if numbered {
		gpu.Index, err = strconv.Atoi(number)
	}
	switch {
	case err == nil && kind == "cuda":
		if dev, err = cuda.Open(gpu); err != nil {
			return nil, "", usage("device %s: %v; use -device cpu, or auto", w.Device, err)
		}
		return dev, "", nil
	case w.Device == "auto":
		gpu.Index = cuda.Any
		if dev, err = cuda.Open(gpu); err == nil {
			return dev, "", nil
		}
		note = "device auto is the CPU: " + err.Error()
	case w.Device != "cpu":
		return nil, "", usage("there is no device %q; write auto, cpu, cuda or cuda:N", w.Device)
	}
	dev, err = cpu.New(cpu.Options{Threads: w.Threads, Switches: a.switches, Log: w.log})
	return dev, note, err
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
	Kernels   []string `json:"kernels,omitempty"`
	Threads   int      `json:"threads"`
	Memory    int64    `json:"memory_bytes"`
	Notes     []string `json:"notes"`
	Problem   string   `json:"problem,omitempty"` // why it cannot be used
}

func (a *app) devices(asJSON bool) error {
	found, err := a.list()
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(found)
	}
	var s strings.Builder
	for _, d := range found {
		s.WriteString(d.String())
	}
	return a.print(s.String())
}

// list opens every device that this machine has. Of a GPU that cannot be used,
// and of CUDA where there is none, the model says why.
func (a *app) list() ([]listed, error) {
	dev, _, err := a.openDevice(wish{Run: config.Run{Device: "cpu"}})
	if err != nil {
		return nil, err
	}
	all := []listed{describe(dev.Info())}
	if err := dev.Close(); err != nil {
		return nil, err
	}
	status := cuda.Probe()
	if len(status.Devices) == 0 {
		return append(all, unused("cuda", "", 0, status.Problem)), nil
	}
	for _, g := range status.Devices {
		name := fmt.Sprintf("cuda:%d", g.Index)
		dev, err := cuda.Open(cuda.Options{Index: g.Index, Switches: a.switches})
		if err != nil {
			all = append(all, unused(name, g.Name, g.Memory, err.Error()))
			continue
		}
		all = append(all, describe(dev.Info()))
		if err := dev.Close(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func describe(i device.Info) listed {
	return listed{Name: i.Name, Model: i.Model, Libraries: append([]string{}, i.Libraries...), Kernels: i.Kernels, Threads: i.Threads, Memory: i.Memory,
		Notes: append([]string{}, i.Notes...)}
}

func unused(name, model string, memory int64, why string) listed {
	return listed{Name: name, Model: model, Memory: memory, Libraries: []string{}, Notes: []string{}, Problem: why}
}

// String is the device as people read it: a line, and indented ones with more.
func (d listed) String() string {
	var facts []string
	if d.Model != "" {
		facts = append(facts, d.Model)
	}
	if d.Threads > 0 {
		facts = append(facts, fmt.Sprintf("%d threads", d.Threads))
	}
	if d.Memory > 0 {
		facts = append(facts, fmt.Sprintf("%.1f GiB", float64(d.Memory)/(1<<30)))
	}
	if d.Problem != "" {
		facts = append(facts, "not used: "+d.Problem)
	}
	lines := append([]string{strings.Join(facts, ", ")}, d.Libraries...)
	if len(d.Kernels) > 0 {
		lines = append(lines, "kernels: "+strings.Join(d.Kernels, ", "))
	}
	var s strings.Builder
	name := d.Name
	for _, line := range append(lines, d.Notes...) {
		fmt.Fprintf(&s, "%-8s %s\n", name, line)
		name = ""
	}
	return s.String()
}

func (a *app) printJSON(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return a.print(string(b) + "\n")
}
