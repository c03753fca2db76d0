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

// open_library opens the first of the places, named up to a null, where the library
// is; why the first failed is what counts where it is in none. Never closed again:
// the driver has threads of its own.
static void *open_library(const char *const *places) {
    for (int i = 0; places[i]; i++) {
        void *handle = dlopen(places[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle) return handle;
        const char *why = dlerror();
        if (i == 0) snprintf(shim.why, sizeof shim.why, "%s", why);
    }
    return NULL;
}

static void start(const char *const *places) {
    void *handle = open_library(places);
    if (!handle) {
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

const shim_t *shim_start(const char *const *places) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int started;
    pthread_mutex_lock(&lock);
    if (!started) start(places);
    started = 1;
    pthread_mutex_unlock(&lock);
    return &shim;
}
