//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/gan/classifier"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data"
	"ganengine/gan/explore"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/systems/rows"
)

// TestClasses trains configurations that draw digits by class: a classifier that is trained
// on as many others, and is right for 99% of digits that it has not seen, finds the one that was
// asked for in 95% of samples, and those of a class differ among themselves by 70% of what
// images of the data do.
func TestClasses(t *testing.T) {
	const each = 100
	dev := newDevice(t)
	digits := digitsOf(t, 16)
	judge, err := classifier.Train(t.Context(), dev, digits, classifier.Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer judge.Close()
	for _, name := range []string{"cdcgan", "acgan", "cgan-glyphs", "sngan-resnet"} {
		t.Run(name, func(t *testing.T) {
			if name == "sngan-resnet" {
				fully(t) // it trains for two minutes, and learns to obey in the second
			}
			seeded(t, processors, func(c *check, seed int) {
				t, dev := c.T, c.device()
				cfg := configtest.Shipped(t, name, fmt.Sprint("run.seed=", seed))
				unseen, labels := imagesOf(t, &cfg.Data, 20000, 10*each)
				if right := agreement(t, judge, unseen, labels); right < .99 {
					t.Fatalf("the classifier is right for %.1f%% of digits that it has not seen, want 99%%", 100*right)
				}
				asked := make([]int, 10*each)
				for i := range asked {
					asked[i] = i / each
				}
				made := pixelsByClass(t, trained(t, dev, cfg), dev, asked)
				right, share := agreement(t, judge, made, asked), apartWithin(made, asked)/apartWithin(unseen, labels)
				c.hold("of the class asked for, %", 100*right, rows.AtLeast(95))
				c.hold("distance within classes, of the data's", share, rows.AtLeast(.7))
			})
		})
	}
}

// digitsOf is labelled digits of a size.
func digitsOf(t *testing.T, size int) data.Set {
	t.Helper()
	set, err := data.Open(t.Context(), data.Spec{Kind: "glyphs", Characters: "0-9", Height: size, Width: size, Channels: 1, Labels: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// agreement is the share of images whose class is the one given.
func agreement(t *testing.T, judge *classifier.Net, pixels []byte, classes []int) float64 {
	t.Helper()
	side := int(math.Sqrt(float64(len(pixels) / len(classes))))
	said, err := judge.Predict(t.Context(), tensor.New(tensor.WithShape(len(classes), side, side, 1), tensor.WithBacking(pixels)))
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, c := range said {
		if c == classes[i] {
			right++
		}
	}
	return float64(right) / float64(len(classes))
}

// apartWithin is the mean distance of two images of a class.
func apartWithin(pixels []byte, classes []int) float64 {
	n := len(classes)
	size, sum, pairs := len(pixels)/n, 0., 0
	for i := range n {
		for j := range i {
			if classes[i] != classes[j] {
				continue
			}
			square := 0.
			for k := range size {
				d := float64(pixels[i*size+k]) - float64(pixels[j*size+k])
				square += d * d
			}
			sum, pairs = sum+math.Sqrt(square), pairs+1
		}
	}
	return sum / float64(pairs)
}

// pixelsByClass are samples of the classes asked for, each of a seed of its own.
func pixelsByClass(t *testing.T, run rundir.Dir, dev *cpu.Device, classes []int) []byte {
	t.Helper()
	e, err := explore.Open(run, dev, explore.Options{Systems: systems.Everything()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	path := filepath.Join(t.TempDir(), "samples.npy")
	l := e.OfClass(seeds(e, len(classes)), e.Width(), func(i int) int { return classes[i] })
	if err := e.Write(t.Context(), path, l, explore.Output{}); err != nil {
		t.Fatal(err)
	}
	shape, out, err := npy.ReadFile[uint8](path)
	if err != nil {
		t.Fatal(err)
	}
	if len(shape) != 4 || shape[0] != len(classes) {
		t.Fatal(fmt.Errorf("samples have shape %v", shape))
	}
	return out
}
