package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// A training leaves its page; report makes it again, in its place or at another one.
func TestReport(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	const name = "runs/00000-dcgan-glyphs-b8/report.html"
	first := string(p.read(name))
	for _, want := range []string{`class="pill good">done`, `"group":"grids","step":4,`, `"group":"reals"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the page of a training has no %s", want)
		}
	}
	if err := os.Remove(p.at(name)); err != nil {
		t.Fatal(err)
	}
	if out := p.run("report", "0", "-out", "@/runs"); !strings.Contains(out, name+": open it in a browser") || len(p.read(name)) == 0 {
		t.Errorf("report says %s", out)
	}
	p.run("report", "latest", "-out", "@/runs", "-o", "@/page.html")
	if page := string(p.read("page.html")); !strings.Contains(page, `"group":"grids","step":4,`) {
		t.Error("the page at another place has no grid")
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "name the run: ganengine report latest"},
		{[]string{"7"}, "run 7: no such run"},
		{[]string{"0", "-o", "@/page.txt"}, "-o: name FILE.html"},
		{[]string{"0", "-o", "@/none/page.html"}, "there is no directory"},
		{[]string{"0", "-o", "@/" + name}, "is kept by the training of run"},
	} {
		if status, _, errs := p.try(append(append([]string{"report"}, test.args...), "-out", "@/runs")...); status == 0 || !strings.Contains(errs, test.want) {
			t.Errorf("report %q: status %d: %s", test.args, status, errs)
		}
	}
}

// The page of a comparison has samples of the same latents where two models take such, and else the last grids.
func TestComparePage(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("-config", "@/images.toml", "-seed", "3", "-name", "other", "-out", "@/runs", "-quiet")
	p.run("-config", "@/images.toml", "-set", "model.z=6", "-name", "wide", "-out", "@/runs", "-quiet")
	out := p.run("compare", "0", "1", "2", "-out", "@/runs", "-o", "@/cmp.html")
	if !strings.Contains(out, "cmp.html: the same as a page") || !strings.Contains(out, "model.z") {
		t.Errorf("compare prints %s", out)
	}
	page := string(p.read("cmp.html"))
	for _, want := range []string{"Samples of the same latents, seeds 1 to 36", "0 dcgan-glyphs-b8, step 4</figcaption>", "1 other, step 4</figcaption>",
		"2 wide, step 4: the last grid of its training (its latents are of another kind)</figcaption>", `"group":"run2"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if status, _, errs := p.try("compare", "0", "1", "-out", "@/runs", "-o", "@/cmp.png"); status != 2 || !strings.Contains(errs, "-o: name FILE.html") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// runs -json is for programs: an array, whatever there is.
func TestRunsJSON(t *testing.T) {
	p := newPlace(t)
	if out := p.run("runs", "@", "-json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("no runs are %s", out)
	}
	p.train("images")
	p.train("points")
	p.write("runs/00000-dcgan-glyphs-b8/metrics.jsonl", `{"name":"psnr10k","value":null}`+"\n")
	p.write("runs/00001-mlp-ring-b8/run.json", "{")
	var got []map[string]any
	if err := json.Unmarshal([]byte(p.run("runs", "@/runs", "-json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d runs", len(got))
	}
	for key, want := range map[string]any{"number": 0., "name": "dcgan-glyphs-b8", "dir": p.at("runs/00000-dcgan-glyphs-b8"), "status": "done", "step": 4.} {
		if got[0][key] != want {
			t.Errorf("%s is %v, want %v", key, got[0][key], want)
		}
	}
	if m, ok := got[0]["last_metric"].(map[string]any); !ok || m["name"] != "psnr10k" || m["value"] != nil {
		t.Errorf("the last metric is %v", got[0]["last_metric"])
	}
	if got[1]["status"] != "damaged" || !strings.Contains(got[1]["problem"].(string), "run.json") {
		t.Errorf("the damaged run is %v", got[1])
	}
}
