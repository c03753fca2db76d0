package train

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ganengine/engine/plainfile"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
)

// LoadFrozen gives a game's frozen players their weights, and says which these are. A run
// that goes on, or is looked into, takes those of the files that it began with, of
// which its run.json tells; run is nil at the beginning.
func LoadFrozen(g *game.Game, ses *session.Session, run *rundir.Info) (map[string]rundir.Weights, error) {
	return eachFrozen(g, ses, run, ses.LoadWeights)
}

// checkFrozen says why LoadFrozen would fail. The session needs no memory.
func checkFrozen(g *game.Game, ses *session.Session, run *rundir.Info) error {
	_, err := eachFrozen(g, ses, run, session.Check)
	return err
}

func eachFrozen(g *game.Game, ses *session.Session, run *rundir.Info, use func(session.Tensors, []session.Source) error) (map[string]rundir.Weights, error) {
	var all map[string]rundir.Weights
	for _, p := range g.Players {
		if p.Ref == nil {
			continue
		}
		w, err := weightsOf(p, run)
		if err == nil {
			err = withFrozen(g, ses, p, w.Path, use)
		}
		if err != nil {
			return nil, fmt.Errorf("weights of the frozen %s: %w", p.Title(), err)
		}
		if all == nil {
			all = map[string]rundir.Weights{}
		}
		all[p.Name] = w
	}
	return all, nil
}

// weightsOf finds a frozen player's file.
func weightsOf(p *game.Player, run *rundir.Info) (w rundir.Weights, err error) {
	w = rundir.Weights{Path: p.Ref.Path, Network: p.Ref.Network}
	var before rundir.Weights
	if run != nil {
		var ok bool
		if before, ok = run.Frozen[p.Name]; !ok {
			return w, errors.New("run.json does not say which file they were of; start a run of its own with -init")
		}
		w.Path = before.Path
	} else if info, err := os.Stat(w.Path); err == nil && info.IsDir() {
		at, err := rundir.Dir(w.Path).Checkpoint("latest")
		if err != nil {
			return w, err
		}
		w.Path = at.Path
	}
	if w.Path, err = filepath.Abs(w.Path); err != nil {
		return w, err
	}
	if w.SHA256, err = hashOf(w.Path); err != nil {
		return w, fmt.Errorf("%w; name a run or a safetensors file, or put it back", err)
	}
	if run != nil && w.SHA256 != before.SHA256 {
		return w, fmt.Errorf("%s is not the file that the run began with: its SHA-256 is %.12s and was %.12s; put that back, or start a run of its own with -init", w.Path, w.SHA256, before.SHA256)
	}
	return w, nil
}

func hashOf(path string) (string, error) {
	f, _, err := plainfile.OpenLinked(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// withFrozen finds a player's weights in a file, by our names or by PyTorch's, for use.
func withFrozen(g *game.Game, ses *session.Session, p *game.Player, path string, use func(session.Tensors, []session.Source) error) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sources := named(p.Net, p.Ref.Network)
	if _, ours := f.Lookup(sources[0].Tensor); !ours && p.Torch != nil {
		sources = torch(g.Vars, p.Net, p.Torch)
	}
	if err := ses.Fits(f, sources); err != nil {
		return fmt.Errorf("%s has no such network: %w; name a run or a file that has it", path, err)
	}
	return use(f, sources)
}
