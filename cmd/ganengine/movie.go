package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/gan/explore"
)

// streamed is the output that is standard output.
const streamed = "-"

// streams are the forms of frames on standard output, with how ffmpeg is told of them.
var streams = map[string]func(f *explore.Frames) string{
	"raw": func(f *explore.Frames) string {
		return fmt.Sprintf("-f rawvideo -pix_fmt rgb24 -video_size %dx%d -framerate %s", f.Width, f.Height, explore.FrameRate)
	},
	"png": func(*explore.Frames) string { return "-f image2pipe -framerate " + explore.FrameRate },
}

// stream writes frames to standard output, and says before on standard error what they are.
func (a *app) stream(ctx context.Context, f *explore.Frames, form string) error {
	fmt.Fprintf(a.stderr, "frames of %dx%d: | ffmpeg %s -i - -pix_fmt yuv420p walk.mp4\n", f.Width, f.Height, streams[form](f))
	if form == "png" {
		return f.PNG(ctx, a.stdout.W)
	}
	return f.Raw(ctx, a.stdout.W)
}

// findFFmpeg is the program that writes films.
func findFFmpeg(path string) (string, error) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "", usage("-o %s: films are written by ffmpeg, which is not on the path; install it, or write FILE.gif", path)
	}
	return program, nil
}

// writeFilm has ffmpeg encode frames, as a whole or not at all: what it writes lies elsewhere
// until it is done.
func writeFilm(ctx context.Context, program, path string, f *explore.Frames) error {
	dir, err := os.MkdirTemp("", "ganengine-film-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	film := filepath.Join(dir, "film.mp4")
	if err := encodeFilm(ctx, program, film, f); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		from, err := os.Open(film)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(w, from)
		return err
	})
}

func encodeFilm(ctx context.Context, program, film string, f *explore.Frames) error {
	within, stop := context.WithCancel(ctx) // which kills it
	defer stop()
	args := append([]string{"-hide_banner", "-loglevel", "error"}, strings.Fields(streams["raw"](f))...)
	args = append(args, "-i", "pipe:0", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart", film)
	c := exec.CommandContext(within, program, args...)
	var said bytes.Buffer
	c.Stderr, c.WaitDelay = &said, time.Second
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("starting ffmpeg: %w", err)
	}
	err = f.Raw(ctx, in)
	gone := errors.Is(err, syscall.EPIPE) // it ended by itself, and said why
	if err != nil && !gone {
		stop()
	}
	err = errors.Join(err, in.Close())
	ended := c.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ended != nil && (err == nil || gone):
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("ffmpeg: %v: %s", ended, lines[len(lines)-1])
	}
	return err
}
