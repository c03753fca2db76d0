package report

import (
	"cmp"
	"slices"
	"strings"

	"ganengine/engine/printable"
)

// chart is curves with one pair of axes.
type chart struct {
	Title  string   `json:"title"`
	Note   string   `json:"note,omitempty"`
	Points bool     `json:"points,omitempty"` // few values, each a point
	Series []series `json:"series"`
}

// series is a curve: a column of a table.
type series struct {
	Label string  `json:"label"`
	Table int     `json:"table"`
	Key   string  `json:"key"`
	Color int     `json:"color"`           // one of the page's
	Dash  int     `json:"dash,omitempty"`  // one of the page's
	Times float64 `json:"times,omitempty"` // what numbers are multiplied by; 0: 1
}

// table is numbers by step.
type table struct {
	X []int64            `json:"x"`
	Y map[string]numbers `json:"y"`
}

// family is keys of stats.jsonl that belong on one chart.
type family struct {
	title, note string
	has         func(key string) bool
	times       float64
}

// Keys that end or begin in some way, or are among some.
func ending(suffix string) func(string) bool {
	return func(key string) bool { return strings.HasSuffix(key, suffix) }
}

func beginning(prefix string) func(string) bool {
	return func(key string) bool { return strings.HasPrefix(key, prefix) }
}

func among(keys ...string) func(string) bool {
	return func(key string) bool { return slices.Contains(keys, key) }
}

// said says whether a key is what D says, in logits or probabilities, of real or generated samples.
func said(prefix string) func(string) bool {
	return func(key string) bool {
		return strings.HasPrefix(key, prefix) && (strings.Contains(key, "real") || strings.Contains(key, "fake"))
	}
}

// families are the charts of a run in order; a key is of the first that has it.
var families = []family{
	{title: "Losses", note: "what each side minimises; in a healthy game neither runs away", has: ending("_loss")},
	{title: "What D says: probabilities", note: "of real and of generated samples; 0.5 where D cannot tell", has: said("p_")},
	{title: "What D says: logits", note: "before the loss maps them", has: said("d_")},
	{title: "Accuracy of D", note: "share of samples that D takes for what they are", has: beginning("accuracy_")},
	{title: "Diversity", note: "of generated samples: diversity 1 and alike 0.1 where they are as varied as the data", has: among("diversity", "alike")},
	{title: "Drift of the losses", note: "how much higher they are in the later half of the last 300 steps", has: ending("_drift")},
	{title: "Lengths of gradients", has: ending("_grad")},
	{title: "Penalties", has: among("r1", "gp", "r2")},
	{title: "Learning rates", has: ending("_lr")},
	{title: "Images a second", has: among("images_per_second")},
	{title: "Where time goes", note: "seconds of each log interval", has: ending("_seconds")},
	{title: "Memory, GiB", has: ending("_bytes"), times: 1.0 / (1 << 30)},
}

// unplotted are keys that are axes, or say the same as others: they have no curves.
var unplotted = []string{"step", "images", "kimg", "seconds"}

// charts are those of the columns of a table.
func charts(keys []string, table int) (out []chart) {
	of := make([]chart, len(families))
	keys = slices.SortedStableFunc(slices.Values(keys), func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	var rest []chart
	for _, key := range keys {
		at := slices.IndexFunc(families, func(f family) bool { return f.has(key) })
		if at < 0 {
			rest = append(rest, chart{Title: label(key), Series: []series{{Label: label(key), Table: table, Key: key, Color: color(key, nil)}}})
			continue
		}
		f, c := families[at], &of[at]
		c.Title, c.Note = f.title, f.note
		c.Series = append(c.Series, series{Label: label(key), Table: table, Key: key, Color: color(key, c.Series), Times: f.times})
	}
	for _, c := range append(of, rest...) {
		if c.Series != nil {
			out = append(out, c)
		}
	}
	return out
}

// rank puts the data and D before samples and G.
func rank(key string) int {
	if color(key, nil) == colorD {
		return 0
	}
	return 1
}

// label is a key for people.
func label(key string) string {
	if text, ok := labels[key]; ok {
		return text
	}
	for _, suffix := range []string{"_loss", "_grad", "_lr", "_drift", "_seconds"} {
		if name, ok := strings.CutSuffix(key, suffix); ok {
			return printable.Line(strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):])
		}
	}
	return printable.Line(key)
}

var labels = map[string]string{
	"p_real": "D(x)", "p_fake": "D(G(z))", "p_fake_after": "D(G(z)) after D's update",
	"d_real": "real", "d_fake": "generated", "d_fake_after": "generated, after D's update",
	"accuracy_real": "real", "accuracy_fake": "generated",
	"images_per_second": "images a second", "device_bytes": "device", "host_peak_bytes": "host, at most",
}

// colors are those of a page: the first of what belongs to D and the data, the second of what belongs to G and its
// samples, others of the rest.
const (
	colorD = iota
	colorG
	colorFree
	colors = 8
)

// color is the same for the same side on every chart, as long as no other curve of the chart has it.
func color(key string, others []series) int {
	want := colorFree
	switch {
	case strings.HasSuffix(key, "_real"), strings.HasPrefix(key, "d_") && !strings.Contains(key, "fake"), key == "device_bytes", key == "images_per_second":
		want = colorD
	case strings.HasSuffix(key, "_fake"), strings.HasPrefix(key, "g_"), key == "diversity", key == "host_peak_bytes":
		want = colorG
	}
	taken := func(c int) bool { return slices.ContainsFunc(others, func(s series) bool { return s.Color == c }) }
	if !taken(want) {
		return want
	}
	for c := colorFree; c < colors; c++ {
		if !taken(c) {
			return c
		}
	}
	return len(others) % colors
}
