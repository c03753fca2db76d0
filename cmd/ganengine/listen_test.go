package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// freePort is an address that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// scrape reads metrics as Prometheus does; nil where nobody listens.
func scrape(t *testing.T, address string) map[string]*dto.MetricFamily {
	t.Helper()
	r, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	p := expfmt.NewTextParser(model.UTF8Validation)
	all, err := p.TextToMetricFamilies(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// value is a metric's, by the value of its one label where it has any.
func metricValue(all map[string]*dto.MetricFamily, name, label string) (v float64, ok bool) {
	for _, m := range all["ganengine_"+name].GetMetric() {
		if label == "" || strings.HasPrefix(m.GetLabel()[0].GetValue(), label) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
		}
	}
	return 0, false
}

// A training shows its numbers while it lasts, and no longer.
func TestListen(t *testing.T) {
	p := newPlace(t)
	address := freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"-config", p.at("points.toml"), "-out", p.at("runs"), "-listen", address, "-steps", "1000000000", "-set", "log.every=10", "-set", "sample.every=0",
			"-set", "checkpoint.every=20", "-set", "eval.every=20", "-set", "eval.metrics=kd", "-set", "eval.samples=20"}, &out, &errs)
	}()
	var all map[string]*dto.MetricFamily
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		all = scrape(t, address)
		if step, _ := metricValue(all, "step", ""); step > 40 {
			break
		}
	}
	value := func(name, label string) float64 {
		t.Helper()
		v, ok := metricValue(all, name, label)
		if !ok {
			t.Errorf("there is no %s %s", name, label)
		}
		return v
	}
	if step := value("step", ""); step <= 40 || value("images_total", "") < 8*(step-2) {
		t.Errorf("step %v, %v images", step, value("images_total", ""))
	}
	for _, name := range []string{"images_per_second", "left_seconds", "host_peak_bytes", "device_bytes", "checkpoints_total", "checkpoint_step", "checkpoint_timestamp_seconds"} {
		if v := value(name, ""); v <= 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
	for _, name := range []string{"score g_loss", "score d_loss", "score d_real", "learning_rate g", "spent_seconds_total device", "spent_seconds_total data", "evaluation kd20_", "evaluation_step kd20_", "info"} {
		name, label, _ := strings.Cut(name, " ")
		value(name, label)
	}
	if value("steps", "") != 1e9 {
		t.Errorf("of %v steps", value("steps", ""))
	}
	cancel()
	if status := <-done; status != 1 || !strings.Contains(out.String(), "metrics  http://"+address+"/metrics\n") {
		t.Errorf("status %d: %s%s", status, out.String(), errs.String())
	}
	if scrape(t, address) != nil {
		t.Error("it is still there after the run")
	}
}

// What cannot be listened at is said in one line before anything is begun.
func TestListenErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := newPlace(t)
	for address, want := range map[string]string{
		l.Addr().String(): "address already in use; end what listens there, or name another port",
		":9090":           "-listen: :9090 is open to every machine that reaches this one; write 127.0.0.1:9090 for this one alone, or 0.0.0.0:9090 if you mean all",
		"9090":            `"9090" is no address; write 127.0.0.1:9090, say`,
		"127.0.0.1:0":     `port "0" is none`,
		"127.0.0.1:http":  `port "http" is none`,
	} {
		status, out, errs := p.try("-config", "@/points.toml", "-out", "@/runs", "-listen", address)
		if status != 2 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d: %s%s", address, status, out, errs)
		}
	}
	if _, err := os.Stat(p.at("runs")); err == nil {
		t.Error("a run was begun")
	}
	if out := p.run("-config", "@/points.toml", "-listen", "0.0.0.0:1", "-dry-run"); strings.Contains(out, "metrics  http") {
		t.Error(fmt.Sprint("a dry run listens: ", out))
	}
}
