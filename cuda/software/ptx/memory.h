// Device memory of the test double: which addresses are device memory, and
// what a kernel did to them.
//
// A device address is the address of the host memory behind it. Addresses are
// never given out twice, so a use after free is found however late it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace ptx {

// Fault is what a device would not forgive, or what this double refuses; what()
// is a full sentence, or several.
struct Fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Shadow;

// Allocation is a stretch of memory [begin, end), live or freed.
struct Allocation {
    uint64_t begin, end;
    bool pinned, freed;
    std::shared_ptr<Shadow> shadow; // who touched it in a launch; made when a kernel first does
};

// Memory holds the live allocations, guarded by margins of 256 bytes on either
// side, and remembers the freed ones. It is not safe for use by several threads
// at a time.
class Memory {
  public:
    Memory();
    ~Memory();
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;

    // allocate returns an address that is a multiple of 256, of bytes that are
    // all 0xCB, or 0 if bytes is 0 or the limit would be exceeded. Pinned memory
    // is the host's and does not count towards the limit.
    uint64_t allocate(size_t bytes, bool pinned);
    // release gives an allocation back. Fault if the address is no start of a
    // live one, or if somebody wrote into its margins.
    void release(uint64_t address);
    // check is a Fault unless all the bytes lie in one live allocation. what says
    // who wants them, for instance "cuMemcpyHtoD".
    void check(uint64_t address, size_t bytes, bool write, const char *what);

    size_t live_bytes() const; // of device memory, without pinned
    size_t live_count() const; // of both kinds
    void set_limit(size_t total);
    std::string describe_live() const; // a line for each, for leaks

    // The rest is for the execution of kernels.

    // find returns the live allocation that holds the address, or nullptr.
    Allocation *find(uint64_t address);
    // describe says where an address lies: inside what, or how far from what.
    std::string describe(uint64_t address) const;

  private:
    void check_margins(const Allocation &) const;

    std::map<uint64_t, Allocation> live_, freed_; // by begin
    uint64_t next_ = 0, reserved_end_ = 0;        // of the address space that allocations are cut from
    size_t live_bytes_ = 0, limit_ = SIZE_MAX;
};

} // namespace ptx
