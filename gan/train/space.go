package train

import (
	"fmt"

	"ganengine/gan/rundir"
)

// spareBytes are left free beside a checkpoint, for the run's growing files and pictures.
const spareBytes = 1 << 20

// checkpointBytes is what a checkpoint takes, but for its head, which spareBytes has room for.
func (r *rig) checkpointBytes() (n int64) {
	for _, v := range r.trainer.game.Vars.All() {
		n += int64(v.Bytes())
	}
	return n
}

// space is how many bytes files in a directory may take still; false where the system does
// not tell.
func (h Host) space(dir string) (int64, bool) {
	ask := h.free
	if ask == nil {
		ask = rundir.Space
	}
	free, err := ask(dir)
	return free, err == nil
}

// checkSpace says that a directory has no room for a checkpoint; a full disk at the end of
// a run would be the worst moment to learn it. The caller adds what to do.
func (r *rig) checkSpace(dir string) error {
	need := r.checkpointBytes() + spareBytes
	if free, known := r.host.space(dir); known && free < need {
		return fmt.Errorf("%s has %d MiB free, and a checkpoint takes %d MiB", dir, free>>20, mebibytes(need))
	}
	return nil
}

// fill says once, before the first step, that the checkpoints that are to be kept will not all have room.
func (r *rig) fill(dir string) (line string) {
	keep := r.cfg.Checkpoint.Keep
	free, known := r.host.space(dir)
	if !known || keep <= 0 {
		return ""
	}
	if every := r.cfg.Checkpoint.Every; every > 0 {
		keep = min(keep, r.cfg.Train.Steps/every)
	} else {
		keep = 1
	}
	if r.eval != nil && r.cfg.Checkpoint.Best != "" {
		keep++
	}
	need := int64(keep+1) * (r.checkpointBytes() + spareBytes) // the newest is there before the oldest goes
	if free >= need {
		return ""
	}
	return fmt.Sprintf("%s has %d MiB free, and the checkpoints of this run will take up to %d MiB: free some, or lower checkpoint.keep", dir, free>>20, mebibytes(need))
}
