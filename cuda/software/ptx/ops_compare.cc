// Comparisons and selections.
#include "decode.h"
#include "lanes.h"

#include <cmath>

namespace ptx {

namespace {

enum Comparison : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, Number, NoNumber, Unordered = 16 };

template <class T> PTX_INLINE bool compare(unsigned how, T a, T b) {
    switch (how) {
    case Eq: return a == b;
    case Ne: return a < b || a > b; // false if one is no number
    case Lt: return a < b;
    case Le: return a <= b;
    case Gt: return a > b;
    case Ge: return a >= b;
    case Number: return a == a && b == b;
    case NoNumber: return a != a || b != b;
    // With .u they hold if one is no number.
    case Eq | Unordered: return !(a < b || a > b);
    case Ne | Unordered: return a != b;
    case Lt | Unordered: return !(a >= b);
    case Le | Unordered: return !(a > b);
    case Gt | Unordered: return !(a <= b);
    case Ge | Unordered: return !(a < b);
    }
    return false;
}

// compared is a bit for each lane. The loop is written out for each comparison.
template <class T, unsigned how> uint32_t compared_as(const char *a, const char *b) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= uint32_t(compare(how, get<T>(a, i), get<T>(b, i))) << i;
    return bits;
}

template <class T> uint32_t compared(const Instruction &in, const char *a, const char *b) {
    switch (in.mode) {
    case Eq: return compared_as<T, Eq>(a, b);
    case Ne: return compared_as<T, Ne>(a, b);
    case Lt: return compared_as<T, Lt>(a, b);
    case Le: return compared_as<T, Le>(a, b);
    case Gt: return compared_as<T, Gt>(a, b);
    case Ge: return compared_as<T, Ge>(a, b);
    default: break;
    }
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= uint32_t(compare(in.mode, get<T>(a, i), get<T>(b, i))) << i;
    return bits;
}

// In value: how a third predicate comes in.
enum Combination : uint64_t { Alone, And, Or, Xor };

uint32_t combined(const Warp &w, const Instruction &in, uint32_t bits) {
    uint32_t c = w.preds[in.pred_in];
    if (in.pred_in_negated) c = ~c;
    return in.value == And ? bits & c : in.value == Or ? bits | c : in.value == Xor ? bits ^ c : bits;
}

template <class T> void setp(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t bits = compared<T>(in, w.in(in), w.in(in, 1));
    uint32_t first = combined(w, in, bits), second = combined(w, in, ~bits);
    if (in.pred_out[0] >= 0) put_pred(w, in.pred_out[0], lanes, first);
    if (in.pred_out[1] >= 0) put_pred(w, in.pred_out[1], lanes, second);
}

// set writes all ones or 1.0f; count says which.
template <class T> void set(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t bits = combined(w, in, compared<T>(in, w.in(in), w.in(in, 1)));
    uint32_t yes = in.count ? 0x3F800000 : ~0u;
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        put<uint32_t>(w.out(in), i, bits >> i & 1 ? yes : 0);
    }
}

uint8_t comparison(Decoder &d, Type t) {
    static const std::map<std::string, int> floats = {{"eq", Eq}, {"ne", Ne}, {"lt", Lt}, {"le", Le}, {"gt", Gt}, {"ge", Ge},
                                                      {"equ", Eq | Unordered}, {"neu", Ne | Unordered}, {"ltu", Lt | Unordered},
                                                      {"leu", Le | Unordered}, {"gtu", Gt | Unordered}, {"geu", Ge | Unordered},
                                                      {"num", Number}, {"nan", NoNumber}};
    static const std::map<std::string, int> integers = {{"eq", Eq}, {"ne", Ne}, {"lt", Lt}, {"le", Le}, {"gt", Gt}, {"ge", Ge},
                                                        {"lo", Lt}, {"ls", Le}, {"hi", Gt}, {"hs", Ge}};
    for (auto &[name, how] : is_float(t) ? floats : integers)
        if (d.word(name.c_str())) {
            if (is_bits(t) && how != Eq && how != Ne) d.refuse_statement("only .eq and .ne compare bits");
            return how;
        }
    d.refuse_statement("the comparison is missing");
}

#define FOR_TYPE(RUN)                                                                                                  \
    switch (t) {                                                                                                       \
    case Type::b16: case Type::u16: return RUN<uint16_t>;                                                              \
    case Type::s16: return RUN<int16_t>;                                                                               \
    case Type::b32: case Type::u32: return RUN<uint32_t>;                                                              \
    case Type::s32: return RUN<int32_t>;                                                                               \
    case Type::b64: case Type::u64: return RUN<uint64_t>;                                                              \
    case Type::s64: return RUN<int64_t>;                                                                               \
    case Type::f32: return RUN<float>;                                                                                 \
    case Type::f64: return RUN<double>;                                                                                \
    default: d.refuse_statement("this type does not fit");                                                             \
    }
Handler setp_for(Decoder &d, Type t) { FOR_TYPE(setp) }
Handler set_for(Decoder &d, Type t) { FOR_TYPE(set) }

// operands_of reads a, b and the predicate that combines, from operand 1 on.
void operands_of(Decoder &d, Type t) {
    std::string how = d.one_of({"and", "or", "xor"});
    d.in.value = how == "and" ? And : how == "or" ? Or : how == "xor" ? Xor : Alone;
    d.want_operands(how.empty() ? 3 : 4);
    d.source(d.operand(1), t);
    d.source(d.operand(2), t);
    if (!how.empty()) d.pred_source(d.operand(3));
    if (d.ftz_for(t)) d.refuse_statement(".ftz is not supported here");
}

void decode_setp(Decoder &d) {
    Type t = d.type();
    d.in.run = setp_for(d, t);
    d.in.mode = comparison(d, t);
    operands_of(d, t);
    const Operand &p = d.operand(0);
    if (p.kind == Operand::Pair) {
        d.pred_out(p.parts[0], 0);
        d.pred_out(p.parts[1], 1);
    } else {
        d.pred_out(p, 0);
    }
}

void decode_set(Decoder &d) {
    Type result = d.type(), t = d.type();
    if (bytes_of(result) != 4) d.refuse_statement("the result must have 32 bits");
    d.in.run = set_for(d, t);
    d.in.count = result == Type::f32;
    d.in.mode = comparison(d, t);
    d.out(d.operand(0), result);
    operands_of(d, t);
}

template <class T> void select(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t p = w.preds[in.pred_in];
    if (in.pred_in_negated) p = ~p;
    char *r = w.out(in);
    const char *a = w.in(in), *b = w.in(in, 1);
    each(lanes, [=](int i) __attribute__((always_inline)) { put<T>(r, i, p & 1u << i ? get<T>(a, i) : get<T>(b, i)); });
}

void decode_selp(Decoder &d) {
    Type t = d.type();
    d.want_operands(4);
    d.in.run = bytes_of(t) == 8 ? select<uint64_t> : bytes_of(t) >= 2 ? select<uint32_t> : nullptr;
    d.out(d.operand(0), t);
    d.source(d.operand(1), t);
    d.source(d.operand(2), t);
    d.pred_source(d.operand(3));
}

template <class T, class C> void select_by_sign(Warp &w, const Instruction &in, Lanes lanes) {
    ternary<T, T, T, C>(w, in, lanes, [](T a, T b, C c) { return c >= 0 ? a : b; });
}

void decode_slct(Decoder &d) {
    Type t = d.type(), c = d.type();
    bool wide = bytes_of(t) == 8;
    Handler h = nullptr;
    if (c == Type::s32) h = wide ? select_by_sign<uint64_t, int32_t> : select_by_sign<uint32_t, int32_t>;
    if (c == Type::f32) h = wide ? select_by_sign<uint64_t, float> : select_by_sign<uint32_t, float>;
    d.plain(h, t, {t, t, c});
}

template <class T> void test(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) {
        int c = std::fpclassify(get<T>(w.in(in), i));
        bool yes = in.mode == 0   ? c != FP_NAN && c != FP_INFINITE
                   : in.mode == 1 ? c == FP_INFINITE
                   : in.mode == 2 ? c != FP_NAN
                   : in.mode == 3 ? c == FP_NAN
                   : in.mode == 4 ? c == FP_NORMAL
                                  : c == FP_SUBNORMAL;
        bits |= uint32_t(yes) << i;
    }
    put_pred(w, in.pred_out[0], lanes, bits);
}

void decode_testp(Decoder &d) {
    const char *const names[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
    int mode = -1;
    for (int i = 0; i < 6; i++)
        if (d.word(names[i])) mode = i;
    if (mode < 0) d.refuse_statement("the test is missing");
    d.in.mode = mode;
    Type t = d.type();
    d.want_operands(2);
    d.in.run = t == Type::f32 ? test<float> : t == Type::f64 ? test<double> : nullptr;
    d.pred_out(d.operand(0), 0);
    d.source(d.operand(1), t);
}

} // namespace

const OpTable &compare_ops() {
    static const OpTable table = {{"setp", decode_setp}, {"set", decode_set}, {"selp", decode_selp}, {"slct", decode_slct}, {"testp", decode_testp}};
    return table;
}

} // namespace ptx
