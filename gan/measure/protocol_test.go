package measure

import (
	"testing"

	"ganengine/gan/inception"
	"ganengine/gan/metric"
)

// TestPublishedNames: only distances over the features of FID's own network, by the hash of its weights, are called FID and KID.
func TestPublishedNames(t *testing.T) {
	for _, c := range []struct{ metric, feature, hash, want string }{
		{"fd", "inception", inception.PublishedHash, "fid10k_inception-6726_test"},
		{"fd", "inception-torch", inception.PublishedHash, "fid10k_inception-torch-6726_test"},
		{"kd", "inception", inception.PublishedHash, "kid10k_inception-6726_test"},
		{"cs", "inception", inception.PublishedHash, "is10k_inception-6726_test"},
		{"precision", "inception", inception.PublishedHash, "precision10k_inception-6726_test"},
		{"fd", "inception", inception.PublishedHash[:63] + "3", "fd10k_inception-6726_test"},
		{"fd", "inception", "a1b2c3", "fd10k_inception-a1b2_test"},
		{"fd", "classifier", inception.PublishedHash, "fd10k_classifier-6726_test"},
		{"fd", "pixels", "", "fd10k_pixels_test"},
	} {
		row := rowOf(metric.Quantity{Name: c.metric}, metric.Result{}, Protocol{Samples: 10000, Split: "test", Feature: c.feature, Hash: c.hash})
		if row.Name != c.want || row.Metric != c.metric || row.Hash != c.hash {
			t.Errorf("%s over %s %s is %s, want %s", c.metric, c.feature, c.hash, row.Name, c.want)
		}
	}
}
