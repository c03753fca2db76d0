#include "convolution.h"

#include <algorithm>
#include <cstring>

namespace convolution {
namespace {

float of_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint32_t bits_of(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

bool finite(uint32_t bits) { return (bits & 0x7f800000) != 0x7f800000; }

// to_tf32 keeps 10 bits of the mantissa; halves go away from zero (cvt.rna).
float to_tf32(float f) {
    uint32_t bits = bits_of(f);
    return finite(bits) ? of_bits((bits + 0x1000) & ~0x1fffu) : f;
}

// to_bf16 keeps 7 bits of the mantissa; halves go to even.
uint16_t to_bf16(float f) {
    uint32_t bits = bits_of(f);
    if (!finite(bits)) return uint16_t(bits >> 16 | ((bits & 0xffff) ? 0x40 : 0)); // a NaN stays one
    return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float from_bf16(uint16_t h) { return of_bits(uint32_t(h) << 16); }

float operand(const Job &j, const void *tensor, int64_t i) {
    float f = j.bf16 ? from_bf16(static_cast<const uint16_t *>(tensor)[i]) : static_cast<const float *>(tensor)[i];
    if (j.rounding == ToTF32) return to_tf32(f);
    if (j.rounding == ToBF16) return from_bf16(to_bf16(f));
    return f;
}

void store(const Job &j, void *tensor, int64_t i, float sum) {
    float f = sum * j.scale;
    if (j.bf16)
        static_cast<uint16_t *>(tensor)[i] = to_bf16(f);
    else
        static_cast<float *>(tensor)[i] = f;
}

const float *unpack(const Job &j, const void *tensor, int64_t n, float *to) {
    for (int64_t i = 0; i < n; i++) to[i] = operand(j, tensor, i);
    return to;
}

// unpack_filters gives w as [groups,R,S,C/groups,K/groups] for images after the
// convolution, and as [groups,R,S,K/groups,C/groups] for those before it: what
// is computed lies side by side.
const float *unpack_filters(const Job &j, float *to) {
    const Shape &s = j.shape;
    int64_t c = s.C / s.groups, k = s.K / s.groups, taps = s.R * s.S;
    for (int64_t i = 0; i < s.w(); i++) {
        int64_t channel = i % c, tap = i / c % taps, filter = i / c / taps % k, group = i / c / taps / k;
        int64_t at = j.direction == Forward ? channel * k + filter : filter * c + channel;
        to[(group * taps + tap) * c * k + at] = operand(j, j.w, i);
    }
    return to;
}

// Terms are sums of a[i·as]·b[i·bs + e], over i, for each place e side by side.
struct Terms {
    const float *a;
    int64_t as;
    const float *b;
    int64_t bs, n;
};

constexpr int lanes = 32;

// add adds terms to the first width of the sums.
__attribute__((target_clones("arch=haswell", "default"))) void add(float *sums, int width, const Terms &t) {
    float local[lanes];
    if (width == lanes) { // which the compiler keeps in registers
        memcpy(local, sums, sizeof local);
        for (int64_t i = 0; i < t.n; i++)
            for (int e = 0; e < lanes; e++) local[e] += t.a[i * t.as] * t.b[i * t.bs + e];
        memcpy(sums, local, sizeof local);
        return;
    }
    for (int64_t i = 0; i < t.n; i++)
        for (int e = 0; e < width; e++) sums[e] += t.a[i * t.as] * t.b[i * t.bs + e];
}

// images computes y from x and w, or x from y and w; a is x or y.
void images(const Job &j, const float *a, const float *w) {
    const Shape &s = j.shape;
    bool forward = j.direction == Forward;
    int64_t c = s.C / s.groups, k = s.K / s.groups, in = forward ? c : k, out = forward ? k : c;
    int64_t rows = forward ? s.P : s.H, columns = forward ? s.Q : s.W;
    void *result = forward ? j.y : j.x;
    // source finds the place along an axis that tap t of the filter brings to
    // place o of the result; false if there is none.
    auto source = [&](int axis, int64_t o, int64_t t, int64_t *i) {
        if (forward) {
            *i = o * s.stride[axis] + t - s.pad[axis];
            return *i >= 0 && *i < (axis ? s.W : s.H);
        }
        int64_t d = o + s.pad[axis] - t;
        *i = d / s.stride[axis];
        return d >= 0 && d % s.stride[axis] == 0 && *i < (axis ? s.Q : s.P);
    };
    int64_t height = forward ? s.H : s.P, width = forward ? s.W : s.Q;
    for (int64_t pixel = 0; pixel < s.N * rows * columns; pixel++) {
        int64_t column = pixel % columns, row = pixel / columns % rows, image = pixel / columns / rows;
        for (int64_t group = 0; group < s.groups; group++)
            for (int64_t first = 0; first < out; first += lanes) {
                float sums[lanes] = {};
                int n = int(std::min<int64_t>(lanes, out - first));
                for (int64_t i = 0; i < s.R * s.S; i++) {
                    int64_t tap = j.backwards ? s.R * s.S - 1 - i : i, u, v;
                    if (!source(0, row, tap / s.S, &u) || !source(1, column, tap % s.S, &v)) continue;
                    const float *from = a + ((image * height + u) * width + v) * in * s.groups + group * in;
                    add(sums, n, {from, 1, w + (group * s.R * s.S + tap) * in * out + first, out, in});
                }
                for (int e = 0; e < n; e++) store(j, result, (pixel * s.groups + group) * out + first + e, sums[e]);
            }
    }
}

// filters computes w from x and y.
void filters(const Job &j, const float *x, const float *y, float *totals) {
    const Shape &s = j.shape;
    int64_t c = s.C / s.groups, k = s.K / s.groups;
    std::fill(totals, totals + s.w(), 0.0f);
    for (int64_t i = 0; i < s.N * s.P; i++) {
        int64_t row = j.backwards ? s.N * s.P - 1 - i : i, image = row / s.P;
        for (int64_t tap = 0; tap < s.R * s.S; tap++) {
            int64_t h = row % s.P * s.stride[0] + tap / s.S - s.pad[0], shift = tap % s.S - s.pad[1];
            if (h < 0 || h >= s.H || shift >= s.W) continue;
            // Outputs [from, to) of the row are those whose pixel is in the image.
            int64_t from = shift < 0 ? (-shift + s.stride[1] - 1) / s.stride[1] : 0;
            int64_t to = std::min(s.Q, (s.W - 1 - shift) / s.stride[1] + 1);
            if (from >= to) continue;
            const float *pixels = x + ((image * s.H + h) * s.W + from * s.stride[1] + shift) * s.C;
            const float *slopes = y + (row * s.Q + from) * s.K;
            for (int64_t filter = 0; filter < s.K; filter++)
                for (int64_t first = 0; first < c; first += lanes) {
                    float sums[lanes] = {};
                    int n = int(std::min<int64_t>(lanes, c - first));
                    add(sums, n, {slopes + filter, s.K, pixels + filter / k * c + first, s.stride[1] * s.C, to - from});
                    float *total = totals + (filter * s.R * s.S + tap) * c + first;
                    for (int e = 0; e < n; e++) total[e] += sums[e];
                }
        }
    }
    for (int64_t i = 0; i < s.w(); i++) store(j, j.w, i, totals[i]);
}

} // namespace

int64_t scratch(Direction d, const Shape &s) {
    switch (d) {
    case Forward: return 4 * (s.x() + s.w());
    case InputGrad: return 4 * (s.y() + s.w());
    default: return 4 * (s.w() + s.x() + s.y());
    }
}

void run(const Job &j, void *scratch) {
    const Shape &s = j.shape;
    if (j.direction == FilterGrad) {
        float *totals = static_cast<float *>(scratch);
        float *x = totals + s.w(), *y = x + s.x();
        filters(j, unpack(j, j.x, s.x(), x), unpack(j, j.y, s.y(), y), totals);
        return;
    }
    int64_t n = j.direction == Forward ? s.x() : s.y();
    float *a = static_cast<float *>(scratch);
    unpack(j, j.direction == Forward ? j.x : j.y, n, a);
    images(j, a, unpack_filters(j, a + n));
}

} // namespace convolution
