package cpu

import (
	"errors"

	"ganengine/engine/cpu/onednn"
	"ganengine/engine/graph"
)

const (
	// smallWork is the number of multiplications and additions below which
	// waking oneDNN's team costs more than it saves.
	smallWork = 2e6
	// fewChannels is the most that an image has, which gemm's tiles of channels
	// leave half empty.
	fewChannels = 4
)

// choose looks for who computes the product: tiles, fewer multiplications, else
// oneDNN in its own type, else in f32, else gemm.
func (l *lowering) choose(s *productStep, work int64) error {
	if l.canTile(s) && l.prefersTiles(s) {
		s.tiled, s.workspace = true, 2*int64(tiledWorkspace(l.amx, s))
		return nil
	}
	if l.canBeShort(s) && l.prefersShort(s, work) {
		s.short, s.workspace = true, 4*int64(convWorkspace(l.winograd, s))
		return nil
	}
	if l.library != nil && l.prefers(s, work) {
		primitive, err := l.primitive(s)
		if err == nil {
			s.primitive, s.workspace = primitive, primitive.WorkspaceBytes()
			return nil
		}
		if !errors.Is(err, onednn.ErrUnsupported) {
			return err
		}
	}
	if s.dtype == graph.BF16 {
		s.dtype, s.widen = graph.F32, true
		return l.choose(s, work)
	}
	if s.dtype == graph.F64 {
		s.workspace = 8 * int64(gemmWorkspace(l.gemm64, s))
	} else {
		s.workspace = 4 * int64(gemmWorkspace(l.gemm32, s))
	}
	return nil
}

const (
	// shortTiles is the least number of tiles that makes up for transforming the
	// filters, and fewerShortTiles where there is no AVX-512: with 16 tiles a layer of
	// DCGAN takes 0.5 to 0.8 of gemm's time there, with 8 as much or more.
	shortTiles      = 32
	fewerShortTiles = 16
	// shortGain is what part of the multiplications must go to make up for the
	// transforms.
	shortGain = .4
)

// leastImages is where package amx's tiles, whose rows are images or a matrix's
// rows, are full enough to be faster than all else.
const leastImages = 4

// canTile says whether package amx computes the product.
func (d *Device) canTile(s *productStep) bool {
	if d.amx == nil || s.dtype != graph.BF16 {
		return false
	}
	return s.form == matMul && d.amx.SupportsProduct(tiledMatrices(s)) || s.form != matMul && d.amx.Supports(s.conv)
}

// fillsTiles says whether package amx is the first choice for what it computes.
func fillsTiles(s *productStep) bool {
	switch {
	case s.form != matMul:
		return s.conv.N >= leastImages
	case s.matmul.TransA:
		return s.k >= leastImages
	}
	return s.m >= leastImages
}

// canBeShort says whether package winograd computes the product.
func (d *Device) canBeShort(s *productStep) bool {
	return d.winograd != nil && s.form != matMul && s.dtype == graph.F32 && d.winograd.Supports(s.conv)
}

// savesEnough says whether package winograd is the first choice for what it
// computes: where it takes much fewer multiplications.
func (d *Device) savesEnough(s *productStep, work int64) bool {
	least := fewerShortTiles
	if d.wideVectors {
		least = shortTiles
	}
	return d.winograd.Tiles(s.conv) >= least && float64(d.winograd.Products(s.conv)) <= (1-shortGain)*float64(work/2)
}

// prefersLibrary says whether oneDNN is the first choice: for bf16, and with AVX-512 for
// what is large and not small, but for images of few channels. gemm does these in a step
// of DCGAN that then needs no oneDNN, so that its workers stay awake from kernel to
// kernel (pool): a tenth faster with AVX-512, a fifth at 32×32 with AVX2 alone, where
// oneDNN 2.6 is no faster with anything. Input gradients of few channels are slow in
// oneDNN everywhere (a seventh of gemm's speed for one channel). Nothing is measured:
// bits would depend on it.
func (d *Device) prefersLibrary(s *productStep, work int64) bool {
	image := s.form != matMul && s.conv.C <= fewChannels
	switch s.dtype {
	case graph.F64:
		return false
	case graph.BF16:
		return !(image && s.form == convInputGrad)
	}
	return d.wideVectors && !image && work > smallWork && !d.small(s)
}

// small says that the product is one of matrices that gemm reads where they lie.
func (d *Device) small(s *productStep) bool {
	return s.form == matMul && d.gemm32.IsSmall(matrices[float32](s))
}
