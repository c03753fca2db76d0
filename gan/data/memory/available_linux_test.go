package memory

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestAvailable(t *testing.T) {
	if os.Getenv("MEMORY_TEST_CHILD") != "" {
		os.Stdout.WriteString(strconv.FormatInt(available(), 10) + "\n")
		return
	}
	if got := available(); got < 64<<20 || got > 1<<46 {
		t.Errorf("%d bytes are available: is this machine so?", got)
	}
	const limit = 3_000_000 << 10
	child := exec.Command("/bin/sh", "-c", `ulimit -v 3000000 && exec "$0" -test.run '^TestAvailable$'`, os.Args[0])
	child.Env = append(os.Environ(), "MEMORY_TEST_CHILD=1")
	out, err := child.Output()
	if err != nil {
		t.Fatalf("under a limit: %v\n%s", err, out)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	if n, err := strconv.ParseInt(first, 10, 64); err != nil || n >= limit || n < 64<<20 {
		t.Errorf("under a limit of %d bytes %s are available, %v", limit, first, err)
	}
}

func TestGroups(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("v2/user/memory.max", "1000\n")
	write("v2/user/memory.current", "700\n")
	write("v2/user/memory.stat", "anon 1\ninactive_file 50\n")
	write("v2/user/job/memory.max", "max\n")
	write("v2/user/job/memory.current", "200\n")
	write("v1/memory/memory.limit_in_bytes", "900\n")
	write("v1/memory/memory.usage_in_bytes", "100\n")
	write("of2", "0::/user/job\n")
	write("of1", "5:cpu:/\n4:memory:/docker/x\n")
	for _, c := range []struct {
		mount, of string
		want      int64
	}{{"v2", "of2", 350}, {"v1", "of1", 800}, {"v1", "of2", math.MaxInt64}, {"v2", "none", math.MaxInt64}} {
		if got := groups(filepath.Join(root, c.mount), filepath.Join(root, c.of)); got != c.want {
			t.Errorf("%s of %s leaves %d, want %d", c.mount, c.of, got, c.want)
		}
	}
}
