// Where an instruction's addresses lie, checked.
#pragma once

#include "program.h"

namespace ptx {

// reach is the memory that a lane's address names, for the bytes of the
// instruction. A Fault if the thread may not touch them so.
char *reach(Warp &, const Instruction &, int lane, Access);

// The same for an address and a number of bytes, a power of two, in a space.
char *reach_global(Warp &, const Instruction &, int lane, uint64_t address, unsigned bytes, Access);
char *reach_shared(Warp &, const Instruction &, int lane, uint64_t address, unsigned bytes, Access);

// What shared memory's shadow keeps of a thread.
uint32_t shared_cell(const Warp &, int lane);

} // namespace ptx
