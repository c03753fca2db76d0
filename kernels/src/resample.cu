// Images stretched by zeros, padded or cropped, filtered along rows and columns, and
// thinned out: a thread computes one number, and reads only what is not one of the zeros.
//
// With x [N,H,W,C] and y [N,P,Q,C], dense:
//
//	y[n,p,q,c] = sum over r of down[r] * sum over s of right[s] * z[n, p*stride+r-top, q*stride+s-left, c]
//
// where z has x's pixel i at i*up, and zeros elsewhere. Sums in fp32, or fp64, in a fixed order.
#include "memory.cuh"

const int THREADS = 256, TAPS = 32;

struct Fir {
    int n, h, w, c;
    int p, q;
    int upDown, upRight, strideDown, strideRight, top, left;
    int tapsDown, tapsRight;
    float down[TAPS], right[TAPS];
};

// first is the tap that meets the first pixel that a window from `at` on sees.
INLINE int first(int at, int up) { return at < 0 ? -at : (up - at % up) % up; }

template <typename M> INLINE void resample(const M *x, M *y, const Fir &v) {
    typedef Computed<M> S;
    int e = blockIdx.x * THREADS + threadIdx.x;
    if (e >= v.n * v.p * v.q * v.c) return;
    int c = e % v.c, pixel = e / v.c;
    int q = pixel % v.q, p = pixel / v.q % v.p, n = pixel / v.q / v.p;
    int row = p * v.strideDown - v.top, col = q * v.strideRight - v.left;
    int r0 = first(row, v.upDown), s0 = first(col, v.upRight);
    S sum = 0;
    for (int r = r0, i = (row + r0) / v.upDown; r < v.tapsDown && i < v.h; r += v.upDown, i++) {
        const M *line = x + ((n * v.h + i) * v.w) * v.c + c;
        S part = 0;
        for (int s = s0, j = (col + s0) / v.upRight; s < v.tapsRight && j < v.w; s += v.upRight, j++)
            part += S(v.right[s]) * widened(__ldg(line + j * v.c));
        sum += S(v.down[r]) * part;
    }
    assign(y[e], sum);
}

#define RESAMPLE(suffix, M)                                                                          \
    KERNEL void __launch_bounds__(THREADS) resample_##suffix(const M *x, M *y, Fir v) { resample(x, y, v); }

RESAMPLE(f32, float)
RESAMPLE(bf16, bf16)
RESAMPLE(f64, double)
