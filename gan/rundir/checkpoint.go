package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

const (
	samplesDir     = "samples"
	checkpointsDir = "checkpoints"
)

// stepFile matches files that are named by their step: 000000.png, 000500-ema.png, 1000000.safetensors.
var stepFile = regexp.MustCompile(`^([0-9]{6,18})(\D.*)$`)

// StepFile is a file that is named by its step: a checkpoint or a sample grid.
type StepFile struct {
	Step int64
	Path string
}

// ErrNoCheckpoint is in the error of Checkpoint when the run has none, or none that is
// called so.
var ErrNoCheckpoint = errors.New("no such checkpoint")

// bare is an ErrNoCheckpoint of a run that has none at all, in words of its own.
type bare struct{ text string }

func (e *bare) Error() string { return e.text }
func (e *bare) Unwrap() error { return ErrNoCheckpoint }

// CheckpointPath is where the checkpoint of a step belongs.
func (d Dir) CheckpointPath(step int64) string {
	return d.Path(checkpointsDir, fmt.Sprintf("%06d.safetensors", step))
}

// SamplePath is where the sample grid of a step belongs.
func (d Dir) SamplePath(step int64) string {
	return d.Path(samplesDir, fmt.Sprintf("%06d.png", step))
}

// Checkpoints lists the checkpoints by step.
func (d Dir) Checkpoints() ([]StepFile, error) {
	return stepFiles(d.Path(checkpointsDir), ".safetensors")
}

// Samples lists the sample grids by step.
func (d Dir) Samples() ([]StepFile, error) {
	return stepFiles(d.Path(samplesDir), ".png")
}

// stepFiles lists the files STEPsuffix of a folder by step, STEP* for an empty suffix. A folder that does not exist
// has none.
func stepFiles(dir, suffix string) ([]StepFile, error) {
	err := plainfile.Directory(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []StepFile
	for _, e := range entries {
		m := stepFile.FindStringSubmatch(e.Name())
		if m == nil || suffix != "" && m[2] != suffix {
			continue
		}
		step, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if _, err := plainfile.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue // pruned since the folder was read
		} else if err != nil {
			return nil, err
		}
		out = append(out, StepFile{step, path})
	}
	slices.SortStableFunc(out, func(a, b StepFile) int { return cmp.Compare(a.Step, b.Step) })
	return out, nil
}

// Checkpoint resolves what a user calls a checkpoint: latest (or nothing), best, or a step.
func (d Dir) Checkpoint(ref string) (StepFile, error) {
	all, err := d.Checkpoints()
	if err != nil {
		return StepFile{}, err
	}
	if pid, locked := d.Owner(); len(all) == 0 && locked && pid != os.Getpid() {
		return StepFile{}, &bare{fmt.Sprintf("run %s has no checkpoint yet: process %d trains it; wait for its first", d, pid)}
	}
	if len(all) == 0 {
		return StepFile{}, &bare{fmt.Sprintf("run %s has no checkpoint: it stopped before its first; start a run of its own", d)}
	}
	newest := all[len(all)-1]
	var step int64
	switch ref {
	case "", "latest":
		return newest, nil
	case "best":
		info, err := d.ReadInfo()
		if err != nil {
			return StepFile{}, err
		}
		if info.Best == nil {
			return StepFile{}, fmt.Errorf("best: %w: run %s names none; use latest, or a step", ErrNoCheckpoint, d)
		}
		step = info.Best.Step
	default:
		if step, err = strconv.ParseInt(ref, 10, 64); err != nil {
			return StepFile{}, fmt.Errorf("checkpoint %q: %w: want latest, best or a step", ref, ErrNoCheckpoint)
		}
	}
	for _, c := range all {
		if c.Step == step {
			return c, nil
		}
	}
	return StepFile{}, fmt.Errorf("step %d: %w: run %s has %s", step, ErrNoCheckpoint, d, steps(all))
}

// steps names those of checkpoints, or the first and the last of many.
func steps(all []StepFile) string {
	if first, last := all[0].Step, all[len(all)-1].Step; len(all) > 8 {
		return fmt.Sprintf("%d, from step %d to %d", len(all), first, last)
	}
	var each []string
	for _, c := range all {
		each = append(each, strconv.FormatInt(c.Step, 10))
	}
	return "those of steps " + strings.Join(each, ", ")
}

// Before is the checkpoint before the one at path; false where there is none.
func Before(path string) (StepFile, bool) {
	all, err := stepFiles(filepath.Dir(path), ".safetensors")
	i := slices.IndexFunc(all, func(c StepFile) bool { return filepath.Base(c.Path) == filepath.Base(path) })
	if err != nil || i < 1 {
		return StepFile{}, false
	}
	return all[i-1], true
}

// Without says how to go on without a checkpoint that cannot be loaded.
func Without(bad StepFile) string {
	before, ok := Before(bad.Path)
	if !ok {
		return "there is no checkpoint before it: start a run of its own"
	}
	return fmt.Sprintf("-checkpoint %d takes the one before", before.Step)
}

// Prune removes all checkpoints but the newest keep and those of the steps in best. keep 0 keeps all.
func (r *Run) Prune(keep int, best ...int64) error {
	all, err := r.Checkpoints()
	if err != nil || keep <= 0 {
		return err
	}
	for _, c := range all[:max(0, len(all)-keep)] {
		if slices.Contains(best, c.Step) {
			continue
		}
		if err := os.Remove(c.Path); err != nil {
			return fmt.Errorf("remove old checkpoint: %w", atomicfile.Explain(err))
		}
	}
	return nil
}

// Rewind takes the run back to a checkpoint's step before it is resumed: rows of stats and metrics, sample
// pictures and checkpoints past the step go, and so does what a killed process left of unfinished files. All of it is
// looked at before any goes, and checkpoints go before the rows that led to them, so that a run that is killed
// meanwhile is whole. TensorBoard's files are the caller's: see package tfevents.
func (r *Run) Rewind(step int64) error {
	if err := r.RemoveStale(); err != nil {
		return err
	}
	var past []StepFile
	for _, sub := range []string{checkpointsDir, samplesDir} {
		files, err := stepFiles(r.Path(sub), "")
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Step > step {
				past = append(past, f)
			}
		}
	}
	for _, file := range []string{StatsFile, MetricsFile} {
		if _, err := plainfile.Lstat(r.Path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, f := range past {
		if err := os.Remove(f.Path); err != nil {
			return fmt.Errorf("remove what is past step %d: %w", step, atomicfile.Explain(err))
		}
	}
	atomicfile.SyncDir(r.Path(checkpointsDir))
	for _, file := range []string{StatsFile, MetricsFile} {
		if err := dropRows(r.Path(file), step); err != nil {
			return fmt.Errorf("drop rows past step %d: %w", step, err)
		}
	}
	return nil
}

// RemoveStale removes temporary files that a killed process left in the run directory.
func (r *Run) RemoveStale() error {
	for _, dir := range []string{string(r.Dir), r.Path(samplesDir), r.Path(checkpointsDir)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if !atomicfile.IsTemp(e.Name()) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("remove unfinished file: %w", atomicfile.Explain(err))
			}
		}
	}
	return nil
}
