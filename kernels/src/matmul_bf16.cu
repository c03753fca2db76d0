// Matrix products z = op(x) op(y) of bf16 operands on tensor cores: sums in
// fp32, the result rounded to bf16 once. Operands lie row-major; a name's first
// letter t says that x is [k, m], its second that y is [n, k].
//
// Grid: tiles down, tiles across, splits of k. A split covers `depth` of k, a
// multiple of BK; with one split z is the result in bf16, with more it is
// scratch memory in fp32 [splits, m, n], which sum_splits adds up.
//
// Panels are copied as they lie in memory, by cp.async, STAGES-1 ahead of the
// multiplications. The rows of a panel are 16 bytes longer than their contents,
// so that the eight rows that ldmatrix reads at once lie in different banks.
#include "product.cuh"

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
        int line = ALONG_K ? i : k, lines = ALONG_K ? extent : depth;
        int first = ALONG_K ? k : i, length = ALONG_K ? depth : extent;
        bool whole = pitch % 8 == 0 && aligned(p, 16);
#pragma unroll
        for (int g = 0; g < LINES * LENGTH / 8 / THREADS; g++) {
            int group = g * THREADS + threadIdx.x;
            int l = group / (LENGTH / 8), c = group % (LENGTH / 8) * 8;
            int room = line + l < lines ? max(0, min(8, length - first - c)) : 0;
            const bf16 *from = p + (long long)(line + l) * pitch + first + c;
            if (whole) {
                unsigned to = (unsigned)__cvta_generic_to_shared(&at[l][c]);
                asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to),
                             "l"(__cvta_generic_to_global(room > 0 ? from : p)),
                             "r"(room * 2) : "memory");
            } else {
#pragma unroll
                for (int e = 0; e < 8; e++) at[l][c + e] = e < room ? from[e] : __ushort_as_bfloat16(0);
            }
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

INLINE void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned *b) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Mma is the shape of a block's work: a tile BM x BN, panels BK deep, STAGES of
// them in shared memory; a warp computes WM x WN results.
template <int BM_, int BN_, int BK_, int WM_, int WN_, int STAGES_> struct Mma {
    static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, STAGES = STAGES_;
    static constexpr int THREADS = BM / WM * (BN / WN) * 32;
};

template <typename Shape, bool TRANS_X, bool TRANS_Y>
INLINE void matmul(const bf16 *x, const bf16 *y, void *z, int m, int n, int k, int depth) {
    const int BM = Shape::BM, BN = Shape::BN, BK = Shape::BK, WM = Shape::WM, WN = Shape::WN, STAGES = Shape::STAGES;
    __shared__ __align__(16) Panel16<BM, BK, !TRANS_X> as[STAGES];
    __shared__ __align__(16) Panel16<BN, BK, TRANS_Y> bs[STAGES];
    int row = blockIdx.x * BM, col = blockIdx.y * BN;
    int first = blockIdx.z * depth, end = min(k, first + depth);
    int steps = (end - first + BK - 1) / BK;
    auto copy = [&](int step) { // one group of copies, empty behind the last step
        if (step < steps) {
            as[step % STAGES].template copy<Shape::THREADS>(x, TRANS_X ? m : k, row, first + step * BK, m, end);
            bs[step % STAGES].template copy<Shape::THREADS>(y, TRANS_Y ? k : n, col, first + step * BK, n, end);
        }
        asm volatile("cp.async.commit_group;" ::: "memory");
    };
    float sum[WM / 16][WN / 8][4] = {};
    int warp = threadIdx.x / 32, top = warp / (BN / WN) * WM, left = warp % (BN / WN) * WN;
    for (int s = 0; s < STAGES - 1; s++) copy(s);
    for (int s = 0; s < steps; s++) {
        asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2) : "memory");
        __syncthreads(); // stage s has come, and nobody reads stage s-1 any more
        copy(s + STAGES - 1);
        const auto &a = as[s % STAGES];
        const auto &b = bs[s % STAGES];
#pragma unroll
        for (int kk = 0; kk < BK; kk += 16) {
            unsigned fb[WN / 16][4];
#pragma unroll
            for (int j = 0; j < WN / 16; j++) b.template fragments<false>(fb[j], left + j * 16, kk);
#pragma unroll
            for (int i = 0; i < WM / 16; i++) {
                unsigned fa[4];
                a.template fragments<true>(fa, top + i * 16, kk);
#pragma unroll
                for (int j = 0; j < WN / 8; j++) multiply(sum[i][j], fa, fb[j / 2] + j % 2 * 2);
            }
        }
    }
    const Result<bf16> result = {z, (long long)blockIdx.z * m * n, n, m, n, gridDim.z > 1};
    row += top + threadIdx.x % 32 / 4, col += left + threadIdx.x % 4 * 2;
#pragma unroll
    for (int i = 0; i < WM / 16; i++)
#pragma unroll
        for (int j = 0; j < WN / 8; j++)
#pragma unroll
            for (int h = 0; h < 2; h++) result.put<2>(row + i * 16 + h * 8, col + j * 8, sum[i][j] + h * 2);
}

typedef Mma<128, 128, 32, 64, 32, 2> Large;
typedef Mma<64, 64, 32, 32, 32, 4> Small;

#define MATMUL(name, Shape, TRANS_X, TRANS_Y)                                                                          \
    KERNEL void __launch_bounds__(Shape::THREADS)                                                                      \
        name(const bf16 *x, const bf16 *y, void *z, int m, int n, int k, int depth) {                                  \
        matmul<Shape, TRANS_X, TRANS_Y>(x, y, z, m, n, k, depth);                                                      \
    }
#define MATMULS(suffix, TRANS_X, TRANS_Y)                                                                              \
    MATMUL(matmul_bf16_##suffix##_large, Large, TRANS_X, TRANS_Y)                                                      \
    MATMUL(matmul_bf16_##suffix##_small, Small, TRANS_X, TRANS_Y)

MATMULS(nn, false, false)
MATMULS(tn, true, false)
MATMULS(nt, false, true)
MATMULS(tt, true, true)
