//go:build cuda && cgo && linux

#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static shim_t shim = {.result = CUDA_ERROR_NOT_INITIALIZED};

// The package gorgonia.org/cu calls cuInit when the program starts and ends
// the program if that fails. So it answers success and does nothing: the
// driver is started only when somebody asks for a device.
CUresult cuInit(unsigned int flags) {
    (void)flags;
    return CUDA_SUCCESS;
}

CUresult shim_absent(void) { return shim.stage == SHIM_STARTED ? CUDA_ERROR_NOT_FOUND : shim.result; }

static void fail(enum shim_stage stage, CUresult result) {
    memset(shim_slots, 0, shim_count * sizeof *shim_slots);
    shim.stage = stage;
    shim.result = result;
}

static void start(void) {
    // Never closed again: the driver has threads of its own.
    void *handle = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        snprintf(shim.why, sizeof shim.why, "%s", dlerror());
        fail(SHIM_NO_LIBRARY, CUDA_ERROR_NO_DEVICE);
        return;
    }
    for (int i = 0; i < shim_count; i++) shim_slots[i] = dlsym(handle, shim_names[i]);
    Dl_info info;
    void *any = dlsym(handle, "cuInit");
    shim.path = any && dladdr(any, &info) ? info.dli_fname : "libcuda.so.1";
    CUresult result = shim_real_version(&shim.version);
    if (result != CUDA_SUCCESS || !any) {
        snprintf(shim.why, sizeof shim.why, "%s", any ? "cuDriverGetVersion" : "cuInit");
        fail(SHIM_INCOMPLETE, result != CUDA_SUCCESS ? result : CUDA_ERROR_NOT_FOUND);
        return;
    }
    if (shim.version < SHIM_OLDEST) {
        fail(SHIM_OLD_DRIVER, CUDA_ERROR_NOT_SUPPORTED);
        return;
    }
    result = shim_real_init();
    if (result != CUDA_SUCCESS) {
        fail(SHIM_INIT_FAILED, result);
        return;
    }
    shim.result = CUDA_SUCCESS;
    shim.stage = SHIM_STARTED;
}

const shim_t *shim_start(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return &shim;
}
