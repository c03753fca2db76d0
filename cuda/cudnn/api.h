// Our own declarations of the part of cuDNN 9's backend API that this package
// calls: facts of the interface, written anew. Everything is opened at run
// time. Descriptors, handles and streams are opaque; enumerations are ints.
#ifndef GANENGINE_CUDNN_API_H
#define GANENGINE_CUDNN_API_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// Statuses come in thousands: 2 is a wrong call, 3 something unsupported.
enum { STATUS_OK = 0, STATUS_NOT_SUPPORTED = 3000, STATUS_INTERNAL_ERROR = 4000 };

enum { DATA_FLOAT = 0, DATA_BFLOAT16 = 9 };
enum { MODE_CROSS_CORRELATION = 1 };
enum { HEURISTIC_FALLBACK = 2, HEURISTIC_A = 3 };

// What an attribute's values are.
enum {
    TYPE_HANDLE = 0,
    TYPE_DATA_TYPE = 1,
    TYPE_INT64 = 3,
    TYPE_FLOAT = 4,
    TYPE_VOID_PTR = 6,
    TYPE_CONVOLUTION_MODE = 7,
    TYPE_HEURISTIC = 8,
    TYPE_KNOB = 9,
    TYPE_NUMERICAL_NOTE = 11,
    TYPE_DESCRIPTOR = 15,
    TYPE_BEHAVIOR_NOTE = 19,
    TYPE_CHAR = 24,
};

enum {
    DESCRIPTOR_CONVOLUTION = 1,
    DESCRIPTOR_ENGINE = 2,
    DESCRIPTOR_ENGINE_CONFIG = 3,
    DESCRIPTOR_HEURISTIC = 4,
    DESCRIPTOR_PLAN = 5,
    DESCRIPTOR_KNOB_CHOICE = 7,
    DESCRIPTOR_FORWARD = 10,
    DESCRIPTOR_FILTER_GRAD = 11,
    DESCRIPTOR_INPUT_GRAD = 12,
    DESCRIPTOR_GRAPH = 15,
    DESCRIPTOR_VARIANT_PACK = 16,
    DESCRIPTOR_TENSOR = 17,
    DESCRIPTOR_PROPERTIES = 38, // since 9.8
};

enum {
    CONVOLUTION_COMPUTE_TYPE = 100,
    CONVOLUTION_MODE = 101,
    CONVOLUTION_DILATIONS = 102,
    CONVOLUTION_STRIDES = 103,
    CONVOLUTION_POST_PADDINGS = 104,
    CONVOLUTION_PRE_PADDINGS = 105,
    CONVOLUTION_SPATIAL_DIMS = 106,

    HEURISTIC_MODE = 200,
    HEURISTIC_GRAPH = 201,
    HEURISTIC_RESULTS = 202,
    HEURISTIC_PROPERTIES = 204,

    CONFIG_ENGINE = 300,
    CONFIG_KNOB_CHOICES = 302,

    PLAN_HANDLE = 400,
    PLAN_ENGINE_CONFIG = 401,
    PLAN_WORKSPACE_SIZE = 402,
    PLAN_PROPERTIES = 407,

    KNOB_CHOICE_TYPE = 600,
    KNOB_CHOICE_VALUE = 601,

    // The six attributes of the three operations, from the first of each on.
    FORWARD_FIRST = 700,
    INPUT_GRAD_FIRST = 706,
    FILTER_GRAD_FIRST = 712,

    GRAPH_HANDLE = 800,
    GRAPH_OPERATIONS = 801,

    TENSOR_BYTE_ALIGNMENT = 900,
    TENSOR_DATA_TYPE = 901,
    TENSOR_DIMENSIONS = 902,
    TENSOR_STRIDES = 903,
    TENSOR_UNIQUE_ID = 906,

    VARIANT_PACK_IDS = 1000,
    VARIANT_PACK_POINTERS = 1001,
    VARIANT_PACK_WORKSPACE = 1003,

    ENGINE_GRAPH = 1300,
    ENGINE_INDEX = 1301,
    ENGINE_NUMERICAL_NOTES = 1303,
    ENGINE_BEHAVIOR_NOTES = 1305,
    ENGINE_PROPERTIES = 1307,

    PROPERTIES_JSON = 2702,
};

// F(name, result, parameters) for each function, without its prefix cudnn.
#define FUNCTIONS(F) \
    F(GetVersion, size_t, (void)) \
    F(GetCudartVersion, size_t, (void)) \
    F(GetErrorString, const char *, (int status)) \
    F(GetLastErrorString, void, (char *message, size_t size)) \
    F(Create, int, (void **handle)) \
    F(Destroy, int, (void *handle)) \
    F(SetStream, int, (void *handle, void *stream)) \
    F(BackendCreateDescriptor, int, (int kind, void **descriptor)) \
    F(BackendDestroyDescriptor, int, (void *descriptor)) \
    F(BackendSetAttribute, int, (void *descriptor, int name, int type, int64_t n, const void *values)) \
    F(BackendGetAttribute, int, (const void *descriptor, int name, int type, int64_t room, int64_t *n, void *values)) \
    F(BackendFinalize, int, (void *descriptor)) \
    F(BackendExecute, int, (void *handle, void *plan, void *pack))

#define MEMBER(name, result, parameters) result(*name) parameters;
typedef struct {
    FUNCTIONS(MEMBER)
    void *library;
    const char *path; // of the file that was opened
    char words[1024]; // the library's, on the last call that failed
} cudnn_t;
#undef MEMBER

// cudnn_load opens path. On failure it returns NULL and writes why.
cudnn_t *cudnn_load(const char *path, char *why, size_t size);

// cudnn_keep keeps the library for good, cudnn_unload closes it, and c with it.
void cudnn_keep(const cudnn_t *c);
void cudnn_unload(cudnn_t *c);

// cudnn_open opens a library that cuDNN itself will want, so that it finds it.
// On failure it returns 0 and writes why.
int cudnn_open(const char *path, char *why, size_t size);

// The table's functions, for Go, which cannot call pointers. One that fails
// keeps the library's words, which belong to the calling thread.
int cudnn_create(cudnn_t *c, void **handle);
int cudnn_destroy(cudnn_t *c, void *handle);
int cudnn_set_stream(cudnn_t *c, void *handle, void *stream);
int cudnn_make(cudnn_t *c, int kind, void **descriptor);
void cudnn_free(cudnn_t *c, void *descriptor);
int cudnn_set(cudnn_t *c, void *descriptor, int name, int type, int64_t n, const void *values);
int cudnn_get(cudnn_t *c, const void *descriptor, int name, int type, int64_t room, int64_t *n, void *values);
int cudnn_finalize(cudnn_t *c, void *descriptor);
int cudnn_execute(cudnn_t *c, void *handle, void *plan, void *pack);
size_t cudnn_version(const cudnn_t *c);
size_t cudnn_cuda_version(const cudnn_t *c); // of CUDA that the library was built for: 13000

#endif
