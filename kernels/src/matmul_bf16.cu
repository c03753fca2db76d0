// Matrix products z = op(x) op(y) of bf16 operands on tensor cores: sums in
// fp32, the result rounded to bf16 once. Operands lie row-major; a name's first
// letter t says that x is [k, m], its second that y is [n, k].
//
// Grid: tiles down, tiles across, splits of k. A split covers `depth` of k, a
// multiple of BK; with one split z is the result in bf16, with more it is
// scratch memory in fp32 [splits, m, n], which sum_splits adds up.
//
// Panels are copied as they lie in memory, by cp.async, STAGES-1 ahead of the
// multiplications.
#include "panel16.cuh"
#include "product.cuh"

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
        commit();
    };
    float sum[WM / 16][WN / 8][4] = {};
    int warp = threadIdx.x / 32, top = warp / (BN / WN) * WM, left = warp % (BN / WN) * WN;
    for (int s = 0; s < STAGES - 1; s++) copy(s);
    for (int s = 0; s < steps; s++) {
        wait<STAGES - 2>();
        __syncthreads(); // stage s has come, and nobody reads stage s-1 any more
        copy(s + STAGES - 1);
        multiplyPanels(sum, as[s % STAGES], bs[s % STAGES], top, left);
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
