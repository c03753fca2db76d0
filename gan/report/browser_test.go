package report

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"strings"
	"testing"

	"ganengine/engine/printable"
	"ganengine/internal/browser"
)

// A page works in a real browser, from a file: it draws, its slider moves by keys and by mouse, its curves zoom, nothing
// is fetched, and nobody complains. Names that are markup stay names.
func TestInBrowser(t *testing.T) {
	run := hostileRun(t, 5)
	path := t.TempDir() + "/page.html"
	if err := Write(run, path); err != nil {
		t.Fatal(err)
	}
	p := browser.Start(t, 1280, 900, false)
	address := "file://" + path
	p.Open(address)
	want := func(expression string, value any) {
		t.Helper()
		if got := p.Eval(expression); fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s is %v, want %v", expression, got, value)
		}
	}
	const shown = `document.querySelector("#fakes figcaption").textContent`
	want(`document.querySelector("h1").firstChild.textContent.trim()`, printable.Line(run.Name()))
	want(`Promise.all([...document.querySelectorAll("figure img")].map(i => i.decode().then(() => i.naturalWidth))).then(w => w.join(" "))`, "56 56")
	want(shown, "Generated at step 40 · samples/000040.png")

	want(`document.querySelector("#slider").focus()`, nil)
	p.Press("ArrowLeft")
	want(shown, "Generated at step 30 · samples/000030.png")
	p.Press("Home")
	want(shown, "Generated at step 0 · samples/000000.png")
	want(`document.querySelector("#slider").getAttribute("aria-valuetext")`, "step 0")
	at := func(selector string) (x, y, w float64) {
		box := p.Eval(`(() => { const b = document.querySelector("` + selector + `"); b.scrollIntoView({ block: "center" }); const r = b.getBoundingClientRect(); return [r.x, r.y + r.height / 2, r.width]; })()`).([]any)
		return box[0].(float64), box[1].(float64), box[2].(float64)
	}
	x, y, w := at("#slider")
	p.Drag(x+10, y, x+w-10, y)
	want(shown, "Generated at step 40 · samples/000040.png")
	p.Drag(x+w-10, y, x+w/2, y)
	want(shown, "Generated at step 20 · samples/000020.png")
	want(`document.querySelector("#play").click(), document.querySelector("#play").getAttribute("aria-label")`, "Pause")
	want(`new Promise(done => setInterval(() => document.querySelector("#play").textContent === "▶" && done(document.querySelector("#at").textContent), 50))`, "40 (5 of 5)")

	// Every chart has ink where its curves are, and a name that tells the last values.
	want(`[...document.querySelectorAll(".chart canvas")].map(c => new Set(new Uint32Array(c.getContext("2d").getImageData(60, 10, c.width - 80, c.height - 50).data.buffer)).size > 2)`, []any{true, true, true, true, true})
	want(`document.querySelectorAll(".chart")[1].getAttribute("aria-label")`, "Losses by step; at step 40: D 0.025, G 40")
	const legend = `[...document.querySelectorAll(".chart")[1].querySelectorAll(".u-value")].map(v => v.textContent).join(" ")`
	want(legend, "40 0.025 40")
	x, y, w = at(".chart:nth-child(2) .u-over")
	before := bytes.Clone(p.Screenshot())
	p.Drag(x+w*.5, y, x+w*.75, y)
	const axis = `uPlot.sync("steps").plots.map(u => [Math.round(u.scales.x.min), Math.round(u.scales.x.max)].join("-")).join(" ")`
	want(axis, strings.TrimSpace(strings.Repeat("21-30 ", 5)))
	if bytes.Equal(before, p.Screenshot()) {
		t.Error("a zoom changes nothing")
	}
	want(`document.querySelector(".chart").focus()`, nil)
	p.Press("0")
	want(axis, strings.TrimSpace(strings.Repeat("1-40 ", 5)))
	p.Press("+")
	p.Press("ArrowLeft")
	want(axis, strings.TrimSpace(strings.Repeat("7-26 ", 5)))
	want(`document.querySelector("[data-zoom='0.5']").click()`, nil)
	want(axis, strings.TrimSpace(strings.Repeat("21-40 ", 5)))
	want(`(s => { s.value = .9; s.dispatchEvent(new Event("input")); })(document.querySelector("#smooth"))`, nil)
	if got := p.Eval(`+uPlot.sync("steps").plots[1].data[2][39].toFixed(3)`).(float64); got >= 40 || got < 30 {
		t.Errorf("the last value, smoothed, is %v", got)
	}
	want(axis, strings.TrimSpace(strings.Repeat("21-40 ", 5)))

	p.Quiet(address)
}

// A page has room on a phone and in the dark: nothing is wider than the window, text stands out from its ground, every
// control has a name.
func TestOnPhone(t *testing.T) {
	run := newRun(t, strings.Repeat("a-very-long-name-", 6), 3)
	if err := Rewrite(run); err != nil {
		t.Fatal(err)
	}
	p := browser.Start(t, 390, 844, true)
	address := "file://" + run.Path(File)
	p.Open(address)
	for expression, want := range map[string]any{
		`document.documentElement.scrollWidth <= innerWidth`: true,
		`matchMedia("(prefers-color-scheme: dark)").matches`: true,
		`[...document.querySelectorAll("button, input, [tabindex]")].filter(e => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels && e.labels.length)).length`: 0,
		`[...document.querySelectorAll("img")].every(i => i.alt)`:                                                          true,
		`new Set([...document.querySelectorAll("[id]")].map(e => e.id)).size === document.querySelectorAll("[id]").length`: true,
		contrast: true,
	} {
		if got := p.Eval(expression); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
	shot, err := png.Decode(bytes.NewReader(p.Screenshot()))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := shot.At(2, 2).RGBA(); r+g+b > 3*0x4000 {
		t.Errorf("the dark page is %x %x %x at its corner", r, g, b)
	}
	p.Quiet(address)
}

// contrast says whether all text has 4.5 times the luminance of its ground (WCAG 2, AA), or the other way round.
const contrast = `(() => {
	const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
	const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
	const bad = [...document.querySelectorAll("h1, h2, h3, p, dt, dd, small, td, th, button, label, figcaption, code, pre, li, .pill, .u-value")].filter(e => e.offsetParent && e.textContent.trim()).filter(e => {
		const a = light(getComputedStyle(e).color), b = light(ground(e));
		return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
	});
	return bad.length ? bad.map(e => e.tagName + " " + e.className + " " + e.textContent.slice(0, 30)).join("; ") : true;
})()`

// The page of a run that trains is readable at any moment: whenever it is opened it is whole.
func TestWhileWritten(t *testing.T) {
	run := newRun(t, "busy", 30)
	b := NewBook(run.Dir)
	if err := b.Write(0); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for range 30 {
			if err := b.Write(0); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for reads := 0; ; reads++ {
		text, err := os.ReadFile(run.Path(File))
		if err != nil || !bytes.HasSuffix(text, []byte("</html>\n")) {
			t.Fatalf("read %d: %d bytes that are no whole page (%v)", reads, len(text), err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}
