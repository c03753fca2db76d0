package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The score of sure and equally frequent classes is their number, however great logits
// are; of samples that are all alike it is 1; and of two kinds of probabilities it is exp
// of their divergence from the mean.
func TestScore(t *testing.T) {
	const n, k = 1000, 4
	fill := func(logit func(i, c int) float64) *Comparison {
		rows := make([]float32, n*k)
		for i := range rows {
			rows[i] = float32(logit(i/k, i%k))
		}
		return &Comparison{Logits: features(t, k, rows...)}
	}
	wantValue(t, fill(func(i, c int) float64 {
		if i%k == c {
			return 3000
		}
		return -3000
	}), "cs", k, 1e-9)
	wantValue(t, fill(func(_, c int) float64 { return float64(c) }), "cs", 1, 1e-9)
	two := fill(func(i, c int) float64 { // .9 or .3 of the first class, nothing of the last two
		return map[bool][]float64{true: {math.Log(.9), math.Log(.1), -900, -900}, false: {math.Log(.3), math.Log(.7), -900, -900}}[i%2 == 0][c]
	})
	kl := func(p, q float64) float64 { return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q)) }
	wantValue(t, two, "cs", math.Exp((kl(.9, .6)+kl(.3, .6))/2), 1e-6)
	if r := value(t, two, "cs"); r.Error > 1e-9 || r.Settings["splits"] != 10 || r.Settings["classes"] != k {
		t.Errorf("%+v", r)
	}
}

// Each tenth is scored by itself: of classes one after the other each part has one, and
// the error is the deviation of the parts' scores.
func TestScoreIsOfParts(t *testing.T) {
	rows := make([]float32, 1000*10)
	for i := range 1000 {
		rows[i*10+i/100] = 1000
	}
	wantValue(t, &Comparison{Logits: features(t, 10, rows...)}, "cs", 1, 1e-9)
	for i := range 50 { // half of the first part: scores 2, 1, 1, ... deviate by .3
		rows[i*10], rows[i*10+5] = 0, 1000
	}
	r := value(t, &Comparison{Logits: features(t, 10, rows...)}, "cs")
	if math.Abs(r.Value-1.1) > 1e-9 || math.Abs(r.Error-.3) > 1e-9 {
		t.Errorf("%+v, want 1.1 and .3", r)
	}
}

// Within parts the order of samples does not matter.
func TestScoreIsPermutationInvariant(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	rows := make([]float32, 10*50*3)
	for i := range rows {
		rows[i] = float32(draw.NormFloat64())
	}
	want := value(t, &Comparison{Logits: features(t, 3, rows...)}, "cs").Value
	moved := make([]float32, len(rows))
	for s := range 10 {
		for i, at := range draw.Perm(50) {
			copy(moved[(s*50+i)*3:], rows[(s*50+at)*3:(s*50+at+1)*3])
		}
	}
	wantValue(t, &Comparison{Logits: features(t, 3, moved...)}, "cs", want, 1e-12)
}
