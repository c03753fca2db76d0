//go:build cuda && cgo && linux

#include "transfer.h"

CUresult feed_fill(const feed_t *f) {
    CUresult r = cuStreamWaitEvent(f->copy, f->consumed, 0);
    for (int i = 0; r == CUDA_SUCCESS && i < f->count; i++)
        r = cuMemcpyHtoDAsync(f->inputs[i].to, f->inputs[i].from, f->inputs[i].bytes, f->copy);
    if (r == CUDA_SUCCESS) r = cuEventRecord(f->filled, f->copy);
    if (r == CUDA_SUCCESS) r = cuStreamWaitEvent(f->compute, f->filled, 0);
    return r;
}

CUresult drain(CUstream stream, void *to, CUdeviceptr from, size_t bytes, CUevent done) {
    CUresult r = bytes ? cuMemcpyDtoHAsync(to, from, bytes, stream) : CUDA_SUCCESS;
    return r == CUDA_SUCCESS ? cuEventRecord(done, stream) : r;
}
