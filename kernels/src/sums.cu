// Products of few results: dot products, and the sums over the parts of k that
// other kernels leave in scratch memory. Every sum has one order.
#include "memory.cuh"

static const int THREADS = 256;

// sum adds a value of each thread of the block; the result is in thread 0.
template <typename S> INLINE S sum(S x, S (&warps)[THREADS / 32]) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) x += __shfl_down_sync(0xffffffff, x, d);
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = x;
    __syncthreads();
    if (threadIdx.x == 0)
#pragma unroll
        for (int w = 1; w < THREADS / 32; w++) x += warps[w];
    return x;
}

// dot computes z[i, j], the product of line i of x and line j of y, lines of k
// elements. Grid: rows, columns.
template <typename M> INLINE void dot(const M *x, const M *y, M *z, int k) {
    typedef Computed<M> S;
    const int N = 16 / sizeof(M);
    x += (long long)blockIdx.x * k, y += (long long)blockIdx.y * k;
    S sums[N] = {};
    for (int at = threadIdx.x * N; at < k; at += THREADS * N) {
        S a[N], b[N];
        load<M, N>(a, x + at, k - at);
        load<M, N>(b, y + at, k - at);
#pragma unroll
        for (int i = 0; i < N; i++) sums[i] = fma(a[i], b[i], sums[i]);
    }
    S total = 0;
#pragma unroll
    for (int i = 0; i < N; i++) total += sums[i];
    __shared__ S warps[THREADS / 32];
    total = sum(total, warps);
    if (threadIdx.x == 0) assign(z[(long long)blockIdx.x * gridDim.y + blockIdx.y], total);
}

// sum_splits computes z[i], the sum of parts[0, i], parts[1, i] ...
template <typename M> INLINE void sumSplits(const Computed<M> *parts, M *z, long long size, int splits) {
    long long i = (long long)blockIdx.x * THREADS + threadIdx.x;
    if (i >= size) return;
    Computed<M> total = parts[i];
#pragma unroll 4
    for (int s = 1; s < splits; s++) total += parts[s * size + i];
    assign(z[i], total);
}

// sum_many_splits does the same with STRANDS threads for each result: each adds a
// stretch of the parts, and one of them what they have.
const int STRANDS = 8, RESULTS = THREADS / STRANDS;
template <typename M> INLINE void sumManySplits(const Computed<M> *parts, M *z, long long size, int splits) {
    __shared__ Computed<M> strands[STRANDS][RESULTS];
    int strand = threadIdx.x / RESULTS, result = threadIdx.x % RESULTS, length = (splits + STRANDS - 1) / STRANDS;
    long long i = (long long)blockIdx.x * RESULTS + result;
    int first = strand * length, end = i < size ? min(splits, first + length) : 0;
    Computed<M> total = 0;
#pragma unroll 8
    for (int s = first; s < end; s++) total += parts[s * size + i];
    strands[strand][result] = total;
    __syncthreads();
    if (strand > 0 || i >= size) return;
#pragma unroll
    for (int s = 1; s < STRANDS; s++) total += strands[s][result];
    assign(z[i], total);
}

#define SUMS(suffix, M)                                                                                                \
    KERNEL void __launch_bounds__(THREADS) dot_##suffix(const M *x, const M *y, M *z, int k) { dot(x, y, z, k); }      \
    KERNEL void __launch_bounds__(THREADS)                                                                             \
        sum_splits_##suffix(const Computed<M> *parts, M *z, long long size, int splits) {                              \
        sumSplits(parts, z, size, splits);                                                                             \
    }                                                                                                                  \
    KERNEL void __launch_bounds__(THREADS)                                                                             \
        sum_many_splits_##suffix(const Computed<M> *parts, M *z, long long size, int splits) {                         \
        sumManySplits(parts, z, size, splits);                                                                         \
    }

SUMS(f32, float)
SUMS(f64, double)
SUMS(bf16, bf16)
