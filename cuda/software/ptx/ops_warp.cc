// Exchanges between the lanes of a warp.
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

enum Shuffle : uint8_t { Up, Down, Butterfly, Index };

void shuffle(Warp &w, const Instruction &in, Lanes lanes) {
    uint32_t from[32], out[32], reached = 0;
    memcpy(from, w.in(in), sizeof from);
    for (Lanes rest = lanes; rest; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        int by = get<uint32_t>(w.in(in, 1), i) & 31;
        uint32_t c = get<uint32_t>(w.in(in, 2), i);
        int segment = c >> 8 & 31, clamp = c & 31;
        int last = (i & segment) | (clamp & ~segment), first = i & segment;
        int j = i;
        bool inside = true;
        switch (in.mode) {
        case Up: j = i - by, inside = j >= last; break;
        case Down: j = i + by, inside = j <= last; break;
        case Butterfly: j = i ^ by, inside = j <= last; break;
        default: j = first | (by & ~segment), inside = j <= last;
        }
        if (!inside) j = i;
        if (!(lanes >> j & 1)) fault(w, in, i, "it takes a value from lane " + std::to_string(j) + ", which takes no part.");
        out[i] = from[j];
        reached |= uint32_t(inside) << i;
    }
    each(lanes, [&](int i) { put<uint32_t>(w.out(in), i, out[i]); });
    if (in.pred_out[0] >= 0) put_pred(w, in.pred_out[0], lanes, reached);
}

void decode_shfl(Decoder &d) {
    d.want_operands(5);
    if (!d.word("sync")) d.refuse_statement("only shfl.sync is known");
    std::string how = d.one_of({"up", "down", "bfly", "idx"});
    if (how.empty() || d.type() != Type::b32) d.refuse_statement("it is .up, .down, .bfly or .idx, and .b32");
    d.in.mode = how == "up" ? Up : how == "down" ? Down : how == "bfly" ? Butterfly : Index;
    d.in.run = shuffle;
    d.in.control = Control::Converge;
    const Operand &to = d.operand(0);
    if (to.kind == Operand::Pair) d.pred_out(to.parts[1], 0);
    d.out(to.kind == Operand::Pair ? to.parts[0] : to, Type::b32);
    for (int i = 1; i < 4; i++) d.source(d.operand(i), Type::b32);
    d.in.mask = d.slot(d.operand(4), Type::b32);
}

} // namespace

const OpTable &warp_ops() {
    static const OpTable table = {{"shfl", decode_shfl}};
    return table;
}

} // namespace ptx
