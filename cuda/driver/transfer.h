// Transfers around a program: its inputs come in on a stream of their own, its
// outputs leave behind it.
#ifndef GANENGINE_DRIVER_TRANSFER_H
#define GANENGINE_DRIVER_TRANSFER_H

#include <cuda.h>

typedef struct {
    CUdeviceptr to;
    const void *from; // pinned memory of the host
    size_t bytes;
} input_t;

// A feed is a slot of device memory for a program's inputs.
typedef struct {
    CUstream compute, copy;
    CUevent filled;   // recorded on copy: the inputs are there
    CUevent consumed; // recorded on compute: the program has read them
    int count;
    input_t inputs[];
} feed_t;

// feed_fill copies the inputs as soon as the slot is free, and makes what
// follows on the stream compute wait for them.
CUresult feed_fill(const feed_t *f);

// drain copies bytes to pinned memory behind all that is on the stream, and
// records an event.
CUresult drain(CUstream stream, void *to, CUdeviceptr from, size_t bytes, CUevent done);

#endif
