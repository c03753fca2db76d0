// Logic and shifts.
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

struct And {
    template <class T> static T f(T a, T b) { return a & b; }
};
struct Or {
    template <class T> static T f(T a, T b) { return a | b; }
};
struct Xor {
    template <class T> static T f(T a, T b) { return a ^ b; }
};

template <class Op, class T> void logic(Warp &w, const Instruction &in, Lanes lanes) {
    binary<T, T, T>(w, in, lanes, [](T a, T b) { return Op::template f<T>(a, b); });
}
// Of predicates, the second operand is in value, as an index.
template <class Op> void logic_pred(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t a = w.preds[in.pred_in], b = w.preds[in.value];
    put_pred(w, in.pred_out[0], lanes, Op::template f<uint32_t>(in.pred_in_negated ? ~a : a, in.mode ? ~b : b));
}
template <class T> void invert(Warp &w, const Instruction &in, Lanes lanes) {
    unary<T, T>(w, in, lanes, [](T a) { return T(~a); });
}
void invert_pred(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t a = w.preds[in.pred_in];
    put_pred(w, in.pred_out[0], lanes, in.pred_in_negated ? a : ~a);
}
template <class T> void is_zero(Warp &w, const Instruction &in, Lanes lanes) {
    unary<T, T>(w, in, lanes, [](T a) { return T(a == 0); });
}

Handler by_size(Decoder &d, Type t, Handler b16, Handler b32, Handler b64) {
    Handler h = t == Type::b16 ? b16 : t == Type::b32 ? b32 : t == Type::b64 ? b64 : nullptr;
    if (!h) d.refuse_statement("this type does not fit");
    return h;
}

template <class Op> void decode_logic(Decoder &d) {
    Type t = d.type();
    if (t != Type::pred) return d.plain(by_size(d, t, logic<Op, uint16_t>, logic<Op, uint32_t>, logic<Op, uint64_t>), t, {t, t});
    d.want_operands(3);
    d.in.run = logic_pred<Op>;
    d.pred_out(d.operand(0), 0);
    d.pred_source(d.operand(2));
    d.in.value = d.in.pred_in, d.in.mode = d.in.pred_in_negated;
    d.pred_source(d.operand(1));
}

void decode_not(Decoder &d) {
    Type t = d.type();
    if (t != Type::pred) return d.plain(by_size(d, t, invert<uint16_t>, invert<uint32_t>, invert<uint64_t>), t, {t});
    d.want_operands(2);
    d.in.run = invert_pred;
    d.pred_out(d.operand(0), 0);
    d.pred_source(d.operand(1));
}

template <class T> void shift_left(Warp &w, const Instruction &in, Lanes lanes) {
    binary<T, T, uint32_t>(w, in, lanes, [](T a, uint32_t b) { return b < sizeof(T) * 8 ? T(Word<T>(a) << (b % (sizeof(T) * 8))) : T(0); });
}
template <class T> void shift_right(Warp &w, const Instruction &in, Lanes lanes) {
    const uint32_t bits = sizeof(T) * 8;
    binary<T, T, uint32_t>(w, in, lanes, [=](T a, uint32_t b) {
        if (std::is_signed_v<T>) return T(a >> (b < bits ? b : bits - 1));
        return b < bits ? T(a >> (b % bits)) : T(0);
    });
}

void decode_shl(Decoder &d) {
    Type t = d.type();
    d.plain(by_size(d, t, shift_left<uint16_t>, shift_left<uint32_t>, shift_left<uint64_t>), t, {t, Type::b32});
}

void decode_shr(Decoder &d) {
    Type t = d.type();
    Handler h = nullptr;
    switch (t) {
    case Type::b16: case Type::u16: h = shift_right<uint16_t>; break;
    case Type::b32: case Type::u32: h = shift_right<uint32_t>; break;
    case Type::b64: case Type::u64: h = shift_right<uint64_t>; break;
    case Type::s16: h = shift_right<int16_t>; break;
    case Type::s32: h = shift_right<int32_t>; break;
    case Type::s64: h = shift_right<int64_t>; break;
    default: d.refuse_statement("this type does not fit");
    }
    d.plain(h, t, {t, Type::b32});
}

// shf shifts the 64 bits b:a and keeps the upper (left) or lower half. mode: 1 right, 2 wrap.
void funnel(Warp &w, const Instruction &in, Lanes lanes) {
    bool right = in.mode & 1, wrap = in.mode & 2;
    ternary<uint32_t, uint32_t, uint32_t, uint32_t>(w, in, lanes, [=](uint32_t a, uint32_t b, uint32_t c) {
        uint32_t n = wrap ? c & 31 : c < 32 ? c : 32;
        uint64_t x = uint64_t(b) << 32 | a;
        return right ? uint32_t(x >> n) : uint32_t(x << n >> 32);
    });
}
void decode_shf(Decoder &d) {
    std::string way = d.one_of({"l", "r"}), over = d.one_of({"wrap", "clamp"});
    if (way.empty() || over.empty() || d.type() != Type::b32) d.refuse_statement("a direction, .wrap or .clamp, and .b32 are wanted");
    d.in.mode = (way == "r" ? 1 : 0) | (over == "wrap" ? 2 : 0);
    d.plain(funnel, Type::b32, {Type::b32, Type::b32, Type::b32});
}

void lop3(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t table = in.value;
    ternary<uint32_t, uint32_t, uint32_t, uint32_t>(w, in, lanes, [=](uint32_t a, uint32_t b, uint32_t c) {
        uint32_t r = 0;
        for (int i = 0; i < 8; i++) r |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c) & -(table >> i & 1);
        return r;
    });
}
void decode_lop3(Decoder &d) {
    if (d.type() != Type::b32) d.refuse_statement("the type must be .b32");
    d.want_operands(5);
    if (d.operand(4).kind != Operand::Integer || d.operand(4).value > 255) d.refuse_statement("the table must be a number up to 255");
    d.in.value = d.operand(4).value;
    d.in.run = lop3;
    d.out(d.operand(0), Type::b32);
    for (int i = 1; i < 4; i++) d.source(d.operand(i), Type::b32);
}

// selectors of prmt's modes other than the general one, which has the selector itself.
uint32_t permute_selector(unsigned mode, uint32_t c) {
    static const uint16_t tables[6][4] = {{0x3210, 0x4321, 0x5432, 0x6543}, {0x5670, 0x6701, 0x7012, 0x0123}, {0x0000, 0x1111, 0x2222, 0x3333},
                                          {0x3210, 0x3211, 0x3222, 0x3333}, {0x0000, 0x1110, 0x2210, 0x3210}, {0x1010, 0x3232, 0x1010, 0x3232}};
    return mode ? tables[mode - 1][c & 3] : c;
}
void permute(Warp &w, const Instruction &in, Lanes lanes) {
    unsigned mode = in.mode;
    ternary<uint32_t, uint32_t, uint32_t, uint32_t>(w, in, lanes, [=](uint32_t a, uint32_t b, uint32_t c) {
        uint64_t x = uint64_t(b) << 32 | a;
        uint32_t selector = permute_selector(mode, c), r = 0;
        for (int i = 0; i < 4; i++) {
            uint32_t s = selector >> 4 * i & 15, byte = x >> 8 * (s & 7) & 255;
            if (!mode && s & 8) byte = byte & 128 ? 255 : 0;
            r |= byte << 8 * i;
        }
        return r;
    });
}
void decode_prmt(Decoder &d) {
    if (d.type() != Type::b32) d.refuse_statement("the type must be .b32");
    const char *const modes[] = {"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
    for (int i = 0; i < 6; i++)
        if (d.word(modes[i])) d.in.mode = i + 1;
    d.plain(permute, Type::b32, {Type::b32, Type::b32, Type::b32});
}

template <class T> void extract(Warp &w, const Instruction &in, Lanes lanes) {
    using U = std::make_unsigned_t<T>;
    const unsigned bits = sizeof(T) * 8;
    ternary<T, T, uint32_t, uint32_t>(w, in, lanes, [=](T a, uint32_t b, uint32_t c) {
        unsigned pos = b & 255, len = c & 255;
        if (len == 0) return T(0);
        U r = pos < bits ? U(a) >> pos : 0;
        // The sign is that of the field's last bit, or of the last bit there is.
        unsigned last = pos + len - 1 < bits ? pos + len - 1 : bits - 1;
        bool negative = std::is_signed_v<T> && U(a) >> last & 1;
        if (pos >= bits) return negative ? T(-1) : T(0);
        unsigned have = last - pos + 1;
        U mask = have < bits ? (U(1) << have) - 1 : ~U(0);
        return T((r & mask) | (negative ? ~mask : 0));
    });
}
void decode_bfe(Decoder &d) {
    Type t = d.type();
    Handler h = t == Type::u32 ? extract<uint32_t> : t == Type::s32 ? extract<int32_t> : t == Type::u64 ? extract<uint64_t> : t == Type::s64 ? extract<int64_t> : nullptr;
    d.plain(h, t, {t, Type::b32, Type::b32});
}

template <class T> void insert(Warp &w, const Instruction &in, Lanes lanes) {
    const unsigned bits = sizeof(T) * 8;
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        T a = get<T>(w.in(in), i), b = get<T>(w.in(in, 1), i);
        unsigned pos = get<uint32_t>(w.in(in, 2), i) & 255, len = get<uint32_t>(w.in(in, 3), i) & 255;
        T mask = len < bits ? (T(1) << len) - 1 : ~T(0);
        put<T>(w.out(in), i, pos < bits ? (b & ~T(mask << pos)) | T((a & mask) << pos) : b);
    }
}
void decode_bfi(Decoder &d) {
    Type t = d.type();
    Handler h = t == Type::b32 ? insert<uint32_t> : t == Type::b64 ? insert<uint64_t> : nullptr;
    d.plain(h, t, {t, t, Type::b32, Type::b32});
}

template <class T> void reverse(Warp &w, const Instruction &in, Lanes lanes) {
    unary<T, T>(w, in, lanes, [](T a) {
        T r = 0;
        for (unsigned i = 0; i < sizeof(T) * 8; i++) r |= (a >> i & 1) << (sizeof(T) * 8 - 1 - i);
        return r;
    });
}
template <class T> void count(Warp &w, const Instruction &in, Lanes lanes) {
    unary<uint32_t, T>(w, in, lanes, [](T a) { return uint32_t(__builtin_popcountll(a)); });
}
template <class T> void leading(Warp &w, const Instruction &in, Lanes lanes) {
    unary<uint32_t, T>(w, in, lanes, [](T a) { return a ? uint32_t(__builtin_clzll(a) - 64 + sizeof(T) * 8) : uint32_t(sizeof(T) * 8); });
}
// find is the place of the highest bit that is not the sign's; mode 1: its distance from the top.
template <class T> void find(Warp &w, const Instruction &in, Lanes lanes) {
    bool distance = in.mode;
    unary<uint32_t, T>(w, in, lanes, [=](T a) {
        uint64_t x = std::make_unsigned_t<T>(a < 0 ? ~a : a);
        if (!x) return ~0u;
        uint32_t at = 63 - __builtin_clzll(x);
        return distance ? uint32_t(sizeof(T) * 8 - 1 - at) : at;
    });
}
void decode_bfind(Decoder &d) {
    d.in.mode = d.word("shiftamt");
    Type t = d.type();
    Handler h = t == Type::u32 ? find<uint32_t> : t == Type::s32 ? find<int32_t> : t == Type::u64 ? find<uint64_t> : t == Type::s64 ? find<int64_t> : nullptr;
    d.plain(h, Type::u32, {t});
}

template <Handler narrow, Handler wide, bool counts> void decode_bits(Decoder &d) {
    Type t = d.type();
    d.plain(by_size(d, t, nullptr, narrow, wide), counts ? Type::u32 : t, {t});
}

} // namespace

const OpTable &bit_ops() {
    static const OpTable table = {
        {"and", decode_logic<And>},
        {"or", decode_logic<Or>},
        {"xor", decode_logic<Xor>},
        {"not", decode_not},
        {"cnot",
         [](Decoder &d) {
             Type t = d.type();
             d.plain(by_size(d, t, is_zero<uint16_t>, is_zero<uint32_t>, is_zero<uint64_t>), t, {t});
         }},
        {"shl", decode_shl},
        {"shr", decode_shr},
        {"shf", decode_shf},
        {"lop3", decode_lop3},
        {"prmt", decode_prmt},
        {"bfe", decode_bfe},
        {"bfi", decode_bfi},
        {"bfind", decode_bfind},
        {"brev", decode_bits<reverse<uint32_t>, reverse<uint64_t>, false>},
        {"popc", decode_bits<count<uint32_t>, count<uint64_t>, true>},
        {"clz", decode_bits<leading<uint32_t>, leading<uint64_t>, true>},
    };
    return table;
}

} // namespace ptx
