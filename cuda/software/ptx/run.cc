// Modules, and launches from their first block to the last.
#include "decode.h"
#include "lanes.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>

namespace ptx {

ModuleText::ModuleText() = default;
ModuleText::~ModuleText() = default;

namespace {

std::atomic<uint64_t> executed_so_far;
std::atomic<unsigned> launches;

std::unique_ptr<Kernel> decode(const ModuleText &module, const Function &f) {
    auto k = std::make_unique<Kernel>();
    k->module = &module;
    k->function = &f;
    k->name = f.name;
    k->max_threads = f.max_threads;
    size_t end = 0;
    for (auto *v : f.params) {
        size_t at = (end + v->align - 1) & -v->align;
        k->params.push_back({at, v->bytes, v->align});
        end = at + v->bytes;
    }
    Decoder(module, *k).decode(f);
    return k;
}

} // namespace

Module::Module(const std::string &text) : text_(new ModuleText) {
    parse(text, *text_);
    for (auto &[name, f] : text_->functions)
        if (f.is_entry) text_->kernels[name] = decode(*text_, f);
}

Module::~Module() = default;

const Entry *Module::find(const std::string &name) const {
    auto k = text_->kernels.find(name);
    return k == text_->kernels.end() ? nullptr : k->second.get();
}

uint64_t Module::global(const std::string &name, size_t *bytes) const {
    for (auto &v : text_->variables)
        if (v.name == name && v.address) {
            if (bytes) *bytes = v.bytes;
            return v.address;
        }
    return 0;
}

uint64_t executed() { return executed_so_far; }

namespace {

// Stage is a block with the memory of its warps, used for one block after the
// other.
class Stage {
  public:
    Stage(const Kernel &k, Dim grid, Dim size, size_t dynamic, const char *params, Memory &memory, unsigned launch) : kernel_(k) {
        block_.kernel = &k, block_.memory = &memory, block_.params = params;
        block_.grid = grid, block_.size = size;
        block_.launch = launch % 0xFFF + 1, block_.era = launch / 0xFFF; // a fresh cell has launch 0
        block_.threads = size.x * size.y * size.z;
        size_t fixed = (k.static_shared + k.dynamic_align - 1) & -(size_t)k.dynamic_align;
        block_.shared.resize(dynamic ? fixed + dynamic : k.static_shared);
        block_.last.assign(k.code.size(), nullptr);
        size_t warps = (block_.threads + 31) / 32;
        block_.warps.resize(warps);
        files_.resize(warps * k.slots * slot_bytes);
        preds_.resize(warps * k.preds);
        locals_.resize(warps * 32 * k.local_bytes);
        frames_.resize(warps * 32 * k.frame_bytes);
    }

    // run executes the block with a number.
    void run(uint64_t number, std::mt19937_64 &random) {
        begin(number);
        for (;;) {
            std::vector<Warp *> able;
            size_t waiting = 0;
            for (auto &w : block_.warps) {
                if (w.live && !w.at_barrier) able.push_back(&w);
                waiting += w.at_barrier;
            }
            if (able.empty() && !waiting) return;
            if (able.empty()) {
                pass_barrier();
                continue;
            }
            Warp &w = *able[random() % able.size()];
            executed_so_far += execute(w, 16 + random() % 240);
        }
    }

  private:
    void begin(uint64_t number) {
        block_.number = number;
        block_.at = {unsigned(number % block_.grid.x), unsigned(number / block_.grid.x % block_.grid.y), unsigned(number / block_.grid.x / block_.grid.y)};
        block_.epoch = 0;
        block_.meetings = &meetings_, block_.is_fenced = false;
        block_.met.clear(), block_.behind.clear();
        std::fill(block_.shared.begin(), block_.shared.end(), char(0xCB));
        block_.shadow.clear(block_.shared.size());
        for (size_t i = 0; i < block_.warps.size(); i++) begin_warp(block_.warps[i], i);
    }

    void begin_warp(Warp &w, size_t i) {
        w.file = files_.data() + i * kernel_.slots * slot_bytes;
        w.constants = kernel_.constants.data();
        w.preds = preds_.data() + i * kernel_.preds;
        w.preds[0] = 0, w.preds[1] = ~0u;
        w.local = locals_.data() + i * 32 * kernel_.local_bytes;
        w.frame = frames_.data() + i * 32 * kernel_.frame_bytes;
        w.block = &block_;
        w.first_thread = i * 32;
        unsigned threads = std::min(32u, block_.threads - w.first_thread);
        w.exists = w.live = threads == 32 ? all_lanes : (Lanes(1) << threads) - 1;
        w.waiting = 0, w.carry = 0, w.fence = 0, w.at_barrier = false;
        w.copies.clear();
        for (unsigned lane = 0; lane < 32; lane++) {
            w.pc[lane] = 0, w.depth[lane] = 0, w.groups[lane] = 0;
            specials_of(w, lane);
        }
    }

    void specials_of(Warp &w, unsigned lane) {
        unsigned thread = w.first_thread + lane, bit = 1u << lane;
        const unsigned values[specials] = {thread % block_.size.x, thread / block_.size.x % block_.size.y, thread / block_.size.x / block_.size.y,
                                           block_.at.x, block_.at.y, block_.at.z, block_.size.x, block_.size.y, block_.size.z,
                                           block_.grid.x, block_.grid.y, block_.grid.z, lane, w.first_thread / 32,
                                           bit, bit - 1, (bit - 1) | bit, ~((bit - 1) | bit), ~(bit - 1), unsigned(block_.warps.size()), 0};
        for (int s = 0; s < specials; s++) put<uint32_t>(w.file + s * slot_bytes, lane, values[s]);
    }

    // pass_barrier lets all go on, if all are there.
    void pass_barrier() {
        for (auto &w : block_.warps) {
            if (w.at_barrier && w.live == w.exists) continue;
            const Warp *waits = nullptr;
            for (auto &other : block_.warps)
                if (other.at_barrier) waits = &other;
            int lane = __builtin_ctz(waits->live);
            fault(*waits, kernel_.code[waits->pc[lane]], lane, "threads of its block have ended before this barrier.");
        }
        block_.epoch++;
        for (auto &w : block_.warps) {
            w.at_barrier = false;
            w.waiting = 0;
            for (auto &pc : w.pc) pc++;
        }
    }

    const Kernel &kernel_;
    Block block_;
    Meetings meetings_;
    std::vector<char> files_, locals_, frames_;
    std::vector<uint32_t> preds_;
};

} // namespace

void run(const Module &, const Entry &entry, Dim grid, Dim block, size_t dynamic_shared, void *const *arguments, Memory &memory, uint64_t seed) {
    const Kernel &k = static_cast<const Kernel &>(entry);
    std::vector<char> params(std::max<size_t>(k.param_bytes, 1));
    for (size_t i = 0; i < k.params.size(); i++) memcpy(params.data() + k.params[i].offset, arguments[i], k.params[i].size);
    const unsigned *required = k.function->required;
    if (required[0] && (block.x != required[0] || block.y != required[1] || block.z != required[2])) throw Fault("kernel " + k.name + " was made for blocks of another shape.");
    Stage stage(k, grid, block, dynamic_shared, params.data(), memory, ++launches);
    std::vector<uint64_t> order(uint64_t(grid.x) * grid.y * grid.z);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    for (uint64_t number : order) stage.run(number, random);
}

} // namespace ptx
