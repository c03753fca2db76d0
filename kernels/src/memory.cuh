// Reading and writing memory: bf16 in memory is fp32 in registers, and
// neighbours travel in one access of up to 16 bytes where they lie so.
#pragma once
#include <cuda_bf16.h>

#define KERNEL extern "C" __global__
#define INLINE __device__ __forceinline__

typedef __nv_bfloat16 bf16;

// Computed<M> is the type that values of type M are multiplied and summed in.
template <typename M> struct ComputedIn { typedef M type; };
template <> struct ComputedIn<bf16> { typedef float type; };
template <typename M> using Computed = typename ComputedIn<M>::type;

INLINE float widened(float x) { return x; }
INLINE double widened(double x) { return x; }
INLINE float widened(bf16 x) { return __bfloat162float(x); }

INLINE void assign(float &to, float x) { to = x; }
INLINE void assign(double &to, double x) { to = x; }
INLINE void assign(bf16 &to, float x) { to = __float2bfloat16_rn(x); }

// round stores N values, of which bf16 converts two at a time.
template <int N, typename M, typename S> INLINE void round(M *to, const S *v) {
#pragma unroll
    for (int i = 0; i < N; i++) assign(to[i], v[i]);
}
template <int N> INLINE void round(bf16 *to, const float *v) {
    static_assert(N % 2 == 0, "pairs");
#pragma unroll
    for (int i = 0; i < N; i += 2) *(__nv_bfloat162 *)(to + i) = __floats2bfloat162_rn(v[i], v[i + 1]);
}

INLINE bool aligned(const void *p, int bytes) { return ((unsigned long long)p & (bytes - 1)) == 0; }

// Pack<B> is B bytes that travel together.
template <int BYTES> struct PackOf;
template <> struct PackOf<4> { typedef unsigned type; };
template <> struct PackOf<8> { typedef uint2 type; };
template <> struct PackOf<16> { typedef uint4 type; };
template <int BYTES> using Pack = typename PackOf<BYTES>::type;

// Row<M, N> is N neighbours in memory, moved in as few accesses as there can be.
template <typename M, int N> struct Row {
    static constexpr int BYTES = N * sizeof(M) < 16 ? N * sizeof(M) : 16;
    static constexpr int PACKS = N * sizeof(M) / BYTES;
    union {
        Pack<BYTES> pack[PACKS];
        M value[N];
    };
    INLINE Row() {}
    static INLINE bool fits(const M *p) { return aligned(p, BYTES); }
    INLINE void load(const M *p) { // from memory that no thread of the grid writes
#pragma unroll
        for (int i = 0; i < PACKS; i++) pack[i] = __ldg((const Pack<BYTES> *)p + i);
    }
    INLINE void store(M *p) const {
#pragma unroll
        for (int i = 0; i < PACKS; i++) ((Pack<BYTES> *)p)[i] = pack[i];
    }
};

// load reads N neighbours of which the first `room` exist; zeros stand for the rest.
template <typename M, int N> INLINE void load(Computed<M> (&v)[N], const M *p, int room) {
    if (room >= N && Row<M, N>::fits(p)) {
        Row<M, N> row;
        row.load(p);
#pragma unroll
        for (int i = 0; i < N; i++) v[i] = widened(row.value[i]);
        return;
    }
#pragma unroll
    for (int i = 0; i < N; i++) v[i] = i < room ? widened(__ldg(p + i)) : Computed<M>(0);
}

// store writes those of N neighbours for which there is room.
template <typename M, int N, typename S> INLINE void store(M *p, const S *v, int room) {
    if (room >= N && Row<M, N>::fits(p)) {
        Row<M, N> row;
        round<N>(row.value, v);
        row.store(p);
        return;
    }
#pragma unroll
    for (int i = 0; i < N; i++)
        if (i < room) assign(p[i], v[i]);
}
