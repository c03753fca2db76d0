// Package browser opens pages in a headless Chromium, for tests. It speaks the DevTools protocol over the browser's pipe
// (https://chromedevtools.github.io/devtools-protocol): JSON messages that end with a zero byte.
//
// Every request that a page makes, and every line of its console, is kept, so that a test can say that there was none.
package browser

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long the browser may take to answer on a machine that has other things to do.
const patience = 2 * time.Minute

// Page is an open page.
type Page struct {
	t       testing.TB
	out     io.Writer
	session string

	mu       sync.Mutex
	next     int
	answers  map[int]chan message
	loaded   chan struct{}
	requests []string // addresses that were asked for
	console  []string // what went wrong, by the page's own telling
	ended    error
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// programs are what Chromium is called.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// Start starts a browser of its own with an empty page of this size; dark says which colours it prefers. Where there is
// no browser the test is skipped, and under CI it fails; short tests start none.
func Start(t testing.TB, width, height int, dark bool) *Page {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds to start")
	}
	at := slices.IndexFunc(programs, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if at < 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium; scripts/install-ci installs it")
		}
		t.Skip("there is no Chromium; `apt-get install chromium` brings it")
	}
	// On stopping, the browser writes into its folder a little longer than it lives.
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	in, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	scheme := "1"
	if dark {
		scheme = "0"
	}
	cmd := exec.Command(programs[at], "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--blink-settings=preferredColorScheme="+scheme,
		"--user-data-dir="+profile, fmt.Sprintf("--window-size=%d,%d", width, height), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4, as the browser expects
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	p := &Page{t: t, out: toBrowser, answers: map[int]chan message{}, loaded: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(fromBrowser)
	}()
	t.Cleanup(func() {
		p.send("", "Browser.close", nil)
		wait := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		wait.Stop()
		toBrowser.Close()
		<-read
		fromBrowser.Close()
		for range 20 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	p.attach(width, height)
	return p
}

// attach takes the page that the browser began with.
func (p *Page) attach(width, height int) {
	p.t.Helper()
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	p.call("Target.getTargets", nil, &targets)
	at := slices.IndexFunc(targets.TargetInfos, func(i struct{ TargetID, Type string }) bool { return i.Type == "page" })
	if at < 0 {
		p.t.Fatal("the browser has no page")
	}
	var session struct{ SessionID string }
	p.call("Target.attachToTarget", map[string]any{"targetId": targets.TargetInfos[at].TargetID, "flatten": true}, &session)
	p.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
}

// read takes the browser's messages until it ends.
func (p *Page) read(from io.Reader) {
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			p.mu.Lock()
			p.ended = fmt.Errorf("the browser ended: %w", err)
			for _, c := range p.answers {
				close(c)
			}
			p.answers = map[int]chan message{}
			p.mu.Unlock()
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			p.take(m)
		}
	}
}

func (p *Page) take(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.answers[m.ID]; m.ID != 0 && c != nil {
		delete(p.answers, m.ID)
		c <- m
		return
	}
	switch m.Method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		var r struct{ Request struct{ URL string } }
		if json.Unmarshal(m.Params, &r) == nil && !strings.HasPrefix(r.Request.URL, "data:") {
			p.requests = append(p.requests, r.Request.URL)
		}
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		p.console = append(p.console, fmt.Sprintf("%s %.600s", m.Method, m.Params))
	}
}

// send sends a message, whose answer comes through the channel.
func (p *Page) send(session, method string, params any) (chan message, error) {
	if params == nil {
		params = map[string]any{}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		return nil, p.ended
	}
	p.next++
	answer := make(chan message, 1)
	p.answers[p.next] = answer
	text, err := json.Marshal(message{ID: p.next, Session: session, Method: method, Params: raw})
	if err == nil {
		_, err = p.out.Write(append(text, 0))
	}
	return answer, err
}

// call is a method of the protocol; what it gives is read into result.
func (p *Page) call(method string, params, result any) {
	p.t.Helper()
	if err := p.try(method, params, result); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
}

func (p *Page) try(method string, params, result any) error {
	answer, err := p.send(p.session, method, params)
	if err != nil {
		return err
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return p.ended
		case m.Error != nil:
			return errors.New(m.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-time.After(patience):
		return errors.New("the browser does not answer")
	}
}

// Open opens an address and waits until it is loaded.
func (p *Page) Open(address string) {
	p.t.Helper()
	var navigated struct{ ErrorText string }
	p.call("Page.navigate", map[string]any{"url": address}, &navigated)
	if navigated.ErrorText != "" {
		p.t.Fatalf("%s: %s", address, navigated.ErrorText)
	}
	select {
	case <-p.loaded:
	case <-time.After(patience):
		p.t.Fatalf("%s does not load", address)
	}
}

// Eval gives the value of a JavaScript expression; of a promise, what it comes to.
func (p *Page) Eval(expression string) any {
	p.t.Helper()
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &out)
	if e := out.ExceptionDetails; e != nil {
		p.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return out.Result.Value
}

// Press presses a key, called as in KeyboardEvent.key, wherever the focus is.
func (p *Page) Press(key string) {
	p.t.Helper()
	code := map[string]int{"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Tab": 9}[key]
	text := ""
	if len(key) == 1 {
		text, code = key, int(key[0])
	}
	for _, kind := range []string{"keyDown", "keyUp"} {
		event := map[string]any{"type": kind, "key": key, "windowsVirtualKeyCode": code}
		if kind == "keyDown" && text != "" {
			event["text"] = text
		}
		p.call("Input.dispatchKeyEvent", event, nil)
	}
}

// Drag presses the mouse at one place of the window, and lets it go at another.
func (p *Page) Drag(x0, y0, x1, y1 float64) {
	p.t.Helper()
	mouse := func(kind string, x, y float64, buttons int) {
		p.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}, nil)
	}
	mouse("mouseMoved", x0, y0, 0)
	mouse("mousePressed", x0, y0, 1)
	for i := 1; i <= 4; i++ {
		mouse("mouseMoved", x0+(x1-x0)*float64(i)/4, y0+(y1-y0)*float64(i)/4, 1)
	}
	mouse("mouseReleased", x1, y1, 0)
}

// Quiet has the test fail unless the page asked for its own address alone, data: apart, and complained of nothing.
func (p *Page) Quiet(address string) {
	p.t.Helper()
	if got := p.Eval(`performance.getEntriesByType("resource").filter(r => !r.name.startsWith("data:")).map(r => r.name).join(" ")`); got != "" {
		p.t.Errorf("the page loads %v", got)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.requests) != 1 || p.requests[0] != address {
		p.t.Errorf("the page asks for %q, want itself alone", p.requests)
	}
	for _, line := range p.console {
		p.t.Errorf("the console shows %s", line)
	}
}

// Screenshot is the whole page as a PNG file.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	var shot struct{ Data string }
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	b, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}
