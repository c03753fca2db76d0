package measure

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/gan/classifier"
	"ganengine/gan/features"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
)

// Protocol is all that a value depends on beside the samples. Values of different
// protocols are not compared.
type Protocol struct {
	Samples int    `json:"samples"`                   // generated
	Reals   int    `json:"reals,omitempty"`           // real; without, none were needed
	Split   string `json:"split,omitempty"`           // of the data that the real ones are from
	Data    string `json:"data,omitempty"`            // its identity
	Train   string `json:"train,omitempty"`           // identity of what was trained on, where that is compared too
	Pairing string `json:"pairs,omitempty"`           // how real samples and what was made of each are pairs: reconstruct or names
	Resize  string `json:"resize"`                    // how samples come to their size
	Feature string `json:"feature"`                   // what samples are measured by
	Hash    string `json:"feature_hash,omitempty"`    // of the network's weights
	Network string `json:"feature_network,omitempty"` // where it comes from
	With    string `json:"with,omitempty"`            // the run that it is compared with
	Seed    int    `json:"seed"`                      // of the samples, and of what is chosen among them
}

// protocol is that of a metric with such needs.
func (r *Request) protocol(needs metric.Needs, n counts) Protocol {
	by := r.extractor
	p := Protocol{Samples: n.fake, Data: r.Data.Fingerprint(), Resize: r.resize(by), Feature: by.Name(), Hash: by.Hash(), Network: by.About(), Seed: r.Seed}
	switch {
	case needs.Pairs:
		p.Samples, p.Reals, p.Split, p.Pairing = n.pairs, n.pairs, r.Split, r.Pairing
	case needs.Rival:
		p.Samples, p.Reals, p.Split, p.With = r.Samples, n.judged, r.Split, r.Rival.Name
	case needs.Density:
		p.Samples, p.Reals, p.Split = n.judged, n.judged, r.Split
	case needs.Classes:
		p.Samples, p.Reals, p.Split = n.lessons, n.lessons+n.tests, r.Split
		p.Feature, p.Hash, p.Network = classifier.Recipe, "", ""
		p.Resize = r.resize(nil)
		if r.Asked.Held != nil {
			p.Train = r.Asked.Real.Fingerprint()
		}
	case needs.Real:
		p.Reals, p.Split = n.real, r.Split
	}
	if needs.Pairs || needs.Rival || needs.Density { // samples as they are, not by features
		p.Feature, p.Hash, p.Network, p.Resize = features.Plain(r.Shape).Name(), "", "", r.resize(nil)
	}
	if needs.Train {
		p.Train = r.Train.Fingerprint()
	}
	return p
}

// resize says how samples come to their size, and then to that of the network.
func (r *Request) resize(by features.Extractor) string {
	how := "none"
	if h, w, c := r.Data.Shape(); r.Fit != "" {
		how = fmt.Sprintf("%s to %dx%dx%d", r.Fit, w, h, c)
	}
	if by != nil && by.Resize() != "" {
		how += ", " + by.Resize()
	}
	return how
}

// Row is a value with its protocol, as metrics.jsonl has it.
type Row struct {
	Name     string             `json:"name"`   // of the value with its protocol in short
	Metric   string             `json:"metric"` // of the value
	Value    rundir.Number      `json:"value"`
	Error    *rundir.Number     `json:"error,omitempty"`
	Better   string             `json:"better"`
	Settings map[string]float64 `json:"settings,omitempty"`
	Found    map[string]float64 `json:"found,omitempty"` // what came out beside the value
	Protocol
	Checkpoint *int64 `json:"checkpoint,omitempty"` // step of the run's weights; none for a folder
	Average    *bool  `json:"average,omitempty"`    // whether they are the average of the weights
}

// shortHash is how much of a network's hash names have.
const shortHash = 4

// rowOf is a result under its name: fd10k_pixels_test, fd10k_glyphcnn-a1b2_test, recall10k-k3_pixels_train,
// ssim10k-reconstruct_pixels_test, modes10k_points, and fid10k_inception-6726_test over the network of FID alone.
func rowOf(q metric.Quantity, r metric.Result, p Protocol) Row {
	name := q.Name
	if features.Published(p.Feature, p.Hash) {
		name = metric.Published(name)
	}
	if last := name[len(name)-1]; '0' <= last && last <= '9' {
		name += "-" // L1-10k
	}
	name += short(p.Samples)
	if p.Pairing != "" {
		name += "-" + p.Pairing
	}
	if k, ok := r.Settings["k"]; ok && k != UsualNeighbours {
		name += fmt.Sprintf("-k%g", k)
	}
	name += "_" + p.Feature
	if p.Hash != "" {
		name += "-" + p.Hash[:min(shortHash, len(p.Hash))]
	}
	if p.Split != "" {
		name += "_" + p.Split
	}
	row := Row{Name: name, Metric: q.Name, Value: rundir.Number(r.Value), Better: q.Better.String(), Settings: r.Settings, Found: r.Found, Protocol: p}
	if r.Error > 0 {
		wrong := rundir.Number(r.Error)
		row.Error = &wrong
	}
	return row
}

// short writes thousands as k: 10k.
func short(n int) string {
	if n%1000 == 0 && n > 0 {
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// Split is which part of some data a path is, by the name that it ends in: test, val or
// train, as the files and folders of data sets are called; other where the name says
// nothing.
func Split(path string) string {
	base := strings.ToLower(filepath.Base(path))
	for _, s := range []struct {
		name  string
		begin []string
	}{{"test", []string{"test", "t10k"}}, {"val", []string{"val", "dev"}}, {"train", []string{"train"}}} {
		if slices.ContainsFunc(s.begin, func(begin string) bool { return strings.HasPrefix(base, begin) }) {
			return s.name
		}
	}
	return "other"
}
