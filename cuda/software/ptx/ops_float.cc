// Floating-point arithmetic.
#include "decode.h"
#include "lanes.h"

#include <cfenv>
#include <cmath>

namespace ptx {

namespace {

enum Mode : uint8_t { RoundMask = 3, Flush = 4, Saturate = 8 };
const int roundings[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};

// Rounding holds a rounding mode while handlers loop over memory, so that no
// operation moves out of its reach.
struct Rounding {
    explicit Rounding(unsigned mode) : mode(mode) {
        if (mode) fesetround(roundings[mode]);
    }
    ~Rounding() {
        if (mode) fesetround(FE_TONEAREST);
    }
    unsigned mode;
};

// canonical gives results that are no number the bits that a GPU gives them.
PTX_INLINE float canonical(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = x != x ? 0x7FFFFFFF : bits;
    memcpy(&x, &bits, sizeof bits);
    return x;
}
PTX_INLINE double canonical(double x) { return x; }

PTX_INLINE float flush(float x, bool ftz) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = ftz && !(bits & 0x7F800000) ? bits & 0x80000000 : bits;
    memcpy(&x, &bits, sizeof bits);
    return x;
}
PTX_INLINE double flush(double x, bool) { return x; }

template <class T> PTX_INLINE T saturate(T x, bool sat) { return sat ? (x > 0 ? (x < 1 ? x : T(1)) : T(0)) : x; }

// Of min and max: -0 is less than +0, and a number wins over none, unless .NaN.
template <class T> PTX_INLINE T lesser(T a, T b) {
    T r = a < b || (a == b && std::signbit(a)) ? a : b;
    return a != a ? b : b != b ? a : r;
}
template <class T> PTX_INLINE T greater(T a, T b) {
    T r = a > b || (a == b && !std::signbit(a)) ? a : b;
    return a != a ? b : b != b ? a : r;
}

PTX_INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
PTX_INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
PTX_INLINE float root(float a) { return __builtin_sqrtf(a); }
PTX_INLINE double root(double a) { return __builtin_sqrt(a); }

// Each of these makes a handler for the common form of an instruction, and one,
// NAME_moded, for all forms: other roundings, .ftz, .sat.
#define UNARY(NAME, T, EXPR)                                                                                           \
    [[maybe_unused]] PTX_CLONED void NAME(Warp &w, const Instruction &in, Lanes lanes) {                                                \
        unary<T, T>(w, in, lanes, [](T a) __attribute__((always_inline)) { return canonical(T(EXPR)); });              \
    }                                                                                                                  \
    [[maybe_unused]] PTX_CLONED void NAME##_moded(Warp &w, const Instruction &in, Lanes lanes) {                                        \
        Rounding rounding(in.mode & RoundMask);                                                                        \
        bool ftz = in.mode & Flush, sat = in.mode & Saturate;                                                          \
        unary<T, T>(w, in, lanes, [=](T a) __attribute__((always_inline)) {                                            \
            a = flush(a, ftz);                                                                                         \
            return canonical(saturate(flush(T(EXPR), ftz), sat));                                                      \
        });                                                                                                            \
    }
#define BINARY(NAME, T, EXPR)                                                                                          \
    [[maybe_unused]] PTX_CLONED void NAME(Warp &w, const Instruction &in, Lanes lanes) {                                                \
        binary<T, T, T>(w, in, lanes, [](T a, T b) __attribute__((always_inline)) { return canonical(T(EXPR)); });     \
    }                                                                                                                  \
    [[maybe_unused]] PTX_CLONED void NAME##_moded(Warp &w, const Instruction &in, Lanes lanes) {                                        \
        Rounding rounding(in.mode & RoundMask);                                                                        \
        bool ftz = in.mode & Flush, sat = in.mode & Saturate;                                                          \
        binary<T, T, T>(w, in, lanes, [=](T a, T b) __attribute__((always_inline)) {                                   \
            a = flush(a, ftz), b = flush(b, ftz);                                                                      \
            return canonical(saturate(flush(T(EXPR), ftz), sat));                                                      \
        });                                                                                                            \
    }
#define TERNARY(NAME, T, EXPR)                                                                                         \
    [[maybe_unused]] PTX_CLONED void NAME(Warp &w, const Instruction &in, Lanes lanes) {                                                \
        ternary<T, T, T, T>(w, in, lanes,                                                                              \
                            [](T a, T b, T c) __attribute__((always_inline)) { return canonical(T(EXPR)); });          \
    }                                                                                                                  \
    [[maybe_unused]] PTX_CLONED void NAME##_moded(Warp &w, const Instruction &in, Lanes lanes) {                                        \
        Rounding rounding(in.mode & RoundMask);                                                                        \
        bool ftz = in.mode & Flush, sat = in.mode & Saturate;                                                          \
        ternary<T, T, T, T>(w, in, lanes, [=](T a, T b, T c) __attribute__((always_inline)) {                          \
            a = flush(a, ftz), b = flush(b, ftz), c = flush(c, ftz);                                                   \
            return canonical(saturate(flush(T(EXPR), ftz), sat));                                                      \
        });                                                                                                            \
    }
#define BOTH(KIND, NAME, EXPR) KIND(NAME##_f32, float, EXPR) KIND(NAME##_f64, double, EXPR)

BOTH(BINARY, add, a + b)
BOTH(BINARY, sub, a - b)
BOTH(BINARY, mul, a *b)
BOTH(BINARY, quotient, a / b)
BOTH(TERNARY, fma, fused(a, b, c))
BOTH(BINARY, min, lesser(a, b))
BOTH(BINARY, max, greater(a, b))
BOTH(BINARY, min_nan, a != a || b != b ? a + b : lesser(a, b))
BOTH(BINARY, max_nan, a != a || b != b ? a + b : greater(a, b))
BOTH(UNARY, reciprocal, 1 / a)
BOTH(UNARY, sqrt, root(a))
UNARY(rsqrt_f32, float, 1 / std::sqrt(double(a)))
UNARY(rsqrt_f64, double, 1 / std::sqrt(a))
UNARY(ex2_f32, float, std::exp2(double(a)))
UNARY(lg2_f32, float, std::log2(double(a)))
UNARY(sin_f32, float, std::sin(double(a)))
UNARY(cos_f32, float, std::cos(double(a)))
UNARY(tanh_f32, float, std::tanh(double(a)))

// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 have the upper half of their results only.
double upper(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x == x) bits &= 0xFFFFFFFF00000000;
    memcpy(&x, &bits, sizeof bits);
    return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0, x) : x;
}
double flushed(double x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0, x) : x; }
void rcp_approx_f64(Warp &w, const Instruction &in, Lanes lanes) {
    unary<double, double>(w, in, lanes, [](double a) { return upper(1 / flushed(a)); });
}
void rsqrt_approx_f64(Warp &w, const Instruction &in, Lanes lanes) {
    unary<double, double>(w, in, lanes, [](double a) { return upper(1 / std::sqrt(flushed(a))); });
}

// abs, neg and copysign change bits.
template <class U> void absolute(Warp &w, const Instruction &in, Lanes lanes) {
    unary<U, U>(w, in, lanes, [](U a) { return U(a << 1) >> 1; });
}
template <class U> void negate(Warp &w, const Instruction &in, Lanes lanes) {
    unary<U, U>(w, in, lanes, [](U a) { return a ^ U(1) << (sizeof(U) * 8 - 1); });
}
template <class U> void copy_sign(Warp &w, const Instruction &in, Lanes lanes) { // a's sign on b
    const U sign = U(1) << (sizeof(U) * 8 - 1);
    binary<U, U, U>(w, in, lanes, [=](U a, U b) { return (a & sign) | (b & ~sign); });
}
UNARY(absolute_f32, float, a < 0 ? -a : a == 0 ? 0.0f : a)
UNARY(negated_f32, float, -a)

struct Choice {
    Handler single, single_moded, dbl, dbl_moded;
};
#define CHOICE(NAME) Choice{NAME##_f32, NAME##_f32_moded, NAME##_f64, NAME##_f64_moded}
#define SINGLE(NAME) Choice{NAME##_f32, NAME##_f32_moded, nullptr, nullptr}

// choose takes the modifiers that follow the name and sets handler and operands.
void choose(Decoder &d, const Choice &c, size_t sources, bool rounds, bool saturates) {
    Type t = d.type();
    if (t != Type::f32 && t != Type::f64) d.refuse_statement("the type must be .f32 or .f64");
    if (rounds) {
        std::string r = d.one_of({"rn", "rz", "rm", "rp"});
        d.in.mode |= r == "rz" ? 1 : r == "rm" ? 2 : r == "rp" ? 3 : 0;
    }
    if (d.ftz_for(t)) d.in.mode |= Flush;
    if (saturates && t == Type::f32 && d.word("sat")) d.in.mode |= Saturate;
    d.want_operands(sources + 1);
    d.in.run = t == Type::f32 ? (d.in.mode ? c.single_moded : c.single) : d.in.mode ? c.dbl_moded : c.dbl;
    d.out(d.operand(0), t);
    for (size_t i = 1; i <= sources; i++) d.source(d.operand(i), t);
}

void decode_min(Decoder &d) { choose(d, d.word("NaN") ? CHOICE(min_nan) : CHOICE(min), 2, false, false); }
void decode_max(Decoder &d) { choose(d, d.word("NaN") ? CHOICE(max_nan) : CHOICE(max), 2, false, false); }

void decode_fma(Decoder &d) { choose(d, CHOICE(fma), 3, true, true); }

void decode_div(Decoder &d) {
    d.one_of({"approx", "full"});
    choose(d, CHOICE(quotient), 2, true, false);
}

void decode_rcp(Decoder &d) {
    if (d.word("approx") && d.word("f64")) {
        if (!d.word("ftz")) d.refuse_statement(".approx.f64 wants .ftz");
        return d.plain(rcp_approx_f64, Type::f64, {Type::f64});
    }
    choose(d, CHOICE(reciprocal), 1, true, false);
}

void decode_sqrt(Decoder &d) {
    d.word("approx");
    choose(d, CHOICE(sqrt), 1, true, false);
}

void decode_rsqrt(Decoder &d) {
    if (!d.word("approx")) d.refuse_statement(".approx is wanted");
    if (d.word("f64")) return d.plain(d.word("ftz") ? rsqrt_approx_f64 : rsqrt_f64, Type::f64, {Type::f64});
    choose(d, SINGLE(rsqrt), 1, false, false);
}

template <const Choice &c> void decode_approximate(Decoder &d) {
    if (!d.word("approx")) d.refuse_statement(".approx is wanted");
    choose(d, c, 1, false, false);
}
const Choice ex2 = SINGLE(ex2), lg2 = SINGLE(lg2), sine = SINGLE(sin), cosine = SINGLE(cos), tangent = SINGLE(tanh);

void decode_abs(Decoder &d) { choose(d, Choice{absolute<uint32_t>, absolute_f32_moded, absolute<uint64_t>, nullptr}, 1, false, false); }
void decode_neg(Decoder &d) { choose(d, Choice{negate<uint32_t>, negated_f32_moded, negate<uint64_t>, nullptr}, 1, false, false); }
void decode_copysign(Decoder &d) { choose(d, Choice{copy_sign<uint32_t>, nullptr, copy_sign<uint64_t>, nullptr}, 2, false, false); }

} // namespace

const OpTable &float_ops() {
    static const OpTable table = {
        {"add", [](Decoder &d) { choose(d, CHOICE(add), 2, true, true); }},
        {"sub", [](Decoder &d) { choose(d, CHOICE(sub), 2, true, true); }},
        {"mul", [](Decoder &d) { choose(d, CHOICE(mul), 2, true, true); }},
        {"fma", decode_fma},
        {"mad", decode_fma},
        {"div", decode_div},
        {"min", decode_min},
        {"max", decode_max},
        {"rcp", decode_rcp},
        {"sqrt", decode_sqrt},
        {"rsqrt", decode_rsqrt},
        {"ex2", decode_approximate<ex2>},
        {"lg2", decode_approximate<lg2>},
        {"sin", decode_approximate<sine>},
        {"cos", decode_approximate<cosine>},
        {"tanh", decode_approximate<tangent>},
        {"abs", decode_abs},
        {"neg", decode_neg},
        {"copysign", decode_copysign},
    };
    return table;
}

} // namespace ptx
