package main

import (
	"strings"
	"testing"
)

func TestTrampolines(t *testing.T) {
	c, err := trampolines("CUresult cuInit(unsigned int);\nCUresult cuA(void);\nCUresult cuB(const char *, size_t, void **);\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"    __typeof__(cuInit) *cuInit;\n    __typeof__(cuA) *cuA;\n    __typeof__(cuB) *cuB;\n",
		"    \"cuInit\",\n    \"cuA\",\n    \"cuB\",\n",
		"CUresult cuA(void) {\n    return driver.cuA ? driver.cuA() : shim_absent();\n}\n",
		"CUresult cuB(const char *a, size_t b, void **c) {\n    return driver.cuB ? driver.cuB(a, b, c) : shim_absent();\n}\n",
	} {
		if !strings.Contains(string(c), want) {
			t.Errorf("no %q in:\n%s", want, c)
		}
	}
	if strings.Contains(string(c), "CUresult cuInit(") {
		t.Error("cuInit has a trampoline")
	}
}

func TestStrangeDeclarations(t *testing.T) {
	for _, header := range []string{
		"",
		"CUresult cuA(void);\nint cuB(void);\n",
		"CUresult cuA(int,\n    int);\n",
		"CUresult cuA(void (*)(int));\n",
		"CUresult cuA(int[4]);\n",
	} {
		if c, err := trampolines(header); err == nil {
			t.Errorf("%q gives\n%s", header, c)
		}
	}
	if _, err := results("CUDA_SUCCESS = 0,\n"); err == nil {
		t.Error("a header without results is accepted")
	}
}
