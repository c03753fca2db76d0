package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// walk is the command line of a closed walk of 6 frames, without where to.
func walkArgs(p *place, more ...string) []string {
	return append([]string{"interpolate", "-run", "0", "-out", p.at("runs"), "-seeds", "1,2", "-loop", "-steps", "3"}, more...)
}

// A stream of frames has those of the walk in either form, and standard error says how
// ffmpeg reads it.
func TestStreamOfFrames(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	status, raw, errs := p.try(walkArgs(p, "-o", "-")...)
	const side, frames = 256, 6
	if status != 0 || len(raw) != frames*side*side*3 {
		t.Fatalf("status %d, %d bytes: %s", status, len(raw), errs)
	}
	if want := "frames of 256x256: | ffmpeg -f rawvideo -pix_fmt rgb24 -video_size 256x256 -framerate 25/2 -i - "; !strings.HasPrefix(errs, want) || !strings.Contains(errs, "largest of 6 steps") {
		t.Errorf("it says %q", errs)
	}
	status, files, errs := p.try(walkArgs(p, "-o", "-", "-frames", "png")...)
	if status != 0 || !strings.Contains(errs, "| ffmpeg -f image2pipe -framerate 25/2 -i - ") {
		t.Fatalf("status %d: %s", status, errs)
	}
	r := bytes.NewReader([]byte(files))
	for i := range frames {
		im, err := png.Decode(r)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		for y := range side {
			for x := range side {
				r, g, b, _ := im.At(x, y).RGBA()
				if at := 3 * ((i*side+y)*side + x); raw[at] != byte(r>>8) || raw[at+1] != byte(g>>8) || raw[at+2] != byte(b>>8) {
					t.Fatalf("frame %d differs at %d, %d", i, x, y)
				}
			}
		}
	}
	if r.Len() > 0 {
		t.Errorf("%d bytes follow the last frame", r.Len())
	}
}

// A reader that goes away ends the stream without a word.
func TestStreamWithoutReader(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	var errs bytes.Buffer
	status := run(t.Context(), walkArgs(p, "-o", "-"), w, &errs)
	if status != brokenPipe || strings.Contains(errs.String(), "ganengine:") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}

// ffmpeg is put on the path as a script, alone.
func fakeFFmpeg(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// A film is written as a whole or not at all, whatever becomes of ffmpeg, and without
// ffmpeg nothing is begun.
func TestFilm(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	nothing := func(what string) {
		t.Helper()
		left, err := filepath.Glob(p.at("*walk.mp4*"))
		if hidden, _ := filepath.Glob(p.at(".*")); err != nil || len(left)+len(hidden) > 0 {
			t.Errorf("%s leaves %v %v", what, left, hidden)
		}
	}
	fakeFFmpeg(t, "head -c 10 >/dev/null; echo first >&2; echo no such encoder >&2; exit 3")
	status, _, errs := p.try(walkArgs(p, "-o", "@/walk.mp4")...)
	if status != 1 || errs != "ganengine: ffmpeg: exit status 3: no such encoder\n" {
		t.Errorf("a broken ffmpeg: status %d: %s", status, errs)
	}
	nothing("a broken ffmpeg")

	fakeFFmpeg(t, "exec sleep 60")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { cancel(&interrupt{"interrupted", 130}) })
	began := time.Now()
	var out, said bytes.Buffer
	if status := run(ctx, walkArgs(p, "-o", p.at("walk.mp4")), &out, &said); status != 130 || time.Since(began) > 30*time.Second {
		t.Errorf("stopped after %v: status %d: %s", time.Since(began), status, said.String())
	}
	nothing("an interruption")

	t.Setenv("PATH", p.dir)
	status, _, errs = p.try("interpolate", "-run", "@/none", "-seeds", "1,2", "-o", "@/walk.mp4")
	if want := fmt.Sprintf("ganengine: -o %s: films are written by ffmpeg, which is not on the path; install it, or write FILE.gif\n", p.at("walk.mp4")); status != 2 || errs != want {
		t.Errorf("without ffmpeg: status %d: %s", status, errs)
	}
}

// ffmpeg itself takes the frames, and gives them back.
func TestFilmByFFmpeg(t *testing.T) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not here")
	}
	p := newPlace(t)
	p.train("images")
	_, raw, _ := p.try(walkArgs(p, "-o", "-")...)
	if out := p.run(walkArgs(p, "-o", "@/walk.mp4")...); !strings.HasPrefix(out, p.at("walk.mp4")+": 6 images of step 4\n") {
		t.Errorf("it says %q", out)
	}
	back, err := exec.Command(program, "-loglevel", "error", "-i", p.at("walk.mp4"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-").Output()
	if err != nil || len(back) != len(raw) {
		t.Fatalf("%d bytes of %d (%v)", len(back), len(raw), err)
	}
	var off float64
	for i := range back {
		off += max(float64(back[i])-float64(raw[i]), float64(raw[i])-float64(back[i]))
	}
	if off /= float64(len(back)); off > 8 {
		t.Errorf("the film is other frames: %.3g levels off in the mean", off)
	}
	head := p.read("walk.mp4")[:12]
	if !slices.Equal(head[4:8], []byte("ftyp")) {
		t.Errorf("it begins with %q", head)
	}
}
