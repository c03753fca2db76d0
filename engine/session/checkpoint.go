package session

import (
	"errors"
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
// otherwise is refused. Since 2 each tensor has a checksum.
const Format = "ganengine-2"

var stored = map[graph.DType]safetensors.DType{graph.F32: safetensors.F32, graph.F64: safetensors.F64, graph.BF16: safetensors.BF16,
	graph.I32: safetensors.I32, graph.U8: safetensors.U8, graph.Bool: safetensors.Bool}

// kept are the Variables that checkpoints hold.
func (s *Session) kept() []*graph.Variable {
	return slices.DeleteFunc(slices.Clone(s.vars.All()), func(v *graph.Variable) bool { return v.External })
}

// Save writes every Variable but external ones by name, with metadata, to a safetensors file
// that replaces path whole or not at all. A checkpoint written on one device
// loads on another: it holds canonical shapes and types only.
func (s *Session) Save(path string, metadata map[string]string) error {
	meta := map[string]string{}
	maps.Copy(meta, metadata)
	meta["format"] = Format
	var entries []safetensors.Entry
	for _, v := range s.kept() {
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
	if err := atomicfile.Replace(path, func(w io.Writer) error { return safetensors.WriteChecked(w, entries, meta) }); err != nil {
		return fmt.Errorf("writing checkpoint: %w", err)
	}
	return nil
}

// Load reads every Variable but external ones from a checkpoint and gives its metadata through
// get. The file is compared with the session's Variables, and with its own
// checksums, before any is written, so that a checkpoint of another model or a
// damaged one (*safetensors.FormatError) changes nothing.
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
	if !f.Checksummed() {
		return nil, &safetensors.FormatError{File: path, What: "its checksums are missing: the file is damaged"}
	}
	if err := f.CheckAll(); err != nil {
		return nil, fmt.Errorf("reading checkpoint: %w", err)
	}
	for _, v := range s.kept() {
		data, err := s.readTensor(f, v.Name)
		if err == nil {
			err = s.WriteBytes(v.Name, data)
		}
		if err != nil {
			return nil, fmt.Errorf("reading checkpoint: %w", err)
		}
	}
	meta := map[string]string{}
	for _, k := range f.MetadataKeys() {
		meta[k], _ = f.Metadata(k)
	}
	return func(key string) (string, bool) { v, ok := meta[key]; return v, ok }, nil
}

// A Source says which tensor of a file a Variable's value comes from.
type Source struct {
	Variable, Tensor string
	Shape            []int                    // of the tensor, which has the Variable's type
	Layout           func(data []byte) []byte // from the tensor's bytes to the Variable's; nil where they are the same
}

// Tensors are what Variables' values come from, by name: a safetensors file, or another that
// gives its tensors as one does.
type Tensors interface {
	Lookup(name string) (safetensors.Tensor, bool)
	// Check reads a tensor, to see that it is undamaged.
	Check(name string) error
	// ReadBytes fills dst with a tensor's elements, row-major and little endian.
	ReadBytes(name string, dst []byte) error
}

// Fits says in which way a file lacks what the sources name; nil where it lacks
// nothing.
func (s *Session) Fits(f Tensors, sources []Source) error {
	for _, from := range sources {
		v := s.vars.ByName(from.Variable)
		if v == nil {
			return fmt.Errorf("there is no variable %q", from.Variable)
		}
		t, ok := f.Lookup(from.Tensor)
		if !ok {
			return fmt.Errorf("it has no %s", from.Tensor)
		}
		if why := differs(from.Tensor, t, stored[v.DType], from.Shape); why != "" {
			return errors.New(why)
		}
	}
	return nil
}

// Check reads what the sources name, to see that it is undamaged.
func Check(f Tensors, sources []Source) error {
	for _, from := range sources {
		if err := f.Check(from.Tensor); err != nil {
			return err
		}
	}
	return nil
}

// LoadWeights sets Variables to tensors of a file, of any names: the start of
// fine-tuning. All tensors are looked at before any Variable is written; damage
// is a *safetensors.FormatError.
func (s *Session) LoadWeights(f Tensors, sources []Source) error {
	if err := s.Fits(f, sources); err != nil {
		return err
	}
	if err := Check(f, sources); err != nil {
		return err
	}
	for _, from := range sources {
		data, err := s.readTensor(f, from.Tensor)
		if err != nil {
			return err
		}
		if from.Layout != nil {
			data = from.Layout(data)
		}
		if err := s.WriteBytes(from.Variable, data); err != nil {
			return err
		}
	}
	return nil
}

// readTensor gives a tensor's bytes, which are valid until the session's next transfer.
func (s *Session) readTensor(f Tensors, name string) ([]byte, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("it has no %s", name)
	}
	size := int64(t.Elements() * t.DType.Size())
	host, err := s.stage(size)
	if err != nil {
		return nil, err
	}
	data := host.Data()[:size]
	return data, f.ReadBytes(name, data)
}

// compare says how a checkpoint's tensors differ from the Variables, naming a few.
func (s *Session) compare(path string, f *safetensors.File) error {
	var faults []string
	have := map[string]bool{}
	for _, v := range s.kept() {
		have[v.Name] = true
		t, ok := f.Lookup(v.Name)
		if !ok {
			faults = append(faults, "it has no "+v.Name)
		} else if why := differs(v.Name, t, stored[v.DType], v.Shape); why != "" {
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

// differs says what type and shape a tensor has there, and should have here; ""
// where they are the same.
func differs(name string, t safetensors.Tensor, dtype safetensors.DType, shape []int) string {
	if t.DType != dtype || !slices.Equal(t.Shape, shape) {
		return fmt.Sprintf("%s is %s %s there, %s %s here", name, t.DType, graph.Shape(t.Shape), dtype, graph.Shape(shape))
	}
	return ""
}
