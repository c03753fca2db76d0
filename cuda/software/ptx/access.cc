#include "access.h"

#include "lanes.h"

namespace ptx {

namespace {

std::string number(uint64_t x) { return std::to_string(x); }

void check_aligned(const Warp &w, const Instruction &in, int lane, uint64_t address, unsigned bytes) {
    if (address % bytes) fault(w, in, lane, number(bytes) + " bytes at address " + number(address) + ", which is no multiple of that.");
}

[[noreturn]] void race(const Warp &w, const Instruction &in, int lane, const std::string &where, unsigned last, unsigned thread, bool other_block) {
    std::string who = other_block ? "another block" : thread == many_threads ? "several threads" : "thread " + number(thread);
    fault(w, in, lane, "a race: " + where + " was " + access_name(last) + " by " + who + " without a barrier between.");
}

} // namespace

uint32_t shared_cell(const Warp &w, int lane) { return SharedShadow::cell_of(w.block->epoch, w.fence, w.first_thread + lane); }

char *reach_global(Warp &w, const Instruction &in, int lane, uint64_t address, unsigned bytes, Access access) {
    Block &b = *w.block;
    Allocation *&a = b.last[in.site];
    if (!a || address < a->begin || address + bytes > a->end) {
        a = b.memory->find(address);
        if (!a) a = b.kernel->module->find(address);
        if (!a || address + bytes > a->end) fault(w, in, lane, number(bytes) + " bytes at " + b.memory->describe(address) + ".");
    }
    check_aligned(w, in, lane, address, bytes);
    if (!a->shadow) a->shadow = std::make_unique<Shadow>(a->end - a->begin);
    a->shadow->current(b.era);
    uint64_t offset = address - a->begin;
    Cell me = cell_of(b.launch, b.number, b.epoch, w.fence, w.first_thread + lane);
    b.is_fenced &= access != Write;
    unsigned n;
    Cell *cell = a->shadow->cells(offset, bytes, &n);
    for (; n > 0; n--, cell++) {
        Cell old = *cell;
        if (touch(*cell, me, access)) continue;
        if (b.behind.count(old >> 32 & many_blocks)) { // its block is behind a fence
            *cell = me | access | (old & 4);
            continue;
        }
        bool other = (old >> 32 & many_blocks) != (me >> 32 & many_blocks);
        race(w, in, lane, b.memory->describe(address), other && access == Read ? unsigned(Write) : old & 3, old >> 3 & 2047, other);
    }
    return reinterpret_cast<char *>(address);
}

char *reach_shared(Warp &w, const Instruction &in, int lane, uint64_t address, unsigned bytes, Access access) {
    Block &b = *w.block;
    if (address + bytes > b.shared.size() || address + bytes < address)
        fault(w, in, lane, number(bytes) + " bytes at " + number(address) + " of shared memory, which has " + number(b.shared.size()) + ".");
    check_aligned(w, in, lane, address, bytes);
    switch (b.shadow.touch(address, bytes, shared_cell(w, lane), access)) {
    case SharedShadow::Fine: break;
    case SharedShadow::Uninitialised: fault(w, in, lane, "byte " + number(address) + " of shared memory was never written.");
    case SharedShadow::Pending: fault(w, in, lane, "byte " + number(address) + " of shared memory is still being copied to.");
    case SharedShadow::Race: {
        uint32_t old = b.shadow.find(address);
        race(w, in, lane, "byte " + number(address) + " of shared memory", old & 3, old >> 2 & 2047, false);
    }
    }
    return b.shared.data() + address;
}

char *reach(Warp &w, const Instruction &in, int lane, Access access) {
    unsigned bytes = in.bytes * in.count;
    Block &b = *w.block;
    bool based = in.ins > (access == Write ? in.count : 0); // else in the frame of .param
    if (in.space == Space::param && !based) return w.frame + lane * b.kernel->frame_bytes + in.value;
    uint64_t address = in.value + (in.wide_address ? get<uint64_t>(w.in(in), lane) : get<uint32_t>(w.in(in), lane));
    Space space = in.space;
    if (!in.wide_address) address = uint32_t(address);
    if (space == Space::generic && address >= local_window) space = Space::local, address -= local_window;
    if (space == Space::generic && address >= shared_window) space = Space::shared, address -= shared_window;
    switch (space) {
    case Space::shared: return reach_shared(w, in, lane, address, bytes, access);
    case Space::local:
        if (address + bytes > b.kernel->local_bytes) fault(w, in, lane, number(bytes) + " bytes at " + number(address) + " of local memory, which has " + number(b.kernel->local_bytes) + ".");
        check_aligned(w, in, lane, address, bytes);
        return w.local + lane * b.kernel->local_bytes + address;
    case Space::param:
        if (access == Write) fault(w, in, lane, "the parameters of a kernel are not written.");
        if (address + bytes > b.kernel->param_bytes) fault(w, in, lane, "byte " + number(address) + " of " + number(b.kernel->param_bytes) + " of parameters.");
        return const_cast<char *>(b.params) + address;
    default: return reach_global(w, in, lane, address, bytes, access);
    }
}

} // namespace ptx
