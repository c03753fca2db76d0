package train

import (
	"strings"
	"testing"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/plan"
)

// paced is a device that takes a time of its own for each program, by a clock that moves
// with nothing else. Like a GPU it works on what was enqueued while nobody waits.
type paced struct {
	device.Device
	now  time.Time
	busy time.Time                // until when
	take map[string]time.Duration // by program
	read time.Duration            // of a Variable, as checkpoints do
}

func (d *paced) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	e, err := d.Device.Build(p, s)
	return &pacedProgram{e, d, d.take[p.Work.Name]}, err
}

func (d *paced) Read(dst device.HostBuffer, src device.Buffer, offset, bytes int64) (device.Ticket, error) {
	d.now = d.now.Add(d.read)
	return d.Device.Read(dst, src, offset, bytes)
}

type pacedProgram struct {
	device.Executable
	d    *paced
	took time.Duration
}

type pacedTicket struct {
	device.Ticket
	d     *paced
	there time.Time
}

func (p *pacedProgram) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	if p.d.busy.Before(p.d.now) {
		p.d.busy = p.d.now
	}
	p.d.busy = p.d.busy.Add(p.took)
	t, err := p.Executable.Run(inputs, outputs)
	return &pacedTicket{t, p.d, p.d.busy}, err
}

func (t *pacedTicket) Wait() error {
	if t.d.now.Before(t.there) {
		t.d.now = t.there
	}
	return t.Ticket.Wait()
}

// moments are when lines of progress were shown.
type moments struct {
	*console
	d  *paced
	at []time.Time
}

func (m *moments) Progress(p Progress) {
	m.console.Progress(p)
	m.at = append(m.at, m.d.now)
}

// pacedRun trains tinyRing with a boosted discriminator, pictures, checkpoints and
// evaluations, and gives when it ended.
func pacedRun(t *testing.T, out string, set ...string) (m *moments, end time.Time) {
	h, c := testHost(t, out)
	d := &paced{Device: h.Device, now: time.Unix(1e9, 0), read: 30 * time.Millisecond, take: map[string]time.Duration{
		"d": 40 * time.Millisecond, "dg": 90 * time.Millisecond, "d_reg": 70 * time.Millisecond, "dg_reg": 120 * time.Millisecond,
		"sample": 1500 * time.Millisecond, "judge": 500 * time.Millisecond}}
	m = &moments{console: c, d: d}
	h.Device, h.Console, h.now = d, m, func() time.Time { return d.now }
	if err := Run(t.Context(), configure(t, tinyRing, set...), h); err != nil {
		t.Fatal(err)
	}
	return m, d.now
}

// A minute after the first step, and from then on, the time left is right to a tenth,
// whatever comes in between and however the cost of steps changes.
func TestTimeLeft(t *testing.T) {
	m, end := pacedRun(t, t.TempDir(), "train.steps=500", "train.d_steps=2", "train.d_boost=9", "train.d_boost_until=120", "log.every=10", "sample.every=50",
		"checkpoint.every=50", "checkpoint.best=kd", "eval.every=50", "eval.metrics=kd", "eval.samples=60")
	began, judged, blind := m.at[0], 0, 0
	for i, p := range m.progress[:len(m.progress)-1] {
		left := end.Sub(m.at[i])
		if p.Blind {
			if blind++; !strings.HasSuffix(p.String(), " left without evaluations") || p.Step > 50 {
				t.Errorf("the line of step %d: %s", p.Step, p)
			}
			continue
		}
		if m.at[i].Sub(began) < time.Minute || p.Step == p.Steps {
			continue
		}
		judged++
		if off := (p.Left - left).Abs(); off > left/10 && off > 5*time.Second { // the last steps are not a tenth of anything
			t.Errorf("step %d of %d: %v left, it took %v", p.Step, p.Steps, p.Left, left)
		}
	}
	if judged < 300 || blind == 0 {
		t.Errorf("%d lines were judged, %d were without evaluations", judged, blind)
	}
}

// Where the time went is told after a minute and at the end, and each interval's row has
// its part; together they are the run's time but for what the host itself did.
func TestWhereTimeGoes(t *testing.T) {
	out := t.TempDir()
	m, _ := pacedRun(t, out, "train.steps=400", "log.every=10", "sample.every=100", "checkpoint.every=200", "eval.every=200", "eval.metrics=kd", "eval.samples=30")
	var told []string
	for _, line := range m.details {
		if strings.Contains(line, " went to: ") {
			told = append(told, line)
		}
	}
	if len(told) < 2 || !strings.HasPrefix(told[0], "1m0") {
		t.Fatalf("told: %q", told)
	}
	last := told[len(told)-1]
	for _, part := range []string{"% device", "% pictures", "% checkpoints", "% evaluation"} {
		if !strings.Contains(last, part) {
			t.Errorf("%q lacks %q", last, part)
		}
	}
	sums := map[string]float64{}
	for _, row := range rows(t, latest(t, out)) {
		for _, name := range activityNames {
			sums[name] += row[name+"_seconds"].(float64)
		}
	}
	// 400 steps of two runs of d and one of dg, half of each with the penalty
	if d := sums["device"]; d < 400*(2*.04+.09) || d > 400*(2*.07+.12) {
		t.Errorf("the device's time is %.3g s", d)
	}
	if got := sums["pictures"]; got < 3*2 { // those of the last step follow the last row
		t.Errorf("pictures took %.3g s", got)
	}
	if sums["checkpoints"] < .3 || sums["evaluation"] < 1.5 || sums["data"] < 0 {
		t.Errorf("%v", sums)
	}
}
