package rundir

import (
	"path/filepath"
	"slices"
	"strings"
)

// kept are the files of a run directory that training writes, beside those that are named
// by their steps.
var kept = []string{"config.toml", infoFile, "log.txt", StatsFile, MetricsFile, "report.html", "reals.png", lockName}

// Holds says which run a path, reached by whatever links, is of: the directory, one of its
// folders, or a file that training keeps there, or will. Other files beside them are the
// user's.
func Holds(path string) (Dir, bool) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil { // it is not there yet
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", false
		}
		real = filepath.Join(dir, filepath.Base(path))
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", false
	}
	in, base := Dir(filepath.Dir(real)), filepath.Base(real)
	folder := func(name string) bool { return name == samplesDir || name == checkpointsDir }
	switch above := Dir(filepath.Dir(string(in))); {
	case Dir(real).isRun():
		return Dir(real), true
	case in.isRun():
		return in, folder(base) || slices.Contains(kept, base) || strings.HasPrefix(base, "events.out.tfevents.")
	case folder(filepath.Base(string(in))) && above.isRun():
		return above, stepFile.MatchString(base)
	}
	return "", false
}

func (d Dir) isRun() bool { return exists(d.Path(infoFile)) && exists(d.Path(checkpointsDir)) }
