// A libcuda.so.1 for the tests of this package. It has no device: it prints
// what it is asked to do, one line a call, and answers what the environment
// says. Functions that the tests do not need are left out, as in an old driver.
#include <cuda.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

// say prints a line and returns a result.
__attribute__((format(printf, 2, 3))) static CUresult say(int result, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    fflush(stdout);
    return result;
}

CUresult cuInit(unsigned int flags) { return say(number("FAKE_INIT", CUDA_SUCCESS), "init %u\n", flags); }

CUresult cuDriverGetVersion(int *v) { return *v = number("FAKE_VERSION", 13000), CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int *n) { return *n = number("FAKE_DEVICES", 1), CUDA_SUCCESS; }

CUresult cuDeviceGet(CUdevice *d, int i) { return *d = i, CUDA_SUCCESS; }

CUresult cuDeviceGetName(char *name, int n, CUdevice d) {
    snprintf(name, n, "Fake GPU %d", d);
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(size_t *n, CUdevice d) {
    (void)d;
    *n = 150754820096;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *v, CUdevice_attribute a, CUdevice d) {
    switch ((int)a) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *v = number("FAKE_MAJOR", 9); break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *v = d; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *v = 132; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE: *v = number("FAKE_MODE", 0); break;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

// A module is its text; a function is its name, which tells the sizes of its
// arguments: "name:8,4".
CUresult cuModuleLoadDataEx(CUmodule *m, const void *text, unsigned int n, CUjit_option *options, void **values) {
    if (strstr(text, "error")) {
        if (n != 2 || options[0] != CU_JIT_ERROR_LOG_BUFFER || options[1] != CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) abort();
        snprintf(values[0], (size_t)values[1], "ptxas application ptx input, line 3; fatal");
        return CUDA_ERROR_INVALID_PTX;
    }
    *m = (CUmodule)strdup(text);
    return say(CUDA_SUCCESS, "load %s\n", (char *)text);
}

CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
    (void)m;
    *f = (CUfunction)strdup(name);
    return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) { return say(CUDA_SUCCESS, "attribute %s %d %d\n", (char *)f, a, v); }

CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
                        unsigned int bz, unsigned int shared, CUstream s, void **arguments, void **extra) {
    if (extra) abort();
    printf("launch %s on %s: %u %u %u of %u %u %u, %u bytes:", (char *)f, (char *)s, gx, gy, gz, bx, by, bz, shared);
    const char *sizes = strchr((char *)f, ':');
    for (int i = 0; sizes && arguments; i++, sizes = strchr(sizes + 1, ',')) {
        printf(" ");
        for (int b = 0, n = atoi(sizes + 1); b < n; b++) printf("%02x", ((unsigned char *)arguments[i])[b]);
        if ((size_t)arguments[i] % 16) printf(" (misaligned)");
    }
    return say(strncmp((char *)f, "failing", 7) ? CUDA_SUCCESS : CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "\n");
}

CUresult cuStreamCreate(CUstream *s, unsigned int flags) {
    *s = (CUstream)strdup("stream");
    return say(CUDA_SUCCESS, "stream %u\n", flags);
}

static int nodes;

CUresult cuStreamBeginCapture(CUstream s, CUstreamCaptureMode mode) {
    nodes = number("FAKE_NODES", 2);
    return say(CUDA_SUCCESS, "begin %s %d\n", (char *)s, mode);
}

CUresult cuStreamEndCapture(CUstream s, CUgraph *g) {
    *g = (CUgraph)&nodes;
    int result = number("FAKE_END", CUDA_SUCCESS);
    if (result != CUDA_SUCCESS) *g = NULL;
    return say(result, "end %s\n", (char *)s);
}

CUresult cuGraphGetNodes(CUgraph g, CUgraphNode *all, size_t *n) {
    if (all) abort();
    *n = *(int *)g;
    return CUDA_SUCCESS;
}

CUresult cuGraphInstantiate(CUgraphExec *e, CUgraph g, unsigned long long flags) {
    *e = (CUgraphExec)g;
    return say(CUDA_SUCCESS, "instantiate %llu\n", flags);
}

CUresult cuGraphUpload(CUgraphExec e, CUstream s) {
    (void)e;
    return say(number("FAKE_UPLOAD", CUDA_SUCCESS), "upload %s\n", (char *)s);
}

CUresult cuGraphLaunch(CUgraphExec e, CUstream s) { return say(CUDA_SUCCESS, "replay %d on %s\n", *(int *)e, (char *)s); }

CUresult cuGraphDestroy(CUgraph g) { return (void)g, say(CUDA_SUCCESS, "destroy template\n"); }

CUresult cuGraphExecDestroy(CUgraphExec e) { return (void)e, say(CUDA_SUCCESS, "destroy graph\n"); }

CUresult cuEventCreate(CUevent *e, unsigned int flags) {
    *e = (CUevent)strdup("event");
    return say(CUDA_SUCCESS, "event %u\n", flags);
}

CUresult cuEventRecordWithFlags(CUevent e, CUstream s, unsigned int flags) {
    return say(CUDA_SUCCESS, "record %s on %s %u\n", (char *)e, (char *)s, flags);
}

CUresult cuMemHostAlloc(void **p, size_t n, unsigned int flags) {
    if (n > 1 << 20) return CUDA_ERROR_OUT_OF_MEMORY;
    *p = malloc(n);
    return say(CUDA_SUCCESS, "pin %zu %u\n", n, flags);
}

CUresult cuMemFreeHost(void *p) {
    free(p);
    return say(CUDA_SUCCESS, "unpin\n");
}
