// Package telemetry shows a run's numbers in the text format of Prometheus
// (https://prometheus.io/docs/instrumenting/exposition_formats), at /metrics of an address.
//
// Nothing of it is made where no address is asked for.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ganengine/gan/train"
	"ganengine/gan/watch"
)

// Server is a train.Meter whose numbers are served.
type Server struct {
	registry     *prometheus.Registry
	step, images atomic.Int64

	steps, speed, left, host, device prometheus.Gauge
	score, rate, value, valueOf      *prometheus.GaugeVec
	saved                            prometheus.Counter
	savedStep, savedAt               prometheus.Gauge
	warnings, spent                  *prometheus.CounterVec
	before                           map[string]float64 // spent, by activity, as it was told last

	listener net.Listener
	server   *http.Server
	served   chan error
}

var _ train.Meter = (*Server)(nil)

const space = "ganengine"

// Listen serves at an address such as 127.0.0.1:9090, which Check has found good; version
// is the program's. Close ends it.
func Listen(address, version string) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := newServer(version)
	s.listener, s.served = l, make(chan error, 1)
	go func() { s.served <- s.server.Serve(l) }()
	return s, nil
}

// Check says what is wrong with an address. All interfaces have to be asked for by an
// address of theirs: what has no host would be open to everybody unawares.
func Check(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address; write 127.0.0.1:9090, say", address)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || n == 0:
		return fmt.Errorf("port %q is none; write one from 1 to 65535, as in 127.0.0.1:9090", port)
	case host == "":
		return fmt.Errorf("%s is open to every machine that reaches this one; write 127.0.0.1:%s for this one alone, or 0.0.0.0:%s if you mean all", address, port, port)
	}
	return nil
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close ends the serving; a request that is being answered is given a second.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	if failed := <-s.served; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return err
}

func newServer(version string) *Server {
	s := &Server{registry: prometheus.NewRegistry(), before: map[string]float64{}}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: space, Name: name, Help: help})
		s.registry.MustRegister(g)
		return g
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: space, Name: name, Help: help}, labels)
		s.registry.MustRegister(g)
		return g
	}
	gauges("info", "1, with what is running.", "version").WithLabelValues(version).Set(1)
	s.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: space, Name: "step", Help: "Steps whose results were read."}, func() float64 { return float64(s.step.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: space, Name: "images_total", Help: "Samples of [data] that the run has taken since its first step."},
			func() float64 { return float64(s.images.Load()) }))
	s.steps = gauge("steps", "Steps that the run is to have.")
	s.speed = gauge("images_per_second", "Samples of [data] per second of training, in the last log interval.")
	s.left = gauge("left_seconds", "Estimate of the time until the run is done.")
	s.score = gauges("score", "Mean of a loss, penalty or score of stats.jsonl over the last log interval.", "name")
	s.rate = gauges("learning_rate", "Learning rate of the last step.", "optimizer")
	s.host = gauge("host_peak_bytes", "Most memory that the process has held.")
	s.device = gauge("device_bytes", "Memory of the device that the run holds.")
	s.saved = prometheus.NewCounter(prometheus.CounterOpts{Namespace: space, Name: "checkpoints_total", Help: "Checkpoints written by this process."})
	s.warnings = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Name: "warnings_total", Help: "Warnings of a training that fails."}, []string{"failure"})
	s.spent = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Name: "spent_seconds_total", Help: "What the time of training in this process went to; data is waiting for batches."}, []string{"activity"})
	s.registry.MustRegister(s.saved, s.warnings, s.spent)
	s.savedStep = gauge("checkpoint_step", "Step of the last checkpoint.")
	s.savedAt = gauge("checkpoint_timestamp_seconds", "When it was written.")
	s.value = gauges("evaluation", "Value of the last evaluation, by its name in metrics.jsonl.", "metric")
	s.valueOf = gauges("evaluation_step", "Step whose samples it is of.", "metric")
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 14}
	return s
}

// Step implements train.Meter.
func (s *Server) Step(step, images int64) {
	s.step.Store(step)
	s.images.Store(images)
}

// Interval implements train.Meter.
func (s *Server) Interval(r train.Reading) {
	s.steps.Set(float64(r.Steps))
	s.speed.Set(r.ImagesPerSecond)
	s.left.Set(r.Left.Seconds())
	s.host.Set(float64(r.HostPeakBytes))
	s.device.Set(float64(r.DeviceBytes))
	for vec, list := range map[*prometheus.GaugeVec][]train.Loss{s.score: r.Scores, s.rate: r.Rates} {
		for _, x := range list {
			vec.WithLabelValues(x.Name).Set(x.Mean)
		}
	}
	for _, x := range r.Spent {
		more := x.Mean - s.before[x.Name]
		if more < 0 { // the run was rolled back, and counts anew
			more = x.Mean
		}
		s.spent.WithLabelValues(x.Name).Add(more)
		s.before[x.Name] = x.Mean
	}
}

// Saved implements train.Meter.
func (s *Server) Saved(step int64) {
	s.saved.Inc()
	s.savedStep.Set(float64(step))
	s.savedAt.SetToCurrentTime()
}

// Warned implements train.Meter.
func (s *Server) Warned(f watch.Failure) { s.warnings.WithLabelValues(string(f)).Inc() }

// Measured implements train.Meter.
func (s *Server) Measured(step int64, name string, value float64) {
	s.value.WithLabelValues(name).Set(value)
	s.valueOf.WithLabelValues(name).Set(float64(step))
}
