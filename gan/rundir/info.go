package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

const infoFile = "run.json"

// Info is run.json: what a reader of the results must know about how they came about.
type Info struct {
	Version   string            `json:"version"`
	Revision  string            `json:"revision"`
	Device    string            `json:"device"`
	Libraries map[string]string `json:"libraries,omitempty"` // name to version, as found at run time
	Engines   json.RawMessage   `json:"engines,omitempty"`   // the device's record of measured choices
	Precision string            `json:"precision"`
	Threads   int               `json:"threads,omitempty"`
	Seed      uint64            `json:"seed"`
	Data      Data              `json:"data"`
	Classes   []string          `json:"classes,omitempty"`
	// Sections are the data of further streams, by the name of their section.
	Sections map[string]Section `json:"sections,omitempty"`
	// Frozen are the weights of networks that the run uses and does not train, by their names.
	Frozen map[string]Weights `json:"frozen,omitempty"`
	Best   *Best              `json:"best,omitempty"`
	// Warnings are what was seen to go wrong while it trained, in order.
	Warnings []Warning `json:"warnings,omitempty"`

	// Start, End and ExitReason sum up Segments; WriteInfo sets them.
	Start      time.Time `json:"start,omitzero"`
	End        time.Time `json:"end,omitzero"`
	ExitReason string    `json:"exit_reason,omitempty"`

	Segments []Segment `json:"segments"`
}

// Data identifies the training data.
type Data struct {
	Kind        string `json:"kind"`
	Path        string `json:"path,omitempty"`
	Fingerprint string `json:"fingerprint"`
	Items       int    `json:"items,omitempty"`
	Shape       []int  `json:"shape,omitempty"`    // of one item: height, width, channels; or its length
	LeftOut     int    `json:"left_out,omitempty"` // files that could not be read when the run began
	Lost        int    `json:"lost,omitempty"`     // files that went bad since
}

// As is the data under the identity that a checkpoint gives them.
func (d Data) As(fingerprint string) Data {
	d.Fingerprint = fingerprint
	return d
}

// Section is further data with the classes of their labels.
type Section struct {
	Data
	Classes []string `json:"classes,omitempty"`
}

// Weights are those of a network in a safetensors file.
type Weights struct {
	Path    string `json:"path"`
	Network string `json:"network"` // its name there
	SHA256  string `json:"sha256"`  // of the whole file
}

// Best is the checkpoint with the best value of the metric that the configuration names.
type Best struct {
	Step   int64   `json:"step"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
}

// Warning is something that goes wrong in a training, for people: what was seen, and what to try.
type Warning struct {
	Step int64  `json:"step"`
	Text string `json:"text"`
}

// Segment is one uninterrupted stretch of training. End and ExitReason are missing while it runs and after a kill;
// ToStep and Seconds are then those of its last checkpoint.
type Segment struct {
	Start      time.Time `json:"start"`
	End        time.Time `json:"end,omitzero"`
	FromStep   int64     `json:"from_step"`
	ToStep     int64     `json:"to_step"`
	Seconds    float64   `json:"seconds"` // of the whole run, at the end of the segment
	ExitReason string    `json:"exit_reason,omitempty"`
	Device     string    `json:"device,omitempty"`
	Threads    int       `json:"threads,omitempty"`
	Exact      bool      `json:"exact"` // whether it continues bit for bit what came before
}

// Elapsed is how long the run has trained, in all segments.
func (i Info) Elapsed() time.Duration {
	if len(i.Segments) == 0 {
		return 0
	}
	return time.Duration(i.Segments[len(i.Segments)-1].Seconds * float64(time.Second))
}

// WriteInfo replaces run.json whole.
func (r *Run) WriteInfo(info Info) error {
	if n := len(info.Segments); n > 0 {
		last := info.Segments[n-1]
		info.Start, info.End, info.ExitReason = info.Segments[0].Start, last.End, last.ExitReason
	}
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", r.Path(infoFile), err)
	}
	return atomicfile.ReplaceBytes(r.Path(infoFile), append(b, '\n'))
}

// ReadInfo reads run.json.
func (d Dir) ReadInfo() (Info, error) {
	var info Info
	b, err := plainfile.ReadFile(d.Path(infoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return info, fmt.Errorf("%w: %s is no run directory: it has no %s", ErrNoRun, d, infoFile)
	}
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return info, fmt.Errorf("%s: %w; the file is damaged: restore it from a copy, or start a run of its own from these weights with -init", d.Path(infoFile), err)
	}
	return info, nil
}
