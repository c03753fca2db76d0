// Conversions between types, and between address spaces.
#include "decode.h"
#include "lanes.h"

#include <cfenv>
#include <cmath>

namespace ptx {

namespace {

enum Mode : uint8_t { Nearest, Zero, Down, Up, RoundMask = 3, Saturate = 4, Flush = 8 };
const int roundings[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};

template <class F> PTX_INLINE F whole(F x, unsigned mode) {
    switch (mode & RoundMask) {
    case Zero: return std::trunc(x);
    case Down: return std::floor(x);
    case Up: return std::ceil(x);
    default: return std::nearbyint(x);
    }
}

float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }
double flush(double x) { return x; }

// limits of a type, with which integers are saturated.
template <class D, class S> D clamped(S x) {
    using Big = __int128;
    const Big least = std::is_signed_v<D> ? -(Big(1) << (sizeof(D) * 8 - 1)) : 0;
    const Big most = (Big(1) << (sizeof(D) * 8 - (std::is_signed_v<D> ? 1 : 0))) - 1;
    return D(Big(x) < least ? least : Big(x) > most ? most : Big(x));
}

template <class D, class S> void convert(Warp &w, const Instruction &in, Lanes lanes) {
    const unsigned mode = in.mode;
    const bool sat = mode & Saturate, ftz = mode & Flush;
    if constexpr (std::is_integral_v<D> && std::is_integral_v<S>) {
        if (!sat) return unary<D, S>(w, in, lanes, [](S x) { return D(x); });
        unary<D, S>(w, in, lanes, [](S x) { return clamped<D>(x); });
    } else if constexpr (std::is_integral_v<D>) {
        unary<D, S>(w, in, lanes, [=](S x) {
            if (x != x) return D(0);
            S r = whole(ftz ? flush(x) : x, mode);
            // Powers of two, so that they are exact.
            const S end = std::ldexp(S(1), sizeof(D) * 8 - std::is_signed_v<D>);
            if (r >= end) return D(clamped<D>(~uint64_t(0)));
            if (r < (std::is_signed_v<D> ? -end : S(0))) return std::is_signed_v<D> ? D(clamped<D>(INT64_MIN)) : D(0);
            return D(r);
        });
    } else {
        // A change of the rounding mode reaches the loop: it works on memory.
        if (mode & RoundMask) fesetround(roundings[mode & RoundMask]);
        unary<D, S>(w, in, lanes, [=](S x) {
            if constexpr (std::is_floating_point_v<S>) {
                if (ftz) x = flush(x);
            }
            D r = D(x);
            if (ftz) r = flush(r);
            if (sat) r = r > 0 ? (r < 1 ? r : D(1)) : D(0);
            if (sizeof(D) == 4 && r != r) {
                uint32_t bits = 0x7FFFFFFF;
                memcpy((void *)&r, &bits, sizeof bits);
            }
            return r;
        });
        if (mode & RoundMask) fesetround(FE_TONEAREST);
    }
}

// integral rounds to a whole number of the same type.
template <class F> void integral(Warp &w, const Instruction &in, Lanes lanes) {
    const unsigned mode = in.mode;
    unary<F, F>(w, in, lanes, [=](F x) {
        if (mode & Flush) x = flush(x);
        F r = whole(x, mode);
        return mode & Saturate ? (r > 0 ? (r < 1 ? r : F(1)) : F(0)) : r;
    });
}

// to_bf16 rounds to the nearest, or towards zero; no number becomes 0x7fff.
PTX_INLINE uint32_t to_bf16(float x, bool to_zero) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t r = to_zero ? bits >> 16 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    return x != x ? 0x7FFF : r;
}
void bf16_of_f32(Warp &w, const Instruction &in, Lanes lanes) {
    bool to_zero = in.mode & RoundMask;
    unary<uint32_t, float>(w, in, lanes, [=](float x) { return to_bf16(x, to_zero); });
}
void bf16x2_of_f32(Warp &w, const Instruction &in, Lanes lanes) { // the first source is the upper half
    bool to_zero = in.mode & RoundMask;
    binary<uint32_t, float, float>(w, in, lanes, [=](float a, float b) { return to_bf16(a, to_zero) << 16 | to_bf16(b, to_zero); });
}
void f32_of_bf16(Warp &w, const Instruction &in, Lanes lanes) {
    unary<uint32_t, uint16_t>(w, in, lanes, [](uint16_t x) { return uint32_t(x) << 16; });
}
void tf32_of_f32(Warp &w, const Instruction &in, Lanes lanes) { // to the nearest, ties away from zero
    unary<uint32_t, uint32_t>(w, in, lanes, [](uint32_t x) {
        if ((x & 0x7FFFFFFF) > 0x7F800000) return 0x7FFFFFFFu;
        return (x & 0x7F800000) == 0x7F800000 ? x : (x + 0x1000) & ~0x1FFFu;
    });
}

template <class D> Handler convert_to(Type s) {
    switch (s) {
    case Type::u8: return convert<D, uint8_t>;
    case Type::s8: return convert<D, int8_t>;
    case Type::u16: return convert<D, uint16_t>;
    case Type::s16: return convert<D, int16_t>;
    case Type::u32: return convert<D, uint32_t>;
    case Type::s32: return convert<D, int32_t>;
    case Type::u64: return convert<D, uint64_t>;
    case Type::s64: return convert<D, int64_t>;
    case Type::f32: return convert<D, float>;
    case Type::f64: return convert<D, double>;
    default: return nullptr;
    }
}

Handler convert_for(Type d, Type s) {
    switch (d) {
    case Type::u8: return convert_to<uint8_t>(s);
    case Type::s8: return convert_to<int8_t>(s);
    case Type::u16: return convert_to<uint16_t>(s);
    case Type::s16: return convert_to<int16_t>(s);
    case Type::u32: return convert_to<uint32_t>(s);
    case Type::s32: return convert_to<int32_t>(s);
    case Type::u64: return convert_to<uint64_t>(s);
    case Type::s64: return convert_to<int64_t>(s);
    case Type::f32: return convert_to<float>(s);
    case Type::f64: return convert_to<double>(s);
    default: return nullptr;
    }
}

// rounding reads the modifier. Which one there must be depends on the types.
void rounding(Decoder &d, Type to, Type from) {
    std::string whole = d.one_of({"rni", "rzi", "rmi", "rpi"}), near = d.one_of({"rn", "rz", "rm", "rp"});
    const std::string &r = whole.empty() ? near : whole;
    d.in.mode |= r.empty() ? 0 : r[1] == 'z' ? Zero : r[1] == 'm' ? Down : r[1] == 'p' ? Up : Nearest;
    bool to_whole = is_float(from) && is_integer(to);
    bool inexact = is_float(to) && (is_integer(from) || bytes_of(to) < bytes_of(from));
    if (to_whole && whole.empty()) d.refuse_statement("one of .rni, .rzi, .rmi and .rpi is wanted");
    if (inexact && near.empty()) d.refuse_statement("one of .rn, .rz, .rm and .rp is wanted");
    if (!inexact && !near.empty()) d.refuse_statement("nothing is rounded");
    if (!whole.empty() && !to_whole) {
        if (to != from) d.refuse_statement("nothing is rounded to a whole number");
        d.in.run = to == Type::f32 ? integral<float> : integral<double>;
    }
}

void decode_small(Decoder &d, Type to, Type from) {
    if (to == Type::tf32) {
        if (!d.word("rna") || from != Type::f32) d.refuse_statement(".rna.tf32.f32 is wanted");
        return d.plain(tf32_of_f32, Type::b32, {Type::f32});
    }
    if (from == Type::bf16) {
        if (to != Type::f32 || d.target_gpu() < 90) d.refuse_statement("only .f32.bf16 is supported, and needs sm_90: shift instead");
        return d.plain(f32_of_bf16, Type::f32, {Type::b16});
    }
    if (from != Type::f32 || d.word("relu")) d.refuse_statement("only conversions from .f32 are supported");
    std::string r = d.one_of({"rn", "rz"});
    if (r.empty()) d.refuse_statement("one of .rn and .rz is wanted");
    d.in.mode = r == "rz" ? Zero : Nearest;
    if (to == Type::bf16x2) return d.plain(bf16x2_of_f32, Type::b32, {Type::f32, Type::f32});
    d.plain(bf16_of_f32, Type::b16, {Type::f32});
}

void decode_cvt(Decoder &d) {
    Type to = d.type(), from = d.type();
    if (to == Type::f16 || from == Type::f16) d.refuse_statement("half precision is not supported");
    if (to == Type::tf32 || to == Type::bf16 || to == Type::bf16x2 || from == Type::bf16) return decode_small(d, to, from);
    d.want_operands(2);
    d.in.run = convert_for(to, from);
    if (d.word("sat")) d.in.mode |= Saturate;
    if (d.word("ftz")) d.in.mode |= Flush;
    rounding(d, to, from);
    d.any_out(d.operand(0), to);
    bool fits = d.in.width == (bytes_of(to) == 8 ? 8 : 4);
    d.any_source(d.operand(1), from);
    if (!fits || d.in.width != (bytes_of(from) == 8 ? 8 : 4)) d.refuse_statement("a register of 64 bits for a smaller type is not supported");
}

// cvta adds or takes off what a space begins with in the generic one.
void add_offset(Warp &w, const Instruction &in, Lanes lanes) {
    uint64_t offset = in.value;
    unary<uint64_t, uint64_t>(w, in, lanes, [=](uint64_t x) { return x + offset; });
}

Space space_of(Decoder &d) {
    for (auto s : {Space::global, Space::shared, Space::local, Space::constant})
        if (d.word(s == Space::global ? "global" : s == Space::shared ? "shared" : s == Space::local ? "local" : "const")) return s;
    d.refuse_statement("the state space is missing or not supported");
}
uint64_t window(Space s) { return s == Space::shared ? shared_window : s == Space::local ? local_window : 0; }

void decode_cvta(Decoder &d) {
    bool to = d.word("to");
    d.word("shared::cta");
    uint64_t offset = window(space_of(d));
    if (bytes_of(d.type()) != 8) d.refuse_statement("addresses have 64 bits");
    d.in.value = to ? -offset : offset;
    d.want_operands(2);
    d.in.run = add_offset;
    d.out(d.operand(0), Type::u64);
    d.source(d.operand(1), Type::u64);
}

void is_space(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= uint32_t(get<uint64_t>(w.in(in), i) >> 56 == in.value) << i;
    put_pred(w, in.pred_out[0], lanes, bits);
}

void decode_isspacep(Decoder &d) {
    d.in.value = window(space_of(d)) >> 56;
    d.want_operands(2);
    d.in.run = is_space;
    d.pred_out(d.operand(0), 0);
    d.source(d.operand(1), Type::u64);
}

} // namespace

const OpTable &convert_ops() {
    static const OpTable table = {{"cvt", decode_cvt}, {"cvta", decode_cvta}, {"isspacep", decode_isspacep}};
    return table;
}

} // namespace ptx
