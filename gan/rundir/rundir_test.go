package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func create(t *testing.T, parent, name string) *Run {
	t.Helper()
	r, err := Create(parent, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestCreateNumbers(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "a", "runs")
	for _, want := range []string{"00000-x", "00001-y-b64", "00002-x"} {
		_, name, _ := parseName(want)
		if got := create(t, parent, name); filepath.Base(string(got.Dir)) != want {
			t.Errorf("created %s, want %s", got.Dir, want)
		}
	}
	for _, other := range []string{"00017-old", "99-no-run", "00050", "notes.txt", ".00020"} {
		if err := os.Mkdir(filepath.Join(parent, other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The plain directory 00050 is no run, but its number is as good as taken; so is a reservation left by a kill.
	if got := create(t, parent, "x"); got.Number() != 51 || got.Name() != "x" {
		t.Errorf("created %s, want number 51", got.Dir)
	}
}

// TestCreateTogether: names differ, so that mkdir alone would not keep the numbers apart.
func TestCreateTogether(t *testing.T) {
	parent := t.TempDir()
	const n = 24
	var wg sync.WaitGroup
	runs := make([]*Run, n)
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { runs[i], errs[i] = Create(parent, fmt.Sprintf("run%d", i)) })
	}
	wg.Wait()
	seen := map[int]bool{}
	for i, r := range runs {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		defer r.Close()
		if k := r.Number(); seen[k] || k < 0 || k >= n {
			t.Errorf("number %d was given twice or is out of 0..%d", k, n-1)
		} else {
			seen[k] = true
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	under := filepath.Join(file, "runs")
	if _, err := Create(under, "x"); err == nil || !strings.Contains(err.Error(), under) || !strings.Contains(err.Error(), "-out") {
		t.Errorf("create under a file: %v; want the path and what to do", err)
	}
	for _, name := range []string{"", "a/b", `a\b`, "a\nb", strings.Repeat("x", 201)} {
		if _, err := Create(t.TempDir(), name); err == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
}

func TestFind(t *testing.T) {
	parent := t.TempDir()
	for i, name := range []string{"a", "b", "a", "a", "c"} { // the last two never came to a checkpoint
		r := create(t, parent, name)
		if i < 3 {
			put(t, r.CheckpointPath(10), "x")
		}
		r.Close()
	}
	put(t, Dir(filepath.Join(parent, "00003-a")).Path("checkpoints", ".000010.safetensors.tmp-1-0"), "x") // killed while it wrote
	file := filepath.Join(parent, "00009-file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	path := func(base string) Dir { return Dir(filepath.Join(parent, base)) }
	for ref, want := range map[string]Dir{
		"latest":                      path("00002-a"),
		"1":                           path("00001-b"),
		"00001":                       path("00001-b"),
		"00000-a":                     path("00000-a"),
		string(path("00001-b")):       path("00001-b"),
		string(path("00001-b")) + "/": path("00001-b"),
	} {
		if got, err := Find(parent, ref); err != nil || got != want {
			t.Errorf("Find %q = %q, %v; want %q", ref, got, err, want)
		}
	}
	for ref, want := range map[string]string{"7": "0 to 4", "": "latest", "nothing": "number", file: "it is a file", parent: "a directory without checkpoints/"} {
		if _, err := Find(parent, ref); !errors.Is(err, ErrNoRun) || !strings.Contains(err.Error(), want) {
			t.Errorf("Find %q: %v; want ErrNoRun with %q", ref, err, want)
		}
	}
	none := filepath.Join(parent, "none")
	for _, ref := range []string{"latest", "0"} {
		if _, err := Find(none, ref); !errors.Is(err, ErrNoRun) || !strings.Contains(err.Error(), none) {
			t.Errorf("Find %q in an absent parent: %v", ref, err)
		}
	}
	for name, want := range map[string]int{"a": 2, "b": 1, "": 2, "c": -1} {
		if d, ok, err := Latest(parent, name); err != nil || ok != (want >= 0) || ok && d.Number() != want {
			t.Errorf("Latest %q = %q, %v, %v; want %d", name, d, ok, err, want)
		}
	}
}

// TestHoldsLock is the second process of TestLock: it holds a run until its input ends.
func TestHoldsLock(t *testing.T) {
	dir := os.Getenv("RUNDIR_TEST_HOLD")
	if dir == "" {
		t.Skip("runs only inside TestLock")
	}
	r, err := Open("", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadByte()
}

func TestMissingFolders(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	if err := errors.Join(r.Close(), os.Remove(r.Path("samples"))); err != nil {
		t.Fatal(err)
	}
	again, err := Open("", string(r.Dir))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := os.WriteFile(r.SamplePath(1), nil, 0o666); err != nil {
		t.Errorf("a run whose pictures were removed has no place for the next: %v", err)
	}
}

func TestLock(t *testing.T) {
	r := create(t, t.TempDir(), "x")
	if pid, ok := r.Owner(); !ok || pid != os.Getpid() {
		t.Errorf("owner %d, %v; want this process %d", pid, ok, os.Getpid())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if pid, ok := r.Owner(); ok {
		t.Errorf("owner %d after Close", pid)
	}

	other := exec.Command(os.Args[0], "-test.run=^TestHoldsLock$")
	other.Env = append(os.Environ(), "RUNDIR_TEST_HOLD="+string(r.Dir))
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "held"; {
	}
	_, err = Open("", string(r.Dir))
	var le *LockError
	if !errors.As(err, &le) || le.PID != other.Process.Pid {
		t.Fatalf("second open: %v; want a *LockError with process %d", err, other.Process.Pid)
	}
	if msg := err.Error(); strings.Contains(msg, "\n") || !strings.Contains(msg, fmt.Sprint(other.Process.Pid)) || !strings.Contains(msg, string(r.Dir)) {
		t.Errorf("message %q does not name run and process in one line", msg)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	other.Wait()
	again, err := Open("", string(r.Dir))
	if err != nil {
		t.Fatalf("open after the owner was killed: %v", err)
	}
	again.Close()
}

// A run that another process trains and that has no checkpoint yet is no run that stopped.
func TestCheckpointToCome(t *testing.T) {
	r, err := Create(t.TempDir(), "young")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Checkpoint("latest"); err == nil || !strings.Contains(err.Error(), "it stopped before its first") {
		t.Errorf("one's own: %v", err)
	}
	if err := os.WriteFile(r.Path(lockName), []byte("4242\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Checkpoint("latest"); err == nil || !strings.Contains(err.Error(), "no checkpoint yet: process 4242 trains it") {
		t.Errorf("another's: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Checkpoint("latest"); err == nil || !strings.Contains(err.Error(), "it stopped before its first") {
		t.Errorf("nobody's: %v", err)
	}
}
