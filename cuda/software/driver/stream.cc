// Streams, events and captures.
#include "driver.h"

#include <chrono>
#include <set>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool known(CUstream s) { return !s || state().streams.count(s); }

// perform does a piece of work; what goes wrong breaks the context.
static CUresult perform(const Work &work) {
    if (state().broken) return state().broken;
    try {
        work();
    } catch (const ptx::Fault &f) {
        return blame(f.what(), CUDA_ERROR_ILLEGAL_ADDRESS);
    }
    return state().broken;
}

// step does the first item of a stream, and first what that waits for.
static CUresult step(CUstream s) {
    Item item = std::move(s->queue.front());
    if (item.event && !item.record) {
        // The event may be gone; a record of it is then done or will never be.
        CUresult r = state().events.count(item.event) ? reach(item.event, item.version) : CUDA_SUCCESS;
        if (r) return r;
    }
    s->queue.pop_front();
    if (item.event && item.record && state().events.count(item.event)) {
        item.event->done = std::max(item.event->done, item.version);
        item.event->seconds = now();
    }
    return item.work ? perform(item.work) : state().broken;
}

CUresult drain(CUstream s) {
    while (s && !s->queue.empty())
        if (CUresult r = step(s)) return r;
    return state().broken;
}

CUresult drain_all() {
    for (CUstream s : state().streams)
        if (CUresult r = drain(s)) return r;
    return state().broken;
}

// pending says whether a stream still has to come to a record of an event.
static bool pending(CUstream s, CUevent e, uint64_t version) {
    return std::any_of(s->queue.begin(), s->queue.end(),
                       [&](const Item &i) { return i.event == e && i.record && i.version == version; });
}

CUresult reach(CUevent e, uint64_t version) {
    for (CUstream s : state().streams)
        while (pending(s, e, version))
            if (CUresult r = step(s)) return r;
    return state().broken;
}

// captured adds work to the graph that a stream is captured for.
static CUresult captured(CUstream s, Work work) {
    Capture &c = *s->capture;
    if (!c.valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    c.joined[s] = s == c.origin;
    if (work) c.graph.nodes.push_back({s, {std::move(work)}});
    return CUDA_SUCCESS;
}

using Lanes = std::map<CUstream, std::deque<const Item *>>;

// follow does a stream's part of a graph up to an item, or all of it, and of the
// others what it waits for: as late as the graph allows.
static void follow(Lanes &lanes, CUstream s, const Item *until) {
    for (auto &lane = lanes[s]; !lane.empty();) {
        const Item *item = lane.front();
        if (item->event && !item->record)
            for (auto &other : lanes)
                for (const Item *i : std::deque<const Item *>(other.second))
                    if (i->record && i->event == item->event && i->version == item->version) follow(lanes, other.first, i);
        lane.pop_front();
        if (item->work) item->work();
        if (item == until) return;
    }
}

// hurry does all of a graph, the branches as early as it allows: whatever a branch
// need not wait for is done before the origin goes on.
static void hurry(Lanes &lanes, CUstream origin) {
    std::set<std::pair<CUevent, uint64_t>> done;
    auto advance = [&](std::deque<const Item *> &lane) {
        const Item *item = lane.front();
        if (item->event && !item->record && !done.count({item->event, item->version})) return false;
        lane.pop_front();
        if (item->record) done.insert({item->event, item->version});
        if (item->work) item->work();
        return true;
    };
    for (bool moved = true; moved;) {
        moved = false;
        for (auto &lane : lanes)
            while (lane.first != origin && !lane.second.empty() && advance(lane.second)) moved = true;
        if (!lanes[origin].empty() && advance(lanes[origin])) moved = true;
    }
}

// replay does a graph in one of two orders in turn: a branch that starts too early, or
// is waited for too late, shows in one of them.
static void replay(const Graph &g, bool early) {
    Lanes lanes;
    for (auto &n : g.nodes) lanes[n.stream].push_back(&n.item);
    if (early)
        hurry(lanes, g.origin);
    else
        follow(lanes, g.origin, nullptr);
}

CUresult enqueue(CUstream s, Work work) {
    if (!s) {
        if (CUresult r = unsafe()) return r;
        for (CUstream other : state().streams)
            if (!(other->flags & CU_STREAM_NON_BLOCKING))
                if (CUresult r = drain(other)) return r;
        return perform(work);
    }
    if (s->capture) return captured(s, std::move(work));
    Item item;
    item.work = std::move(work);
    s->queue.push_back(std::move(item));
    return CUDA_SUCCESS;
}

static void forget(const std::shared_ptr<Capture> &c) {
    State &s = state();
    for (CUstream stream : s.streams)
        if (stream->capture == c) stream->capture.reset();
    for (auto i = s.captures.begin(); i != s.captures.end();) i = *i == c ? s.captures.erase(i) : i + 1;
}

void end_captures() {
    while (!state().captures.empty()) forget(std::shared_ptr<Capture>(state().captures.front()));
}

extern "C" {

CUresult cuStreamCreateWithPriority(CUstream *s, unsigned int flags, int) {
    API(NeedsContext);
    *s = new CUstream_st;
    (*s)->flags = flags;
    state().streams.insert(*s);
    return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *s, unsigned int flags) {
    API(NeedsContext);
    return cuStreamCreateWithPriority(s, flags, 0);
}

CUresult cuStreamDestroy_v2(CUstream s) {
    API(NeedsContext);
    if (!state().streams.count(s)) return CUDA_ERROR_INVALID_HANDLE;
    CUresult r = drain(s);
    state().streams.erase(s);
    delete s;
    return r;
}

CUresult cuStreamSynchronize(CUstream s) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (s && s->capture) {
        s->capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    if (CUresult r = unsafe()) return r;
    return drain(s);
}

CUresult cuStreamQuery(CUstream s) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    return drain(s);
}

CUresult cuEventCreate(CUevent *e, unsigned int flags) {
    API(NeedsContext);
    *e = new CUevent_st;
    (*e)->timed = !(flags & CU_EVENT_DISABLE_TIMING);
    state().events.insert(*e);
    return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent e) {
    API(NeedsContext);
    if (!state().events.count(e)) return CUDA_ERROR_INVALID_HANDLE;
    CUresult r = reach(e, e->issued);
    state().events.erase(e);
    delete e;
    return r;
}

CUresult cuEventRecordWithFlags(CUevent e, CUstream s, unsigned int flags) {
    API(NeedsContext);
    if (!known(s) || !state().events.count(e)) return CUDA_ERROR_INVALID_HANDLE;
    if (s && s->capture) {
        if (flags & CU_EVENT_RECORD_EXTERNAL)
            return captured(s, [e] {
                if (!state().events.count(e)) throw ptx::Fault("a graph records an event that was destroyed.");
                e->issued++;
                e->done = e->issued;
                e->seconds = now();
            });
        e->capture = s->capture;
        e->stream = s;
        e->captured = s->capture->graph.nodes.size();
        s->capture->graph.nodes.push_back({s, {nullptr, e, true, e->captured}});
        return s->capture->valid ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    e->capture.reset();
    Item item;
    item.event = e;
    item.record = true;
    item.version = ++e->issued;
    if (!s) {
        e->done = item.version;
        e->seconds = now();
        return CUDA_SUCCESS;
    }
    s->queue.push_back(std::move(item));
    return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent e, CUstream s) {
    API(NeedsContext);
    return cuEventRecordWithFlags(e, s, 0);
}

CUresult cuEventSynchronize(CUevent e) {
    API(NeedsContext);
    if (!state().events.count(e)) return CUDA_ERROR_INVALID_HANDLE;
    if (e->capture) return CUDA_ERROR_CAPTURED_EVENT;
    if (CUresult r = unsafe()) return r;
    return reach(e, e->issued);
}

CUresult cuEventQuery(CUevent e) { return cuEventSynchronize(e); }

CUresult cuEventElapsedTime(float *ms, CUevent from, CUevent to) {
    API(NeedsContext);
    if (!from->timed || !to->timed || !from->done || !to->done) return CUDA_ERROR_INVALID_HANDLE;
    *ms = float((to->seconds - from->seconds) * 1e3);
    return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream s, CUevent e, unsigned int) {
    API(NeedsContext);
    if (!known(s) || !state().events.count(e)) return CUDA_ERROR_INVALID_HANDLE;
    bool here = s && s->capture;
    if (e->capture) {
        auto c = e->capture;
        if (here && s->capture != c) return c->valid = false, CUDA_ERROR_STREAM_CAPTURE_MERGE;
        if (!here) { // the stream takes part from now on
            if (!s) return c->valid = false, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
            s->capture = c;
            c->joined[s] = false;
        }
        if (s == c->origin) c->joined[e->stream] = true;
        c->graph.nodes.push_back({s, {nullptr, e, false, e->captured}});
        return CUDA_SUCCESS;
    }
    if (here) {
        if (!e->issued) return CUDA_SUCCESS;
        s->capture->valid = false; // it would depend on work outside
        return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
    if (!e->issued || e->done >= e->issued) return CUDA_SUCCESS;
    if (!s) return reach(e, e->issued);
    Item item;
    item.event = e;
    item.version = e->issued;
    s->queue.push_back(std::move(item));
    return CUDA_SUCCESS;
}

CUresult cuStreamBeginCapture_v2(CUstream s, CUstreamCaptureMode mode) {
    API(NeedsContext);
    if (!s) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (s->capture) return CUDA_ERROR_ILLEGAL_STATE;
    auto c = std::make_shared<Capture>();
    c->origin = s;
    c->mode = mode;
    c->thread = std::this_thread::get_id();
    s->capture = c;
    state().captures.push_back(c);
    return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream s, CUgraph *g) {
    API(NeedsContext);
    *g = nullptr;
    if (!s || !known(s) || !s->capture) return CUDA_ERROR_ILLEGAL_STATE;
    auto c = s->capture;
    if (c->origin != s) return c->valid = false, CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    if (c->mode != CU_STREAM_CAPTURE_MODE_RELAXED && c->thread != std::this_thread::get_id()) return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    forget(c);
    if (!c->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    for (auto &j : c->joined)
        if (!j.second && j.first != s) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    *g = new CUgraph_st;
    (*g)->origin = s;
    (*g)->nodes = std::move(c->graph.nodes);
    state().graphs.insert(*g);
    return CUDA_SUCCESS;
}

CUresult cuStreamIsCapturing(CUstream s, CUstreamCaptureStatus *status) {
    API(NeedsContext);
    if (!known(s)) return CUDA_ERROR_INVALID_HANDLE;
    *status = CU_STREAM_CAPTURE_STATUS_NONE;
    if (s && s->capture) *status = s->capture->valid ? CU_STREAM_CAPTURE_STATUS_ACTIVE : CU_STREAM_CAPTURE_STATUS_INVALIDATED;
    return CUDA_SUCCESS;
}

CUresult cuGraphGetNodes(CUgraph g, CUgraphNode *nodes, size_t *count) {
    API(NeedsContext);
    if (!state().graphs.count(g)) return CUDA_ERROR_INVALID_HANDLE;
    if (nodes) return CUDA_ERROR_NOT_SUPPORTED;
    *count = std::count_if(g->nodes.begin(), g->nodes.end(), [](const Graph::Node &n) { return bool(n.item.work); });
    return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *x, CUgraph g, unsigned long long) {
    API(NeedsContext);
    if (!state().graphs.count(g)) return CUDA_ERROR_INVALID_HANDLE;
    *x = new CUgraphExec_st;
    (*x)->origin = g->origin;
    (*x)->nodes = g->nodes;
    state().execs.insert(*x);
    return CUDA_SUCCESS;
}

CUresult cuGraphUpload(CUgraphExec x, CUstream s) {
    API(NeedsContext);
    return state().execs.count(x) && known(s) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuGraphLaunch(CUgraphExec x, CUstream s) {
    API(NeedsContext);
    if (!state().execs.count(x) || !known(s)) return CUDA_ERROR_INVALID_HANDLE;
    if (s && s->capture) return CUDA_ERROR_NOT_SUPPORTED; // a child graph, which this double lacks
    auto graph = std::make_shared<const Graph>(*x);
    bool early = x->launches++ % 2;
    return enqueue(s, [graph, early] { replay(*graph, early); });
}

CUresult cuGraphDestroy(CUgraph g) {
    API(NeedsContext);
    if (!state().graphs.erase(g)) return CUDA_ERROR_INVALID_HANDLE;
    delete g;
    return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec x) {
    API(NeedsContext);
    if (!state().execs.erase(x)) return CUDA_ERROR_INVALID_HANDLE;
    delete x; // launches have their own copy
    return CUDA_SUCCESS;
}

} // extern "C"
