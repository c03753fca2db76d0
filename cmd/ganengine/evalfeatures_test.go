package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// labelled is 8x8 pictures of two characters, enough for a classifier.
const labelled = "-set data.limit=120 -set data.characters=OX -quiet"

// A classifier is trained once, kept, and measured by: its rows say which it is, and its
// file is a name for it.
func TestEvalByClassifier(t *testing.T) {
	p := newPlace(t)
	t.Setenv("GANENGINE_CACHE", p.at("cache"))
	p.run(append(strings.Fields(labelled), "-config", "@/images.toml", "-out", "@/runs", "-set", "eval.every=4", "-set", "eval.metrics=kd,cs", "-set", "eval.features=classifier", "-set", "eval.samples=50")...)
	during := string(p.read("runs/00000-dcgan-glyphs-b8/metrics.jsonl"))
	if log := string(p.read("runs/00000-dcgan-glyphs-b8/log.txt")); !strings.Contains(log, "classifier glyphcnn-") {
		t.Errorf("the log does not name the classifier:\n%s", log)
	}
	eval := func(features string) string {
		status, out, errs := p.try("eval", "-run", "0", "-out", "@/runs", "-n", "50", "-metrics", "kd,cs", "-json", "-features", features)
		if status != 0 || !strings.Contains(errs, "classifier glyphcnn-") || strings.Contains(errs, "training a classifier") {
			t.Fatalf("status %d: %s", status, errs)
		}
		return out
	}
	kept, err := filepath.Glob(p.at("cache/classifier/*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	for _, features := range []string{"classifier", kept[0]} {
		if after := eval(features); after != during {
			t.Errorf("by %s the values are\n%sand while training\n%s", features, after, during)
		}
	}
	rows := rowsOf(t, during)
	hash := rows[0].Hash
	if want := []string{"kd50_glyphcnn-" + hash[:4] + "_train", "cs50_glyphcnn-" + hash[:4]}; !slices.Equal(namesOf(rows), want) {
		t.Errorf("%v, want %v", namesOf(rows), want)
	}
	if r := rows[1]; r.Value < 1 || r.Value > 2 || r.Reals != 0 || r.Settings["classes"] != 2 || r.Settings["splits"] != 10 || !strings.Contains(r.Network, "of 12 held-out images") {
		t.Errorf("%+v", r)
	}
	// Folders are measured by the classifier of their real images' classes.
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "20", "-o", "@/fakes/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "60", "-o", "@/real/a/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "60", "-seed", "61", "-o", "@/real/b/")
	if status, out, errs := p.try("eval", "-i", "@/fakes", "-data", "@/real", "-metrics", "precision", "-features", "classifier"); status != 0 || !strings.Contains(out, "precision20_foldercnn-") {
		t.Errorf("a folder: status %d, %s%s", status, out, errs)
	}
}

// What cannot be measured by a classifier is one line with what to do.
func TestEvalFeaturesErrors(t *testing.T) {
	p := newPlace(t)
	t.Setenv("GANENGINE_CACHE", "off")
	p.train("images")
	p.train("points")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "12", "-o", "@/photos/")
	p.write("text.safetensors", "no tensors")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-run", "0", "-metrics", "kd", "-features", "clasifier"}, `-features: there are no features "clasifier"; did you mean classifier?`},
		{[]string{"-run", "0", "-metrics", "kd", "-features", "classifier"}, "-features: a classifier needs 100 labelled images or more, and these data have 64"},
		{[]string{"-run", "0", "-metrics", "cs"}, "cs is over the probabilities of a classifier, and these features have none: name -features classifier"},
		{[]string{"-run", "0", "-metrics", "is"}, "IS is cs over the features of one network: ask for cs, with features = the path of"},
		{[]string{"-run", "1", "-metrics", "kd", "-features", "classifier"}, "-features: features classifier are of images, and these samples are points"},
		{[]string{"-i", "@/photos", "-data", "@/photos", "-metrics", "kd", "-features", "classifier"}, "for -features classifier and metrics of classes: data: "},
		{[]string{"-run", "0", "-metrics", "kd", "-features", "@/text.safetensors"}, "text.safetensors"},
		{[]string{"-run", "0", "-metrics", "kd", "-features", "@/missing.safetensors"}, "missing.safetensors"},
		{[]string{"-run", "0", "-metrics", "kd", "-features", "@/runs/00000-dcgan-glyphs-b8/checkpoints/000004.safetensors"}, "000004.safetensors holds no network that samples are measured by"},
	} {
		status, out, errs := p.try(append([]string{"eval", "-out", "@/runs", "-n", "12"}, test.args...)...)
		if status != 2 || out != "" || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q, %q; want %q", test.args, status, out, errs, test.want)
		}
	}
	status, out, errs := p.try("-config", "@/images.toml", "-out", "@/other", "-set", "eval.every=2", "-set", "eval.metrics=kd", "-set", "eval.features=classifier")
	if status != 2 || !strings.Contains(errs, "eval.features: a classifier needs 100 labelled images or more, and these data have 64") {
		t.Errorf("status %d, %s, %s", status, out, errs)
	}
	if _, err := os.Stat(p.at("other")); err == nil {
		t.Error("a run was left behind")
	}
	if found, err := filepath.Glob(p.at("runs/*/metrics.jsonl")); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
}

// Samples that are asked for by class teach a classifier, and of other runs and data it is
// said that they do not.
func TestEvalClassificationAccuracy(t *testing.T) {
	p := newPlace(t)
	t.Setenv("GANENGINE_CACHE", "off")
	p.write("asked.toml", strings.NewReplacer("size = 8", "size = 16", "[model]", "labels = true\n[model]\nkind = \"sngan\"").Replace(images))
	p.run(append(strings.Fields(labelled), "-config", "@/asked.toml", "-out", "@/runs", "-set", "data.limit=200")...)
	status, out, errs := p.try("eval", "-run", "0", "-out", "@/runs", "-n", "150", "-metrics", "cas", "-json")
	if status != 0 { // a slow machine tells of progress
		t.Fatal(errs)
	}
	rows := rowsOf(t, out)
	if got, want := namesOf(rows), []string{"cas150_residual-2_train", "cas-real150_residual-2_train"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if cas, own := rows[0], rows[1]; cas.Value > .8 || own.Value < .9 || cas.Settings["train"] != 150 || cas.Settings["test"] != 40 || *cas.Checkpoint != 4 {
		t.Errorf("after four steps it is %+v, and of real samples %+v", cas, own)
	}
	p.train("images")
	for want, args := range map[string][]string{
		"cas is of samples that are asked for by class":                   {"-run", "1"},
		"cas: a classifier is trained on 100 samples or more, got 99":     {"-run", "0", "-n", "99"},
		"cas is of samples that are asked for by class: ganengine eval m": {"-i", "@/photos", "-data", "@/photos"},
	} {
		if args[0] == "-i" {
			p.run("sample", "-run", "0", "-out", "@/runs", "-n", "10", "-o", "@/photos/a/")
		}
		status, out, errs := p.try(append([]string{"eval", "-out", "@/runs", "-metrics", "cas"}, args...)...)
		if status != 2 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q, %q; want %q", args, status, out, errs, want)
		}
	}
}
