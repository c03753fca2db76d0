package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ganengine/gan/rundir"
)

// The page says what a reader of the run must know.
func TestPage(t *testing.T) {
	page := render(t, newRun(t, "cats", 5).Dir)
	has(t, page,
		`<h1>cats <span class="pill stopped">interrupted</span></h1>`,
		`It has no checkpoint to go on from.`,
		`<dd>40<small>of 1,000</small></dd>`, `<dd>1,280<small>taken from the data</small></dd>`,
		`<li><b>Step 30</b> D wins by too much: lower optim.d.lr</li>`,
		`kd1k_pixels_test<small>lower is better</small></th><td>2.5<small>step 30</small></td><td>2<small>step 20</small></td>`,
		`1,000 generated; 500 real of the test split; measured by pixels; seed 0`,
		`<dd>1,234 <small>of 8 × 8 × 3</small></dd>`, "cpu (test)", "kind = &#34;dcgan&#34;", `"group":"reals"`, `"step":40,"file":"samples/000040.png","src":"data:image/png;base64,`,
		`default-src 'none'; img-src data:; script-src 'sha256-`,
	)
	if strings.Contains(page, "could not be read") || strings.Contains(page, "left out") {
		t.Errorf("the page leaves something out")
	}
}

// A run that stopped with a checkpoint says where it goes on, in words that a shell takes.
func TestResumePoint(t *testing.T) {
	run := newRun(t, "it's $HOME", 1)
	write(t, run.CheckpointPath(40), "")
	page := render(t, run.Dir)
	has(t, page, "It goes on after step 40, exactly where its last checkpoint stands: <code>ganengine -resume &#39;", `00000-it&#39;\&#39;&#39;s $HOME&#39;</code>`)
	for reason, want := range map[string]string{"": `busy">training`, "done": `good">done`, "program d met a NaN": `bad">failed`, "rolled back to step 3, for x": `stopped">rolled back`} {
		if err := run.WriteInfo(rundir.Info{Segments: []rundir.Segment{{ExitReason: reason}}}); err != nil {
			t.Fatal(err)
		}
		if page := render(t, run.Dir); !strings.Contains(page, want) {
			t.Errorf("after %q the page has no %s", reason, want)
		}
	}
	if err := run.WriteInfo(rundir.Info{Segments: []rundir.Segment{{}}}); err != nil {
		t.Fatal(err)
	}
	run.Close()
	if page := render(t, run.Dir); !strings.Contains(page, `bad">killed`) {
		t.Error("a run without an end that nobody trains is not called killed")
	}
}

// Whatever a run's files say is text.
func TestHostileNames(t *testing.T) {
	run := newRun(t, "x", 1)
	info, err := run.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	info.Device, info.Data.Path, info.Version = hostile, hostile, hostile
	info.Warnings = []rundir.Warning{{Text: hostile}}
	info.Segments[0].ExitReason = hostile
	if err := run.WriteInfo(info); err != nil {
		t.Fatal(err)
	}
	write(t, run.Path("config.toml"), "# "+hostile+"\n")
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, run.Path(rundir.StatsFile), fmt.Sprintf(`{"step":1,%s:2}`+"\n"+`{"step":2,%s:3}`+"\n", quoted, quoted))
	write(t, run.Path(rundir.MetricsFile), fmt.Sprintf(`{"name":%s,"metric":"m","value":1,"better":%s,"feature":%s}`+"\n", quoted, quoted, quoted))
	page := render(t, renamed(t, run))
	if got := strings.Count(page, "<script"); got != 3 {
		t.Errorf("the page has %d scripts, want two of data and its own", got)
	}
	markup, data, _ := strings.Cut(page, "<script")
	for _, never := range []string{"<img src=https", "\u202e", "onerror=alert(2)>"} {
		if strings.Contains(markup, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if strings.Contains(data, "<img") {
		t.Error("the data have markup")
	}
}

// However long a run is, its page has bounds, and the first and the last of everything.
func TestBounds(t *testing.T) {
	run := newRun(t, "long", 200)
	var rows strings.Builder
	for i := 1; i <= 5000; i++ {
		fmt.Fprintf(&rows, `{"step":%d,"g_loss":%d}`+"\n", i, i)
	}
	write(t, run.Path(rundir.StatsFile), rows.String())
	page := render(t, run.Dir)
	steps := regexp.MustCompile(`"group":"grids","step":(\d+),`).FindAllStringSubmatch(page, -1)
	if n := len(steps); n < mostGrids/2 || n > mostGrids || steps[0][1] != "0" || steps[n-1][1] != "1990" || steps[1][1] != "40" || steps[2][1] != "80" {
		t.Errorf("%d grids: %v", n, steps)
	}
	has(t, page, "51 of 200 sample grids are shown", "each point is the mean of 4 rows")
	if want := `"x":[4,8,12,`; !strings.Contains(page, want) || !strings.Contains(page, ",4996,5000]") || !strings.Contains(page, `"g_loss":[2.5,6.5,`) {
		t.Errorf("the curve is not of means of four rows, with the step of the last")
	}
}

// Pictures that are too large together are made smaller, those in the middle, and where there is no time for that, or
// it does not help, fewer are shown.
func TestBytes(t *testing.T) {
	run := newRun(t, "large", 40)
	files, err := run.Samples()
	if err != nil {
		t.Fatal(err)
	}
	one := int64(len(dataURL("image/png", grid(t, 1, 8))))
	in, never := time.Now().Add(time.Hour), time.Now()
	room := func(pictures []Picture) (n int64) {
		for _, p := range pictures {
			n += int64(len(p.Source))
		}
		return n
	}
	a := newAlbum("grids")
	got := a.choose(files, 25*one, in)
	if n := len(got); n != 40 || got[0].Note != "" || got[n-1].Note != "" || got[n-1].Step != 390 || !strings.HasPrefix(got[1].Source, "data:image/jpeg") || got[1].Note == "" || room(got) > 25*one {
		t.Errorf("%d pictures in %d bytes, where %d have room: first %.60q, second %.60q", n, room(got), 25*one, got[0].Source, got[1].Source)
	}
	a = newAlbum("grids")
	got = a.choose(files, 25*one, never)
	if n := len(got); n != 21 || got[0].Step != 0 || got[1].Step != 20 || got[n-1].Step != 390 || got[1].Note != "" || room(got) > 25*one || a.left != 19 {
		t.Errorf("without time %d pictures in %d bytes", n, room(got))
	}
	write(t, run.SamplePath(395), string(grid(t, 1, 40))) // alone larger than the room
	if files, err = run.Samples(); err != nil {
		t.Fatal(err)
	}
	if got = newAlbum("grids").choose(files, 4*one, never); len(got) == 0 || got[len(got)-1].Step != 390 {
		t.Errorf("a picture larger than the room hides others: %d", len(got))
	}
	if got = newAlbum("grids").choose(files[:2], one+one/2, never); len(got) != 1 || got[0].Step != 10 {
		t.Errorf("%d pictures where one has room", len(got))
	}
	if got = newAlbum("grids").choose(nil, one, never); len(got) != 0 {
		t.Errorf("%d pictures of none", len(got))
	}
}

// A JPEG of an enlarged grid has each pixel once.
func TestReduced(t *testing.T) {
	for _, side := range []int{3, 8} {
		b, err := compact(grid(t, 2, side))
		if err != nil {
			t.Fatal(err)
		}
		small, _, err := image.DecodeConfig(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		whole, _, err := image.DecodeConfig(bytes.NewReader(grid(t, 2, side)))
		if err != nil || small.Width*2 != whole.Width || small.Height*2 != whole.Height {
			t.Errorf("side %d: %d by %d of %d by %d (%v)", side, small.Width, small.Height, whole.Width, whole.Height, err)
		}
	}
}

// What is damaged is left out, and the page says so.
func TestDamaged(t *testing.T) {
	run := newRun(t, "hurt", 3)
	write(t, run.Path(rundir.MetricsFile), "{}\nnull\n")
	write(t, run.Path("config.toml"), "[run\n")
	write(t, run.SamplePath(10), "no picture")
	write(t, run.Path("reals.png"), "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\x00\x00\x00")
	stats, err := os.ReadFile(run.Path(rundir.StatsFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, run.Path(rundir.StatsFile), "{\x00}\n"+string(stats)+"{\"step\":41,")
	page := render(t, run.Dir)
	has(t, page, "metrics.jsonl is left out: ", "what config.toml says is left out: ", "1 rows of stats.jsonl could not be read", "2 of 3 sample grids are shown", "a picture is left out: ", "pill stopped")
	if err := os.Remove(run.Path("run.json")); err != nil {
		t.Fatal(err)
	}
	if page := render(t, run.Dir); !strings.Contains(page, "run.json is left out") {
		t.Error("a run without run.json has no page that says so")
	}
}

// A book reads on where it was, and is written rarely where writing takes long.
func TestUpdate(t *testing.T) {
	run := newRun(t, "on", 2)
	b := NewBook(run.Dir)
	if err := b.Update(0); err != nil {
		t.Fatal(err)
	}
	if b.written != 1 || b.curves.rows != 40 {
		t.Fatalf("%d pages, %d rows; want the first page at once", b.written, b.curves.rows)
	}
	f, err := os.OpenFile(run.Path(rundir.StatsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"step":41,"d_loss":1}` + "\n" + `{"step":42`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	b.spent, b.last = 50*time.Millisecond, 60*time.Millisecond
	if err := b.Update(10 * time.Second); err != nil || b.written != 1 {
		t.Fatalf("%d pages (%v): a second of 60 ms after 50 ms is more than a hundredth of 10 s", b.written, err)
	}
	if err := b.Update(12 * time.Second); err != nil || b.written != 2 || b.curves.rows != 41 || b.spent <= 50*time.Millisecond {
		t.Fatalf("%d pages, %d rows, %v (%v)", b.written, b.curves.rows, b.spent, err)
	}
	write(t, run.Path(rundir.StatsFile), `{"step":1,"d_loss":1}`+"\n")
	if err := b.Write(time.Hour); err != nil || b.curves.rows != 1 {
		t.Errorf("%d rows of a file that was cut back to one (%v)", b.curves.rows, err)
	}
}

// A page is written whole or not at all, and never through a link.
func TestWhole(t *testing.T) {
	run := newRun(t, "whole", 1)
	if err := Rewrite(run); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(run.Path(File))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is full")
	err = NewBook(run.Dir).writeTo(run.Path(File), time.Now(), func(path string, fill func(io.Writer) error) error {
		return fill(&full{left: 1000, err: broken})
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if after, _ := os.ReadFile(run.Path(File)); string(after) != string(before) {
		t.Error("a page that failed replaced the other")
	}
	outside := t.TempDir() + "/outside"
	write(t, outside, "precious")
	if err := os.Remove(run.Path(File)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, run.Path(File)); err != nil {
		t.Skip(err)
	}
	if err := NewBook(run.Dir).Write(0); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("error %v, want one about the link", err)
	}
	if b, _ := os.ReadFile(outside); string(b) != "precious" {
		t.Error("the page was written through a link")
	}
}

// full takes so many bytes.
type full struct {
	left int
	err  error
}

func (s *full) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, s.err
	}
	return len(p), nil
}

// What uPlot's files are is in assets/README.md.
func TestAssets(t *testing.T) {
	about, err := os.ReadFile("assets/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"uplot.min.js": chartScript, "uplot.min.css": chartStyle, "uplot.LICENSE": chartLicense} {
		sum := sha256.Sum256([]byte(text))
		if want := fmt.Sprintf("| `%s` | %s |", name, hex.EncodeToString(sum[:])); !strings.Contains(string(about), want) {
			t.Errorf("assets/README.md has no %s", want)
		}
	}
	for name, text := range map[string]string{"uplot.min.js": chartScript, "page.js": pageScript, "uplot.LICENSE": chartLicense} {
		if strings.Contains(text, "</script") || strings.Contains(text, "<!--") || name == "uplot.LICENSE" && strings.Contains(text, "*/") {
			t.Errorf("%s would end the element that holds it", name)
		}
	}
}

// Numbers are JSON, whatever they are.
func TestNumbers(t *testing.T) {
	b, err := json.Marshal(numbers{0, -1.5, 1e-12, 1e300, 123456789, math.NaN(), math.Inf(1), 2.0 / 3})
	if err != nil {
		t.Fatal(err)
	}
	if want := "[0,-1.5,1e-12,1e+300,1.23457e+08,null,null,0.666667]"; string(b) != want {
		t.Errorf("%s, want %s", b, want)
	}
}
