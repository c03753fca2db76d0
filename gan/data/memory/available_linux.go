package memory

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path"
	"runtime/metrics"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// backed is how many bytes of memory this process may still fill: the least of
// what the machine has and what its control groups leave. What the Go heap has
// and does not use counts.
func backed() int64 {
	left, idle := min(machine(), groups("/sys/fs/cgroup", "/proc/self/cgroup")), idleHeap().resident
	if left > math.MaxInt64-idle {
		return left
	}
	return left + idle
}

// mappable is how many bytes of address space limits leave to this process
// (ulimit -v, ulimit -d). The Go heap gives none back, and has what it does not
// use in pieces of which large objects fit some only: half of that counts.
func mappable() int64 {
	left, idle := int64(math.MaxInt64), idleHeap().mapped/2
	for limit, used := range map[int]func() int64{unix.RLIMIT_AS: addressSpace, unix.RLIMIT_DATA: dataSpace} {
		var r unix.Rlimit
		if err := unix.Getrlimit(limit, &r); err == nil && r.Cur < math.MaxInt64 {
			left = min(left, int64(r.Cur)-used()+idle)
		}
	}
	return max(0, left)
}

// heap is memory of the Go heap that holds no objects: still backed by pages,
// and mapped at all.
type heap struct{ resident, mapped int64 }

func idleHeap() heap {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	free, released := int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
	return heap{free, free + released}
}

// addressSpace and dataSpace are what the process has mapped, in all and of its own.
func addressSpace() int64 { return statm(0) }
func dataSpace() int64    { return statm(5) }

// statm is one field of /proc/self/statm, which counts pages (proc(5)).
func statm(field int) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || field >= len(fields) {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[field], 10, 64)
	return pages * int64(os.Getpagesize())
}

// machine is what the kernel says can be had without swapping.
func machine() int64 {
	if kilobytes, ok := entry("/proc/meminfo", "MemAvailable:"); ok {
		return kilobytes << 10
	}
	return math.MaxInt64
}

// groups is the least that any control group of this process leaves, from its
// own up to the root of what is mounted (version 2, or version 1's memory).
// Pages of files that have not been used of late are given up first and count
// as free.
func groups(root, membership string) int64 {
	text, err := os.ReadFile(membership)
	if err != nil {
		return math.MaxInt64
	}
	left := int64(math.MaxInt64)
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		base, limit, usage, files := root, "memory.max", "memory.current", "inactive_file"
		switch {
		case parts[1] == "memory":
			base, limit, usage, files = path.Join(root, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
		case parts[1] != "":
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			at := path.Join(base, dir)
			most, limited := number(path.Join(at, limit))
			used, known := number(path.Join(at, usage))
			if limited && known {
				unused, _ := entry(path.Join(at, "memory.stat"), files)
				left = min(left, max(0, most-used+unused))
			}
			if dir == "/" {
				break
			}
		}
	}
	return left
}

// number is a file that holds one number.
func number(name string) (int64, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// entry is the number after a word that begins a line of a file.
func entry(name, word string) (int64, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == word {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
