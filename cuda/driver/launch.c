//go:build cuda && cgo && linux

#include "launch.h"

CUresult launch_all(const launch_t *launches, int *from, int to, CUstream stream) {
    for (; *from < to; ++*from) {
        const launch_t *l = &launches[*from];
        CUresult r = cuLaunchKernel(l->function, l->grid[0], l->grid[1], l->grid[2], l->block[0], l->block[1], l->block[2],
                                    l->shared, stream, l->arguments, NULL);
        if (r != CUDA_SUCCESS) return r;
    }
    return CUDA_SUCCESS;
}
