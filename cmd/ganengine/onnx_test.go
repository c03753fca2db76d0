package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"ganengine/engine/onnx/onnxtest"
	"ganengine/gan/npy"
)

// The program in docs/weights.md that runs a generator in onnxruntime makes the pixels that
// sample makes of the same latents.
func TestONNXSnippet(t *testing.T) {
	python := onnxtest.Python(t)
	page, err := os.ReadFile("../../docs/weights.md")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, ok := strings.Cut(string(page), "```python\nimport numpy as np\nimport onnxruntime\n")
	snippet, _, closed := strings.Cut(snippet, "```")
	if !ok || !closed {
		t.Fatal("docs/weights.md has no such program")
	}
	p := newPlace(t)
	p.train("images")
	p.run("export", "-run", "0", "-out", "@/runs", "-o", "@/generator.onnx")
	p.write("snippet.py", "import numpy as np\nimport onnxruntime\n"+snippet+"\nnp.save(\"z.npy\", z)\n")
	c := exec.Command(python, "snippet.py")
	c.Dir = p.at("")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.HasSuffix(strings.TrimSpace(string(out)), "numbers, N(0, 1)") {
		t.Errorf("it says %q of z", out)
	}
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/z.npy", "-o", "@/ours.npy")
	shape, ours, err := npy.ReadFile[uint8](p.at("ours.npy"))
	if err != nil {
		t.Fatal(err)
	}
	_, theirs, err := npy.ReadFile[uint8](p.at("pixels.npy"))
	if err != nil || len(ours) != len(theirs) {
		t.Fatalf("%v; %d and %d pixels of shape %v", err, len(ours), len(theirs), shape)
	}
	for i := range ours {
		if d := int(ours[i]) - int(theirs[i]); d < -1 || d > 1 {
			t.Fatalf("pixel %d is %d, and %d in onnxruntime", i, ours[i], theirs[i])
		}
	}
}

// What an ONNX file is asked for is said in the name, and one that cannot be is refused.
func TestExportByName(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("export", "-run", "0", "-out", "@/runs", "-net", "d", "-o", "@/d.ONNX")
	head := make([]byte, 2)
	f, err := os.Open(p.at("d.ONNX"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(head); err != nil || string(head) != "\x08\x08" { // IR version 8
		t.Errorf("the file begins with % x, %v", head, err)
	}
}
