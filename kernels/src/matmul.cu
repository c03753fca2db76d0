// Matrix products z = op(x) op(y), z [m, n], in fp32, fp64 and tf32. Operands
// lie row-major; transX says that x is [k, m], transY that y is [n, k].
//
// Grid: tiles down, tiles across, splits of k. A split covers `depth`
// of k, a multiple of BK; with one split z is the result, with more it is
// scratch memory [splits, m, n], which sum_splits adds up.
#include "product.cuh"

// Tf32 multiplies on tensor cores: fp32 operands rounded to 10 bits of mantissa,
// to nearest, on their way into shared memory; sums in fp32. A warp computes WM x
// WN results.
template <int BM_, int BN_, int BK_, int WM, int WN> struct Tf32 {
    typedef float S;
    static constexpr int BM = BM_, BN = BN_, BK = BK_, THREADS = BM / WM * (BN / WN) * 32;
    static constexpr int PITCH_A = BM + 8, PITCH_B = BN + 8; // so that a warp's 4 x 8 words lie in 32 banks
    float sum[WM / 16][WN / 8][4];

    static INLINE float operand(float x) {
        unsigned y;
        asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
        return __uint_as_float(y);
    }

    INLINE void clear() {
#pragma unroll
        for (int i = 0; i < WM / 16; i++)
#pragma unroll
            for (int j = 0; j < WN / 8; j++)
#pragma unroll
                for (int e = 0; e < 4; e++) sum[i][j][e] = 0;
    }

    static INLINE int warpRow() { return threadIdx.x / 32 / (BN / WN) * WM; }
    static INLINE int warpCol() { return threadIdx.x / 32 % (BN / WN) * WN; }

    INLINE void step(const float (*as)[PITCH_A], const float (*bs)[PITCH_B]) {
        int group = threadIdx.x % 32 / 4, member = threadIdx.x % 4;
        int row = warpRow() + group, col = warpCol() + group;
#pragma unroll
        for (int k = member; k < BK + member; k += 8) {
            float b[WN / 8][2];
#pragma unroll
            for (int j = 0; j < WN / 8; j++) b[j][0] = bs[k][col + j * 8], b[j][1] = bs[k + 4][col + j * 8];
#pragma unroll
            for (int i = 0; i < WM / 16; i++) {
                float a[4] = {as[k][row + i * 16], as[k][row + i * 16 + 8], as[k + 4][row + i * 16],
                              as[k + 4][row + i * 16 + 8]};
#pragma unroll
                for (int j = 0; j < WN / 8; j++) multiply(sum[i][j], a, b[j]);
            }
        }
    }

    static INLINE void multiply(float (&c)[4], const float (&a)[4], const float (&b)[2]) {
        asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
              "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
    }

    template <typename Z> INLINE void write(const Z &z, int row, int col) const {
        int group = threadIdx.x % 32 / 4, member = threadIdx.x % 4;
        row += warpRow() + group, col += warpCol() + member * 2;
#pragma unroll
        for (int i = 0; i < WM / 16; i++)
#pragma unroll
            for (int j = 0; j < WN / 8; j++)
#pragma unroll
                for (int h = 0; h < 2; h++) z.template put<2>(row + i * 16 + h * 8, col + j * 8, sum[i][j] + h * 2);
    }
};

template <typename Math>
INLINE void matmul(const typename Math::S *x, const typename Math::S *y, typename Math::S *z, int m, int n, int k,
                   int transX, int transY, int depth) {
    typedef typename Math::S S;
    int first = blockIdx.z * depth, end = min(k, first + depth);
    Matrix<S> a = {x, transX ? m : k, m, end, !transX};
    Matrix<S> b = {y, transY ? k : n, n, end, transY != 0};
    Result<S> result = {z, (long long)blockIdx.z * m * n, n, m, n, false};
    product<Math>(a, b, result, blockIdx.x * Math::BM, blockIdx.y * Math::BN, first, end);
}

#define MATMUL(name, Math)                                                                                             \
    KERNEL void __launch_bounds__(Math::THREADS)                                                                       \
        name(const Math::S *x, const Math::S *y, Math::S *z, int m, int n, int k, int transX, int transY, int depth) { \
        matmul<Math>(x, y, z, m, n, k, transX, transY, depth);                                                         \
    }

typedef Fma<float, 128, 128, 16, 8, 8> FmaLarge;
typedef Fma<float, 64, 64, 16, 4, 4> FmaSmall;
typedef Fma<double, 64, 64, 16, 4, 4> FmaDouble;
typedef Tf32<128, 128, 16, 64, 32> Tf32Large;
typedef Tf32<64, 64, 16, 32, 16> Tf32Small;

MATMUL(matmul_f32_large, FmaLarge)
MATMUL(matmul_f32_small, FmaSmall)
MATMUL(matmul_f64, FmaDouble)
MATMUL(matmul_tf32_large, Tf32Large)
MATMUL(matmul_tf32_small, Tf32Small)
