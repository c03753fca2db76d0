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
    snprintf(why, n, "%s: out of memory", path);
    library_t *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    // Never closed again: the workers of the OpenMP runtime keep running in it.
    l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const char *missing = NULL;
    if (!l->handle) {
        snprintf(why, n, "%s", dlerror());
    } else if ((missing = resolve(l))) {
        snprintf(why, n, "%s: no symbol %s", path, missing);
    } else if (l->version->cpu_runtime != RUNTIME_OPENMP && l->version->cpu_runtime != RUNTIME_SEQUENTIAL) {
        snprintf(why, n, "%s: built for another threading runtime than OpenMP", path);
    } else {
        Dl_info info;
        l->path = strdup(dladdr(*(void **)&l->api.version, &info) ? info.dli_fname : path);
    }
    if (!l->path) {
        free(l);
        return NULL;
    }
    return l;
}

int onednn_limit(library_t *l, int isa) {
    // Only the first call in a process, before the library has compiled anything, has
    // an effect; where it comes too late, what is in force may still be little enough.
    l->api.set_max_cpu_isa(isa);
    return l->api.get_effective_cpu_isa() & ~isa ? STATUS_INVALID : STATUS_OK;
}

int onednn_start(library_t *l, int threads) {
    const api_t *a = &l->api;
    l->owner = pthread_self();
    // The OpenMP runtime is among the library's dependencies, where dlsym looks
    // too. The number holds for parallel regions of this thread only.
    if (l->version->cpu_runtime == RUNTIME_OPENMP) *(void **)&l->set_threads = dlsym(l->handle, "omp_set_num_threads");
    l->threads = l->set_threads ? threads : 1;
    library_use(l, l->threads);
    int status = a->engine_create(&l->engine, ENGINE_CPU, 0);
    if (status == STATUS_OK) status = a->stream_create(&l->stream, l->engine, STREAM_DEFAULT);
    if (status == STATUS_OK) status = a->primitive_attr_create(&l->attr);
    if (status == STATUS_OK) status = a->primitive_attr_set_scratchpad_mode(l->attr, SCRATCHPAD_USER);
    return status;
}

void library_use(library_t *l, int threads) {
    if (l->current == threads) return;
    l->current = threads;
    if (l->set_threads) l->set_threads(threads);
}

void onednn_stop(library_t *l) {
    if (l->attr) l->api.primitive_attr_destroy(l->attr);
    if (l->stream) l->api.stream_destroy(l->stream);
    if (l->engine) l->api.engine_destroy(l->engine);
    free(l->path);
    free(l);
}

int onednn_is_owner(const library_t *l) { return pthread_equal(pthread_self(), l->owner); }
