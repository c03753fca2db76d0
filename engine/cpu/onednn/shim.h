// What the Go side sees of the binding: a library, and primitives made of one
// oneDNN computation with the layout conversions around it. Functions return
// oneDNN's status. All calls on one library must come from the thread that
// called onednn_start: libgomp keeps a team of workers for each calling thread.
#ifndef GANENGINE_ONEDNN_SHIM_H
#define GANENGINE_ONEDNN_SHIM_H

#include <pthread.h>

#include "api.h"

// TRY leaves the function with the first status that is not OK.
#define TRY(call) \
    do { \
        int status_ = (call); \
        if (status_ != STATUS_OK) return status_; \
    } while (0)

typedef struct {
    api_t api;
    void *handle;
    char *path; // of the file that was loaded
    const version_t *version;
    void (*set_threads)(int); // for the calling thread; NULL without OpenMP
    int threads, current;     // at most, and as set last
    pthread_t owner;
    void *engine, *stream, *attr;
} library_t;

// The three directions of a convolution; a matrix product counts as forward.
enum direction { FORWARD, INPUT_GRAD, FILTER_GRAD };

// The tensors of a computation, and the workspace: what a buffer is bound to.
enum base { BASE_X, BASE_W, BASE_Y, BASE_WORKSPACE, BASES };

// A tensor as its caller holds it.
typedef struct {
    int n, type;
    dims_t dims, strides;
} tensor_t;

typedef struct {
    int direction;
    tensor_t tensors[3]; // in oneDNN's order: images, filters, results
    int bases[3];        // whose memory each is
    int convolution;     // else a matrix product of the first two
    int threads;
    dims_t strides, pad_l, pad_r;
} computation_t;

// A buffer is an oneDNN memory bound to one of the caller's pointers.
typedef struct {
    void *memory;
    int base;
    int64_t offset;
} buffer_t;

typedef struct {
    void *primitive;
    int n;
    exec_arg_t args[4];
} step_t;

enum { MAX_BUFFERS = 16, MAX_STEPS = 4 };

typedef struct {
    library_t *library;
    buffer_t buffers[MAX_BUFFERS];
    step_t steps[MAX_STEPS];
    int buffer_count, step_count;
    void *bound[BASES];
    int threads;
    int64_t workspace;       // bytes, without alignment of the start
    char implementation[64]; // oneDNN's name of the kernel
} primitive_t;

// onednn_load opens path. On failure it returns NULL and writes why.
library_t *onednn_load(const char *path, char *why, size_t n);
// onednn_limit keeps the library to these instructions, enum cpu_isa. It comes first.
int onednn_limit(library_t *l, int isa);
int onednn_start(library_t *l, int threads);
void onednn_stop(library_t *l);
int onednn_is_owner(const library_t *l);

int onednn_create(library_t *l, const computation_t *c, primitive_t **out);
int onednn_run(primitive_t *p, void *x, void *w, void *y, void *workspace);
void onednn_destroy(primitive_t *p);

// descriptor.c: where 2.x and 3.x differ. Any leaves the layout to oneDNN.
int md_create(const library_t *l, void **md, const tensor_t *t, int any);
void md_free(const library_t *l, void *md);
int pd_create(const library_t *l, void **pd, const computation_t *c, int direction, void *const md[3], const void *hint);

// library.c: sets the number of threads for what is called next.
void library_use(library_t *l, int threads);

// kernel.c: which of oneDNN's kernels computes c. Plain holds the callers'
// layouts, any leaves them open.
int kernel_choose(const library_t *l, const computation_t *c, void *const plain[3], void *const any[3], void **pd);
const char *kernel_name(const library_t *l, const void *pd);

#endif
