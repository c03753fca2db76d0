// Integer arithmetic.
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

// Wide<T> is unsigned and at least as large as T, and wraps where T would overflow.
template <class T> using Wide = Word<T>;
template <class T> using Double = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;

struct Add {
    template <class T> static T f(T a, T b) { return T(Wide<T>(a) + Wide<T>(b)); }
};
struct Sub {
    template <class T> static T f(T a, T b) { return T(Wide<T>(a) - Wide<T>(b)); }
};
struct MulLo {
    template <class T> static T f(T a, T b) { return T(Wide<T>(a) * Wide<T>(b)); }
};
struct MulHi {
    template <class T> static T f(T a, T b) {
        if constexpr (sizeof(T) == 8)
            return T(Double<T>(a) * b >> 64);
        else
            return T(std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>(a) * b >> sizeof(T) * 8);
    }
};
// A division by zero gives what a GPU gives, all ones.
struct Div {
    template <class T> static T f(T a, T b) { return b == 0 ? T(-1) : std::is_signed_v<T> && b == T(-1) ? T(-Wide<T>(a)) : T(a / b); }
};
struct Rem {
    template <class T> static T f(T a, T b) { return b == 0 ? a : std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b); }
};
struct Min {
    template <class T> static T f(T a, T b) { return a < b ? a : b; }
};
struct Max {
    template <class T> static T f(T a, T b) { return a > b ? a : b; }
};
struct Neg {
    template <class T> static T f(T a) { return T(-Wide<T>(a)); }
};
struct Abs {
    template <class T> static T f(T a) { return a < 0 ? T(-Wide<T>(a)) : a; }
};
struct MadLo {
    template <class T> static T f(T a, T b, T c) { return Add::f(MulLo::f(a, b), c); }
};
struct MadHi {
    template <class T> static T f(T a, T b, T c) { return Add::f(MulHi::f(a, b), c); }
};
struct Sad {
    template <class T> static T f(T a, T b, T c) { return Add::f(c, a < b ? Sub::f(b, a) : Sub::f(a, b)); }
};

template <class Op, class T> void run1(Warp &w, const Instruction &in, Lanes lanes) { unary<T, T>(w, in, lanes, Op::template f<T>); }
template <class Op, class T> void run2(Warp &w, const Instruction &in, Lanes lanes) {
    binary<T, T, T>(w, in, lanes, [](T a, T b) { return Op::template f<T>(a, b); });
}
template <class Op, class T> void run3(Warp &w, const Instruction &in, Lanes lanes) {
    ternary<T, T, T, T>(w, in, lanes, [](T a, T b, T c) { return Op::template f<T>(a, b, c); });
}

#define BY_TYPE(NAME, RUN)                                                                                             \
    template <class Op> Handler NAME(Decoder &d, Type t) {                                                             \
        switch (t) {                                                                                                   \
        case Type::u16: return RUN<Op, uint16_t>;                                                                      \
        case Type::s16: return RUN<Op, int16_t>;                                                                       \
        case Type::u32: return RUN<Op, uint32_t>;                                                                      \
        case Type::s32: return RUN<Op, int32_t>;                                                                       \
        case Type::u64: return RUN<Op, uint64_t>;                                                                      \
        case Type::s64: return RUN<Op, int64_t>;                                                                       \
        default: d.refuse_statement("the type must be an integer's of 16, 32 or 64 bits");                             \
        }                                                                                                              \
    }
BY_TYPE(by_type1, run1)
BY_TYPE(by_type2, run2)
BY_TYPE(by_type3, run3)

template <class Op> void decode1(Decoder &d) {
    Type t = d.type();
    d.plain(by_type1<Op>(d, t), t, {t});
}
template <class Op> void decode2(Decoder &d) {
    Type t = d.type();
    d.plain(by_type2<Op>(d, t), t, {t, t});
}

void add_saturated(Warp &w, const Instruction &in, Lanes lanes) {
    binary<int32_t, int32_t, int32_t>(w, in, lanes, [](int32_t a, int32_t b) {
        int64_t s = int64_t(a) + b;
        return int32_t(s < INT32_MIN ? INT32_MIN : s > INT32_MAX ? INT32_MAX : s);
    });
}
void sub_saturated(Warp &w, const Instruction &in, Lanes lanes) {
    binary<int32_t, int32_t, int32_t>(w, in, lanes, [](int32_t a, int32_t b) {
        int64_t s = int64_t(a) - b;
        return int32_t(s < INT32_MIN ? INT32_MIN : s > INT32_MAX ? INT32_MAX : s);
    });
}

// wide has results of twice the operands' size.
template <class R, class T> void mul_wide(Warp &w, const Instruction &in, Lanes lanes) {
    binary<R, T, T>(w, in, lanes, [](T a, T b) { return R(R(a) * R(b)); });
}
template <class R, class T> void mad_wide(Warp &w, const Instruction &in, Lanes lanes) {
    ternary<R, T, T, R>(w, in, lanes, [](T a, T b, R c) { return R(Wide<R>(R(a) * R(b)) + Wide<R>(c)); });
}

void decode_wide(Decoder &d, bool mad) {
    Handler h = nullptr;
    Type t = d.type(), r = Type::none;
    switch (t) {
    case Type::u16: h = mad ? mad_wide<uint32_t, uint16_t> : mul_wide<uint32_t, uint16_t>, r = Type::u32; break;
    case Type::s16: h = mad ? mad_wide<int32_t, int16_t> : mul_wide<int32_t, int16_t>, r = Type::s32; break;
    case Type::u32: h = mad ? mad_wide<uint64_t, uint32_t> : mul_wide<uint64_t, uint32_t>, r = Type::u64; break;
    case Type::s32: h = mad ? mad_wide<int64_t, int32_t> : mul_wide<int64_t, int32_t>, r = Type::s64; break;
    default: d.refuse_statement("the type must be an integer's of 16 or 32 bits");
    }
    if (mad) return d.plain(h, r, {t, t, r});
    d.plain(h, r, {t, t});
}

// Operations with the carry, of which a warp has a bit for each lane.
enum CarryMode : uint8_t { CarryIn = 1, CarryOut = 2, Subtract = 4, ProductLo = 8, ProductHi = 16 };

template <class T> void carried(Warp &w, const Instruction &in, Lanes lanes) {
    using U = std::make_unsigned_t<T>;
    using Sum = std::conditional_t<sizeof(T) == 8, unsigned __int128, uint64_t>;
    bool product = in.mode & (ProductLo | ProductHi);
    for (Lanes left = lanes; left; left &= left - 1) {
        int i = __builtin_ctz(left);
        T x = get<T>(w.in(in), i), y = get<T>(w.in(in, 1), i);
        if (product) {
            x = in.mode & ProductLo ? MulLo::f(x, y) : MulHi::f(x, y);
            y = get<T>(w.in(in, 2), i);
        }
        Sum carry = in.mode & CarryIn ? w.carry >> i & 1 : 0;
        Sum r = in.mode & Subtract ? Sum(U(x)) - U(y) - carry : Sum(U(x)) + U(y) + carry;
        put<T>(w.out(in), i, T(r));
        if (in.mode & CarryOut) w.carry = (w.carry & ~(1u << i)) | uint32_t(r >> sizeof(T) * 8 & 1) << i;
    }
}

Handler carried_by(Decoder &d, Type t) {
    switch (t) {
    case Type::u32: return carried<uint32_t>;
    case Type::s32: return carried<int32_t>;
    case Type::u64: return carried<uint64_t>;
    case Type::s64: return carried<int64_t>;
    default: d.refuse_statement("the type must be an integer's of 32 or 64 bits");
    }
}

template <class Op> void decode_sum(Decoder &d, uint8_t mode, Handler saturated) {
    if (d.word("cc")) mode |= CarryOut;
    if (d.word("sat")) {
        if (d.type() != Type::s32 || mode & (CarryIn | CarryOut)) d.refuse_statement(".sat is for .s32");
        return d.plain(saturated, Type::s32, {Type::s32, Type::s32});
    }
    if (!(mode & (CarryIn | CarryOut))) return decode2<Op>(d);
    Type t = d.type();
    d.in.mode = mode;
    d.plain(carried_by(d, t), t, {t, t});
}

void decode_mul(Decoder &d) {
    if (d.word("wide")) return decode_wide(d, false);
    if (d.word("hi")) return decode2<MulHi>(d);
    if (!d.word("lo")) d.refuse_statement("one of .lo, .hi and .wide is wanted");
    decode2<MulLo>(d);
}

void decode_mad(Decoder &d, uint8_t mode) {
    if (d.word("cc")) mode |= CarryOut;
    if (!mode && d.word("wide")) return decode_wide(d, true);
    bool hi = d.word("hi");
    if (!hi && !d.word("lo")) d.refuse_statement("one of .lo and .hi is wanted");
    Type t = d.type();
    if (!mode) return d.plain(hi ? by_type3<MadHi>(d, t) : by_type3<MadLo>(d, t), t, {t, t, t});
    d.in.mode = mode | (hi ? ProductHi : ProductLo);
    d.plain(carried_by(d, t), t, {t, t, t});
}

} // namespace

const OpTable &integer_ops() {
    static const OpTable table = {
        {"add", [](Decoder &d) { decode_sum<Add>(d, 0, add_saturated); }},
        {"addc", [](Decoder &d) { decode_sum<Add>(d, CarryIn, nullptr); }},
        {"sub", [](Decoder &d) { decode_sum<Sub>(d, Subtract, sub_saturated); }},
        {"subc", [](Decoder &d) { decode_sum<Sub>(d, CarryIn | Subtract, nullptr); }},
        {"mul", decode_mul},
        {"mad", [](Decoder &d) { decode_mad(d, 0); }},
        {"madc", [](Decoder &d) { decode_mad(d, CarryIn); }},
        {"div", decode2<Div>},
        {"rem", decode2<Rem>},
        {"min", decode2<Min>},
        {"max", decode2<Max>},
        {"neg", decode1<Neg>},
        {"abs", decode1<Abs>},
        {"sad",
         [](Decoder &d) {
             Type t = d.type();
             d.plain(by_type3<Sad>(d, t), t, {t, t, t});
         }},
    };
    return table;
}

} // namespace ptx
