package train

import (
	"fmt"
	"io"
	"text/tabwriter"

	"ganengine/engine/device"
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
	ImagesPerSecond float64      `json:"images_per_second"` // real images shown to D, at the median step
	StepMS          Times        `json:"step_ms"`
	StartupSeconds  float64      `json:"startup_seconds"` // from the start of the process to the end of the first step
	HostPeakBytes   int64        `json:"host_peak_bytes"`
	DevicePeakBytes int64        `json:"device_peak_bytes"`
	FlopsPerStep    float64      `json:"flops_per_step"`
	FlopsPerSecond  float64      `json:"flops_per_second"` // at the median step
	Sample          *SampleTimes `json:"sample,omitempty"`
	Profile         []KindReport `json:"profile,omitempty"`
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

// KindReport is the share of one kind of kernel in the measured steps.
type KindReport struct {
	Kind    string  `json:"kind"`
	Runs    int64   `json:"runs"`
	Seconds float64 `json:"seconds"`
	GFlops  float64 `json:"gflops_per_second"`
	GBytes  float64 `json:"gbytes_per_second"`
}

// kinds turns a profile into rates.
func kinds(times []device.KindTime) []KindReport {
	var out []KindReport
	for _, k := range times {
		s := k.Time.Seconds()
		r := KindReport{Kind: k.Kind, Runs: k.Runs, Seconds: s}
		if s > 0 {
			r.GFlops, r.GBytes = float64(k.Flops)/s/1e9, float64(k.Bytes)/s/1e9
		}
		out = append(out, r)
	}
	return out
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
	if len(b.Profile) > 0 {
		fmt.Fprintf(t, "\nkind\tms/step\truns\tGFLOP/s\tGB/s\n")
	}
	for _, k := range b.Profile {
		fmt.Fprintf(t, "%s\t%.3f\t%d\t%.1f\t%.1f\n", k.Kind, 1000*k.Seconds/float64(b.Steps), k.Runs, k.GFlops, k.GBytes)
	}
	return t.Flush()
}
