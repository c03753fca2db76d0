// Asynchronous copies from global to shared memory.
#include "access.h"
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

// Offsets of both addresses are in value: of the target above, of the source below.
void copy(Warp &w, const Instruction &in, Lanes lanes) {
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        uint64_t to = (in.mode ? get<uint64_t>(w.in(in, 0), i) : get<uint32_t>(w.in(in, 0), i)) + int32_t(in.value >> 32);
        if (to >= shared_window) to -= shared_window;
        uint64_t from = get<uint64_t>(w.in(in, 1), i) + int32_t(in.value);
        unsigned valid = in.ins > 2 ? get<uint32_t>(w.in(in, 2), i) : in.bytes;
        if (valid > in.bytes) fault(w, in, i, "more bytes of the source than of the target.");
        if (valid) reach_global(w, in, i, from, in.bytes, Read);
        reach_shared(w, in, i, to, in.bytes, Write);
        if (w.block->shadow.copying(to, in.bytes, shared_cell(w, i)) != SharedShadow::Fine) fault(w, in, i, "the target is in use.");
        w.copies.push_back({i, uint32_t(to), from, in.bytes, valid, w.groups[i]});
    }
}

void commit(Warp &w, const Instruction &, Lanes lanes) {
    each(lanes, [&](int i) { w.groups[i]++; });
}

// wait ends the copies of all groups but the last `value`.
void wait(Warp &w, const Instruction &in, Lanes lanes) {
    std::vector<Warp::Copy> left;
    for (auto &c : w.copies) {
        bool over = lanes >> c.lane & 1 && (in.mode || c.group + in.value < w.groups[c.lane]);
        if (!over) {
            left.push_back(c);
            continue;
        }
        char *to = w.block->shared.data() + c.to;
        memset(to, 0, c.bytes);
        if (c.valid) memcpy(to, reinterpret_cast<const char *>(c.from), c.valid);
        w.block->shadow.copied(c.to, c.bytes, shared_cell(w, c.lane));
    }
    w.copies.swap(left);
}

void decode_cp(Decoder &d) {
    if (!d.word("async")) d.refuse_statement("only cp.async is known");
    if (d.word("commit_group")) {
        d.in.run = commit;
        return d.want_operands(0);
    }
    bool all = d.word("wait_all");
    if (all || d.word("wait_group")) {
        d.in.run = wait;
        d.in.mode = all;
        if (all) return d.want_operands(0);
        d.want_operands(1);
        d.in.value = d.operand(0).value;
        return;
    }
    d.one_of({"ca", "cg"});
    d.word("L2::128B");
    if (!d.word("shared") || !d.word("global")) d.refuse_statement("it copies from .global to .shared");
    if (d.operands() < 3 || d.operands() > 4 || d.operand(2).kind != Operand::Integer) d.refuse_statement("it has a wrong number of operands");
    d.in.bytes = d.operand(2).value;
    if (d.in.bytes != 4 && d.in.bytes != 8 && d.in.bytes != 16) d.refuse_statement("it copies 4, 8 or 16 bytes");
    d.address(d.operand(0), Space::shared);
    uint64_t to = d.in.value;
    d.in.mode = d.in.wide_address;
    d.address(d.operand(1), Space::global);
    d.in.value = to << 32 | (d.in.value & 0xFFFFFFFF);
    if (d.operands() == 4) d.source(d.operand(3), Type::u32);
    d.in.run = copy;
}

} // namespace

const OpTable &copy_ops() {
    static const OpTable table = {{"cp", decode_cp}};
    return table;
}

} // namespace ptx
