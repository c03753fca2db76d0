// Our own declarations of the part of oneDNN's C interface that this package
// calls. Everything is opened at run time, so neither oneDNN's headers nor its
// library is needed to build. The values are those of oneDNN 2.x and 3.x
// (oneapi/dnnl/dnnl_types.h), which agree on all that is listed here; where
// the two majors differ, in how descriptors are made, descriptor.c hides it.
// oneDNN: https://uxlfoundation.github.io/oneDNN/
#ifndef GANENGINE_ONEDNN_API_H
#define GANENGINE_ONEDNN_API_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_DIMS = 12 };
typedef int64_t dims_t[MAX_DIMS];

enum status { STATUS_OK = 0, STATUS_OUT_OF_MEMORY = 1, STATUS_INVALID = 2, STATUS_UNIMPLEMENTED = 3 };
enum data_type { TYPE_BF16 = 2, TYPE_F32 = 3 };
enum { FORMAT_ANY = 1, ENGINE_CPU = 1, STREAM_DEFAULT = 1, SCRATCHPAD_USER = 1 };
enum { FORWARD_TRAINING = 64, CONVOLUTION_DIRECT = 1 };
enum { RUNTIME_SEQUENTIAL = 1, RUNTIME_OPENMP = 2 };

enum cpu_isa { ISA_AVX2 = 0x07, ISA_AVX512_CORE = 0x27 }; // a bit for each extension

enum query {
    QUERY_IMPLEMENTATION = 8,
    QUERY_SRC = 129,
    QUERY_DIFF_SRC = 130,
    QUERY_WEIGHTS = 131,
    QUERY_DIFF_WEIGHTS = 132,
    QUERY_DST = 133,
    QUERY_DIFF_DST = 134,
    QUERY_SCRATCHPAD = 136,
};

enum arg {
    ARG_SRC = 1,
    ARG_DST = 17,
    ARG_WEIGHTS = 33,
    ARG_SCRATCHPAD = 80,
    ARG_DIFF_SRC = 129,
    ARG_DIFF_DST = 145,
    ARG_DIFF_WEIGHTS = 161,
};

typedef struct {
    int major, minor, patch;
    const char *hash;
    unsigned cpu_runtime, gpu_runtime;
} version_t;

typedef struct {
    int arg;
    void *memory;
} exec_arg_t;

// The functions, by the name that follows dnnl_ in the library. Handles
// (engines, streams, descriptors, memories, primitives) are opaque pointers.
// A memory descriptor is one too: in 2.x the address of a structure, in 3.x a
// handle; the functions of COMMON take either.
#define COMMON_FUNCTIONS(F) \
    F(version, const version_t *, (void)) \
    F(set_max_cpu_isa, int, (int isa)) \
    F(get_effective_cpu_isa, int, (void)) \
    F(engine_create, int, (void **engine, int kind, size_t index)) \
    F(engine_destroy, int, (void *engine)) \
    F(stream_create, int, (void **stream, void *engine, unsigned flags)) \
    F(stream_destroy, int, (void *stream)) \
    F(stream_wait, int, (void *stream)) \
    F(primitive_attr_create, int, (void **attr)) \
    F(primitive_attr_destroy, int, (void *attr)) \
    F(primitive_attr_set_scratchpad_mode, int, (void *attr, int mode)) \
    F(memory_create, int, (void **memory, const void *md, void *engine, void *data)) \
    F(memory_destroy, int, (void *memory)) \
    F(memory_set_data_handle, int, (void *memory, void *data)) \
    F(memory_desc_equal, int, (const void *a, const void *b)) \
    F(memory_desc_get_size, size_t, (const void *md)) \
    F(primitive_desc_destroy, int, (void *pd)) \
    F(primitive_desc_query, int, (const void *pd, int what, int index, void *result)) \
    F(primitive_desc_query_md, const void *, (const void *pd, int what, int index)) \
    F(reorder_primitive_desc_create, int, \
        (void **pd, const void *from, void *from_engine, const void *to, void *to_engine, const void *attr)) \
    F(primitive_create, int, (void **primitive, const void *pd)) \
    F(primitive_destroy, int, (void *primitive)) \
    F(primitive_execute, int, (const void *primitive, void *stream, int n, const exec_arg_t *args))

// 2.x: an operation descriptor is filled in, then made a primitive descriptor.
#define V2_FUNCTIONS(F) \
    F(memory_desc_init_by_strides, int, (void *md, int n, const int64_t *dims, int type, const int64_t *strides)) \
    F(memory_desc_init_by_tag, int, (void *md, int n, const int64_t *dims, int type, int tag)) \
    F(primitive_desc_create, int, (void **pd, const void *op, const void *attr, void *engine, const void *hint)) \
    F(convolution_forward_desc_init, int, \
        (void *op, int prop, int alg, const void *src, const void *weights, const void *bias, const void *dst, \
            const int64_t *strides, const int64_t *pad_l, const int64_t *pad_r)) \
    F(convolution_backward_data_desc_init, int, \
        (void *op, int alg, const void *diff_src, const void *weights, const void *diff_dst, \
            const int64_t *strides, const int64_t *pad_l, const int64_t *pad_r)) \
    F(convolution_backward_weights_desc_init, int, \
        (void *op, int alg, const void *src, const void *diff_weights, const void *diff_bias, const void *diff_dst, \
            const int64_t *strides, const int64_t *pad_l, const int64_t *pad_r)) \
    F(matmul_desc_init, int, (void *op, const void *src, const void *weights, const void *bias, const void *dst))

// 3.x: primitive descriptors are made directly.
#define V3_FUNCTIONS(F) \
    F(memory_desc_create_with_strides, int, (void **md, int n, const int64_t *dims, int type, const int64_t *strides)) \
    F(memory_desc_create_with_tag, int, (void **md, int n, const int64_t *dims, int type, int tag)) \
    F(memory_desc_destroy, int, (void *md)) \
    F(primitive_desc_next_impl, int, (void *pd)) \
    F(convolution_forward_primitive_desc_create, int, \
        (void **pd, void *engine, int prop, int alg, const void *src, const void *weights, const void *bias, \
            const void *dst, const int64_t *strides, const int64_t *dilates, const int64_t *pad_l, \
            const int64_t *pad_r, const void *attr)) \
    F(convolution_backward_data_primitive_desc_create, int, \
        (void **pd, void *engine, int alg, const void *diff_src, const void *weights, const void *diff_dst, \
            const int64_t *strides, const int64_t *dilates, const int64_t *pad_l, const int64_t *pad_r, \
            const void *hint, const void *attr)) \
    F(convolution_backward_weights_primitive_desc_create, int, \
        (void **pd, void *engine, int alg, const void *src, const void *diff_weights, const void *diff_bias, \
            const void *diff_dst, const int64_t *strides, const int64_t *dilates, const int64_t *pad_l, \
            const int64_t *pad_r, const void *hint, const void *attr)) \
    F(matmul_primitive_desc_create, int, \
        (void **pd, void *engine, const void *src, const void *weights, const void *bias, const void *dst, \
            const void *attr))

#define DECLARE(name, result, args) result(*name) args;
typedef struct {
    COMMON_FUNCTIONS(DECLARE)
    V2_FUNCTIONS(DECLARE)
    V3_FUNCTIONS(DECLARE)
} api_t;
#undef DECLARE

#endif
