#include "shadow.h"

namespace ptx {

const char *access_name(unsigned access) {
    static const char *const names[] = {"read", "written", "changed by an atomic", "touched"};
    return names[access & 3];
}

namespace {

// Order is how an access stands to the last one of the same block.
enum class Order { Behind, SameThread, Beside };

// order compares thread, fence and epoch, in the bits of a Cell from 3 on.
Order order(uint32_t old, uint32_t me) {
    unsigned old_thread = old & 2047, thread = me & 2047;
    if (old >> 14 != me >> 14) return Order::Behind; // a barrier is between
    if (old_thread == thread) return Order::SameThread;
    bool same_warp = old_thread != many_threads && old_thread / 32 == thread / 32;
    if (same_warp && (old >> 11 & 7) != (me >> 11 & 7)) return Order::Behind; // a barrier of the warp is
    return Order::Beside;
}

// merged is what one thread's two accesses are for others.
unsigned merged(unsigned old, unsigned access) { return old == access ? access : (unsigned)Write; }

} // namespace

bool touch_again(Cell &cell, Cell me, Access access) {
    Cell old = cell;
    unsigned last = old & 3;
    Cell written = (old & 4) | (access != Read) << 2;
    if ((old >> 32 & many_blocks) != (me >> 32 & many_blocks)) {
        bool fine = access == Read ? !(old & 4) : access == Atomic && last == Atomic;
        if (fine) cell = old | many_blocks << 32;
        return fine;
    }
    switch (order(uint32_t(old >> 3), uint32_t(me >> 3))) {
    case Order::Behind:
        cell = me | access | written;
        return true;
    case Order::SameThread:
        cell = me | merged(last, access) | written;
        return true;
    case Order::Beside:
        if (last != access || access == Write) return false;
        cell = me | Cell(many_threads) << 3 | access | written;
        return true;
    }
    return false;
}

void Shadow::current(uint64_t era) {
    if (era == era_) return;
    for (auto &page : pages_) page.cells = {};
    era_ = era;
}

void Shadow::refine(Page &page, unsigned shift) {
    std::vector<Cell> cells(page_bytes >> shift);
    if (!page.cells.empty())
        for (size_t i = 0; i < cells.size(); i++) cells[i] = page.cells[i >> (page.shift - shift)];
    page.cells.swap(cells);
    page.shift = shift;
}

Cell Shadow::find(size_t offset) const {
    const Page &page = pages_[offset / page_bytes];
    return page.cells.empty() ? 0 : page.cells[offset % page_bytes >> page.shift];
}

SharedShadow::Verdict SharedShadow::touch_cell(uint32_t &cell, uint32_t me, Access access) {
    uint32_t old = cell;
    if (!old) {
        if (access != Write) return Uninitialised;
        cell = me | access;
        return Fine;
    }
    if (old & pending) return Pending;
    unsigned last = old & 3;
    // The initialised bit is set in both, so it does not count as another epoch.
    switch (order(old >> 2, me >> 2)) {
    case Order::Behind:
        cell = me | access;
        return Fine;
    case Order::SameThread:
        cell = me | merged(last, access);
        return Fine;
    case Order::Beside:
        if (last != access || access == Write) return Race;
        cell = me | many_threads << 2 | access;
        return Fine;
    }
    return Fine;
}

SharedShadow::Verdict SharedShadow::copying(uint32_t offset, unsigned bytes, uint32_t me) {
    Verdict v = touch(offset, bytes, me, Write);
    if (v != Fine) return v;
    for (unsigned i = 0; i < bytes; i++) cells_[(offset + i) >> shift_] |= pending;
    return Fine;
}

void SharedShadow::copied(uint32_t offset, unsigned bytes, uint32_t me) {
    for (unsigned i = 0; i < bytes; i++) cells_[(offset + i) >> shift_] = me | Write;
}

void SharedShadow::refine(unsigned shift) {
    std::vector<uint32_t> cells((bytes_ + 3) / 4 << (2 - shift));
    for (size_t i = 0; i < cells.size(); i++) cells[i] = cells_[i >> (shift_ - shift)];
    cells_.swap(cells);
    shift_ = shift;
}

} // namespace ptx
