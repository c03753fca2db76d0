// The frame that every product is computed in: a block computes a tile of the
// result, BM x BN, from panels of the operands, BK deep, which go from global
// memory through registers into shared memory. While one pair of panels is
// multiplied the next is on its way.
//
// An operand says how its elements (i, k) are loaded, where i counts rows or
// columns of the result; that is all in which a matrix product and the three
// directions of a convolution differ.
#pragma once
#include "memory.cuh"

// Panel is one thread's part of an operand's panel, EXTENT x BK, in groups of
// four neighbours: along k or along i, as they lie in memory.
template <typename S, int EXTENT, int BK, int PITCH, int THREADS> struct Panel {
    static constexpr int GROUPS = EXTENT * BK / 4 / THREADS;
    static_assert(GROUPS * 4 * THREADS == EXTENT * BK, "every thread has equally many groups");
    S v[GROUPS][4];

    template <typename Operand> INLINE void load(const Operand &o, int first, int k) {
#pragma unroll
        for (int g = 0; g < GROUPS; g++) {
            int at = g * THREADS + threadIdx.x;
            if (o.alongK())
                o.load(v[g], first + at / (BK / 4), k + at % (BK / 4) * 4);
            else
                o.load(v[g], first + at % (EXTENT / 4) * 4, k + at / (EXTENT / 4));
        }
    }

    template <typename Math, typename Operand> INLINE void store(const Operand &o, S (*panel)[PITCH]) const {
#pragma unroll
        for (int g = 0; g < GROUPS; g++) {
            int at = g * THREADS + threadIdx.x;
            Row<S, 4> row;
#pragma unroll
            for (int i = 0; i < 4; i++) row.value[i] = Math::operand(v[g][i]);
            if (o.alongK()) {
                int i = at / (BK / 4), k = at % (BK / 4) * 4;
#pragma unroll
                for (int j = 0; j < 4; j++) panel[k + j][i] = row.value[j];
            } else {
                row.store(&panel[at / (EXTENT / 4)][at % (EXTENT / 4) * 4]);
            }
        }
    }
};

// product computes the tile at (row, col) from the depths k ... end-1.
template <typename Math, typename A, typename B, typename Z>
INLINE void product(const A &a, const B &b, const Z &z, int row, int col, int k, int end) {
    typedef typename Math::S S;
    __shared__ __align__(16) S as[2][Math::BK][Math::PITCH_A], bs[2][Math::BK][Math::PITCH_B];
    Panel<S, Math::BM, Math::BK, Math::PITCH_A, Math::THREADS> pa;
    Panel<S, Math::BN, Math::BK, Math::PITCH_B, Math::THREADS> pb;
    Math math;
    math.clear();
    pa.load(a, row, k);
    pb.load(b, col, k);
    pa.template store<Math>(a, as[0]);
    pb.template store<Math>(b, bs[0]);
    __syncthreads();
    for (int now = 0;; now ^= 1) {
        k += Math::BK;
        bool more = k < end;
        if (more) {
            pa.load(a, row, k);
            pb.load(b, col, k);
        }
        math.step(as[now], bs[now]);
        if (!more) break;
        pa.template store<Math>(a, as[now ^ 1]);
        pb.template store<Math>(b, bs[now ^ 1]);
        __syncthreads();
    }
    math.write(z, row, col);
}

// Fma multiplies with ordinary fused multiply-adds: BM*BN/(TM*TN) threads with
// TM x TN results each, in groups of four that lie apart, so that the threads of
// a warp read neighbouring words of a panel.
template <typename T, int BM_, int BN_, int BK_, int TM, int TN> struct Fma {
    typedef T S;
    static constexpr int BM = BM_, BN = BN_, BK = BK_, THREADS = BM * BN / (TM * TN);
    static constexpr int PAD = 16 / sizeof(T), PITCH_A = BM + PAD, PITCH_B = BN + PAD;
    static constexpr int ROWS = BM / TM * 4, COLS = BN / TN * 4; // distance of a thread's groups
    T sum[TM][TN];

    static INLINE T operand(T x) { return x; }

    INLINE void clear() {
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
            for (int j = 0; j < TN; j++) sum[i][j] = 0;
    }

    INLINE void step(const T (*as)[PITCH_A], const T (*bs)[PITCH_B]) {
        int y = threadIdx.x / (BN / TN) * 4, x = threadIdx.x % (BN / TN) * 4;
#pragma unroll
        for (int k = 0; k < BK; k++) {
            T a[TM], b[TN];
#pragma unroll
            for (int i = 0; i < TM; i++) a[i] = as[k][i / 4 * ROWS + y + i % 4];
#pragma unroll
            for (int j = 0; j < TN; j++) b[j] = bs[k][j / 4 * COLS + x + j % 4];
#pragma unroll
            for (int i = 0; i < TM; i++)
#pragma unroll
                for (int j = 0; j < TN; j++) sum[i][j] = fma(a[i], b[j], sum[i][j]);
        }
    }

    template <typename Z> INLINE void write(const Z &z, int row, int col) const {
        int y = threadIdx.x / (BN / TN) * 4, x = threadIdx.x % (BN / TN) * 4;
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
            for (int j = 0; j < TN; j += 4)
                z.template put<4>(row + i / 4 * ROWS + y + i % 4, col + j / 4 * COLS + x, sum[i] + j);
    }
};

// Matrix is an operand that lies in memory as lines of `pitch` elements. Of
// element (i, k), i < extent and k < depth, either index may run along a line.
template <typename M> struct Matrix {
    const M *p;
    int pitch, extent, depth;
    bool isAlongK;
    INLINE bool alongK() const { return isAlongK; }
    INLINE void load(Computed<M> (&v)[4], int i, int k) const {
        int line = isAlongK ? i : k, lines = isAlongK ? extent : depth;
        int at = isAlongK ? k : i, length = isAlongK ? depth : extent;
        ::load<M, 4>(v, p + (long long)line * pitch + at, line < lines ? length - at : 0);
    }
};

// Result is where a block's tile goes: into the result, or, where k is split
// over blocks, into this split's part of the scratch memory, in the type that is
// computed in.
template <typename M> struct Result {
    void *p;
    long long first; // of element (0, 0)
    int pitch, rows, cols;
    bool isPart;
    template <int N> INLINE void put(int i, int j, const Computed<M> *v) const {
        if (i >= rows) return;
        long long at = first + (long long)i * pitch + j;
        if (isPart)
            store<Computed<M>, N>((Computed<M> *)p + at, v, cols - j);
        else
            store<M, N>((M *)p + at, v, cols - j);
    }
};
