#include "memory.h"

#include "shadow.h"

#include <cstring>
#include <sys/mman.h>

namespace ptx {

namespace {

const size_t margin = 256, page = 4096, reserved = size_t(1) << 42;
const unsigned char fresh = 0xCB, guard = 0xFD;

std::string hexadecimal(uint64_t x) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)x);
    return text;
}

std::string named(const Allocation &a) {
    return std::to_string(a.end - a.begin) + " bytes of " + (a.pinned ? "pinned" : "device") + " memory at " + hexadecimal(a.begin);
}

// pages is what an allocation and its margins take.
size_t pages(size_t bytes) { return (bytes + 2 * margin + page - 1) & -page; }

} // namespace

Memory::Memory() {
    // Addresses only: pages become memory when an allocation gets them.
    void *p = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw Fault("The system refuses to reserve addresses for device memory.");
    next_ = (uint64_t)p;
    reserved_end_ = next_ + reserved;
}

Memory::~Memory() { munmap((void *)(reserved_end_ - reserved), reserved); }

uint64_t Memory::allocate(size_t bytes, bool pinned) {
    if (bytes == 0 || bytes > reserved || pages(bytes) > reserved_end_ - next_) return 0;
    if (!pinned && (live_bytes_ > limit_ || bytes > limit_ - live_bytes_)) return 0;
    size_t size = pages(bytes);
    if (mprotect((void *)next_, size, PROT_READ | PROT_WRITE)) return 0;
    uint64_t begin = next_ + margin;
    memset((void *)next_, guard, size);
    memset((void *)begin, fresh, bytes);
    next_ += size;
    if (!pinned) live_bytes_ += bytes;
    live_.emplace(begin, Allocation{begin, begin + bytes, pinned, false, nullptr});
    return begin;
}

void Memory::release(uint64_t address) {
    auto at = live_.find(address);
    if (at == live_.end()) throw Fault("Memory is freed that is not allocated: " + describe(address) + ".");
    Allocation &a = at->second;
    check_margins(a);
    if (!a.pinned) live_bytes_ -= a.end - a.begin;
    void *start = (void *)(a.begin - margin);
    madvise(start, pages(a.end - a.begin), MADV_DONTNEED);
    mprotect(start, pages(a.end - a.begin), PROT_NONE);
    a.freed = true;
    a.shadow.reset();
    freed_.insert(live_.extract(at));
}

void Memory::check_margins(const Allocation &a) const {
    auto check = [&](uint64_t from, uint64_t to) {
        for (uint64_t p = from; p < to; p++)
            if (*(unsigned char *)p != guard) throw Fault("Somebody wrote into the margin of " + named(a) + ": " + describe(p) + ".");
    };
    check(a.begin - margin, a.begin);
    check(a.end, a.begin - margin + pages(a.end - a.begin));
}

void Memory::check(uint64_t address, size_t bytes, bool write, const char *what) {
    Allocation *a = find(address);
    if (a && bytes <= a->end - address) return;
    if (bytes == 0) return;
    throw Fault(std::string(what) + (write ? " writes " : " reads ") + std::to_string(bytes) + " bytes at " + describe(address) + ".");
}

size_t Memory::live_bytes() const { return live_bytes_; }
size_t Memory::live_count() const { return live_.size(); }
void Memory::set_limit(size_t total) { limit_ = total; }

std::string Memory::describe_live() const {
    std::string text;
    for (auto &[begin, a] : live_) text += named(a) + "\n";
    return text;
}

Allocation *Memory::find(uint64_t address) {
    auto at = live_.upper_bound(address);
    if (at == live_.begin() || address >= (--at)->second.end) return nullptr;
    return &at->second;
}

std::string Memory::describe(uint64_t address) const {
    std::string text = hexadecimal(address);
    auto in = [&](const std::map<uint64_t, Allocation> &list) -> const Allocation * {
        auto at = list.upper_bound(address);
        if (at == list.begin()) return nullptr;
        --at;
        return address < at->second.begin - margin + pages(at->second.end - at->second.begin) ? &at->second : nullptr;
    };
    if (const Allocation *a = in(freed_)) return text + ", in freed memory: " + named(*a);
    if (const Allocation *a = in(live_)) {
        if (address < a->end) return text + ", byte " + std::to_string(address - a->begin) + " of " + named(*a);
        return text + ", " + std::to_string(address - a->end) + " bytes behind the end of " + named(*a);
    }
    auto next = live_.upper_bound(address);
    if (next != live_.end() && next->second.begin - address <= margin)
        return text + ", " + std::to_string(next->second.begin - address) + " bytes before " + named(next->second);
    return text + ", which is no device memory";
}

} // namespace ptx
