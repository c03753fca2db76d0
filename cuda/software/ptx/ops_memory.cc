// Loads, stores and addresses.
#include "access.h"
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

uint64_t read_bytes(const char *p, unsigned bytes, bool is_signed) {
    uint64_t x = 0;
    memcpy(&x, p, bytes);
    if (is_signed && bytes < 8 && x >> (bytes * 8 - 1) & 1) x |= ~uint64_t(0) << bytes * 8;
    return x;
}

void load(Warp &w, const Instruction &in, Lanes lanes) {
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        const char *p = reach(w, in, i, Read);
        for (int k = 0; k < in.outs; k++) {
            uint64_t x = read_bytes(p + k * in.bytes, in.bytes, in.mode);
            if (in.width == 8)
                put<uint64_t>(w.out(in, k), i, x);
            else
                put<uint32_t>(w.out(in, k), i, uint32_t(x));
        }
    }
}

void store(Warp &w, const Instruction &in, Lanes lanes) {
    int first = in.ins - in.count; // behind the address, if there is one
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        char *p = reach(w, in, i, Write);
        for (int k = 0; k < in.count; k++) {
            uint64_t x = in.width == 8 ? get<uint64_t>(w.in(in, first + k), i) : get<uint32_t>(w.in(in, first + k), i);
            memcpy(p + k * in.bytes, &x, in.bytes);
        }
    }
}

Space space_of(Decoder &d) {
    std::string s = d.one_of({"global", "shared", "param", "local", "const"});
    return s == "global" ? Space::global : s == "shared" ? Space::shared : s == "param" ? Space::param
         : s == "local"  ? Space::local  : s == "const"  ? Space::constant : Space::generic;
}

// form reads what loads and stores have in common.
Type form(Decoder &d, Space *space) {
    *space = space_of(d);
    // Caches and volatility mean nothing here.
    d.one_of({"nc", "volatile", "relaxed", "weak"});
    d.one_of({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
    std::string v = d.one_of({"v2", "v4"});
    Type t = d.type();
    d.in.bytes = bytes_of(t);
    d.in.count = v == "v4" ? 4 : v == "v2" ? 2 : 1;
    if (d.in.bytes * d.in.count > 16) d.refuse_statement("an access has at most 16 bytes");
    return t;
}

std::vector<Operand> elements(Decoder &d, const Operand &o) {
    std::vector<Operand> all = o.kind == Operand::List ? o.parts : std::vector<Operand>{o};
    if (all.size() != d.in.count || (o.kind == Operand::List) != (d.in.count > 1)) d.refuse_statement("it has a wrong number of elements");
    return all;
}

void decode_ld(Decoder &d) {
    d.want_operands(2);
    Space space;
    Type t = form(d, &space);
    d.in.mode = is_signed(t);
    for (auto &o : elements(d, d.operand(0))) d.any_out(o, t);
    d.address(d.operand(1), space);
    d.in.run = load;
}

void decode_st(Decoder &d) {
    d.want_operands(2);
    Space space;
    Type t = form(d, &space);
    if (space == Space::constant) d.refuse_statement("constants are not written");
    d.address(d.operand(0), space);
    for (auto &o : elements(d, d.operand(1))) d.any_source(o, t);
    d.in.run = store;
}

void shift_address(Warp &w, const Instruction &in, Lanes lanes) {
    uint64_t by = in.value;
    unary<uint64_t, uint64_t>(w, in, lanes, [by](uint64_t a) { return a + by; });
}

void decode_cvta(Decoder &d) {
    bool to = d.word("to");
    Space space = space_of(d);
    uint64_t window = space == Space::shared ? shared_window : space == Space::local ? local_window : 0;
    if (space == Space::generic || space == Space::param) d.refuse_statement("a state space is wanted");
    if (d.type() != Type::u64) d.refuse_statement("addresses are .u64");
    d.in.value = to ? -window : window;
    d.plain(shift_address, Type::u64, {Type::u64});
}

} // namespace

const OpTable &memory_ops() {
    static const OpTable table = {{"ld", decode_ld}, {"ldu", decode_ld}, {"st", decode_st}, {"cvta", decode_cvta}};
    return table;
}

namespace {

// atom.inc counts up to a bound and begins at zero again. What the block has done
// before its last fence counts as done for whoever comes to the same counter later.
void count(Warp &w, const Instruction &in, Lanes lanes) {
    Block &b = *w.block;
    for (; lanes; lanes &= lanes - 1) {
        int i = __builtin_ctz(lanes);
        char *p = reach(w, in, i, Atomic);
        b.meetings->come(uint64_t(p), b.number, b.is_fenced, &b.met);
        uint32_t old, bound = get<uint32_t>(w.in(in, 1), i);
        memcpy(&old, p, sizeof old);
        uint32_t next = old >= bound ? 0 : old + 1;
        memcpy(p, &next, sizeof next);
        put<uint32_t>(w.out(in), i, old);
    }
}

void decode_atom(Decoder &d) {
    d.want_operands(3);
    Space space = space_of(d);
    if (space != Space::global || !d.word("inc") || d.type() != Type::u32) d.refuse_statement("only atom.global.inc.u32 is known");
    d.in.bytes = 4;
    d.out(d.operand(0), Type::u32);
    d.address(d.operand(1), space);
    d.source(d.operand(2), Type::u32);
    d.in.run = count;
}

void fence(Warp &w, const Instruction &, Lanes) {
    Block &b = *w.block;
    b.is_fenced = true;
    b.behind.insert(b.met.begin(), b.met.end());
}

void decode_fence(Decoder &d) {
    d.want_operands(0);
    if (!d.word("acq_rel") || !d.word("gpu")) d.refuse_statement("only fence.acq_rel.gpu is known");
    d.in.run = fence;
}

} // namespace

const OpTable &atomic_ops() {
    static const OpTable table = {{"atom", decode_atom}, {"fence", decode_fence}};
    return table;
}

} // namespace ptx
