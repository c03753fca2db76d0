package features

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"ganengine/gan/inception"
)

// inceptionResizes are how images come to the size of FID's network, by the names of kinds: as in the published graph,
// and as in pytorch-fid.
var inceptionResizes = map[string]*inception.Resize{"inception": inception.TensorFlow, "inception-torch": inception.PyTorch}

// inceptionFeatures are those of FID, if the weights are.
type inceptionFeatures struct {
	*inception.Network
	name, hash string
}

func isInception(f *file) bool { return inception.Claims(f) }

func chooseInception(name string, s Subject, path string) (*Choice, error) {
	if path == "" {
		return nil, fmt.Errorf("features %[1]s are of a network whose weights are yours to bring: name their file, %[1]s:pt_inception-2015-12-05-6726825d.pth, which pytorch-fid has", name)
	}
	if err := images(name, s); err != nil {
		return nil, err
	}
	if c := s.Shape[2]; c != 1 && c != 3 {
		return nil, fmt.Errorf("features %s are of images in grey or colour, and these have %d channels", name, c)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	if err := inception.Check(f); err != nil {
		return nil, fmt.Errorf("%s is not FID's network: %w", path, err)
	}
	return &Choice{Width: inception.Width, Classes: inception.Classes, open: func(_ context.Context, h Host) (Extractor, error) { return openInception(name, path, h) }}, nil
}

func openInception(name, path string, h Host) (Extractor, error) {
	h.Progress("reading " + path)
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	e := inceptionFeatures{name: name}
	if e.hash, err = f.hash(); err != nil {
		return nil, err
	}
	if !Published(e.Name(), e.Hash()) {
		h.Note(fmt.Sprintf("%s is not the file of weights that FID is measured with (its SHA-256 begins with %.8s, that one's with %.8s): values are fd and kd over its features, and no match for published FID",
			path, e.hash, inception.PublishedHash))
	}
	if e.Network, err = inception.New(h.Device, f, inceptionResizes[name], h.Switches); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// Published says whether the features of a name, by weights of a hash, are those that FID and KID are defined by.
func Published(name, hash string) bool {
	return inceptionResizes[name] != nil && hash == inception.PublishedHash
}

func (e inceptionFeatures) Name() string   { return e.name }
func (e inceptionFeatures) Hash() string   { return e.hash }
func (e inceptionFeatures) Resize() string { return inceptionResizes[e.name].Name }

// About names the file of weights that FID is measured with, or says that another was.
func (e inceptionFeatures) About() string {
	if Published(e.Name(), e.Hash()) {
		return "pt_inception-2015-12-05-6726825d.pth"
	}
	return "not the weights that FID is measured with"
}

func (e inceptionFeatures) Width() int   { return inception.Width }
func (e inceptionFeatures) Classes() int { return inception.Classes }

func (e inceptionFeatures) Extract(ctx context.Context, x *tensor.Dense, out Outputs) error {
	shape := x.Shape()
	data, ok := x.Data().([]uint8)
	if !ok || len(shape) != 4 {
		return fmt.Errorf("features %s: samples %v are no images", e.name, shape)
	}
	return e.Network.Extract(ctx, data, shape[1], shape[2], shape[3], out.Features, out.Logits)
}
