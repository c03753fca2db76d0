//go:build cuda && cgo && linux

package software_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// one is a kernel's beginning: the address of its memory, and its thread.
const one = `.param .u64 p0)
{
.reg .b64 %m, %at;
.reg .b32 %t, %u, %v, %w, %x;
.reg .pred %p, %q;
.shared .align 16 .b8 room[512];
ld.param.u64 %m, [p0];
mov.u32 %t, %tid.x;
mad.wide.u32 %at, %t, 4, %m;
`

const end = "\nret;\n}\n"

// TestThreads: what threads of a warp and of a block do together.
func TestThreads(t *testing.T) {
	open(t)
	for _, c := range []struct {
		name, text string
		want       func(i uint32) uint32
	}{
		{"shfl down keeps the last lanes", "shfl.sync.down.b32 %u, %t, 4, 31, -1;", func(i uint32) uint32 {
			if i%32+4 > 31 {
				return i
			}
			return i + 4
		}},
		{"shfl up", "shfl.sync.up.b32 %u, %t, 1, 0, -1;", func(i uint32) uint32 { return max(i, i/32*32+1) - 1 }},
		{"shfl bfly", "shfl.sync.bfly.b32 %u, %t, 16, 31, -1;", func(i uint32) uint32 { return i ^ 16 }},
		{"shfl idx, and whether the lane is there", "shfl.sync.idx.b32 %v|%p, %t, 3, 31, -1; selp.b32 %u, %v, 0, %p;", func(i uint32) uint32 { return i/32*32 + 3 }},
		{"a loop of as many turns as the lane has", `mov.u32 %u, 0; mov.u32 %v, 0; and.b32 %w, %t, 31;
again: setp.ge.u32 %p, %v, %w; @%p bra done; add.u32 %u, %u, %v; add.u32 %v, %v, 1; bra again;
done:`, func(i uint32) uint32 { return i % 32 * (max(i%32, 1) - 1) / 2 }},
		{"two sides of a branch meet", "and.b32 %v, %t, 1; setp.eq.u32 %p, %v, 0; @%p bra even; mov.u32 %u, 7; bra both; even: mov.u32 %u, 9; both: add.u32 %u, %u, %t;",
			func(i uint32) uint32 { return 9 - i%2*2 + i }},
		{"shared memory behind a barrier", `mov.u32 %v, room; mad.lo.s32 %w, %t, 4, %v; st.shared.b32 [%w], %t; bar.sync 0;
sub.u32 %x, 63, %t; mad.lo.s32 %w, %x, 4, %v; ld.shared.b32 %u, [%w];`, func(i uint32) uint32 { return 63 - i }},
		{"a scope has registers of its own", "mov.u32 %u, 5; { .reg .b32 %u; mov.u32 %u, 6; } add.u32 %u, %u, %t;", func(i uint32) uint32 { return 5 + i }},
	} {
		data, err := execute(t, one+c.text+"\nst.global.b32 [%at], %u;"+end, 64, make([]byte, 256))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i := range uint32(64) {
			if got, want := binary.LittleEndian.Uint32(data[4*i:]), c.want(i); got != want {
				t.Errorf("%s: thread %d has %d, want %d", c.name, i, got, want)
				break
			}
		}
	}
}

// TestRefused: what is no PTX that the double knows is refused, with the line.
func TestRefused(t *testing.T) {
	open(t)
	for _, c := range []struct{ text, want string }{
		{"frob.u32 %u, %t;", "frob"},
		{"add.u32 %u, %t;", "add.u32"},
		{"add.u32 %u, %t, %nothing;", "%nothing"},
		{"add.u64 %u, %t, %t;", "add.u64"},
		{"bra nowhere;", "nowhere"},
		{"mov.u32 %u, %v;", "%v"}, // which nothing has written
	} {
		_, err := execute(t, one+c.text+end, 1, make([]byte, 4))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that has %q", c.text, err, c.want)
		}
	}
}

// broken are kernels that a GPU may execute without a word.
var broken = map[string]struct{ text, want string }{
	"beyond":    {"st.global.b32 [%at+256], %t;", "behind the end"},
	"unaligned": {"st.global.b32 [%at+2], %t;", "no multiple"},
	"race":      {"mov.u32 %v, room; st.shared.b32 [%v], %t; ", "room"},
	"unwritten": {"mov.u32 %v, room; ld.shared.b32 %u, [%v]; st.global.b32 [%at], %u;", "written"},
	"barrier":   {"setp.lt.u32 %p, %t, 5; @%p bar.sync 0;", "barrier"},
	"global":    {"st.global.b32 [%m], %t;", "thread"},
}

const child = "GANENGINE_TEST_KERNEL"

// TestBroken runs each in a process of its own, as it breaks the context.
func TestBroken(t *testing.T) {
	open(t)
	if name := os.Getenv(child); name != "" {
		_, err := execute(t, one+broken[name].text+end, 64, make([]byte, 256))
		fmt.Println("result:", err)
		return
	}
	for name, c := range broken {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestBroken$")
		cmd.Env = append(os.Environ(), child+"="+name)
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if strings.Contains(string(text), "result: <nil>") || !strings.Contains(string(text), c.want) || !strings.Contains(string(text), "kernel k, line") {
			t.Errorf("%s: want one line that names the kernel and says %q:\n%s", name, c.want, text)
		}
	}
}
