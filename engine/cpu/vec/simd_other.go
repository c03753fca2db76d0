//go:build !amd64

package vec

import "ganengine/engine/internal/isa"

// Without assembly no Ops has simd set, and none of these is reached with
// anything to do: each reports that it did nothing.

var needs isa.Table

func f32[T Float]([]T) []float32 { return nil }

func unarySIMD(bool, UnaryOp, []float32, []float32) bool                    { return false }
func binarySIMD(bool, BinaryOp, []float32, []float32, []float32) bool       { return false }
func binaryScalarSIMD(bool, BinaryOp, []float32, []float32, float32) bool   { return false }
func scalarBinarySIMD(bool, BinaryOp, []float32, float32, []float32) bool   { return false }
func leakyReluSIMD(bool, []float32, []float32, float32) bool                { return false }
func leakyReluGradSIMD(bool, []float32, []float32, []float32, float32) bool { return false }
func selectSIMD([]float32, []float32, []float32, []float32) bool            { return false }
func mulAddSIMD(bool, []float32, []float32, []float32, []float32) bool      { return false }
func axpySIMD(bool, []float32, []float32, float32, []float32) bool          { return false }
func allFiniteSIMD([]float32) bool                                          { return false }
func sumSIMD([]float32, *[lanes]float64) int                                { return 0 }
func dotSIMD([]float32, []float32, *[lanes]float64) int                     { return 0 }
func sumSquaresAboutSIMD([]float32, float64, *[lanes]float64) int           { return 0 }
func maximumSIMD(x []float32) (float32, []float32)                          { return x[0], x }
func addColumnsSIMD(bool, []float64, []float32) int                         { return 0 }
func addColumnsProductSIMD(bool, []float64, []float32, []float32) int       { return 0 }
func addColumnsSquaresAboutSIMD(bool, []float64, []float32, []float64) int  { return 0 }
func toBF16SIMD(bool, []uint16, []float32) int                              { return 0 }
func fromBF16SIMD(bool, []float32, []uint16) int                            { return 0 }
func fromUint8SIMD([]float32, []uint8, float32, float32) int                { return 0 }

// Prefetch does nothing here.
func Prefetch(uintptr, int) {}
