// mov: copies, addresses, packing and unpacking.
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

template <class T> void copy(Warp &w, const Instruction &in, Lanes lanes) {
    unary<T, T>(w, in, lanes, [](T a) { return a; });
}
void copy_pred(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t p = w.preds[in.pred_in];
    put_pred(w, in.pred_out[0], lanes, in.pred_in_negated ? ~p : p);
}

// pack makes one value of `ins` parts of in.bytes bytes, the first the lowest.
template <class Whole, class Part> void pack(Warp &w, const Instruction &in, Lanes lanes) {
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        Whole x = 0;
        for (int p = 0; p < in.ins; p++) x |= Whole(get<Part>(w.in(in, p), i)) << p * sizeof(Part) * 8;
        put<Whole>(w.out(in), i, x);
    }
}
template <class Whole, class Part> void unpack(Warp &w, const Instruction &in, Lanes lanes) {
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        Whole x = get<Whole>(w.in(in), i);
        for (int p = 0; p < in.outs; p++)
            if (in.out[p] >= 0) put<Part>(w.out(in, p), i, Part(x >> p * sizeof(Part) * 8));
    }
}

Type part_type(Decoder &d, Type whole, size_t parts) {
    unsigned bytes = parts ? bytes_of(whole) / parts : 0;
    if ((bytes != 2 && bytes != 4) || bytes * parts != bytes_of(whole) || parts < 2) d.refuse_statement("it has a wrong number of parts");
    return bytes == 2 ? Type::b16 : Type::b32;
}

void decode_mov(Decoder &d) {
    d.want_operands(2);
    Type t = d.type();
    const Operand &to = d.operand(0), &from = d.operand(1);
    if (t == Type::pred) {
        d.in.run = copy_pred;
        d.pred_out(to, 0);
        return d.pred_source(from);
    }
    if (bytes_of(t) < 2) d.refuse_statement("this type does not fit");
    bool wide = bytes_of(t) == 8;
    if (from.kind == Operand::List) {
        Type part = part_type(d, t, from.parts.size());
        d.in.run = part == Type::b32 ? pack<uint64_t, uint32_t> : wide ? pack<uint64_t, uint16_t> : pack<uint32_t, uint16_t>;
        for (auto &o : from.parts) d.source(o, part);
        return d.out(to, t);
    }
    if (to.kind == Operand::List) {
        Type part = part_type(d, t, to.parts.size());
        d.in.run = part == Type::b32 ? unpack<uint64_t, uint32_t> : wide ? unpack<uint64_t, uint16_t> : unpack<uint32_t, uint16_t>;
        for (auto &o : to.parts) {
            if (o.kind == Operand::Sink)
                d.in.out[d.in.outs++] = -1;
            else
                d.out(o, part);
        }
        return d.source(from, t);
    }
    d.in.run = wide ? copy<uint64_t> : copy<uint32_t>;
    d.out(to, t);
    d.source(from, t);
}

} // namespace

const OpTable &move_ops() {
    static const OpTable table = {{"mov", decode_mov}};
    return table;
}

} // namespace ptx
