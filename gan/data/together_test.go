package data

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"ganengine/gan/data/files/filestest"
)

// Several loaders read one set at once, whole and in part, each what it reads
// alone; a file that went bad is lost to each that has it.
func TestLoadersOfOneSet(t *testing.T) {
	const n, batches = 48, 40
	files := map[string][]byte{}
	for i := range n {
		files[fmt.Sprintf("%d/%02d.png", i%3, i)] = filestest.Flat(t, 6, 6, color.NRGBA{uint8(4 * i), uint8(i), 0, 255})
	}
	root := filestest.Folder(t, files)
	opened := func() Set {
		set, _ := open(t, Spec{Path: root, Labels: true})
		return set
	}
	kept, read, reference := opened(), Set(fileSet(t, opened())), opened()
	if err := os.WriteFile(filepath.Join(root, "1", "22.png"), []byte("?"), 0o644); err != nil {
		t.Fatal(err)
	}
	part := func(set Set) Set { return made(t)(PerClass(set, 15, 0)) }
	whole := func(set Set) Set { return set }
	streams := []struct {
		of     func(Set) Set
		config LoaderConfig
	}{
		{whole, LoaderConfig{Batch: 8}}, {whole, LoaderConfig{Batch: 5, Stream: "again"}}, {part, LoaderConfig{Batch: 50, Stream: "some", Cycle: true}},
	}
	// run is everything that a stream gives, with how often a loss was told.
	run := func(set Set, config LoaderConfig) (images []byte, labels []int32, told int) {
		config.Shuffle, config.Mirror, config.Workers, config.Seed = true, true, 3, 7
		config.OnLoss = func(int, error) { told++ }
		l, err := NewLoader(t.Context(), set, config)
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Close()
		for range batches {
			b, err := l.Next(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			images, labels = append(images, b.Images...), append(labels, b.Labels...)
			l.Release(b)
		}
		lost := l.Lost(l.Position())
		if bad := BadOf(set, lost); !slices.Equal(bad.Lost, []string{"1/22.png"}) || Identity(set, lost) == set.Fingerprint() {
			t.Errorf("lost are %v", bad.Lost)
		}
		return images, labels, told
	}
	for name, set := range map[string]Set{"kept in memory": kept, "read each time": read} {
		var wg sync.WaitGroup
		for k, s := range streams {
			want, wantLabels, _ := run(s.of(reference), s.config)
			one := s.of(set)
			wg.Go(func() {
				got, labels, told := run(one, s.config)
				if !bytes.Equal(got, want) || !slices.Equal(labels, wantLabels) || told != 1 {
					t.Errorf("%s: stream %d is another one beside others, or told %d times of its loss", name, k, told)
				}
			})
		}
		wg.Wait()
	}
}

// fileSet is the folder itself behind what Open gives, which keeps nothing.
func fileSet(t *testing.T, set Set) Images {
	t.Helper()
	f := filesOf(set)
	if f == nil {
		t.Fatalf("a %T has no files", set)
	}
	return f
}

// even is images, each all of its number plus one, that readers come out of two
// at a time.
type even struct {
	counting
	inside sync.WaitGroup
}

func (e *even) Read(dst []byte, i int) error {
	e.inside.Done()
	e.inside.Wait()
	for k := range dst {
		dst[k] = byte(i + 1)
	}
	return nil
}

// Two that decode an image at once keep it once, and no reader is given what is
// not all there.
func TestCacheIsShared(t *testing.T) {
	const size, rounds, late = 1 << 16, 40, 2
	for range rounds {
		source := &even{counting: counting{n: 1, size: size}}
		source.inside.Add(2)
		set := keep(source, size)
		read := func() {
			dst := make([]byte, size)
			if err := set.Read(dst, 0); err != nil || bytes.Count(dst, []byte{1}) != size {
				t.Errorf("%d of %d bytes are there, %v", bytes.Count(dst, []byte{1}), size, err)
			}
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(read)
		}
		for range late {
			wg.Go(func() {
				for set.(*cached).states[0].Load() != full {
					runtime.Gosched()
				}
				read()
			})
		}
		wg.Wait()
	}
}
