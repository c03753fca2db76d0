//go:build systems

package systems_test

import (
	"fmt"
	"testing"

	"ganengine/gan/config/configtest"
)

// infoRow is a step of stats.jsonl.
type infoRow struct {
	Information float64 `json:"information"`
	CodeError   float64 `json:"code_error"`
}

// TestInfoGAN trains the shipped configuration on: the information that Q finds of the
// category rises, of ln 10 = 2.30 nats that there are, and numbers are told.
// Without its term in the losses both stay where they were.
func TestInfoGAN(t *testing.T) {
	for _, info := range []float64{1, 0} {
		t.Run(fmt.Sprint("info=", info), func(t *testing.T) {
			cfg := configtest.Shipped(t, "infogan", "train.steps=300", fmt.Sprint("loss.info=", info))
			rows := readRows[infoRow](t, trained(t, newDevice(t), cfg))
			first, last := rows[0], rows[len(rows)-1]
			t.Logf("information %.3f to %.3f nats, error of numbers %.3f to %.3f", first.Information, last.Information, first.CodeError, last.CodeError)
			if info == 0 {
				if last.Information > .1 || last.CodeError < .9 {
					t.Errorf("without its term the information is %.3f nats, and numbers are told to %.3f; want at most 0.1, and 0.9 at least", last.Information, last.CodeError)
				}
				return
			}
			if first.Information > .3 || last.Information < 1 || last.CodeError > .3 {
				t.Errorf("information goes from %.3f to %.3f nats, the error of numbers to %.3f; want from 0.3 at most to 1 at least, and 0.3 at most", first.Information, last.Information, last.CodeError)
			}
		})
	}
}
