// A test double of NVIDIA's driver: one GPU whose kernels run on the processor.
//
// Work on streams is done as late as the interface allows: when a stream or an
// event is waited for, and then only what that needs. So a missing wait shows as
// wrong data. Copies read and write pinned memory when they are done, not when
// they are asked for. Captures follow the driver's rules, and every access is
// checked. What a kernel does wrong breaks the context for good, as a GPU's does;
// the words are printed on standard error and kept for software_fault.
//
// Environment: SOFTWARE_GPU_MEMORY is the device's memory in bytes,
// SOFTWARE_GPU_CAPABILITY=86 its compute capability, SOFTWARE_GPU_SEED shuffles blocks
// and warps, SOFTWARE_GPU_FAIL="cuGraphLaunch:3:700" makes the third
// call of a function fail with a result, SOFTWARE_GPU_LEAKS=1 prints what is still
// held when the process ends.
#pragma once

extern "C" {
#include <cuda.h>
}

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../ptx/ptx.h"

using Work = std::function<void()>; // throws ptx::Fault

// Item is a piece of a stream's work: a record or a wait where event is set.
struct Item {
    Work work;
    CUevent event = nullptr;
    bool record = false;
    uint64_t version = 0;
};

// Graph is what was enqueued on streams while they were captured, in that order.
struct Graph {
    struct Node {
        CUstream stream; // a name: it may be gone
        Item item;
    };
    CUstream origin;
    std::vector<Node> nodes;
};

// Capture collects what is enqueued on the streams that take part.
struct Capture {
    CUstream origin;
    CUstreamCaptureMode mode;
    std::thread::id thread;
    bool valid = true;
    std::map<CUstream, bool> joined; // whether the origin waits for all of a stream's work
    Graph graph;
};

struct CUevent_st {
    bool timed;
    uint64_t issued = 0, done = 0; // records that were enqueued, and that were done
    double seconds = 0;            // when the last was done
    std::shared_ptr<Capture> capture; // which the last record belongs to
    uint64_t captured = 0;            // that record's number
    CUstream stream = nullptr;
};

struct CUstream_st {
    unsigned flags;
    std::deque<Item> queue;
    std::shared_ptr<Capture> capture;
};

struct CUfunc_st {
    CUmodule module;
    const ptx::Entry *entry;
    int dynamic_limit; // bytes of shared memory beside the static
};

struct CUmod_st {
    std::shared_ptr<ptx::Module> code;
    std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};

struct CUgraph_st : Graph {};
struct CUgraphExec_st : Graph {
    uint64_t launches = 0;
};

struct Failure {
    int after;
    CUresult result;
};

// State is the one device, its context and all that was made.
struct State {
    std::recursive_mutex lock;
    ptx::Memory memory;
    int retained = 0;
    CUresult broken = CUDA_SUCCESS; // for good
    std::string fault;
    uint64_t seed = 1;
    size_t total = size_t(8) << 30;
    int capability = 90;
    std::set<CUstream> streams;
    std::set<CUevent> events;
    std::set<CUmodule> modules;
    std::set<CUgraph> graphs;
    std::set<CUgraphExec> execs;
    std::vector<std::shared_ptr<Capture>> captures;
    std::map<std::string, Failure> failures;
    bool initialised = false;
};

State &state();
extern thread_local CUcontext current;

// begin is what every call starts with: the failures that were asked for, the
// start, the context.
enum Need { NeedsNothing, NeedsInit, NeedsContext };
CUresult begin(const char *function, Need);

// API opens the body of a function of the interface.
#define API(need)                                            \
    std::lock_guard<std::recursive_mutex> hold(state().lock); \
    if (CUresult failed = begin(__func__, need)) return failed

// blame keeps a fault and breaks the context.
CUresult blame(const std::string &words, CUresult result);

// unsafe is for calls that no capture allows: it invalidates those that forbid
// them on this thread.
CUresult unsafe();

// end_captures ends all captures, without a graph.
void end_captures();

// known says that a stream exists; nullptr is the legacy stream, which does.
bool known(CUstream);

// enqueue puts work on a stream, or into the graph that it is captured for. On the
// legacy stream it is done at once.
CUresult enqueue(CUstream, Work);

// drain does all the work of a stream.
CUresult drain(CUstream);
CUresult drain_all();
// reach does what is needed for a record of an event.
CUresult reach(CUevent, uint64_t version);
