// Package roofline measures how fast a device multiplies and how fast it moves
// memory at best, and judges kernels by it: none can be faster than its
// arithmetic or its memory traffic allows.
//
// The measurement goes through the device's own path, as programs of one large
// kernel each, so it holds for every device that takes profiles.
//
// Source: Williams, Waterman, Patterson, "Roofline: an insightful visual
// performance model for multicore architectures", CACM 52(4), 2009.
package roofline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
)

// Limits are a device's best measured rates.
type Limits struct {
	Matrix map[string]float64 // FLOP/s of matrix products, by the operands' type
	Memory float64            // bytes/s, of adding two arrays into a third
}

// Bound is the least time in which the device could do what a kernel does: its
// arithmetic by the cheapest algorithm known, or its memory traffic, whichever
// takes longer.
func (l Limits) Bound(k device.KernelTime) time.Duration {
	var seconds float64
	if rate := l.Matrix[k.Type]; rate > 0 {
		seconds = float64(k.Least) / rate
	}
	if l.Memory > 0 {
		seconds = max(seconds, float64(k.Bytes)/l.Memory)
	}
	return time.Duration(seconds * float64(time.Second))
}

// sizes of the measured kernels; of rounds the fastest counts.
type sizes struct{ matrix, array, rounds int }

// Measure takes the rates that judge the given kernels: of memory, and of
// products in their types. The device must take profiles.
func Measure(dev device.Device, kernels []device.KernelTime) (Limits, error) {
	// Matrices whose arithmetic hides their memory, and arrays larger than caches.
	return sizes{matrix: 2048, array: 24 << 20, rounds: 4}.measure(dev, kernels)
}

func (s sizes) measure(dev device.Device, kernels []device.KernelTime) (Limits, error) {
	l := Limits{Matrix: map[string]float64{}}
	for _, t := range []graph.DType{graph.F32, graph.BF16, graph.F64} {
		if !slices.ContainsFunc(kernels, func(k device.KernelTime) bool { return k.Type == t.String() }) {
			continue
		}
		n := s.matrix
		k, err := s.fastest(dev, t.String(), n*n, func(x, _ *graph.Node) *graph.Node {
			m := graph.Cast(graph.Reshape(x, graph.Shape{n, n}), t)
			return graph.Reshape(graph.Cast(graph.MatMul(m, m), graph.F32), graph.Shape{n * n})
		})
		if err != nil {
			return Limits{}, fmt.Errorf("measuring matrix products in %s: %w", t, err)
		}
		l.Matrix[t.String()] = float64(k.Flops) / k.Time.Seconds()
	}
	k, err := s.fastest(dev, "", s.array, graph.Add)
	if err != nil {
		return Limits{}, fmt.Errorf("measuring memory: %w", err)
	}
	l.Memory = float64(k.Bytes) / k.Time.Seconds()
	return l, nil
}

// fastest runs z = f(x, y) for arrays of n numbers and answers the kernel that
// computes in the given type ("": that moves most), in its fastest run.
func (s sizes) fastest(dev device.Device, kind string, n int, f func(x, y *graph.Node) *graph.Node) (best device.KernelTime, err error) {
	profiler, ok := dev.(device.Profiler)
	if !ok {
		return best, fmt.Errorf("device %s takes no profile", dev.Info().Name)
	}
	vars := graph.NewVars()
	var v [3]*graph.Variable
	for i, name := range []string{"x", "y", "z"} {
		v[i] = vars.Add(&graph.Variable{Name: name, Shape: graph.Shape{n}, DType: graph.F32, Group: name, Init: graph.Fill(graph.F32, 0)})
	}
	p, err := graph.Build("roofline", vars, func(b *graph.Builder) { b.Update(v[2], f(b.Read(v[0]), b.Read(v[1])), nil) })
	if err != nil {
		return best, err
	}
	run := session.New(dev, vars, session.Options{})
	defer func() { err = errors.Join(err, run.Close()) }()
	if err := run.Compile(p); err != nil {
		return best, err
	}
	for _, v := range v {
		if err := run.WriteBytes(v.Name, numbers(n)); err != nil {
			return best, err
		}
	}
	for range s.rounds {
		profiler.StartProfile()
		_, err := run.Program(p.Name).Finish()
		if k := pick(profiler.StopProfile(), kind); err == nil && k.Time > 0 && (best.Time == 0 || k.Time < best.Time) {
			best = k
		}
		if err != nil {
			return best, err
		}
	}
	if best.Time == 0 {
		return best, errors.New("the profile holds no such kernel")
	}
	return best, nil
}

// pick finds the kernel of products in a type, or the one that moves most.
func pick(kernels []device.KernelTime, kind string) (found device.KernelTime) {
	for _, k := range kernels {
		if k.Type == kind && k.Bytes > found.Bytes {
			found = k
		}
	}
	return found
}

// numbers are n float32 in [1, 2): a processor may be faster with zeros.
func numbers(n int) []byte {
	b := make([]byte, 0, 4*n)
	for i := range n {
		b = binary.NativeEndian.AppendUint32(b, math.Float32bits(1)|uint32(i)*2654435761>>9)
	}
	return b
}
