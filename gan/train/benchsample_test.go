package train

import (
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
)

// Generation is measured of every shipped configuration, of those too that translate.
func TestBenchSample(t *testing.T) {
	if testing.Short() {
		t.Skip("each shipped configuration is compiled")
	}
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		h, _ := testHost(t, t.TempDir())
		report, err := Bench(t.Context(), c, h, BenchOptions{Steps: 1, Sample: true})
		if err != nil {
			t.Fatal(err)
		}
		s := report.Sample
		if s == nil || s.Batch < maxImages || !(s.P50MS > 0 && s.P50MS <= s.P95MS && s.ImagesPerSecond > 0) {
			t.Errorf("%+v", s)
		}
	})
}
