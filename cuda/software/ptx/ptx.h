// A test double of a GPU: it parses PTX and executes it on the processor.
//
// It is there to find mistakes in kernels and in the code that launches them on
// machines without a GPU, and gives the results that a GPU would. A Fault names
// the kernel, the line and text of the instruction, the block and the thread.
// Faults are:
//
//   - text that an assembler would refuse: unknown names, operands of a wrong
//     size or number, and every instruction that this double cannot execute;
//   - accesses beyond allocations, after a free, or not aligned to their size,
//     in every state space;
//   - data races: accesses to the same bytes, one of them a write, by threads of
//     one block without a barrier between them (in shared and global memory), or
//     by two blocks of one launch (in global memory). A grid whose blocks wait for
//     each other is refused so, too;
//   - reads of registers that no instruction writes, of shared memory that nobody
//     wrote, and of bytes that an asynchronous copy has not brought yet;
//   - barriers that a thread of the block does not reach, because it ended, waits
//     at another one or waits for others of its warp; .sync instructions whose
//     lanes do not come together; shuffles from lanes that take no part; mma and
//     ldmatrix by a part of a warp;
//   - launches that the entry was not made for.
//
// Arithmetic is IEEE with the rounding that the instruction names, results that
// are no number are the GPU's own (0x7fffffff in fp32). Approximate functions are
// rounded from double precision, so they are better than a GPU's. mma sums its
// products one after the other in fp32, without fp32's extra bits that tensor
// cores have or lack.
//
// What a block wrote may be read by another of the same launch only behind fences
// and a counter that both came to (atom.inc), the writer first.
//
// Not modelled: time, caches, banks, weak ordering of memory beyond races, the
// limits on registers; other atomics, textures, clusters, and instructions of sm_90
// and later are refused. An endless loop is one here, too.
#pragma once

#include "memory.h"

#include <memory>
#include <string>
#include <vector>

namespace ptx {

struct Dim {
    unsigned x, y, z;
};

struct Param {
    size_t offset, size, align; // bytes
};

struct Entry {
    std::string name;
    std::vector<Param> params;
    size_t static_shared; // bytes
    unsigned max_threads; // of a block
};

// Module is PTX text, parsed, checked and decoded.
class Module {
  public:
    // A Fault with the line for what an assembler would refuse or this cannot execute.
    explicit Module(const std::string &text);
    ~Module();
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;

    // find returns an entry, which lives as long as the module, or nullptr.
    const Entry *find(const std::string &name) const;
    // global returns the address of a .global or .const variable, or 0, and its
    // size. Kernels of this module may use it; Memory does not know it.
    uint64_t global(const std::string &name, size_t *bytes) const;

    const struct ModuleText &text() const { return *text_; }

  private:
    std::unique_ptr<struct ModuleText> text_;
};

// run executes one launch to its end. arguments[i] points at params[i].size
// bytes. The seed shuffles the order of the blocks and how the warps of a block
// take turns; results without a Fault do not depend on it.
void run(const Module &, const Entry &, Dim grid, Dim block, size_t dynamic_shared, void *const *arguments, Memory &,
         uint64_t seed);

// executed is how many instructions run has executed so far in this process,
// counted once for each thread.
uint64_t executed();

} // namespace ptx
