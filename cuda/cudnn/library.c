//go:build cuda && cgo && linux

#define _GNU_SOURCE
#include "api.h"

#include <dlfcn.h>
#include <stdio.h>

#define RESOLVE(name, result, parameters) \
    if (!(*(void **)&c->name = dlsym(library, "cudnn" #name))) return "cudnn" #name;

// resolve fills in the table and returns the first name that is missing, or NULL.
static const char *resolve(cudnn_t *c, void *library) {
    FUNCTIONS(RESOLVE)
    return NULL;
}

cudnn_t *cudnn_load(const char *path, char *why, size_t size) {
    cudnn_t *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(why, size, "%s: out of memory", path);
        return NULL;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(why, size, "%s", dlerror());
        free(c);
        return NULL;
    }
    const char *missing = resolve(c, library);
    if (missing) {
        snprintf(why, size, "%s: no symbol %s", path, missing);
        dlclose(library);
        free(c);
        return NULL;
    }
    c->library = library;
    Dl_info info;
    c->path = dladdr((void *)c->GetVersion, &info) ? info.dli_fname : path;
    return c;
}

// Never closed again once it is used: the library keeps threads and kernels of its own.
void cudnn_keep(const cudnn_t *c) { dlopen(c->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE); }

void cudnn_unload(cudnn_t *c) {
    dlclose(c->library);
    free(c);
}

int cudnn_open(const char *path, char *why, size_t size) {
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) return 1;
    snprintf(why, size, "%s", dlerror());
    return 0;
}

// keep keeps the library's words if a call has failed, and returns its status.
static int keep(cudnn_t *c, int status) {
    if (status == STATUS_OK) return status;
    int n = snprintf(c->words, sizeof c->words, "%s: ", c->GetErrorString(status));
    if (n > 0 && (size_t)n < sizeof c->words) c->GetLastErrorString(c->words + n, sizeof c->words - n);
    return status;
}

int cudnn_create(cudnn_t *c, void **handle) { return keep(c, c->Create(handle)); }
int cudnn_destroy(cudnn_t *c, void *handle) { return keep(c, c->Destroy(handle)); }
int cudnn_set_stream(cudnn_t *c, void *handle, void *stream) { return keep(c, c->SetStream(handle, stream)); }
int cudnn_make(cudnn_t *c, int kind, void **descriptor) { return keep(c, c->BackendCreateDescriptor(kind, descriptor)); }
void cudnn_free(cudnn_t *c, void *descriptor) { c->BackendDestroyDescriptor(descriptor); }
int cudnn_set(cudnn_t *c, void *descriptor, int name, int type, int64_t n, const void *values) {
    return keep(c, c->BackendSetAttribute(descriptor, name, type, n, values));
}
int cudnn_get(cudnn_t *c, const void *descriptor, int name, int type, int64_t room, int64_t *n, void *values) {
    return keep(c, c->BackendGetAttribute(descriptor, name, type, room, n, values));
}
int cudnn_finalize(cudnn_t *c, void *descriptor) { return keep(c, c->BackendFinalize(descriptor)); }
int cudnn_execute(cudnn_t *c, void *handle, void *plan, void *pack) { return keep(c, c->BackendExecute(handle, plan, pack)); }
size_t cudnn_version(const cudnn_t *c) { return c->GetVersion(); }
size_t cudnn_cuda_version(const cudnn_t *c) { return c->GetCudartVersion(); }
