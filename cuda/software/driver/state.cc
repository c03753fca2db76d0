#include "driver.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

State &state() {
    static State *s = new State; // never destroyed: threads may still call
    return *s;
}

thread_local CUcontext current = nullptr;

// lasting says that a result breaks the context.
static bool lasting(CUresult r) {
    return r == CUDA_ERROR_ILLEGAL_ADDRESS || r == CUDA_ERROR_LAUNCH_TIMEOUT || (r >= CUDA_ERROR_ASSERT && r <= CUDA_ERROR_LAUNCH_FAILED) ||
           r == CUDA_ERROR_ECC_UNCORRECTABLE;
}

// plain is a function's name without the version that ends it.
static std::string plain(const char *function) {
    std::string name = function;
    size_t at = name.rfind("_v");
    return at == std::string::npos ? name : name.substr(0, at);
}

CUresult begin(const char *function, Need need) {
    State &s = state();
    auto f = s.failures.find(plain(function));
    if (f != s.failures.end() && --f->second.after <= 0) {
        CUresult r = f->second.result;
        s.failures.erase(f);
        if (lasting(r)) s.broken = r;
        if (plain(function) == "cuStreamEndCapture") end_captures(); // whatever it answers
        return r;
    }
    if (need != NeedsNothing && !s.initialised) return CUDA_ERROR_NOT_INITIALIZED;
    if (need == NeedsContext && (!current || !s.retained)) return CUDA_ERROR_INVALID_CONTEXT;
    if (need == NeedsContext && s.broken) return s.broken;
    return CUDA_SUCCESS;
}

CUresult blame(const std::string &words, CUresult result) {
    State &s = state();
    if (s.fault.empty()) s.fault = words;
    fprintf(stderr, "software GPU: %s\n", words.c_str());
    if (lasting(result)) s.broken = result;
    return result;
}

CUresult unsafe() {
    State &s = state();
    CUresult r = CUDA_SUCCESS;
    for (auto &c : s.captures) {
        bool mine = c->thread == std::this_thread::get_id();
        if (c->mode == CU_STREAM_CAPTURE_MODE_GLOBAL || (c->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && mine)) {
            c->valid = false;
            r = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
    }
    return r;
}

static std::string live() {
    State &s = state();
    std::string text = s.memory.describe_live();
    auto count = [&](size_t n, const char *what) {
        if (n) text += std::to_string(n) + " " + what + "\n";
    };
    count(s.streams.size(), "streams");
    count(s.events.size(), "events");
    count(s.modules.size(), "modules");
    count(s.graphs.size(), "graphs");
    count(s.execs.size(), "executable graphs");
    return text;
}

// The functions that only this double has.
extern "C" {

void software_fail(const char *function, int after, int result) {
    State &s = state();
    std::lock_guard<std::recursive_mutex> hold(s.lock);
    if (!function)
        s.failures.clear();
    else
        s.failures[function] = {after, CUresult(result)};
}

int software_live(char *text, size_t room) {
    State &s = state();
    std::lock_guard<std::recursive_mutex> hold(s.lock);
    snprintf(text, room, "%s", live().c_str());
    return int(s.memory.live_count() + s.streams.size() + s.events.size() + s.modules.size() + s.graphs.size() + s.execs.size());
}

const char *software_fault(void) { return state().fault.c_str(); }

void software_reset_fault(void) { state().fault.clear(); }

void software_set_memory(size_t bytes) {
    state().total = bytes;
    state().memory.set_limit(bytes);
}

int software_check(const void *address, size_t bytes, int write) {
    try {
        state().memory.check(uint64_t(address), bytes, write, "a library");
    } catch (const ptx::Fault &f) {
        return blame(f.what(), CUDA_ERROR_ILLEGAL_ADDRESS);
    }
    return CUDA_SUCCESS;
}

int software_enqueue(CUstream stream, void (*fn)(void *), void *data, void (*drop)(void *)) {
    std::shared_ptr<void> owned(data, drop ? drop : [](void *) {});
    API(NeedsContext);
    return enqueue(stream, [fn, owned] { fn(owned.get()); });
}

CUresult cuInit(unsigned int) {
    API(NeedsNothing);
    State &s = state();
    if (s.initialised) return CUDA_SUCCESS;
    s.initialised = true;
    if (const char *text = getenv("SOFTWARE_GPU_SEED")) s.seed = strtoull(text, nullptr, 10);
    if (const char *text = getenv("SOFTWARE_GPU_MEMORY")) s.total = strtoull(text, nullptr, 10);
    if (const char *text = getenv("SOFTWARE_GPU_CAPABILITY")) s.capability = atoi(text);
    s.memory.set_limit(s.total);
    char name[64];
    int after, result;
    const char *fail = getenv("SOFTWARE_GPU_FAIL");
    if (fail && sscanf(fail, "%63[^:]:%d:%d", name, &after, &result) == 3) s.failures[name] = {after, CUresult(result)};
    return CUDA_SUCCESS;
}

} // extern "C"

__attribute__((destructor)) static void report_leaks() {
    if (!getenv("SOFTWARE_GPU_LEAKS")) return;
    std::string text = live();
    if (!text.empty()) fprintf(stderr, "software GPU: never given back:\n%s", text.c_str());
}
