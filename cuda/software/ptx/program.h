// Decoded kernels, and the state of what executes them.
//
// A warp has 32 lanes. Its registers are slots: 32 words of four bytes, or of
// eight for registers of 64 bits, which take two slots. Registers of 16 bits
// are the low half of a word. Predicates are masks, a bit for each lane.
#pragma once

#include "memory.h"
#include "shadow.h"
#include "syntax.h"

#include <array>
#include <cstring>
#include <map>
#include <set>

namespace ptx {

using Lanes = uint32_t; // a mask of lanes
const Lanes all_lanes = ~Lanes(0);
const size_t slot_bytes = 128;

struct Warp;
struct Instruction;
using Handler = void (*)(Warp &, const Instruction &, Lanes);

// Control is what an instruction means for the order of execution.
enum class Control : uint8_t {
    Next,
    Branch,    // to target
    Call,      // target, with the moves of arguments
    Return,    // from a function; of an entry it is Exit
    Exit,
    Barrier,   // of the block
    Converge,  // an instruction whose lanes (in[0] is their mask; -1 all) execute it together
};

// Move is an argument or a result: bytes from one variable in .param to another.
struct Move {
    size_t from, to, bytes;
};

struct Instruction {
    Handler run = nullptr;
    Control control = Control::Next;
    int line = 0;
    int guard = -1; // predicate
    bool guard_negated = false;
    uint8_t outs = 0, ins = 0;      // used of out and in
    std::array<int, 4> out{};       // slots
    std::array<int, 10> in{};       // slots; a constant's is ~index
    int pred_out[2] = {-1, -1};     // predicates, -1 for none
    int pred_in = 0;
    bool pred_in_negated = false;
    int mask = -1;                  // Converge: slot with the mask of lanes; -1: the whole warp
    uint32_t target = 0;            // Branch, Call
    uint64_t value = 0;             // what the handler needs: an offset, a mode
    uint8_t width = 0, bytes = 0;   // of memory accesses: of registers' words and of elements
    uint8_t count = 1;              // elements of a vector
    uint8_t mode = 0;
    Space space = Space::generic;
    bool wide_address = true;       // 64 bits
    std::vector<Move> moves;        // Call: arguments
    std::vector<Move> results;      // Call: when it returns
    uint32_t site = 0;              // index of the instruction
};

// The special registers that are slots of a warp.
enum Special { TidX, TidY, TidZ, CtaX, CtaY, CtaZ, NtidX, NtidY, NtidZ, NctaX, NctaY, NctaZ, Lane, WarpId, MaskEq, MaskLt, MaskLe, MaskGt, MaskGe, NwarpId, SmId, specials };

struct Kernel : Entry {
    const ModuleText *module = nullptr;
    const Function *function = nullptr;
    std::vector<Instruction> code;
    std::vector<char> constants; // slots
    uint32_t slots = specials, preds = 2; // predicate 0 is false, 1 is true
    uint32_t local_bytes = 0, frame_bytes = 0; // of a thread: .local, and .param of calls
    uint32_t dynamic_align = 16;
    size_t param_bytes = 0;
};

// Addresses in the generic space that are not global.
const uint64_t shared_window = 1ull << 56, local_window = 2ull << 56;

struct Block;

struct Warp {
    char *file;              // slots
    const char *constants;
    uint32_t *preds;
    char *local, *frame;     // [lane][bytes]
    Block *block;
    unsigned first_thread;   // of the block
    Lanes exists, live;      // lanes with a thread; those that have not ended
    Lanes waiting;           // lanes that wait for others at a barrier or a converging instruction
    uint32_t pc[32];
    uint8_t depth[32];       // of calls
    uint32_t carry;          // of add.cc and its like
    unsigned fence;          // number of barriers of the warp
    bool at_barrier;
    std::vector<std::array<uint32_t, 32>> returns; // [depth][lane]
    struct Copy {
        int lane;
        uint32_t to;
        uint64_t from;
        unsigned bytes, valid, group;
    };
    std::vector<Copy> copies; // asynchronous ones under way
    unsigned groups[32];      // committed

    char *slot(int s) { return s >= 0 ? file + s * slot_bytes : const_cast<char *>(constants) + ~s * slot_bytes; }
    char *out(const Instruction &in, int i = 0) { return slot(in.out[i]); }
    char *in(const Instruction &in, int i = 0) { return slot(in.in[i]); }
};

// Meetings are the counters of one launch, and which blocks came to each with all
// that they had written behind a fence.
class Meetings {
  public:
    // come has a block come to a counter; met grows by those that came before.
    void come(uint64_t counter, uint64_t block, bool is_fenced, std::set<uint64_t> *met) {
        std::set<uint64_t> &came = came_[counter];
        met->insert(came.begin(), came.end());
        if (is_fenced) came.insert(block % many_blocks);
    }

  private:
    std::map<uint64_t, std::set<uint64_t>> came_;
};

// Block is one that is executed, and what its instructions need of the launch.
struct Block {
    const Kernel *kernel;
    Memory *memory;
    const char *params;
    unsigned launch;  // 12 bits, for cells
    uint64_t era;
    Dim grid, size, at;
    uint64_t number;  // of the block in its grid
    unsigned epoch;   // number of its barriers so far
    unsigned threads;
    std::vector<char> shared;
    SharedShadow shadow;
    std::vector<Warp> warps;
    std::vector<Allocation *> last; // of each instruction: what it touched last
    Meetings *meetings;
    bool is_fenced;                 // nothing was written since the last fence
    std::set<uint64_t> met, behind; // blocks that came to a counter before; those with a fence since
};

// fault throws a Fault that names kernel, instruction, block and thread.
[[noreturn]] void fault(const Warp &, const Instruction &, int lane, const std::string &why);

// execute runs a warp for about `budget` instructions, until its threads have
// ended or wait at a barrier of the block. It returns the number of instructions,
// counted for each thread.
uint64_t execute(Warp &, unsigned budget);

} // namespace ptx
