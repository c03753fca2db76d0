//go:build cuda && cgo && linux

package driver

/*
#include "shim.h"

// module_load loads PTX, a C string, and has the assembler write its messages.
static CUresult module_load(CUmodule *module, const char *ptx, char *log, size_t size) {
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, (void *)size};
    return cuModuleLoadDataEx(module, ptx, 2, options, values);
}
*/
import "C"

import (
	"bytes"
	"fmt"
	"strings"

	"gorgonia.org/cu"
)

// LoadPTX compiles PTX for the current context's device and loads it. The error
// carries the assembler's messages. Unload it with cu's Module.Unload.
func LoadPTX(ptx []byte) (cu.Module, error) {
	text := C.CBytes(append(bytes.Clone(ptx), 0))
	defer C.free(text)
	var log [4096]C.char
	var module C.CUmodule
	if err := check(C.module_load(&module, (*C.char)(text), &log[0], C.size_t(len(log)))); err != nil {
		if messages := strings.TrimSpace(C.GoString(&log[0])); messages != "" {
			return cu.Module{}, fmt.Errorf("loading a module of PTX: %w: %s", err, messages)
		}
		return cu.Module{}, fmt.Errorf("loading a module of PTX: %w", err)
	}
	return makeModule(module), nil
}

// Attributes of functions that cu does not name, for SetAttribute.
const (
	MaxDynamicShared cu.FunctionAttribute = C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES    // bytes that a launch may ask for
	SharedCarveout   cu.FunctionAttribute = C.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT // percent of the L1 cache
)

// SetAttribute sets an attribute of a function.
func SetAttribute(f cu.Function, a cu.FunctionAttribute, value int) error {
	if err := check(C.cuFuncSetAttribute(function(f), C.CUfunction_attribute(a), C.int(value))); err != nil {
		return fmt.Errorf("setting a function's attribute %d to %d: %w", a, value, err)
	}
	return nil
}
