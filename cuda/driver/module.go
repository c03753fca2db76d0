//go:build cuda && cgo && linux

package driver

/*
#include "shim.h"
#include <stdlib.h>

// module_load loads PTX, a C string, and has the assembler write its messages.
static CUresult module_load(CUmodule *module, const char *ptx, char *log, size_t size) {
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, (void *)size};
    return cuModuleLoadDataEx(module, ptx, 2, options, values);
}

// link_ptx assembles PTX, a C string, for the current context's device. The image is
// the state's, which the caller destroys.
static CUresult link_ptx(CUlinkState *state, char *ptx, size_t bytes, void **cubin, size_t *size, char *log, size_t room) {
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, (void *)room};
    CUresult result = cuLinkCreate(2, options, values, state);
    if (result == CUDA_SUCCESS) result = cuLinkAddData(*state, CU_JIT_INPUT_PTX, ptx, bytes, "program", 0, NULL, NULL);
    if (result == CUDA_SUCCESS) result = cuLinkComplete(*state, cubin, size);
    return result;
}
*/
import "C"

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"

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
		return cu.Module{}, assembling("loading a module of PTX", err, &log[0])
	}
	return makeModule(module), nil
}

// Assemble compiles PTX to the machine code of the current context's device, for
// LoadCubin. The error carries the assembler's messages.
func Assemble(ptx []byte) (cubin []byte, err error) {
	text := C.CBytes(append(bytes.Clone(ptx), 0))
	defer C.free(text)
	// The linker writes messages until its state is destroyed.
	log := (*C.char)(C.calloc(4096, 1))
	defer C.free(unsafe.Pointer(log))
	var state C.CUlinkState
	var image unsafe.Pointer
	var size C.size_t
	result := C.link_ptx(&state, (*C.char)(text), C.size_t(len(ptx)+1), &image, &size, log, 4096)
	if state != nil {
		defer C.cuLinkDestroy(state)
	}
	if err := check(result); err != nil {
		return nil, assembling("assembling PTX", err, log)
	}
	return C.GoBytes(image, C.int(size)), nil
}

// LoadCubin loads what Assemble has made.
func LoadCubin(cubin []byte) (cu.Module, error) {
	image := C.CBytes(cubin)
	defer C.free(image)
	var module C.CUmodule
	if err := check(C.cuModuleLoadData(&module, image)); err != nil {
		return cu.Module{}, fmt.Errorf("loading a module of machine code: %w", err)
	}
	return makeModule(module), nil
}

func assembling(what string, err error, log *C.char) error {
	if messages := strings.TrimSpace(C.GoString(log)); messages != "" {
		return fmt.Errorf("%s: %w: %s", what, err, messages)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// MaxDynamicShared is an attribute of functions that cu does not name, for
// SetAttribute: the bytes of shared memory that a launch may ask for.
const MaxDynamicShared cu.FunctionAttribute = C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES

// SetAttribute sets an attribute of a function.
func SetAttribute(f cu.Function, a cu.FunctionAttribute, value int) error {
	if err := check(C.cuFuncSetAttribute(function(f), C.CUfunction_attribute(a), C.int(value))); err != nil {
		return fmt.Errorf("setting a function's attribute %d to %d: %w", a, value, err)
	}
	return nil
}
