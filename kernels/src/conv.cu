// Convolutions in all three directions as products of operands that are gathered
// on the way: exact in the type of the sums (fp32, or fp64), in a fixed order, for
// any stride, padding and groups. cuDNN is faster; these judge it and stand in
// where it has nothing.
//
// With x [N,H,W,C], w [K,R,S,C/groups] and y [N,P,Q,K], dense:
//
//	y[n,p,q,k] = sum over r,s,c of x[n, p*stride-pad+r, q*stride-pad+s, c] * w[k,r,s,c]
//
// Grid: tiles down, tiles across, groups * splits of the sum. A split covers
// `depth` terms, a multiple of BK; with more than one the result is scratch
// memory [splits, the result's size] in the type of the sums.
#include "product.cuh"

struct Conv {
    int n, h, w, c;
    int k, r, s;
    int p, q;
    int strideDown, strideRight, top, left;
    int groups, splits, depth;
};

// Part is what a block does: its group, and the terms of its split.
struct Part {
    int group, split, first, end;
    INLINE Part(const Conv &v, int terms)
        : group(blockIdx.z / v.splits), split(blockIdx.z % v.splits), first(split * v.depth), end(min(terms, first + v.depth)) {}
};

// Pixels is one axis of an operand that runs over images, rows and columns.
struct Pixel {
    int n, row, col;
    INLINE Pixel(int i, int rows, int cols) : n(i / (rows * cols)), row(i / cols % rows), col(i % cols) {}
};

// Tap is one term of a filter: row, column, and channel of the group.
struct Tap {
    int r, s, c;
    INLINE Tap(int i, int cols, int channels) : r(i / (cols * channels)), s(i / channels % cols), c(i % channels) {}
    INLINE void next(int cols, int channels) {
        if (++c < channels) return;
        c = 0;
        if (++s < cols) return;
        s = 0, r++;
    }
};

// gather reads four neighbouring taps, of which `room` exist; address says where
// a tap's channels lie, null outside the image. Mostly the four are neighbours in memory.
template <typename M, typename Address>
INLINE void gather(Computed<M> (&v)[4], Tap tap, int cols, int channels, int room, Address address) {
    if (channels % 4 == 0) {
        const M *p = room > 0 ? address(tap.r, tap.s) : nullptr;
        load<M, 4>(v, p + tap.c, p ? room : 0);
        return;
    }
#pragma unroll
    for (int j = 0; j < 4; j++, tap.next(cols, channels)) {
        const M *p = j < room ? address(tap.r, tap.s) : nullptr;
        v[j] = p ? widened(__ldg(p + tap.c)) : Computed<M>(0);
    }
}

// Patches is the image as the filters meet it: an axis of the result's pixels
// and an axis of taps, along which it is read. WHOLE says that k counts taps.
template <typename M, bool TAPS_ARE_K> struct Patches {
    const M *x; // at the group's first channel
    Conv v;
    int pixels, taps; // how many there are
    static INLINE bool alongK() { return TAPS_ARE_K; }
    INLINE void load(Computed<M> (&out)[4], int i, int k) const {
        int pixel = TAPS_ARE_K ? i : k, first = TAPS_ARE_K ? k : i, channels = v.c / v.groups;
        Pixel at(pixel, v.p, v.q);
        int top = at.row * v.strideDown - v.top, left = at.col * v.strideRight - v.left;
        gather<M>(out, Tap(first, v.s, channels), v.s, channels, pixel < pixels ? taps - first : 0, [&](int r, int s) {
            int row = top + r, col = left + s;
            bool inside = 0 <= row && row < v.h && 0 <= col && col < v.w;
            return inside ? x + (((long long)at.n * v.h + row) * v.w + col) * v.c : nullptr;
        });
    }
};

// Sources is y as a pixel of the image meets it: i counts the image's pixels, k
// the filters' taps r, s and the group's filters.
template <typename M> struct Sources {
    const M *y; // at the group's first channel
    Conv v;
    int pixels, taps;
    static INLINE bool alongK() { return true; }
    INLINE void load(Computed<M> (&out)[4], int i, int k) const {
        int filters = v.k / v.groups;
        Pixel at(i, v.h, v.w);
        gather<M>(out, Tap(k, v.s, filters), v.s, filters, i < pixels ? taps - k : 0, [&](int r, int s) {
            int down = at.row + v.top - r, right = at.col + v.left - s;
            int row = down / v.strideDown, col = right / v.strideRight;
            bool inside = down >= 0 && right >= 0 && row * v.strideDown == down && col * v.strideRight == right && row < v.p && col < v.q;
            return inside ? y + (((long long)at.n * v.p + row) * v.q + col) * v.k : nullptr;
        });
    }
};

// Channels is w read along its channels, i, where k counts taps r, s and filters.
template <typename M> struct Channels {
    const M *w; // at the group's first filter
    Conv v;
    int taps;
    static INLINE bool alongK() { return false; }
    INLINE void load(Computed<M> (&out)[4], int i, int k) const {
        int channels = v.c / v.groups;
        Tap at(k, v.s, v.k / v.groups);
        ::load<M, 4>(out, w + (((long long)at.c * v.r + at.r) * v.s + at.s) * channels + i, k < taps ? channels - i : 0);
    }
};

template <typename Math, typename M> INLINE void forward(const M *x, const M *w, void *y, const Conv &v) {
    int filters = v.k / v.groups, taps = v.r * v.s * (v.c / v.groups), pixels = v.n * v.p * v.q;
    Part part(v, taps);
    Patches<M, true> a = {x + part.group * (v.c / v.groups), v, pixels, part.end};
    Matrix<M> b = {w + (long long)part.group * filters * taps, taps, filters, part.end, true};
    Result<M> z = {y, (long long)part.split * pixels * v.k + part.group * filters, v.k, pixels, filters, v.splits > 1};
    product<Math>(a, b, z, blockIdx.x * Math::BM, blockIdx.y * Math::BN, part.first, part.end);
}

template <typename Math, typename M> INLINE void inputGrad(const M *y, const M *w, void *x, const Conv &v) {
    int channels = v.c / v.groups, filters = v.k / v.groups, taps = v.r * v.s * filters, pixels = v.n * v.h * v.w;
    Part part(v, taps);
    Sources<M> a = {y + part.group * filters, v, pixels, part.end};
    Channels<M> b = {w + (long long)part.group * taps * channels, v, part.end};
    Result<M> z = {x, (long long)part.split * pixels * v.c + part.group * channels, v.c, pixels, channels, v.splits > 1};
    product<Math>(a, b, z, blockIdx.x * Math::BM, blockIdx.y * Math::BN, part.first, part.end);
}

template <typename Math, typename M> INLINE void filterGrad(const M *x, const M *y, void *w, const Conv &v) {
    int filters = v.k / v.groups, taps = v.r * v.s * (v.c / v.groups), pixels = v.n * v.p * v.q;
    Part part(v, pixels);
    Matrix<M> a = {y + part.group * filters, v.k, filters, part.end, false};
    Patches<M, false> b = {x + part.group * (v.c / v.groups), v, part.end, taps};
    Result<M> z = {w, ((long long)part.split * v.k + part.group * filters) * taps, taps, filters, taps, v.splits > 1};
    product<Math>(a, b, z, blockIdx.x * Math::BM, blockIdx.y * Math::BN, part.first, part.end);
}

typedef Fma<float, 64, 64, 16, 4, 4> Single;
typedef Fma<double, 64, 64, 16, 4, 4> Double;

#define CONV(suffix, M, Math)                                                                                          \
    KERNEL void __launch_bounds__(Math::THREADS) conv_forward_##suffix(const M *x, const M *w, void *y, Conv v) {      \
        forward<Math>(x, w, y, v);                                                                                     \
    }                                                                                                                  \
    KERNEL void __launch_bounds__(Math::THREADS) conv_input_##suffix(const M *y, const M *w, void *x, Conv v) {        \
        inputGrad<Math>(y, w, x, v);                                                                                   \
    }                                                                                                                  \
    KERNEL void __launch_bounds__(Math::THREADS) conv_filter_##suffix(const M *x, const M *y, void *w, Conv v) {       \
        filterGrad<Math>(x, y, w, v);                                                                                  \
    }

CONV(f32, float, Single)
CONV(bf16, bf16, Single)
CONV(f64, double, Double)
