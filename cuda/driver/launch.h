// Lists of kernel launches, laid out in C memory by launch.go.
#ifndef GANENGINE_DRIVER_LAUNCH_H
#define GANENGINE_DRIVER_LAUNCH_H

#include "shim.h"

typedef struct {
    CUfunction function;
    unsigned int grid[3], block[3];
    unsigned int shared; // dynamic shared memory, bytes
    void **arguments;    // the address of each argument's value
} launch_t;

// launch_all enqueues launches from..to on a stream. It stops at the first that
// fails, whose number it leaves in *from.
CUresult launch_all(const launch_t *launches, int *from, int to, CUstream stream);

#endif
