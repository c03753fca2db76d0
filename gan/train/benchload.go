package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"

	"ganengine/gan/config"
	"ganengine/gan/data"
)

// LoadReport is how fast a configuration's samples come, with nothing trained on
// them; as JSON it is what `ganengine bench -load -json` prints.
type LoadReport struct {
	Config      string   `json:"config"` // run.name
	Samples     int      `json:"samples"`
	Shape       [3]int   `json:"shape"` // height, width, channels; of points 1, 1 and their dimension
	Batch       int      `json:"batch"`
	Workers     int      `json:"workers"`
	OpenSeconds float64  `json:"open_seconds"` // finding and looking at the files
	First       LoadPass `json:"first"`        // of all samples
	Later       LoadPass `json:"later"`        // the next; decoded images may be in memory by then
}

// LoadPass is one pass through the samples, in full batches.
type LoadPass struct {
	ImagesPerSecond float64 `json:"images_per_second"`
	CPUMicros       float64 `json:"cpu_us"` // of processors for one image; 0 where the system does not say
}

// BenchLoad opens the [data] of a configuration and reads all of them twice, as
// training would ask for them. progress and notes are as OpenData's.
func BenchLoad(ctx context.Context, cfg *config.Config, progress, notes func(line string)) (r LoadReport, err error) {
	began := time.Now()
	set, err := OpenData(ctx, &cfg.Data, progress, notes)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	r = LoadReport{Config: cfg.Run.Name, Samples: set.Len(), Batch: cfg.Train.Batch, OpenSeconds: time.Since(began).Seconds(), Workers: cfg.Run.Threads}
	r.Shape[0], r.Shape[1], r.Shape[2] = set.Shape()
	if r.Workers == 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	l, err := data.NewLoader(ctx, set, data.LoaderConfig{Batch: r.Batch, Seed: uint64(cfg.Run.Seed), Shuffle: true, Mirror: cfg.Data.Mirror, Workers: r.Workers})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if r.First, err = loadPass(ctx, l, r.Samples/r.Batch, r.Batch, 0); err != nil {
		return r, err
	}
	if r.Later, err = loadPass(ctx, l, r.Samples/r.Batch, r.Batch, leastPass); err != nil {
		return r, err
	}
	return r, nil
}

// leastPass is how long the later passes take at least: of what lies in memory, one is
// over at once.
const leastPass = 200 * time.Millisecond

// loadPass takes at least so many batches, for at least so long.
func loadPass(ctx context.Context, l *data.Loader, batches, batch int, least time.Duration) (p LoadPass, err error) {
	began, before := time.Now(), cpuTime()
	taken := 0
	for taken < batches || time.Since(began) < least {
		b, err := l.Next(ctx)
		if err != nil {
			return p, err
		}
		l.Release(b)
		taken++
	}
	n := float64(taken * batch)
	p.ImagesPerSecond = n / time.Since(began).Seconds()
	p.CPUMicros = float64((cpuTime() - before).Microseconds()) / n
	return p, nil
}

// WriteText prints a report for people.
func (r LoadReport) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "data\t%d samples of %dx%dx%d, batch %d, %d workers\n", r.Samples, r.Shape[0], r.Shape[1], r.Shape[2], r.Batch, r.Workers)
	fmt.Fprintf(t, "open\t%.2f s\n", r.OpenSeconds)
	for _, row := range []struct {
		name string
		LoadPass
	}{{"first", r.First}, {"later", r.Later}} {
		fmt.Fprintf(t, "%s\t%s samples/s, %.1f µs of processors each\n", row.name, rate(row.ImagesPerSecond), row.CPUMicros)
	}
	return t.Flush()
}
