// Convolutions in bf16 of images of few channels, in all three directions, on
// tensor cores: sums in fp32, in a fixed order, the result rounded once. One
// filter has `taps` = R*S*C weights, padded to DEPTH in registers; cuDNN pads the
// channels in memory instead.
//
// With x [N,H,W,C], w [K,R,S,C] and y [N,P,Q,K], dense:
//
//	y[n,p,q,k] = sum over r,s,c of x[n, p*stride-pad+r, q*stride-pad+s, c] * w[k,r,s,c]
//
// What a pixel of y sees are R stretches of S*C neighbours of the image. They are
// read, where a fragment wants them, out of a window of the image in shared memory:
// the offset of a pixel and that of a tap add up.
//
// A tap behind the last stands for the last one, and a pixel behind the last of its
// line likewise: the number is finite if the result is, and meets zeros or is dropped.
#include "panel16.cuh"

const int THREADS = 128, WARPS = THREADS / 32;
const int FILTERS = 64; // of a block
const int COLUMNS = 16; // of a tile of y, a fragment's pixels

struct Image {
    int n, h, w, c;
    int k, r, s;
    int p, q;
    int strideDown, strideRight, top, left;
    int tilesDown, tilesRight;
    int pitch;                   // of a window
    int depth;                   // tiles of a split
    int sizeDown, sizeRight;     // the input gradient's tiles, in pixels of x
    int beforeDown, beforeRight; // what the first ones lack, outside of x
    INLINE int taps() const { return r * s * c; }
};

// A kernel knows a network's filters when it is compiled, or asks what they are.
INLINE void ask(Image &) {}
INLINE void dcgan(Image &v) {
    v.r = v.s = 4, v.c = 3;
    v.strideDown = v.strideRight = 2, v.top = v.left = 1;
    v.pitch = 112;
}

INLINE int group() { return threadIdx.x % 32 / 4; } // of four lanes
INLINE int member() { return threadIdx.x % 4; }

// Tile is a place in the grid of all images' tiles.
struct Tile {
    int n, down, right;
    INLINE void next(const Image &v) {
        if (++right < v.tilesRight) return;
        right = 0;
        if (++down < v.tilesDown) return;
        down = 0, n++;
    }
};

// Window is what ROWS x COLUMNS pixels of y see: lines of the image from its row
// `top` on, as they lie in memory from the last multiple of eight before `left`
// on, zeros outside.
template <int ROWS> struct Window {
    const Image &v;
    int n, top, left;
    INLINE Window(const Image &v, const Tile &t)
        : v(v), n(t.n), top(t.down * ROWS * v.strideDown - v.top), left((t.right * COLUMNS * v.strideRight - v.left) * v.c) {}

    INLINE void copy(bf16 *to, const bf16 *x) const {
        int length = v.w * v.c, groups = v.pitch / 8;
        bool whole = length % 8 == 0 && aligned(x, 16);
        for (int i = threadIdx.x; i < ((ROWS - 1) * v.strideDown + v.r) * groups; i += THREADS) {
            int row = top + i / groups, at = (left & -8) + i % groups * 8, line = (n * v.h + row) * length;
            bool inside = 0 <= row && row < v.h;
            if (whole) {
                copy8(to + i * 8, x, line + at, inside && 0 <= at ? length - at : 0, true);
                continue;
            }
#pragma unroll
            for (int e = 0; e < 8; e++)
                to[i * 8 + e] = inside && 0 <= at + e && at + e < length ? x[line + at + e] : __ushort_as_bfloat16(0);
        }
    }

    // offset is where a pixel's first tap lies.
    INLINE int offset(int p, int q) const { return (left & 7) + p * v.strideDown * v.pitch + q * v.strideRight * v.c; }
};

// Taps is where each of DEPTH taps lies from a pixel's first, in bytes.
template <int DEPTH> struct Taps {
    short at[DEPTH];
    INLINE void fill(const Image &v) {
        int line = v.s * v.c, tap = min(threadIdx.x, v.r * line - 1);
        if (threadIdx.x < DEPTH) at[threadIdx.x] = (tap / line * v.pitch + tap % line) * sizeof(bf16);
    }
};

INLINE unsigned short number(const bf16 *pixel, int tap) { return *(const unsigned short *)((const char *)pixel + tap); }

// pair is two numbers of the image as half a fragment's row has them.
INLINE unsigned pair(unsigned short low, unsigned short high) {
    unsigned r;
    asm("mov.b32 %0, {%1, %2};" : "=r"(r) : "h"(low), "h"(high));
    return r;
}

// put stores two sums on eight bytes.
INLINE void put(float *to, const float *two) { *(float2 *)to = make_float2(two[0], two[1]); }

// Forward: a block computes ROWS x COLUMNS pixels and FILTERS filters, a warp two
// of the rows. Grid: tiles across by groups of filters, tiles down, images.
//
// The filters lie in such an order that the sums of a thread are eight
// neighbours, twice: of each 32, number 8*t + 2*j + e is column 2*t + e of
// product j.
template <int DEPTH, void know(Image &)> INLINE void forward(const bf16 *x, const bf16 *w, bf16 *y, Image v) {
    know(v);
    const int ROWS = 8, ROOM = 7168;
    __shared__ __align__(16) bf16 window[ROOM];
    __shared__ __align__(16) Panel16<FILTERS, DEPTH, true> filters;
    __shared__ Taps<DEPTH> taps;
    unsigned of = blockIdx.x / v.tilesRight;
    Tile tile = {(int)blockIdx.z, (int)blockIdx.y, int(blockIdx.x - of * v.tilesRight)};
    Window<ROWS> sight(v, tile);
    int depth = v.taps(), first = of * FILTERS;
    bool whole = depth % 8 == 0 && aligned(w, 16);
    sight.copy(window, x);
#pragma unroll
    for (int g = 0; g < FILTERS * DEPTH / 8 / THREADS; g++) {
        int i = g * THREADS + threadIdx.x, line = i / (DEPTH / 8), tap = i % (DEPTH / 8) * 8;
        int filter = first + line / 32 * 32 + line % 8 / 2 * 8 + line / 8 % 4 * 2 + line % 2;
        copy8(&filters.at[line][tap], w, (long long)filter * depth + tap, filter < v.k ? depth - tap : 0, whole);
    }
    commit();
    taps.fill(v);
    wait<0>();
    __syncthreads();

    float sum[2][FILTERS / 8][4] = {};
    int row = threadIdx.x / 32 * 2;
#pragma unroll
    for (int k = 0; k < DEPTH; k += 16) {
        const short *at = taps.at + k + member() * 2;
        unsigned fb[FILTERS / 16][4];
#pragma unroll
        for (int j = 0; j < FILTERS / 16; j++) filters.template fragments<false>(fb[j], j * 16, k);
#pragma unroll
        for (int i = 0; i < 2; i++) {
            const bf16 *near = window + sight.offset(row + i, group()), *far = window + sight.offset(row + i, group() + 8);
            unsigned fa[4] = {pair(number(near, at[0]), number(near, at[1])), pair(number(far, at[0]), number(far, at[1])),
                              pair(number(near, at[8]), number(near, at[9])), pair(number(far, at[8]), number(far, at[9]))};
#pragma unroll
            for (int j = 0; j < FILTERS / 8; j++) multiply(sum[i][j], fa, fb[j / 2] + j % 2 * 2);
        }
    }
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int h = 0; h < 2; h++) {
            int p = tile.down * ROWS + row + i, q = tile.right * COLUMNS + group() + h * 8;
            if (p >= v.p || q >= v.q) continue;
#pragma unroll
            for (int j = 0; j < FILTERS / 8; j += 4) {
                int filter = first + j * 8 + member() * 8;
                float eight[8];
#pragma unroll
                for (int e = 0; e < 8; e++) eight[e] = sum[i][j + e / 2][h * 2 + e % 2];
                store<bf16, 8>(y + ((tile.n * v.p + p) * v.q + q) * v.k + filter, eight, v.k - filter);
            }
        }
}

// addWarps adds the sums of a block's warps, half of the filters at a time, and
// writes those of the filters and taps that there are.
template <int DEPTH>
INLINE void addWarps(float (*sums)[FILTERS / 2][DEPTH + 8], const float (&sum)[FILTERS / 16][DEPTH / 8][4], float *parts, int filters, int taps) {
    const int HALF = FILTERS / 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        __syncthreads(); // nobody reads this memory any more
#pragma unroll
        for (int i = 0; i < HALF / 16; i++)
#pragma unroll
            for (int j = 0; j < DEPTH / 8; j++)
#pragma unroll
                for (int h = 0; h < 2; h++)
                    put(&sums[threadIdx.x / 32][i * 16 + h * 8 + group()][j * 8 + member() * 2], sum[half * HALF / 16 + i][j] + h * 2);
        __syncthreads();
        for (int i = threadIdx.x; i < HALF * taps; i += THREADS) {
            int filter = i / taps, tap = i % taps;
            float total = sums[0][filter][tap];
#pragma unroll
            for (int w = 1; w < WARPS; w++) total += sums[w][filter][tap];
            if (half * HALF + filter < filters) parts[half * HALF * taps + i] = total;
        }
    }
}

// Stage is a tile of y, a row for each warp, from a filter on, and what it sees.
struct Stage {
    static constexpr int ROWS = WARPS, ROOM = 3520;
    bf16 window[ROOM];
    Panel16<FILTERS, ROWS * COLUMNS, false> y;

    INLINE void copy(const bf16 *from, const bf16 *p, const Image &v, const Tile &tile, int first) {
        Window<ROWS>(v, tile).copy(window, from);
        static_assert(COLUMNS * FILTERS / 8 == THREADS, "a thread copies from a column");
        int column = threadIdx.x / (FILTERS / 8), filter = threadIdx.x % (FILTERS / 8) * 8, right = tile.right * COLUMNS + column;
        bool whole = v.k % 8 == 0 && aligned(p, 16);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            int down = tile.down * ROWS + i;
            copy8(&y.at[i * COLUMNS + column][filter], p, ((tile.n * v.p + down) * v.q + right) * v.k + first + filter,
                  down < v.p && right < v.q ? v.k - first - filter : 0, whole);
        }
    }
};

// Filter gradient: a block sums over the pixels of `depth` tiles of ROWS x COLUMNS,
// a warp over one of the rows; what follows is on its way meanwhile. Grid: splits,
// groups of filters. The result are parts [splits, K, taps] in fp32.
template <int DEPTH, void know(Image &)> INLINE void filterGrad(const bf16 *x, const bf16 *y, float *parts, Image v) {
    know(v);
    const int ROWS = Stage::ROWS, STAGES = 3;
    __shared__ __align__(16) union {
        Stage stages[STAGES];
        float sums[WARPS][FILTERS / 2][DEPTH + 8];
    } memory;
    __shared__ Taps<DEPTH> taps;
    int first = blockIdx.y * FILTERS, from = blockIdx.x * v.depth;
    int steps = min(v.depth, v.n * v.tilesDown * v.tilesRight - from);
    unsigned line = from / v.tilesRight;
    Tile tile = {int(line / v.tilesDown), int(line % v.tilesDown), int(from - line * v.tilesRight)}, ahead = tile;
    auto copy = [&](int step) { // one group of copies, empty behind the last step
        if (step < steps) {
            memory.stages[step % STAGES].copy(x, y, v, ahead, first);
            ahead.next(v);
        }
        commit();
    };
    for (int s = 0; s < STAGES - 1; s++) copy(s);
    taps.fill(v);
    __syncthreads();
    int at[DEPTH / 8], warp = threadIdx.x / 32;
#pragma unroll
    for (int j = 0; j < DEPTH / 8; j++) at[j] = taps.at[j * 8 + group()];

    float sum[FILTERS / 16][DEPTH / 8][4] = {};
    for (int s = 0; s < steps; s++, tile.next(v)) {
        wait<STAGES - 2>();
        __syncthreads(); // stage s has come, and nobody reads stage s-1 any more
        copy(s + STAGES - 1);
        const Stage &stage = memory.stages[s % STAGES];
        if (tile.down * ROWS + warp >= v.p) continue;
        Window<ROWS> sight(v, tile);
        const bf16 *pixel[4];
#pragma unroll
        for (int i = 0; i < 4; i++)
            pixel[i] = stage.window + sight.offset(warp, min(member() * 2 + i % 2 + i / 2 * 8, v.q - 1 - tile.right * COLUMNS));
        unsigned fa[FILTERS / 16][4];
#pragma unroll
        for (int i = 0; i < FILTERS / 16; i++) stage.y.template fragments<true>(fa[i], i * 16, warp * COLUMNS);
#pragma unroll
        for (int j = 0; j < DEPTH / 8; j++) {
            unsigned fb[2] = {pair(number(pixel[0], at[j]), number(pixel[1], at[j])), pair(number(pixel[2], at[j]), number(pixel[3], at[j]))};
#pragma unroll
            for (int i = 0; i < FILTERS / 16; i++) multiply(sum[i][j], fa[i], fb);
        }
    }

    addWarps<DEPTH>(memory.sums, sum, parts + ((long long)blockIdx.x * v.k + first) * v.taps(), v.k - first, v.taps());
}

// Reach is one axis of the input gradient's tile: the image's pixels begin ... end-1,
// and those of y that see one of them.
struct Reach {
    int begin, end, first, count;
    INLINE Reach(int tile, int size, int before, int pixels, int results, int filter, int stride, int pad)
        : begin(max(0, tile * size - before)), end(min(pixels, (tile + 1) * size - before)) {
        first = max(0, begin + pad - filter + stride) / stride;
        count = max(0, min(results - 1, (end - 1 + pad) / stride) - first + 1);
    }
};

// Terms are the products that an image's pixel sums along an axis: where the first
// one lies, and how many there are, one pixel of y before the other.
struct __align__(8) Terms {
    int first, count;
    INLINE Terms() {}
    // at counts from the first pixel that a filter could meet; the distances are
    // those of neighbouring pixels of y, and of taps.
    INLINE Terms(int at, const Reach &reach, int results, int filter, int stride, int pixel, int tap) {
        int y = min(at / stride, results - 1), t = at - y * stride;
        count = max(0, min((filter - t + stride - 1) / stride, y + 1));
        first = count > 0 ? (y - reach.first) * pixel + t * tap : 0;
    }
};

// addTerms adds the terms of a rectangle's pixels, at x, two numbers at a time.
template <int PITCH>
INLINE void addTerms(const float *products, const Terms *rows, const Terms *columns, bf16 *x, int height, int width, int across, const Image &v) {
    int stepDown = v.strideDown * v.s * v.c - across * PITCH, stepRight = v.strideRight * v.c - PITCH;
    int mostDown = (v.r + v.strideDown - 1) / v.strideDown, mostRight = (v.s + v.strideRight - 1) / v.strideRight;
    int pairs = (width + 1) / 2, row = threadIdx.x / pairs, pair = threadIdx.x - row * pairs;
    int nextRow = THREADS / pairs, nextPair = THREADS - nextRow * pairs;
    for (; row < height; row += nextRow, pair += nextPair) {
        if (pair >= pairs) pair -= pairs, row++;
        if (row >= height) break;
        float two[2] = {};
#pragma unroll
        for (int e = 0; e < 2; e++) {
            if (pair * 2 + e >= width) continue;
            Terms down = rows[row], right = columns[pair * 2 + e];
            for (int r = 0; r < mostDown; r++)
                for (int s = 0; s < mostRight; s++)
                    if (r < down.count && s < right.count) two[e] += products[down.first + right.first + r * stepDown + s * stepRight];
        }
        store<bf16, 2>(x + row * v.w * v.c + pair * 2, two, width - pair * 2);
    }
}

// Input gradient: a block computes a rectangle of the image, of sizeDown x
// sizeRight pixels where the image goes on so far. The products of the at most
// PIXELS pixels of y that reach into it and of each tap go to shared memory in
// fp32; then an image's pixel is the sum of its own. Grid: tiles across, tiles
// down, images.
template <int DEPTH, void know(Image &)> INLINE void inputGrad(const bf16 *y, const bf16 *w, bf16 *x, Image v) {
    know(v);
    const int PIXELS = 128, BK = 64, PITCH = DEPTH + 8, ROWS = 128, CHANNELS = 512;
    struct Operands {
        Panel16<PIXELS, BK, true> y;
        Panel16<DEPTH, BK, false> w;
    };
    __shared__ __align__(16) union {
        Operands operands;
        float products[PIXELS][PITCH];
    } memory;
    __shared__ Terms rows[ROWS], columns[CHANNELS]; // of each channel in a row
    Tile tile = {(int)blockIdx.z, (int)blockIdx.y, (int)blockIdx.x};
    Reach down(tile.down, v.sizeDown, v.beforeDown, v.h, v.p, v.r, v.strideDown, v.top);
    Reach right(tile.right, v.sizeRight, v.beforeRight, v.w, v.q, v.s, v.strideRight, v.left);
    int depth = v.taps(), height = down.end - down.begin, width = (right.end - right.begin) * v.c;
    float sum[PIXELS / WARPS / 16][DEPTH / 8][4] = {};
    int warp = threadIdx.x / 32, top = warp * (PIXELS / WARPS);
    int inverse = 65536 / max(1, right.count) + 1; // exact enough for PIXELS
    bool whole = v.k % 8 == 0 && aligned(y, 16);
    for (int k = 0; k < v.k; k += BK) {
        if (k > 0) __syncthreads(); // nobody reads the operands any more
#pragma unroll 4
        for (int g = 0; g < PIXELS * BK / 8 / THREADS; g++) {
            int line = (g * THREADS + threadIdx.x) / (BK / 8), filter = k + threadIdx.x % (BK / 8) * 8;
            int p = line * inverse >> 16, q = line - p * right.count;
            copy8(&memory.operands.y.at[line][filter - k], y, ((tile.n * v.p + down.first + p) * v.q + right.first + q) * v.k + filter,
                  line < down.count * right.count ? v.k - filter : 0, whole);
        }
        memory.operands.w.template copy<THREADS>(w, depth, 0, k, depth, v.k);
        commit();
        if (k == 0) { // while the copies are on their way
#pragma unroll 1
            for (int i = threadIdx.x; i < height; i += THREADS)
                rows[i] = Terms(down.begin + i + v.top, down, v.p, v.r, v.strideDown, right.count * PITCH, v.s * v.c);
#pragma unroll 1
            for (int i = threadIdx.x; i < width; i += THREADS) {
                columns[i] = Terms(right.begin + i / v.c + v.left, right, v.q, v.s, v.strideRight, PITCH, v.c);
                columns[i].first += i % v.c;
            }
        }
        wait<0>();
        __syncthreads();
        multiplyPanels(sum, memory.operands.y, memory.operands.w, top, 0);
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < PIXELS / WARPS / 16; i++)
#pragma unroll
        for (int j = 0; j < DEPTH / 8; j++)
#pragma unroll
            for (int h = 0; h < 2; h++)
                put(&memory.products[top + i * 16 + h * 8 + group()][j * 8 + member() * 2], sum[i][j] + h * 2);
    __syncthreads();
    addTerms<PITCH>(memory.products[0], rows, columns, x + ((tile.n * v.h + down.begin) * v.w + right.begin) * v.c, height, width, right.count, v);
}

#define IMAGE(NAME, DEPTH, know)                                                                                       \
    KERNEL void __launch_bounds__(THREADS) image_forward_##NAME(const bf16 *x, const bf16 *w, bf16 *y, Image v) {      \
        forward<DEPTH, know>(x, w, y, v);                                                                              \
    }                                                                                                                  \
    KERNEL void __launch_bounds__(THREADS) image_input_##NAME(const bf16 *y, const bf16 *w, bf16 *x, Image v) {        \
        inputGrad<DEPTH, know>(y, w, x, v);                                                                            \
    }                                                                                                                  \
    KERNEL void __launch_bounds__(THREADS) image_filter_##NAME(const bf16 *x, const bf16 *y, float *parts, Image v) {  \
        filterGrad<DEPTH, know>(x, y, parts, v);                                                                       \
    }

IMAGE(32, 32, ask)
IMAGE(48, 48, ask)
IMAGE(64, 64, ask)
IMAGE(dcgan, 48, dcgan)
