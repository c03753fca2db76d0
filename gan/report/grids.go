package report

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"ganengine/engine/plainfile"
	"ganengine/gan/rundir"
)

const (
	mostGrids = 64        // on a page
	mostBytes = 8_000_000 // of a page
	// mostPixels and mostFile are of a picture that is looked at: larger ones are none of ours.
	mostPixels, mostFile = 1 << 26, 64 << 20
)

// A Picture is an image as pages have it.
type Picture struct {
	Group  string `json:"group"` // of the page's pictures
	Step   int64  `json:"step"`
	Source string `json:"-"` // a data: URL
	File   string `json:"file,omitempty"`
	Note   string `json:"note,omitempty"` // in what it differs from the file
}

func dataURL(kind string, b []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// encoded is how long a file of n bytes is as a data: URL, nearly.
func encoded(n int64) int64 { return n/3*4 + 64 }

// album is the pictures of a run that its page has, read once each.
type album struct {
	group    string
	pictures map[string]*Picture // by path
	compact  map[string]bool     // paths of pictures that were made smaller, or cannot be
	broken   map[string]error    // and of those that cannot be read
	left     int                 // pictures of the run that the last choice left out
}

func newAlbum(group string) *album {
	return &album{group: group, pictures: map[string]*Picture{}, compact: map[string]bool{}, broken: map[string]error{}}
}

// choose gives pictures of the files in order: evenly chosen, the first and the last among them, so many and of so many
// bytes as a page has. Where they are too large it makes some smaller, until the deadline, before it takes fewer.
func (a *album) choose(files []rundir.StepFile, most int64, deadline time.Time) []Picture {
	able := slices.DeleteFunc(slices.Clone(files), func(f rundir.StepFile) bool {
		return a.broken[f.Path] != nil || !a.fit([]rundir.StepFile{f}, most, deadline)
	})
	for stride := 1; ; stride *= 2 {
		chosen := every(able, stride)
		if len(chosen) > mostGrids {
			continue
		}
		if a.fit(chosen, most, deadline) {
			out := a.take(chosen)
			a.left = len(files) - len(out)
			return out
		}
		if stride > len(able) {
			able = able[len(able)-1:] // there is no room for two
		}
	}
}

// every is each stride-th file and the last.
func every(files []rundir.StepFile, stride int) (out []rundir.StepFile) {
	for i := 0; i < len(files); i += stride {
		out = append(out, files[i])
	}
	if n := len(files); n > 0 && (n-1)%stride != 0 {
		out = append(out, files[n-1])
	}
	return out
}

// fit says whether pictures have the room, once some were made smaller: those in the middle first.
func (a *album) fit(files []rundir.StepFile, most int64, deadline time.Time) bool {
	total := int64(0)
	for _, f := range files {
		total += a.size(f.Path)
	}
	inner := files
	if len(files) > 2 {
		inner = files[1 : len(files)-1]
	}
	for _, f := range inner {
		if total <= most {
			return true
		}
		if a.compact[f.Path] || !time.Now().Before(deadline) {
			continue
		}
		before := a.size(f.Path)
		a.shrink(f.Path, f.Step)
		total += a.size(f.Path) - before
	}
	return total <= most
}

// size is how many bytes of a page a picture takes.
func (a *album) size(path string) int64 {
	if p := a.pictures[path]; p != nil {
		return int64(len(p.Source))
	}
	info, err := plainfile.Lstat(path)
	if err != nil {
		return 0 // read says why
	}
	return encoded(info.Size())
}

// take reads the chosen pictures that are not there yet, and forgets others.
func (a *album) take(files []rundir.StepFile) (out []Picture) {
	kept := map[string]*Picture{}
	for _, f := range files {
		p := a.pictures[f.Path]
		if p == nil {
			p = a.open(f.Path, f.Step)
		}
		if p != nil {
			kept[f.Path] = p
			out = append(out, *p)
		}
	}
	a.pictures = kept
	return out
}

// open reads a picture; nil where it cannot be read, which broken says.
func (a *album) open(path string, step int64) *Picture {
	b, err := readPicture(path)
	if err != nil {
		a.broken[path] = err
		return nil
	}
	return &Picture{Group: a.group, Step: step, File: name(path), Source: dataURL("image/png", b)}
}

// shrink makes a picture smaller where it can.
func (a *album) shrink(path string, step int64) {
	a.compact[path] = true
	b, err := readPicture(path)
	if err != nil {
		a.broken[path] = err
		return
	}
	if small, err := compact(b); err != nil {
		a.broken[path] = err
	} else if len(small) < len(b) {
		a.pictures[path] = &Picture{Group: a.group, Step: step, Source: dataURL("image/jpeg", small), File: name(path), Note: "compressed for this page; the file is exact"}
	}
}

// name is the name of a picture within its run.
func name(path string) string {
	return filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)))
}

// readPicture reads a file that is a PNG of sensible size.
func readPicture(path string) ([]byte, error) {
	info, err := plainfile.Lstat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostFile {
		return nil, fmt.Errorf("%s has %d MiB, no picture of ours", path, info.Size()>>20)
	}
	b, err := plainfile.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return b, checkPNG(b)
}

// single is a picture that a run has one of; none where it has not, or where it is damaged.
func (a *album) single(path string, most int64, deadline time.Time) *Picture {
	if _, err := plainfile.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if p := a.choose([]rundir.StepFile{{Path: path}}, most, deadline); len(p) > 0 {
		p[0].File = filepath.Base(path)
		return &p[0]
	}
	return nil
}
