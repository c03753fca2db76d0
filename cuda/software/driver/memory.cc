// Memory, copies and fills.
#include "driver.h"

#include <cstring>

// inside says whether all bytes are device or pinned memory, and blames a call
// with others.
static bool inside(uint64_t address, size_t bytes, bool write, const char *what) {
    try {
        state().memory.check(address, bytes, write, what);
    } catch (const ptx::Fault &f) {
        blame(f.what(), CUDA_ERROR_INVALID_VALUE);
        return false;
    }
    return true;
}

static bool pinned(const void *p) {
    auto *a = state().memory.find(uint64_t(p));
    return a && a->pinned;
}

// copy_work copies between memory that the double knows, and looks again when it
// is done whether it still is there.
static Work copy_work(uint64_t to, uint64_t from, size_t bytes, const char *what) {
    return [=] {
        state().memory.check(from, bytes, false, what);
        state().memory.check(to, bytes, true, what);
        memmove(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);
    };
}

template <class T> static CUresult fill(CUdeviceptr to, T value, size_t count, CUstream s) {
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (to % sizeof(T) || !inside(to, count * sizeof(T), true, "a fill")) return CUDA_ERROR_INVALID_VALUE;
    return enqueue(s, [=] {
        state().memory.check(to, count * sizeof(T), true, "a fill");
        T *p = reinterpret_cast<T *>(to);
        for (size_t i = 0; i < count; i++) p[i] = value;
    });
}

extern "C" {

CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t bytes) {
    API(NeedsContext);
    if (CUresult r = unsafe()) return r;
    if (!bytes) return CUDA_ERROR_INVALID_VALUE;
    *at = state().memory.allocate(bytes, false);
    return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

static CUresult release(uint64_t at) {
    if (CUresult r = unsafe()) return r;
    try {
        state().memory.release(at);
    } catch (const ptx::Fault &f) {
        return blame(f.what(), CUDA_ERROR_INVALID_VALUE);
    }
    return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr at) {
    API(NeedsContext);
    return at ? release(at) : CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned int) {
    API(NeedsContext);
    if (CUresult r = unsafe()) return r;
    if (!bytes) return CUDA_ERROR_INVALID_VALUE;
    *p = reinterpret_cast<void *>(state().memory.allocate(bytes, true));
    return *p ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemFreeHost(void *p) {
    API(NeedsContext);
    return release(uint64_t(p));
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
    API(NeedsContext);
    *total = state().total;
    *free = state().total - std::min(state().total, state().memory.live_bytes());
    return CUDA_SUCCESS;
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream s) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (!inside(to, bytes, true, "cuMemcpyHtoDAsync")) return CUDA_ERROR_INVALID_VALUE;
    if (pinned(from)) return enqueue(s, copy_work(to, uint64_t(from), bytes, "cuMemcpyHtoDAsync"));
    auto *p = static_cast<const char *>(from);
    std::vector<char> staged(p, p + bytes); // the driver reads pageable memory before it returns
    return enqueue(s, [=] {
        state().memory.check(to, bytes, true, "cuMemcpyHtoDAsync");
        memcpy(reinterpret_cast<void *>(to), staged.data(), bytes);
    });
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) { return cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr); }

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream s) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (!inside(from, bytes, false, "cuMemcpyDtoHAsync")) return CUDA_ERROR_INVALID_VALUE;
    if (pinned(to)) return enqueue(s, copy_work(uint64_t(to), from, bytes, "cuMemcpyDtoHAsync"));
    Work work = [=] {
        state().memory.check(from, bytes, false, "cuMemcpyDtoHAsync");
        memcpy(to, reinterpret_cast<void *>(from), bytes);
    };
    if (s && s->capture) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    CUresult r = enqueue(s, work);
    return r ? r : drain(s); // to pageable memory it returns when it is done
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) { return cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr); }

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream s) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (!inside(from, bytes, false, "cuMemcpyDtoDAsync") || !inside(to, bytes, true, "cuMemcpyDtoDAsync")) return CUDA_ERROR_INVALID_VALUE;
    return enqueue(s, copy_work(to, from, bytes, "cuMemcpyDtoDAsync"));
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) { return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr); }

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t n, CUstream s) {
    API(NeedsContext);
    return fill(to, value, n, s);
}

CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t n, CUstream s) {
    API(NeedsContext);
    return fill(to, value, n, s);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t n, CUstream s) {
    API(NeedsContext);
    return fill(to, value, n, s);
}

CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t n) { return cuMemsetD8Async(to, value, n, nullptr); }
CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t n) { return cuMemsetD16Async(to, value, n, nullptr); }
CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned int value, size_t n) { return cuMemsetD32Async(to, value, n, nullptr); }

} // extern "C"
