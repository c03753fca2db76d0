package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/roofline"
	"ganengine/gan/config"
)

const (
	defaultBenchSteps = 30
	warmupSteps       = inFlight + 1 // after the first; they touch memory, fill the pipeline, and one is read
)

// Bench trains for some steps, writing nothing, and says how long they took.
func Bench(ctx context.Context, cfg *config.Config, h Host, o BenchOptions) (BenchReport, error) {
	if o.Steps <= 0 {
		o.Steps = defaultBenchSteps
	}
	c := *cfg
	if o.Sample {
		c.Sample.Count = max(c.Sample.Count, maxImages)
	}
	r, err := newRig(ctx, &c, h, nil)
	if err != nil {
		return BenchReport{}, err
	}
	defer r.close()
	report := BenchReport{Config: c.Run.Name, Device: deviceName(h.Device.Info()), Precision: c.Run.Precision, Batch: c.Train.Batch, Steps: o.Steps}
	t := r.trainer
	if err := t.initialise(h.Weights...); err != nil {
		return report, err
	}
	if err := t.feed(ctx, r.sets); err != nil {
		return report, err
	}
	if err := t.advance(ctx); err != nil {
		return report, err
	}
	if err := t.drain(); err != nil {
		return report, err
	}
	if !h.Started.IsZero() {
		report.StartupSeconds = time.Since(h.Started).Seconds()
	}
	profiler, _ := h.Device.(device.Profiler)
	if o.Profile && profiler == nil {
		return report, fmt.Errorf("device %s takes no profile; leave -profile out", h.Device.Info().Name)
	}
	times, err := r.timeSteps(ctx, o.Steps, func() {
		if o.Profile {
			profiler.StartProfile()
		}
	})
	if err != nil {
		return report, err
	}
	var kernels []device.KernelTime
	if o.Profile {
		kernels = profiler.StopProfile()
	}
	report.StepMS = Times{Min: times[0], Median: percentile(times, .5), P95: percentile(times, .95)}
	report.ImagesPerSecond = 1000 * r.trainer.game.ImagesPerStep() / report.StepMS.Median
	report.FlopsPerStep = flopsPerStep(t.game, t.steps())
	report.FlopsPerSecond = 1000 * report.FlopsPerStep / report.StepMS.Median
	if o.Sample {
		if report.Sample, err = r.timeSamples(ctx); err != nil {
			return report, err
		}
	}
	report.HostPeakBytes, report.DevicePeakBytes = peakMemory(), t.ses.Memory().Total()
	if o.Profile {
		limits, err := roofline.Measure(h.Device, kernels) // last: it takes memory of its own
		if err != nil {
			return report, err
		}
		report.Profile = newProfile(limits, kernels)
	}
	return report, nil
}

// timeSteps runs n steps after some that do not count. A step lasts from the
// reading of the results before it to that of its own, with others in flight as
// in training. Times are in milliseconds, sorted.
func (r *rig) timeSteps(ctx context.Context, n int, start func()) ([]float64, error) {
	t := r.trainer
	var times []float64
	last := time.Now()
	t.finished = func(int64) {
		now := time.Now()
		times = append(times, now.Sub(last).Seconds()*1000)
		last = now
	}
	for range warmupSteps {
		if err := t.advance(ctx); err != nil {
			return nil, err
		}
	}
	start()
	for times = nil; len(times) < n; {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if err := t.advance(ctx); err != nil {
			return nil, err
		}
	}
	if err := t.drain(); err != nil {
		return nil, err
	}
	times = times[:n] // the rest were read without others in flight
	slices.Sort(times)
	return times, nil
}

// timeSamples measures generation: one image from its latent, and many from
// their seeds. Of a system that translates it is translation of real samples.
func (r *rig) timeSamples(ctx context.Context) (_ *SampleTimes, err error) {
	const name, rounds = "sample.one", 50
	if r.sampler.sample == nil {
		return nil, fmt.Errorf("model %s makes no samples: leave -sample out", r.cfg.Model.Kind)
	}
	if from := r.sampler.from; from != nil {
		set := r.sets.of(from.Section)
		if r.sampler.rows, err = samplesOf(set, min(r.sampler.n, set.Len())); err != nil {
			return nil, err
		}
	}
	if err := Prepare(ctx, r.trainer.game, r.trainer.ses); err != nil {
		return nil, err
	}
	program, err := r.sampler.sample.Program(name, 1, false)
	if err != nil {
		return nil, err
	}
	if err := r.trainer.ses.Compile(program); err != nil {
		return nil, err
	}
	one := r.trainer.ses.Program(name)
	if _, err := r.sampler.run(0, 0); err != nil {
		return nil, err
	}
	var codes []device.HostBuffer
	for i, in := range one.Graph.Inputs {
		code, err := one.NewInput(in.InputName())
		if err != nil {
			return nil, err
		}
		defer code.Free()
		copy(code.Data(), r.sampler.codes[i].Data())
		codes = append(codes, code)
	}
	single, err := timed(rounds, func() error {
		out, err := one.Run(codes...)
		if err != nil {
			return err
		}
		return out.Wait()
	})
	if err != nil {
		return nil, err
	}
	many, err := timed(rounds/10, func() error {
		_, err := r.sampler.run(0, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	n := r.sampler.n
	return &SampleTimes{P50MS: percentile(single, .5), P95MS: percentile(single, .95), Batch: n,
		ImagesPerSecond: 1000 * float64(n) / percentile(many, .5)}, nil
}

// timed calls f once to warm up and then n times: milliseconds, sorted.
func timed(n int, f func() error) ([]float64, error) {
	if err := f(); err != nil {
		return nil, err
	}
	var times []float64
	for range n {
		began := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began).Seconds()*1000)
	}
	slices.Sort(times)
	return times, nil
}

// percentile is the least of sorted values that a share q of them does not
// exceed (nearest rank).
func percentile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}
