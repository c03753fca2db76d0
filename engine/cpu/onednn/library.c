//go:build linux && cgo

// Loading: dlopen, symbols, engine, stream and the number of threads.
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLVE(function, result, args) \
    if (!(*(void **)&a->function = dlsym(l->handle, "dnnl_" #function))) return "dnnl_" #function;

// resolve fills in the function table and returns the first name that is
// missing, or NULL.
static const char *resolve(library_t *l) {
    api_t *a = &l->api;
    COMMON_FUNCTIONS(RESOLVE)
    l->version = a->version();
    if (l->version->major >= 3) {
        V3_FUNCTIONS(RESOLVE)
    } else {
        V2_FUNCTIONS(RESOLVE)
    }
    return NULL;
}

library_t *onednn_load(const char *path, char *why, size_t n) {
    // Idle workers of OpenMP sleep instead of spinning, so that they leave the
    // cores to the caller's own threads. Read when the runtime is loaded; a
    // user's own choice stands.
    if (!getenv("GOMP_SPINCOUNT")) setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    library_t *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(why, n, "%s: out of memory", path);
        return NULL;
    }
    // Never closed again: the workers of the OpenMP runtime keep running in it.
    l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!l->handle) {
        snprintf(why, n, "%s", dlerror());
        free(l);
        return NULL;
    }
    const char *missing = resolve(l);
    if (missing) {
        snprintf(why, n, "%s: no symbol %s", path, missing);
        free(l);
        return NULL;
    }
    Dl_info info;
    l->path = dladdr((void *)l->api.version, &info) ? info.dli_fname : path;
    return l;
}

int onednn_start(library_t *l, int threads) {
    const api_t *a = &l->api;
    l->owner = pthread_self();
    l->threads = 1;
    // The OpenMP runtime is among the library's dependencies, where dlsym looks
    // too. The number holds for parallel regions of this thread only.
    void (*set)(int) = NULL;
    if (l->version->cpu_runtime == RUNTIME_OPENMP) *(void **)&set = dlsym(l->handle, "omp_set_num_threads");
    if (set) {
        set(threads);
        l->threads = threads;
    }
    int status = a->engine_create(&l->engine, ENGINE_CPU, 0);
    if (status == STATUS_OK) status = a->stream_create(&l->stream, l->engine, STREAM_DEFAULT);
    if (status == STATUS_OK) status = a->primitive_attr_create(&l->attr);
    if (status == STATUS_OK) status = a->primitive_attr_set_scratchpad_mode(l->attr, SCRATCHPAD_USER);
    return status;
}

void onednn_stop(library_t *l) {
    if (l->attr) l->api.primitive_attr_destroy(l->attr);
    if (l->stream) l->api.stream_destroy(l->stream);
    if (l->engine) l->api.engine_destroy(l->engine);
    free(l);
}

int onednn_is_owner(const library_t *l) { return pthread_equal(pthread_self(), l->owner); }
