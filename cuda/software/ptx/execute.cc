// The order in which a warp's lanes execute: those that are deepest in calls, and
// of them those with the smallest program counter, go first. So lanes that a
// branch parted meet again where the compiler's code has them meet.
#include "lanes.h"

namespace ptx {

void fault(const Warp &w, const Instruction &in, int lane, const std::string &why) {
    const Block &b = *w.block;
    unsigned thread = w.first_thread + lane;
    auto triple = [](unsigned x, unsigned y, unsigned z) { return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")"; };
    std::string text = b.kernel->module->line(in.line);
    size_t begin = text.find_first_not_of(" \t");
    throw Fault("kernel " + b.kernel->name + ", line " + std::to_string(in.line) + ", `" + (begin == std::string::npos ? "" : text.substr(begin)) + "`, block " +
                triple(b.at.x, b.at.y, b.at.z) + ", thread " + triple(thread % b.size.x, thread / b.size.x % b.size.y, thread / b.size.x / b.size.y) + ": " + why);
}

// check_written refuses what reads registers that no instruction writes.
void check_written(Kernel &k) {
    std::vector<bool> written(k.slots), preds(k.preds);
    for (int i = 0; i < specials; i++) written[i] = true;
    preds[0] = preds[1] = true;
    for (auto &in : k.code) {
        for (int i = 0; i < in.outs; i++)
            if (in.out[i] >= 0) written[in.out[i]] = true;
        for (int p : in.pred_out)
            if (p >= 0) preds[p] = true;
    }
    for (auto &in : k.code) {
        bool fine = preds[in.pred_in] && (in.guard < 0 || preds[in.guard]);
        for (int i = 0; i < in.ins; i++) fine = fine && (in.in[i] < 0 || written[in.in[i]]);
        if (!fine) throw Fault("line " + std::to_string(in.line) + ": " + k.module->line(in.line) + ": it reads a register that nothing writes.");
    }
}

namespace {

// Group is the lanes that execute together now.
struct Group {
    Lanes lanes = 0;
    uint32_t pc = 0;
    unsigned depth = 0;
    uint32_t meet = ~0u; // the smallest counter of other lanes as deep
};

Group choose(const Warp &w) {
    Group g;
    Lanes able = w.live & ~w.waiting;
    for (Lanes rest = able; rest; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (!g.lanes || w.depth[i] > g.depth || (w.depth[i] == g.depth && w.pc[i] < g.pc)) g.lanes = 1, g.depth = w.depth[i], g.pc = w.pc[i];
    }
    g.lanes = 0;
    for (Lanes rest = able; rest; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (w.depth[i] != g.depth) continue;
        if (w.pc[i] == g.pc)
            g.lanes |= Lanes(1) << i;
        else
            g.meet = std::min(g.meet, w.pc[i]);
    }
    return g;
}

void set_pc(Warp &w, Lanes lanes, uint32_t pc) {
    each(lanes, [&](int i) { w.pc[i] = pc; });
}

void pass(Warp &w, Lanes lanes, const std::vector<Move> &moves) {
    size_t frame = w.block->kernel->frame_bytes;
    for (; lanes; lanes &= lanes - 1)
        for (auto &m : moves) memcpy(w.frame + __builtin_ctz(lanes) * frame + m.to, w.frame + __builtin_ctz(lanes) * frame + m.from, m.bytes);
}

void enter(Warp &w, const Instruction &in, Lanes lanes) {
    pass(w, lanes, in.moves);
    for (Lanes rest = lanes; rest; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (w.returns.size() <= w.depth[i]) w.returns.resize(w.depth[i] + 1);
        w.returns[w.depth[i]++][i] = in.site;
        w.pc[i] = in.target;
    }
}

void leave(Warp &w, Lanes lanes) {
    for (Lanes rest = lanes; rest; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (!w.depth[i]) {
            w.live &= ~(Lanes(1) << i);
            continue;
        }
        uint32_t site = w.returns[--w.depth[i]][i];
        pass(w, Lanes(1) << i, w.block->kernel->code[site].results);
        w.pc[i] = site + 1;
    }
}

// converge executes an instruction once all lanes of its mask are there.
void converge(Warp &w, const Instruction &in, Lanes lanes) {
    int lane = __builtin_ctz(lanes);
    Lanes mask = (in.mask == -1 ? all_lanes : get<uint32_t>(w.slot(in.mask), lane)) & w.exists;
    if (in.mask == -1 && w.exists != all_lanes) fault(w, in, lane, "a whole warp is wanted, and this one has fewer threads.");
    if (!(mask >> lane & 1)) fault(w, in, lane, "the thread is not in its own mask.");
    if (mask & ~w.live) fault(w, in, lane, "a thread of its mask has ended.");
    Lanes here = lanes;
    for (Lanes rest = w.waiting & mask; rest; rest &= rest - 1)
        if (int i = __builtin_ctz(rest); w.pc[i] == in.site) here |= Lanes(1) << i;
    set_pc(w, lanes, in.site);
    if ((here & mask) != mask) {
        w.waiting |= lanes;
        return;
    }
    w.waiting &= ~mask;
    in.run(w, in, mask);
    set_pc(w, mask, in.site + 1);
}

// stuck is for a warp whose threads wait, none for the same.
[[noreturn]] void stuck(const Warp &w) {
    int lane = __builtin_ctz(w.waiting);
    const Instruction &in = w.block->kernel->code[w.pc[lane]];
    fault(w, in, lane, in.control == Control::Barrier ? "not all threads of its warp come to this barrier." : "not all threads of its mask come here.");
}

} // namespace

uint64_t execute(Warp &w, unsigned budget) {
    const Instruction *code = w.block->kernel->code.data();
    uint64_t count = 0;
    while (w.live) {
        Group g = choose(w);
        if (!g.lanes) stuck(w);
        uint32_t pc = g.pc;
        for (;; budget -= budget > 0) {
            const Instruction &in = code[pc];
            Lanes lanes = g.lanes;
            if (in.guard >= 0) lanes &= in.guard_negated ? ~w.preds[in.guard] : w.preds[in.guard];
            count += __builtin_popcount(lanes);
            if (in.control == Control::Next) {
                if (lanes) in.run(w, in, lanes);
                pc++;
            } else if (in.control == Control::Branch && (lanes == g.lanes || !lanes)) {
                pc = lanes ? in.target : pc + 1;
            } else {
                set_pc(w, g.lanes, pc + 1);
                if (!lanes) break;
                switch (in.control) {
                case Control::Branch: set_pc(w, lanes, in.target); break;
                case Control::Call: enter(w, in, lanes); break;
                case Control::Return: leave(w, lanes); break;
                case Control::Exit: w.live &= ~lanes; break;
                case Control::Converge: converge(w, in, lanes); break;
                default: // a barrier
                    set_pc(w, lanes, pc);
                    w.waiting |= lanes;
                    if (w.waiting != w.live) break;
                    each(w.live, [&](int i) {
                        if (w.pc[i] != pc) fault(w, in, i, "threads of one warp wait at different places.");
                    });
                    w.at_barrier = true;
                    return count;
                }
                break;
            }
            // Branches back and lanes ahead are where others may come first.
            if (pc >= g.meet || pc <= in.site || !budget) {
                set_pc(w, g.lanes, pc);
                break;
            }
        }
        if (!budget) return count;
    }
    return count;
}

} // namespace ptx
