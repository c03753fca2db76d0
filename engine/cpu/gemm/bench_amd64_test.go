package gemm

import (
	"testing"
	"time"

	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// measure times f in turn with multiply-adds in registers for about as many
// operations, on as many goroutines, and reports f's rate and what part it is
// of that peak. Taken in turn, other work on the machine slows both alike.
func measure(b *testing.B, workers int, flops float64, f func()) {
	var own, register time.Duration
	turns := 0
	if isa.Machine().Runs(kernelNeeds) {
		turns = max(1, int(flops/192/float64(workers)))
	}
	for b.Loop() {
		start := time.Now()
		f()
		middle := time.Now()
		if turns > 0 {
			kerneltest.Team(workers).For(workers, func(int) { peak(turns) })
		}
		own, register = own+middle.Sub(start), register+time.Since(middle)
	}
	total := flops * float64(b.N)
	b.ReportMetric(total/own.Seconds()/1e9, "GFLOP/s")
	if turns > 0 {
		b.ReportMetric(100*register.Seconds()/own.Seconds()*192*float64(turns*workers)/flops, "%peak")
	}
}
