package session

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
)

// Format is the version of checkpoints that this program writes. It changes with what a
// Variable means, not only with the file: a state that another version would continue
// otherwise is refused.
const Format = "ganengine-2"

var stored = map[graph.DType]safetensors.DType{graph.F32: safetensors.F32, graph.F64: safetensors.F64, graph.BF16: safetensors.BF16,
	graph.I32: safetensors.I32, graph.U8: safetensors.U8, graph.Bool: safetensors.Bool}

// Save writes every Variable by name, with metadata, to a safetensors file
// that replaces path whole or not at all. A checkpoint written on one device
// loads on another: it holds canonical shapes and types only.
func (s *Session) Save(path string, metadata map[string]string) error {
	meta := map[string]string{}
	maps.Copy(meta, metadata)
	meta["format"] = Format
	var entries []safetensors.Entry
	for _, v := range s.vars.All() {
		entries = append(entries, safetensors.Entry{
			Tensor: safetensors.Tensor{Name: v.Name, DType: stored[v.DType], Shape: v.Shape},
			Write: func(w io.Writer) error {
				data, err := s.ReadBytes(v.Name)
				if err != nil {
					return err
				}
				_, err = w.Write(data)
				return err
			}})
	}
	if err := atomicfile.Replace(path, func(w io.Writer) error { return safetensors.Write(w, entries, meta) }); err != nil {
		return fmt.Errorf("writing checkpoint: %w", err)
	}
	return nil
}

// Load reads every Variable from a checkpoint and gives its metadata through
// get. The file is compared with the session's Variables before any is
// written, so that a checkpoint of another model changes nothing.
func (s *Session) Load(path string) (get func(key string) (string, bool), err error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoint: %w", err)
	}
	defer f.Close()
	if format, _ := f.Metadata("format"); format != Format {
		return nil, fmt.Errorf("%s is no checkpoint of this version: its format is %q, not %q; load it with the version that wrote it", path, format, Format)
	}
	if err := s.compare(path, f); err != nil {
		return nil, err
	}
	for _, v := range s.vars.All() {
		if err := s.loadVariable(f, v.Name); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	meta := map[string]string{}
	for _, k := range f.MetadataKeys() {
		meta[k], _ = f.Metadata(k)
	}
	return func(key string) (string, bool) { v, ok := meta[key]; return v, ok }, nil
}

// LoadWeights reads only the Variables that want chooses, each from the tensor
// of the same name: the start of fine-tuning.
func (s *Session) LoadWeights(path string, want func(name string) bool) (loaded int, err error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return 0, fmt.Errorf("reading weights: %w", err)
	}
	defer f.Close()
	var names []string
	for _, v := range s.vars.All() {
		if !want(v.Name) {
			continue
		}
		t, ok := f.Lookup(v.Name)
		if !ok {
			return 0, fmt.Errorf("%s holds no %s: it is of another model", path, v.Name)
		}
		if why := differs(v, t); why != "" {
			return 0, fmt.Errorf("%s: %s", path, why)
		}
		names = append(names, v.Name)
	}
	for _, name := range names {
		if err := s.loadVariable(f, name); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(names), nil
}

// loadVariable sets a Variable to the tensor of its name.
func (s *Session) loadVariable(f *safetensors.File, name string) error {
	r, err := f.Section(name)
	if err != nil {
		return err
	}
	host, err := s.stage(r.Size())
	if err != nil {
		return err
	}
	data := host.Data()[:r.Size()]
	if _, err := io.ReadFull(r, data); err != nil {
		return fmt.Errorf("reading tensor %s: %w", name, err)
	}
	return s.WriteBytes(name, data)
}

// compare says how a checkpoint's tensors differ from the Variables, naming a few.
func (s *Session) compare(path string, f *safetensors.File) error {
	var faults []string
	have := map[string]bool{}
	for _, v := range s.vars.All() {
		have[v.Name] = true
		t, ok := f.Lookup(v.Name)
		if !ok {
			faults = append(faults, "it has no "+v.Name)
		} else if why := differs(v, t); why != "" {
			faults = append(faults, why)
		}
	}
	for _, t := range f.Tensors() {
		if !have[t.Name] {
			faults = append(faults, "it has "+t.Name+", which this model has not")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	more := ""
	if len(faults) > 3 {
		more = fmt.Sprintf(" (and %d more)", len(faults)-3)
		faults = faults[:3]
	}
	return fmt.Errorf("%s is a checkpoint of another model: %s%s", path, strings.Join(faults, "; "), more)
}

// differs says what type and shape a Variable has here and there; "" where
// they are the same.
func differs(v *graph.Variable, t safetensors.Tensor) string {
	if t.DType != stored[v.DType] || !slices.Equal(t.Shape, v.Shape) {
		return fmt.Sprintf("%s is %s %s there, %s %s here", v.Name, t.DType, graph.Shape(t.Shape), stored[v.DType], v.Shape)
	}
	return ""
}
