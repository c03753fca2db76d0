// bf16 operands on tensor cores: panels in shared memory, the fragments that a
// warp multiplies, and asynchronous copies from global memory.
//
// The rows of a panel are 16 bytes longer than their contents, so that the eight
// rows that ldmatrix reads at once lie in different banks.
#pragma once
#include "memory.cuh"

// copy8 brings eight neighbours, p[at] and on, to shared memory; zeros stand for
// those for which there is no room. Where they lie on 16 bytes and are all there
// or none, as `whole` says, they are on their way when it returns; otherwise they
// have come.
INLINE void copy8(bf16 *to, const bf16 *p, long long at, int room, bool whole) {
    const bf16 *from = room > 0 ? p + at : p;
    if (whole) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(to)),
                     "l"(__cvta_generic_to_global(from)), "r"(room > 0 ? 16 : 0) : "memory");
        return;
    }
#pragma unroll
    for (int e = 0; e < 8; e++) to[e] = e < room ? from[e] : __ushort_as_bfloat16(0);
}

// commit makes a group of a thread's copies since the last commit; wait waits for
// all of its groups but the last PENDING. Others see them behind a barrier.
INLINE void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int PENDING> INLINE void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory"); }

// Panel16 is EXTENT x BK of an operand in shared memory: lines of k where the
// operand lies ALONG_K, otherwise lines across.
template <int EXTENT, int BK, bool ALONG_K> struct Panel16 {
    static constexpr int LINES = ALONG_K ? EXTENT : BK, LENGTH = ALONG_K ? BK : EXTENT;
    static constexpr int PITCH = LENGTH + 8;
    bf16 at[LINES][PITCH];

    // copy starts to bring in the elements from (i, k) on; zeros stand for those
    // beyond extent and depth. All of a line's groups of eight neighbours lie on
    // 16 bytes, or they go one by one.
    template <int THREADS> INLINE void copy(const bf16 *p, int pitch, int i, int k, int extent, int depth) {
        static_assert(LINES * LENGTH / 8 % THREADS == 0, "every thread has equally many groups");
        int line = ALONG_K ? i : k, lines = ALONG_K ? extent : depth;
        int first = ALONG_K ? k : i, length = ALONG_K ? depth : extent;
        bool whole = pitch % 8 == 0 && aligned(p, 16);
#pragma unroll
        for (int g = 0; g < LINES * LENGTH / 8 / THREADS; g++) {
            int group = g * THREADS + threadIdx.x;
            int l = group / (LENGTH / 8), c = group % (LENGTH / 8) * 8;
            int room = line + l < lines ? length - first - c : 0;
            copy8(&at[l][c], p, (long long)(line + l) * pitch + first + c, room, whole);
        }
    }

    // fragments reads a 16 x 16 square of (i, k) for mma: four 8 x 8 matrices,
    // in the order (0,0), (8,0), (0,8), (8,8) of (i, k) where ACROSS, and (0,0),
    // (0,8), (8,0), (8,8) otherwise.
    template <bool ACROSS> INLINE void fragments(unsigned (&r)[4], int i, int k) const {
        int lane = threadIdx.x % 32, row = lane % 8, half = lane / 8 % 2 * 8, other = lane / 16 * 8;
        int di = ACROSS ? half : other, dk = ACROSS ? other : half;
        if (ALONG_K) {
            unsigned from = (unsigned)__cvta_generic_to_shared(&at[i + di + row][k + dk]);
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                         : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
        } else {
            unsigned from = (unsigned)__cvta_generic_to_shared(&at[k + dk + row][i + di]);
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                         : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
        }
    }
};

// multiply adds a product 16 x 16 x 8 to a warp's sums. With g = lane / 4 and t =
// lane % 4 a thread has of the sums (g, 2t), (g, 2t+1), (g+8, 2t), (g+8, 2t+1); of a
// the pairs from (g, 2t), (g+8, 2t), (g, 2t+8), (g+8, 2t+8); of b those down from
// (2t, g) and (2t+8, g).
INLINE void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned *b) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// multiplyPanels adds the product of two panels to a warp's sums, of which the
// first is that of line `top` of a and line `left` of b.
template <int M, int N, int EXTENT_A, int EXTENT_B, int BK, bool A_ALONG_K, bool B_ALONG_K>
INLINE void multiplyPanels(float (&sum)[M][N][4], const Panel16<EXTENT_A, BK, A_ALONG_K> &a,
                           const Panel16<EXTENT_B, BK, B_ALONG_K> &b, int top, int left) {
#pragma unroll
    for (int k = 0; k < BK; k += 16) {
        unsigned fb[N / 2][4];
#pragma unroll
        for (int j = 0; j < N / 2; j++) b.template fragments<false>(fb[j], left + j * 16, k);
#pragma unroll
        for (int i = 0; i < M; i++) {
            unsigned fa[4];
            a.template fragments<true>(fa, top + i * 16, k);
#pragma unroll
            for (int j = 0; j < N; j++) multiply(sum[i][j], fa, fb[j / 2] + j % 2 * 2);
        }
    }
}
