// The driver shim: the functions of the CUDA driver API, defined here, call
// the driver's library, which shim_start opens. Before that, without a
// library, or when it cannot be used, each answers why. They are compiled as
// hidden symbols: libraries that the program opens and that need libcuda.so.1
// themselves are bound to it, not to the program.
#ifndef GANENGINE_DRIVER_SHIM_H
#define GANENGINE_DRIVER_SHIM_H

#include <cuda.h>

// How far the start came.
enum shim_stage { SHIM_NO_LIBRARY, SHIM_INCOMPLETE, SHIM_OLD_DRIVER, SHIM_INIT_FAILED, SHIM_STARTED };

enum { SHIM_OLDEST = 12010 }; // CUDA 12.1, the first that loads PTX 8.1

typedef struct {
    enum shim_stage stage;
    CUresult result;  // what every function answers unless started
    int version;      // of the API that the driver has: 12010 is CUDA 12.1
    const char *path; // of the file that was opened
    char why[512];    // the loader's words, or the missing function
} shim_t;

// shim_start opens the driver's library in the first of the places where it is,
// named up to a null, and initialises it, on the first call, and returns what came
// of it. Any thread may call it.
const shim_t *shim_start(const char *const *places);

// shim_absent is the answer of a function that is not there.
CUresult shim_absent(void);

// trampolines.c, generated: the table of the driver's functions, their names,
// and the two functions that the start itself calls.
extern void **const shim_slots;
extern const int shim_count;
extern const char *const shim_names[];
CUresult shim_real_init(void);
CUresult shim_real_version(int *version);

#endif
