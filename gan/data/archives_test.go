package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files/filestest"
)

// archives are one set of members as each kind of archive.
func archives(t *testing.T, names []string, members map[string][]byte) map[string]string {
	t.Helper()
	var asTar, asZip bytes.Buffer
	tarred, zipped := tar.NewWriter(&asTar), zip.NewWriter(&asZip)
	for _, name := range names {
		err := tarred.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(members[name]))})
		if err == nil {
			_, err = tarred.Write(members[name])
		}
		w, bad := zipped.CreateHeader(&zip.FileHeader{Name: name})
		if err == nil && bad == nil {
			_, err = w.Write(members[name])
		}
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
	}
	if tarred.Close() != nil || zipped.Close() != nil {
		t.Fatal("an archive does not end")
	}
	dir := t.TempDir()
	paths := map[string]string{"tar": filepath.Join(dir, "a.tar"), "zip": filepath.Join(dir, "a.zip")}
	for kind, b := range map[string][]byte{"tar": asTar.Bytes(), "zip": asZip.Bytes()} {
		if err := os.WriteFile(paths[kind], b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// TestMembersGoBad: a member is named when the data are opened, and when it goes bad
// during a run, as a file is.
func TestMembersGoBad(t *testing.T) {
	one := filestest.Flat(t, 8, 8, color.Black)
	names := []string{"a/1.png", "a/2.png", "b/3.png", "b/4.png"}
	for kind, path := range archives(t, names, map[string][]byte{"a/1.png": one, "a/2.png": []byte("?"), "b/3.png": one, "b/4.png": one}) {
		spec := Spec{Path: path, Labels: true, Height: 8, Width: 8}
		if _, err := Open(t.Context(), spec, nil); err == nil || !strings.Contains(err.Error(), path+": a/2.png cannot be read: it is no PNG") || !strings.Contains(err.Error(), `data.bad = "skip"`) {
			t.Errorf("%s: stopping: %v", kind, err)
		}
		spec.SkipBad = true
		set, err := Open(t.Context(), spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		file := filesOf(set) // past the cache
		if bad := BadOf(set, []int{1}); !slices.Equal(bad.Out, []string{"a/2.png"}) || !slices.Equal(bad.Lost, []string{"b/3.png"}) {
			t.Errorf("%s: %+v", kind, bad)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(b, one) + len(one)
		at += bytes.Index(b[at:], one) // of b/3.png
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("broken"), int64(at))
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		var lost []string
		l, err := NewLoader(t.Context(), file, LoaderConfig{Batch: 3, OnLoss: func(i int, err error) { lost = append(lost, FileName(set, i)+": "+err.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		batch, err := l.Next(t.Context())
		if err != nil || len(lost) != 1 || !strings.HasPrefix(lost[0], "b/3.png: image "+path+": b/3.png cannot be read: ") || fmt.Sprint(batch.Labels) != "[0 1 1]" {
			t.Errorf("%s: lost %q, %v", kind, lost, err)
		}
		l.Close()
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestArchivesInsideArchives are left out as any file that is no image, and looked at
// by nobody.
func TestArchivesInsideArchives(t *testing.T) {
	names := []string{"in.zip", "in.tar", "1.png"}
	for kind, path := range archives(t, names, map[string][]byte{"in.zip": []byte("PK\x03\x04"), "in.tar": make([]byte, 1024), "1.png": filestest.Flat(t, 8, 8, color.Black)}) {
		var notes []string
		set, err := Open(t.Context(), Spec{Path: path}, func(n string) { notes = append(notes, n) })
		if err != nil || set.Len() != 1 || !slices.Equal(notes, []string{"2 entries that are no images left out (.tar: 1, .zip: 1)"}) {
			t.Errorf("%s: %v, %q", kind, err, notes)
		}
		if err == nil {
			set.Close()
		}
	}
}

// TestPathsThatAreNoFiles are named for what they are, and not waited for.
func TestPathsThatAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "a.zip")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Skipf("no named pipes here: %v %s", err, out)
	}
	for path, want := range map[string]string{pipe: "it is a named pipe; the kinds are", os.DevNull: "it is a device; the kinds are"} {
		if kind, err := Detect(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %q, %v", path, kind, err)
		}
		for _, kind := range []string{"zip", "tar", "npz", "csv", "cifar10", "idx"} {
			if _, err := Open(t.Context(), Spec{Kind: kind, Path: path}, nil); err == nil {
				t.Errorf("%s was opened as %s", path, kind)
			}
		}
	}
}
