// Shadows: who touched which bytes last, to find data races. Each cell stands
// for a granule of memory: four bytes, or fewer where an access was shorter.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace ptx {

enum Access : unsigned { Read = 0, Write = 1, Atomic = 2 };

// Cell is the last access to a granule of global memory. Fields, from bit 0:
// access 2, written 1 (by some access of this launch), thread 11, fence 3 (the
// number of the warp's barriers), epoch 15 (the number of the block's barriers),
// block 20, launch 12. Numbers are kept modulo their fields: too large a grid
// can hide a race.
using Cell = uint64_t;

const unsigned many_threads = 2047; // readers, or atomics, of one epoch
const Cell many_blocks = 0xFFFFF;

inline Cell cell_of(unsigned launch, uint64_t block, unsigned epoch, unsigned fence, unsigned thread) {
    return Cell(launch) << 52 | block % many_blocks << 32 | Cell(epoch & 0x7FFF) << 17 | (fence & 7) << 14 | thread << 3;
}

// touch records an access of `me` and returns false if it races with the last.
bool touch_again(Cell &, Cell me, Access);
inline bool touch(Cell &cell, Cell me, Access access) {
    Cell old = cell;
    if ((old ^ me) >> 52) { // the first in this launch
        cell = me | access | (access != Read) << 2;
        return true;
    }
    if (!((old ^ me) >> 3) && access == Read) return true;
    return touch_again(cell, me, access);
}
const char *access_name(unsigned access);

// Shadow is that of one allocation, in pages that are made when needed.
class Shadow {
  public:
    explicit Shadow(size_t bytes) : pages_((bytes + page_bytes - 1) / page_bytes) {}

    // current forgets everything when the numbers of launches begin anew.
    void current(uint64_t era);
    // cells returns those of the granules from offset on; bytes is 1, 2 or a
    // multiple of 4, aligned to its size and within a page. n is their number.
    Cell *cells(size_t offset, unsigned bytes, unsigned *n) {
        Page &page = pages_[offset / page_bytes];
        unsigned wanted = bytes >= 4 ? 2 : bytes - 1;
        if (page.cells.empty() || page.shift > wanted) refine(page, wanted);
        *n = bytes >> page.shift;
        return &page.cells[offset % page_bytes >> page.shift];
    }
    // find is the cell of a byte, 0 if there is none.
    Cell find(size_t offset) const;

  private:
    static const unsigned page_bytes = 4096;
    struct Page {
        unsigned shift = 2;
        std::vector<Cell> cells;
    };
    void refine(Page &, unsigned shift);
    std::vector<Page> pages_;
    uint64_t era_ = 0;
};

// SharedShadow is that of a block's shared memory. Cells, from bit 0: access 2,
// thread 11, fence 3, epoch 14, pending 1 (an asynchronous copy to it is under
// way), initialised 1.
class SharedShadow {
  public:
    static const uint32_t initialised = 1u << 31, pending = 1u << 30;
    enum Verdict { Fine, Race, Uninitialised, Pending };

    // clear begins a block.
    void clear(size_t bytes) {
        bytes_ = bytes;
        cells_.assign((bytes + 3) / 4 << (2 - shift_), 0);
    }
    static uint32_t cell_of(unsigned epoch, unsigned fence, unsigned thread) {
        return initialised | (epoch & 0x3FFF) << 16 | (fence & 7) << 13 | thread << 2;
    }
    Verdict touch(uint32_t offset, unsigned bytes, uint32_t me, Access access) {
        unsigned wanted = bytes >= 4 ? 2 : bytes - 1;
        if (shift_ > wanted) refine(wanted);
        uint32_t *cell = &cells_[offset >> shift_];
        for (unsigned n = bytes >> shift_; n > 0; n--, cell++) {
            uint32_t old = *cell;
            if (old == (me | access)) continue;
            Verdict v = touch_cell(*cell, me, access);
            if (v != Fine) return v;
        }
        return Fine;
    }
    // copying marks bytes that an asynchronous copy will write, copied ends that.
    Verdict copying(uint32_t offset, unsigned bytes, uint32_t me);
    void copied(uint32_t offset, unsigned bytes, uint32_t me);
    uint32_t find(uint32_t offset) const { return cells_[offset >> shift_]; }

  private:
    static Verdict touch_cell(uint32_t &, uint32_t me, Access);
    void refine(unsigned shift);
    unsigned shift_ = 2;
    size_t bytes_ = 0;
    std::vector<uint32_t> cells_;
};

} // namespace ptx
