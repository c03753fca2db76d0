package train

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/roofline"
)

// BenchOptions say what is measured.
type BenchOptions struct {
	Steps   int  // 0 means 30
	Profile bool // also the time by kind of kernel
	Sample  bool // also generation
}

// BenchReport is what was measured; as JSON it is what `ganengine bench -json`
// prints.
type BenchReport struct {
	Config          string       `json:"config"` // run.name
	Device          string       `json:"device"`
	Precision       string       `json:"precision"`
	Batch           int          `json:"batch"`
	Steps           int          `json:"steps"`
	ImagesPerSecond float64      `json:"images_per_second"` // samples of the first stream taken, at the median step
	StepMS          Times        `json:"step_ms"`
	StartupSeconds  float64      `json:"startup_seconds"` // from the start of the process to the end of the first step
	HostPeakBytes   int64        `json:"host_peak_bytes"`
	DevicePeakBytes int64        `json:"device_peak_bytes"`
	FlopsPerStep    float64      `json:"flops_per_step"`
	FlopsPerSecond  float64      `json:"flops_per_second"` // at the median step
	Sample          *SampleTimes `json:"sample,omitempty"`
	Profile         *Profile     `json:"profile,omitempty"`
}

// Times are of one step, in milliseconds.
type Times struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// SampleTimes are of generation: one image from its seed, and many.
type SampleTimes struct {
	P50MS           float64 `json:"latency_ms_p50"` // batch 1
	P95MS           float64 `json:"latency_ms_p95"`
	Batch           int     `json:"batch"`
	ImagesPerSecond float64 `json:"images_per_second"` // at that batch
}

// Profile is where the time of the measured steps went, against the device's
// own best rates, measured beside them.
type Profile struct {
	Matrix map[string]float64 `json:"matrix_flops_per_second"` // by type
	Memory float64            `json:"memory_bytes_per_second"`
	Kinds  []KernelReport     `json:"kinds"`
	Nodes  []KernelReport     `json:"nodes"` // each that took 5% or more
}

// KernelReport is the share of a kernel, or of all kernels of one kind, in the
// measured steps.
type KernelReport struct {
	Kind    string  `json:"kind"`
	Node    string  `json:"node,omitempty"`
	Runs    int64   `json:"runs"`
	Seconds float64 `json:"seconds"`
	Share   float64 `json:"share"`             // of all kernels' time
	GFlops  float64 `json:"gflops_per_second"` // of the direct algorithm
	GBytes  float64 `json:"gbytes_per_second"`
	Bound   float64 `json:"share_of_bound"` // the least possible time over the time taken
}

// muchTime is the share of the time from which a node is listed by itself.
const muchTime = 0.05

// newProfile sums kernels up by kind, slowest first.
func newProfile(l roofline.Limits, kernels []device.KernelTime) *Profile {
	p := &Profile{Matrix: l.Matrix, Memory: l.Memory}
	var total time.Duration
	for _, k := range kernels {
		total += k.Time
	}
	kinds, bounds := map[string]*device.KernelTime{}, map[string]time.Duration{}
	for _, k := range kernels {
		if float64(k.Time) >= muchTime*float64(total) {
			p.Nodes = append(p.Nodes, newKernelReport(k, l.Bound(k), total))
		}
		sum := kinds[k.Kind]
		if sum == nil {
			sum = &device.KernelTime{Cost: device.Cost{Kind: k.Kind}}
			kinds[k.Kind] = sum
		}
		sum.Runs += k.Runs
		sum.Time += k.Time
		sum.Flops += k.Flops
		sum.Bytes += k.Bytes
		bounds[k.Kind] += l.Bound(k)
	}
	for _, k := range kinds {
		p.Kinds = append(p.Kinds, newKernelReport(*k, bounds[k.Kind], total))
	}
	for _, list := range [][]KernelReport{p.Kinds, p.Nodes} {
		slices.SortFunc(list, func(a, b KernelReport) int {
			return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Node, b.Node))
		})
	}
	return p
}

func newKernelReport(k device.KernelTime, bound, total time.Duration) KernelReport {
	r := KernelReport{Kind: k.Kind, Node: k.Node, Runs: k.Runs, Seconds: k.Time.Seconds()}
	if r.Seconds > 0 {
		r.GFlops, r.GBytes = float64(k.Flops)/r.Seconds/1e9, float64(k.Bytes)/r.Seconds/1e9
		r.Share, r.Bound = r.Seconds/total.Seconds(), bound.Seconds()/r.Seconds
	}
	return r
}

// WriteText prints a report for people.
func (b BenchReport) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "config\t%s, batch %d, %s\ndevice\t%s\n", b.Config, b.Batch, b.Precision, b.Device)
	fmt.Fprintf(t, "step\t%.2f ms median, %.2f least, %.2f p95, of %d\n", b.StepMS.Median, b.StepMS.Min, b.StepMS.P95, b.Steps)
	fmt.Fprintf(t, "speed\t%s images/s, %.1f GFLOP/s of products\n", rate(b.ImagesPerSecond), b.FlopsPerSecond/1e9)
	fmt.Fprintf(t, "start\t%.2f s to the end of the first step\n", b.StartupSeconds)
	fmt.Fprintf(t, "memory\t%d MiB of the host, %d MiB of the device\n", b.HostPeakBytes>>20, b.DevicePeakBytes>>20)
	if s := b.Sample; s != nil {
		fmt.Fprintf(t, "sample\t%.2f ms for one (p95 %.2f), %s images/s at batch %d\n", s.P50MS, s.P95MS, rate(s.ImagesPerSecond), s.Batch)
	}
	if b.Profile != nil {
		b.Profile.writeText(t, b.Steps)
	}
	return t.Flush()
}

func (p *Profile) writeText(t io.Writer, steps int) {
	fmt.Fprintf(t, "limits\t")
	for _, name := range slices.Sorted(maps.Keys(p.Matrix)) {
		fmt.Fprintf(t, "%.1f GFLOP/s of matrix products in %s, ", p.Matrix[name]/1e9, name)
	}
	fmt.Fprintf(t, "%.1f GB/s of memory, measured now\n", p.Memory/1e9)
	row := func(name string, k KernelReport) {
		fmt.Fprintf(t, "%s\t%.3f\t%.1f%%\t%d\t%.1f\t%.1f\t%.0f%%\n",
			name, 1000*k.Seconds/float64(steps), 100*k.Share, k.Runs, k.GFlops, k.GBytes, 100*k.Bound)
	}
	fmt.Fprintf(t, "\nkind\tms/step\tshare\truns\tGFLOP/s\tGB/s\tof bound\n")
	for _, k := range p.Kinds {
		row(k.Kind, k)
	}
	if len(p.Nodes) > 0 {
		fmt.Fprintf(t, "\nnodes of %.0f%% or more\tms/step\tshare\truns\tGFLOP/s\tGB/s\tof bound\n", 100*muchTime)
	}
	for _, k := range p.Nodes {
		row(k.Node, k)
	}
}
