//go:build systems

package systems_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// TestAAE trains the shipped configuration: codes have the prior's moments, and the
// decoder gives images back better than the best linear code of the same length does.
func TestAAE(t *testing.T) {
	dev := newDevice(t)
	cfg := configtest.Shipped(t, "aae")
	run := trained(t, dev, cfg)
	const n = 4096
	pixels, _ := imagesOf(t, &cfg.Data, 0, n)
	side, z := cfg.Data.Height, latentLength(t, cfg)
	of := game.Data{Shape: graph.Shape{side, side, 1}, Len: 1 << 20}
	codes := asked(t, run, dev, cfg, of, "encode", game.Encoded, n)(pixels)
	worstMean, worstStd := 0., 0.
	for k := range z {
		sum, squares := 0., 0.
		for i := range n {
			x := float64(codes[i*z+k])
			sum, squares = sum+x, squares+x*x
		}
		mean := sum / n
		worstMean = max(worstMean, math.Abs(mean))
		worstStd = max(worstStd, math.Abs(math.Sqrt(squares/n-mean*mean)-1))
	}
	back := asked(t, run, dev, cfg, of, "reconstruct", game.Samples, n)(pixels)
	x := mat.NewDense(n, side*side, nil)
	lost := 0.
	for i := range pixels {
		want := float64(pixels[i])/127.5 - 1
		x.Set(i/(side*side), i%(side*side), want)
		lost += (want - float64(back[i])) * (want - float64(back[i]))
	}
	lost /= float64(len(pixels))
	linear := unexplained(t, x, z) / float64(side*side)
	t.Logf("codes: means up to %.3f, deviations up to %.1f%% off; squared error of a pixel %.4f, of %d principal components %.4f", worstMean, 100*worstStd, lost, z, linear)
	if worstMean > .2 {
		t.Errorf("the mean of a code's number is %.3f deviations of the prior, want at most 0.2", worstMean)
	}
	if worstStd > .1 {
		t.Errorf("the deviation of a code's number is %.1f%% off the prior's, want at most 10%%", 100*worstStd)
	}
	if lost >= linear {
		t.Errorf("the squared error of a pixel is %.4f, and that of %d principal components %.4f", lost, z, linear)
	}
}

func latentLength(t *testing.T, cfg *config.Config) int {
	t.Helper()
	keys, ok := config.Part[config.Latent](cfg)
	if !ok {
		t.Fatal("there is no latent")
	}
	return keys.Z
}

// unexplained is the variance of rows beyond their first principal components: the
// squared error of the best linear code of that length.
func unexplained(t *testing.T, x *mat.Dense, components int) (rest float64) {
	t.Helper()
	n, dim := x.Dims()
	for k := range dim {
		mean := mat.Sum(x.ColView(k)) / float64(n)
		for i := range n {
			x.Set(i, k, x.At(i, k)-mean)
		}
	}
	var product mat.Dense
	product.Mul(x.T(), x)
	covariance := mat.NewSymDense(dim, nil)
	for i := range dim {
		for j := i; j < dim; j++ {
			covariance.SetSym(i, j, product.At(i, j)/float64(n))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, false) {
		t.Fatal("the covariance has no decomposition")
	}
	for _, v := range eigen.Values(nil)[:dim-components] { // from the smallest up
		rest += v
	}
	return rest
}
