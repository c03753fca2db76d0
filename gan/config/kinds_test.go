package config_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	. "ganengine/gan/config"
)

// pairKeys and soloKeys are the keys of two kinds that have little in common.
type pairKeys struct {
	Model struct {
		Latent
		Width int `toml:"width" default:"8" range:"[1,64]" doc:"width"`
	} `toml:"model"`
	Loss struct {
		Cycle Number `toml:"cycle" default:"10" range:"[0,)" doc:"weight"`
	} `toml:"loss"`
	Train struct {
		Averaging
	} `toml:"train"`
}

type soloKeys struct {
	Model struct {
		Latent
	} `toml:"model"`
	Flow struct {
		Depth int `toml:"depth" default:"2" range:"[1,9]" doc:"depth"`
	} `toml:"flow" doc:"The flow."`
}

func twoKinds() *Schema {
	solo := &soloKeys{}
	solo.Model.Z = 16
	return NewSchema(
		Kind{Name: "pair", Doc: "two of each", Keys: pairKeys{}, Optims: []string{"g", "d"}, Streams: []string{"b"}, Size: 32},
		Kind{Name: "solo", Doc: "one of each", Keys: solo, Optims: []string{"net"}, Labels: true})
}

func resolveKinds(text string, sets ...string) (*Config, error) {
	return resolveBy(twoKinds(), text, sets...)
}

// A kind has its own keys, sections, streams, optimisers and defaults, and no others.
func TestKinds(t *testing.T) {
	c, err := resolveKinds("[data]\nmirror = true\n[data.b]\nheight = 16\nwidth = 16\nmirror = false\n[optim.g]\nlr = 0.5\n[train]\nema_kimg = 3\n")
	if err != nil {
		t.Fatal(err)
	}
	b := c.Stream("b")
	if c.Data.Height != 32 || b.Height != 16 || b.Size != 16 || b.Mirror || !c.Data.Mirror || b.Kind != "glyphs" || b.Channels != 3 {
		t.Errorf("data %+v, of b %+v", c.Data, b)
	}
	if c.Optim("d").LR.Value != 0.5 || c.Optim("net") != nil || len(c.Optims) != 2 || c.Optims[1].Name != "d" {
		t.Errorf("optimisers %+v", c.Optims)
	}
	average, ok := Part[Averaging](c)
	if !ok || average.EMAKimg != 3 || c.System.(*pairKeys).Model.Z != 100 {
		t.Errorf("average %+v, keys %+v", average, c.System)
	}
	if _, ok := Part[Penalties](c); ok {
		t.Error("a part that the kind does not embed was found")
	}
	c, err = resolveKinds("[model]\nkind = \"solo\"\n[flow]\ndepth = 3\n")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := c.WriteTOML(&got); err != nil {
		t.Fatal(err)
	}
	var sections []string
	for line := range strings.Lines(got.String()) {
		if line[0] == '[' {
			sections = append(sections, strings.TrimSpace(line))
		}
	}
	want := []string{"[run]", "[data]", "[model]", "[flow]", "[optim.net]", "[train]", "[log]", "[checkpoint]", "[sample]", "[eval]"}
	if !reflect.DeepEqual(sections, want) || c.Value("model.z") != 16 || c.Value("flow.depth") != 3 {
		t.Errorf("sections %q, want %q; z %v, depth %v", sections, want, c.Value("model.z"), c.Value("flow.depth"))
	}
}

func TestKindErrorTexts(t *testing.T) {
	for _, c := range []struct {
		text string
		sets []string
		want string
	}{
		{"[optim.e]\n", nil, "my.toml:1: optim.e: there is no such key; did you mean optim.g?"},
		{"\n[optim.net]\n", nil, `my.toml:2: optim.net: belongs to model.kind = "solo", and here it is "pair", which has optim.g, optim.d; remove the section or change model.kind`},
		{"[model]\nkind = \"solo\"\n[data.b]\npath = \"x\"\n", nil, `my.toml:3: data.b: belongs to model.kind = "pair", and here it is "solo"; remove the section or change model.kind`},
		{"[model]\nkind = \"solo\"\n[loss]\ncycle = 1\n", nil, `my.toml:3: loss: belongs to model.kind = "pair", and here it is "solo"; remove the section or change model.kind`},
		{"[model]\nkind = \"solo\"\nwidth = 3\n", nil, `my.toml:3: model.width: belongs to model.kind = "pair", and here it is "solo"; remove the key or change model.kind`},
		{"", []string{"model.kind=solo", "model.width=3"}, `-set: model.width: belongs to model.kind = "pair", and here it is "solo"; remove the key or change model.kind`},
		{"[loss]\ncycle = 1\n", []string{"model.kind=solo"}, ""}, // the command line's choice drops what the file has for another
		{"[data]\nlabels = true\n", nil, `my.toml:2: data.labels: model.kind = "pair" has no use for class labels; remove it`},
		{"[data.b]\nlabels = true\n", nil, `my.toml:2: data.b.labels: model.kind = "pair" has no use for class labels; remove it`},
		{"[data]\nlabels = true\n[model]\nkind = \"solo\"\n", nil, ""},
		{"[model]\nkind = \"sol\"\n", nil, `my.toml:2: model.kind: "sol" is not a value of this key; did you mean "solo"?`},
	} {
		_, err := resolveKinds(c.text, c.sets...)
		if got := errorText(err); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// The reference says which kinds a key is of, where not all have it.
func TestKindsInReference(t *testing.T) {
	page := twoKinds().Reference()
	for _, want := range []string{"| `width` | a whole number | `8` | width; at least 1 and at most 64; with model.kind = pair |",
		"| `z` | a whole number | `16` | length of the latent vector; at least 1 and at most 65536; with model.kind = solo |",
		"NAME is g, d of pair; net of solo.", "NAME is b of pair.", "## [flow]\n\nThe flow.\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the reference lacks %s", want)
		}
	}
}
