// A libcudnn.so.9 for the tests of this package that is opened and refused.
#include <stddef.h>
size_t cudnnGetVersion(void) { return VERSION; }
#ifndef CUDA
#define CUDA 77000 // there is no libcublasLt.so.77
#endif
size_t cudnnGetCudartVersion(void) { return CUDA; }
#define NEVER(name) \
    void name(void) { __builtin_trap(); }
NEVER(cudnnGetErrorString)
NEVER(cudnnGetLastErrorString)
NEVER(cudnnCreate)
NEVER(cudnnDestroy)
NEVER(cudnnSetStream)
NEVER(cudnnBackendCreateDescriptor)
NEVER(cudnnBackendDestroyDescriptor)
NEVER(cudnnBackendSetAttribute)
NEVER(cudnnBackendGetAttribute)
NEVER(cudnnBackendFinalize)
#ifndef INCOMPLETE
NEVER(cudnnBackendExecute)
#endif
