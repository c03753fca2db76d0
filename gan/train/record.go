package train

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/printable"
	"ganengine/gan/config"
	"ganengine/gan/rundir"
	"ganengine/gan/tfevents"
)

// recorder writes what a run leaves behind, and shows it. The first error of a
// file stays in err, where the loop finds it.
type recorder struct {
	run     *rundir.Run
	console Console
	log     *rundir.Log
	rows    *rundir.Rows
	metrics *rundir.Rows // nil where nothing is evaluated
	events  *tfevents.Writer
	clock   *stopwatch
	files   []io.Closer
	lost    bool // the log says that the console shows nothing any more
	err     error
}

// newRecorder opens the growing files of a run directory.
func newRecorder(run *rundir.Run, console Console, clock *stopwatch) (*recorder, error) {
	r := &recorder{run: run, console: console, clock: clock}
	if err := r.open(); err != nil {
		return nil, closing(err, r.close)
	}
	return r, nil
}

func (r *recorder) open() (err error) {
	if r.log, err = r.run.OpenLog(r.clock.total); err != nil {
		return err
	}
	r.files = append(r.files, r.log)
	if r.rows, err = r.run.OpenRows(rundir.StatsFile); err != nil {
		return err
	}
	r.files = append(r.files, r.rows)
	if r.events, err = tfevents.Create(string(r.run.Dir), nil); err != nil {
		return err
	}
	r.files = append(r.files, r.events)
	return nil
}

// openMetrics opens the file of evaluations.
func (r *recorder) openMetrics() (err error) {
	if r.metrics, err = r.run.OpenRows(rundir.MetricsFile); err == nil {
		r.files = append(r.files, r.metrics)
	}
	return err
}

func (r *recorder) close() error {
	var first error
	for _, f := range r.files {
		if err := f.Close(); first == nil {
			first = err
		}
	}
	return first
}

// keep remembers the first error.
func (r *recorder) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// line goes to the console and the log.
func (r *recorder) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.console.Line(text)
	r.logged(text)
}

// detail goes to the console of those who ask for more, and to the log.
func (r *recorder) detail(text string) {
	r.console.Detail(text)
	r.logged(text)
}

// logged goes to the log only. Logs are shown on terminals too.
func (r *recorder) logged(text string) {
	_, err := r.log.Write([]byte(printable.Line(text) + "\n"))
	r.keep(err)
}

// watch notes in the log, once, that nobody sees the console's lines.
func (r *recorder) watch() {
	if r.lost {
		return
	}
	if err := r.console.Lost(); err != nil {
		r.lost = true
		r.logged(fmt.Sprintf("nobody reads the program's lines any more (%v): training goes on, and this file has them", err))
	}
}

// writeConfig writes config.toml.
func (r *recorder) writeConfig(c *config.Config) {
	r.keep(atomicfile.Replace(r.run.Path("config.toml"), c.WriteTOML))
}

// image writes a picture to the run directory and to TensorBoard.
func (r *recorder) image(path string, step int64, tag string, png []byte) {
	r.keep(atomicfile.ReplaceBytes(path, png))
	r.keep(r.events.Image(step, tag, png))
}

// row is a JSON object whose keys keep their order.
type row []field

type field struct {
	key   string
	value any
}

func (r *row) put(key string, value any) { *r = append(*r, field{key, value}) }

// MarshalJSON implements json.Marshaler.
func (r row) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range r {
		if i > 0 {
			b = append(b, ',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		b = append(fmt.Appendf(b, "%q:", f.key), value...)
	}
	return append(b, '}'), nil
}

// tag is TensorBoard's name of a score: of a loss, gradient or rate by its optimiser,
// of what D says, of a penalty.
func tag(score string) string {
	for suffix, format := range map[string]string{"_loss": "Loss/%s/loss", "_grad": "Loss/%s/gradient", "_lr": "Progress/%s/lr"} {
		if name, ok := strings.CutSuffix(score, suffix); ok {
			return fmt.Sprintf(format, title(name))
		}
	}
	switch score {
	case "r1":
		return "Loss/r1_penalty"
	case "gp":
		return "Loss/gradient_penalty"
	}
	if slices.Contains(measured, score) || slices.Contains(drifts, score) {
		return "Watch/" + score
	}
	if logit, ok := strings.CutPrefix(score, "d_"); ok {
		return "Loss/scores/" + logit
	}
	if probability, ok := strings.CutPrefix(score, "p_"); ok {
		return "Loss/probability/" + probability
	}
	return "Loss/" + score
}

// interval is what a log interval saw.
type interval struct {
	step, images    int64
	seconds         float64 // of the run
	imagesPerSecond float64
	spent           spent // of the interval's time
	device          int64 // bytes held there
	scores          *tally
	rates           rates // of the last step
}

// stats writes an interval to stats.jsonl and TensorBoard.
func (r *recorder) stats(v interval) {
	host := peakMemory()
	kimg := float64(v.images) / 1000
	out := row{{"step", v.step}, {"images", v.images}, {"kimg", kimg}, {"seconds", rundir.Number(v.seconds)},
		{"images_per_second", rundir.Number(v.imagesPerSecond)}}
	var scalars []tfevents.Scalar
	for _, name := range v.scores.names {
		if mean, ok := v.scores.mean(name); ok {
			out.put(name, rundir.Number(mean))
			scalars = append(scalars, tfevents.Scalar{Tag: tag(name), Value: float32(mean)})
		}
	}
	for _, rate := range v.rates {
		key := rate.Name + "_lr"
		out.put(key, rate.Mean)
		scalars = append(scalars, tfevents.Scalar{Tag: tag(key), Value: float32(rate.Mean)})
	}
	for i, took := range v.spent {
		out.put(activityNames[i]+"_seconds", rundir.Number(took.Seconds()))
	}
	out.put("host_peak_bytes", host)
	out.put("device_bytes", v.device)
	scalars = append(scalars, tfevents.Scalar{Tag: "Progress/kimg", Value: float32(kimg)},
		tfevents.Scalar{Tag: "Timing/sec_per_kimg", Value: float32(1000 / v.imagesPerSecond)},
		tfevents.Scalar{Tag: "Timing/total_sec", Value: float32(v.seconds)},
		tfevents.Scalar{Tag: "Resources/host_peak_gb", Value: float32(host) / (1 << 30)},
		tfevents.Scalar{Tag: "Resources/device_gb", Value: float32(v.device) / (1 << 30)})
	r.keep(r.rows.Append(out))
	r.keep(r.events.Scalars(v.step, scalars))
}
