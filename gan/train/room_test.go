package train

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"ganengine/engine/device"
)

// cramped is a device with little memory.
type cramped struct {
	device.Device
	room int64
}

func (c *cramped) Alloc(s device.Spec) (device.Buffer, error) {
	if s.Bytes > c.room {
		return nil, &device.OutOfMemoryError{Device: "small", Label: s.Label, Wanted: s.Bytes, Present: c.room}
	}
	c.room -= s.Bytes
	return c.Device.Alloc(s)
}

func (c *cramped) Info() device.Info {
	info := c.Device.Info()
	info.Memory = c.room
	return info
}

// TestOutOfMemory: the error says what is needed and which batch fits, and that
// batch does.
func TestOutOfMemory(t *testing.T) {
	out := t.TempDir()
	run := func(batch string, room int64) error {
		h, _ := testHost(t, out)
		h.Device = &cramped{h.Device, room}
		return Run(context.Background(), configure(t, tinyImages, "train.batch="+batch, "train.steps=1"), h)
	}
	const room = 80 << 10
	err := run("24", room)
	var oom *device.OutOfMemoryError
	if !errors.As(err, &oom) {
		t.Fatalf("error %v, want one of memory", err)
	}
	text := err.Error()
	if !strings.Contains(text, "train.batch = 24 needs ") || strings.Contains(text, "\n") {
		t.Errorf("error %q", text)
	}
	_, fits, found := strings.Cut(text, "; train.batch = ")
	fits, _, _ = strings.Cut(fits, " fits")
	if !found || run(fits, room) != nil {
		t.Errorf("error %q, and with a batch of %s: %v", text, fits, run(fits, room))
	}
	if err := run("24", 1000); err == nil || !strings.Contains(err.Error(), "no batch fits") {
		t.Errorf("error %v", err)
	}
	h, _ := testHost(t, out)
	h.Device = &cramped{h.Device, 40 << 10}
	if err := DryRun(t.Context(), configure(t, tinyImages, "train.batch=24"), h, io.Discard); !errors.As(err, &oom) ||
		!strings.Contains(err.Error(), "train.batch = 24 needs ") {
		t.Errorf("a dry run: %v", err)
	}
	for room := int64(125 << 10); room < 140<<10; room += 5 << 10 {
		h.Device = &cramped{h.Device.(*cramped).Device, room}
		dry := DryRun(t.Context(), configure(t, tinyImages, "train.batch=24", "train.steps=1"), h, io.Discard)
		h, _ := testHost(t, t.TempDir())
		h.Device = &cramped{h.Device, room}
		if err := Run(t.Context(), configure(t, tinyImages, "train.batch=24", "train.steps=1"), h); (err == nil) != (dry == nil) {
			t.Errorf("with %d bytes a dry run says %v, the run %v", room, dry, err)
		}
	}
	if files, _ := os.ReadDir(out); len(files) != 1 {
		t.Errorf("%d runs, want the one that fitted", len(files))
	}
}
