// The functions of cuDNN 9's backend API that package cudnn calls, for tests
// without a GPU: convolutions by plain loops on the host, enqueued through the
// double of the driver (libcuda.so.1 beside it). It checks what it is given as
// the real library does, and is stricter where misuse would go unnoticed there.
//
// SOFTWARE_CUDNN_WRONG lists engines, "1,4", that compute wrongly, so that what
// compares engines with a reference can be tested. SOFTWARE_CUDNN_FLOAT_ONLY leaves
// bf16 without engines, as on some cards. SOFTWARE_CUDNN_DRIVER is another driver than
// libcuda.so.1, for tests of this library alone.
#include "engine.h"

#include <algorithm>
#include <dlfcn.h>
#include <mutex>
#include <set>

namespace {

struct Handle {
    void *context, *stream;
    std::set<void *> warm; // streams on which it has enqueued work outside of a capture
};

// Descriptor is what the caller holds; its memory is never given out again, so
// that a stale one is always known.
struct Descriptor {
    Ref body;
    bool live;
};

std::mutex lock;
std::set<Descriptor *> descriptors;
std::set<Handle *> handles;
thread_local std::string last;

struct Driver {
    int (*current)(void **context);
    int (*enqueue)(void *stream, void (*fn)(void *), void *data, void (*drop)(void *));
    int (*check)(const void *address, size_t bytes, int write);
    int (*capturing)(void *stream, int *status);
};

void *symbol(const char *name) {
    const char *path = getenv("SOFTWARE_CUDNN_DRIVER");
    void *library = dlopen(path ? path : "libcuda.so.1", RTLD_NOW);
    if (!library) throw Failure(STATUS_NOT_INITIALIZED, dlerror());
    void *found = dlsym(library, name);
    if (!found) throw Failure(STATUS_NOT_INITIALIZED, std::string("libcuda.so.1 is not the double of the driver: it lacks ") + name);
    return found;
}

const Driver &driver() {
    static const Driver d = {reinterpret_cast<decltype(Driver::current)>(symbol("cuCtxGetCurrent")),
                             reinterpret_cast<decltype(Driver::enqueue)>(symbol("software_enqueue")),
                             reinterpret_cast<decltype(Driver::check)>(symbol("software_check")),
                             reinterpret_cast<decltype(Driver::capturing)>(symbol("cuStreamIsCapturing"))};
    return d;
}

void *current_context() {
    void *context = nullptr;
    if (driver().current(&context) != 0 || !context) throw Failure(STATUS_NOT_INITIALIZED, "no context is current");
    return context;
}

// warm_up remembers that a handle has met its stream. The library may then make what
// it keeps for each stream, which no capture allows.
void warm_up(Handle *h) {
    int capturing = 0;
    if (driver().capturing(h->stream, &capturing) == 0 && capturing) {
        if (!h->warm.count(h->stream)) throw Failure(STATUS_EXECUTION_FAILED, "the handle meets a stream for the first time inside a capture");
        return;
    }
    h->warm.insert(h->stream);
}

// call runs f under the lock and turns failures into statuses.
template <class F> int call(F f) {
    try {
        std::lock_guard<std::mutex> hold(lock);
        f();
        return STATUS_OK;
    } catch (const Failure &e) {
        last = e.what();
        return e.status;
    } catch (const std::exception &e) {
        last = e.what();
        return STATUS_INTERNAL_ERROR;
    }
}

Ref body(const void *p) {
    auto d = static_cast<Descriptor *>(const_cast<void *>(p));
    if (!d) throw Failure(STATUS_NULL_POINTER, "no descriptor");
    if (!descriptors.count(d)) throw Failure(STATUS_BAD_PARAM, "this is no descriptor");
    if (!d->live) throw Failure(STATUS_BAD_PARAM, "a descriptor is used after it was destroyed");
    return d->body;
}

Handle *handle(void *p) {
    auto h = static_cast<Handle *>(p);
    if (!handles.count(h)) throw Failure(STATUS_BAD_PARAM, "this is no handle, or no longer one");
    return h;
}

// Work is a convolution on its way through a stream.
struct Work {
    convolution::Job job;
    void *workspace;
    int64_t bytes[3], room; // of x, w and y, and of the workspace
};

bool wrong(int64_t engine) {
    const char *list = getenv("SOFTWARE_CUDNN_WRONG");
    return list && (',' + std::string(list) + ',').find(',' + std::to_string(engine) + ',') != std::string::npos;
}

// work runs in stream order. Memory that may not be touched is a fault of the
// driver's, which it reports itself.
void work(void *data) {
    auto w = static_cast<const Work *>(data);
    const void *at[3] = {w->job.x, w->job.w, w->job.y};
    const int result[] = {2, 0, 1};
    for (int i = 0; i < 3; i++)
        if (driver().check(at[i], size_t(w->bytes[i]), i == result[w->job.direction]) != 0) return;
    if (w->room > 0) {
        if (driver().check(w->workspace, size_t(w->room), 1) != 0) return;
        convolution::run(w->job, w->workspace);
        return;
    }
    std::vector<float> own(size_t(convolution::scratch(w->job.direction, w->job.shape)) / sizeof(float));
    convolution::run(w->job, own.data());
}

void drop(void *data) { delete static_cast<Work *>(data); }

// bind makes work of a plan and the addresses of a variant pack.
Work bind(const Order &o, const Body &pack) {
    auto ids = pack.all<int64_t>(VARIANT_PACK_IDS);
    auto pointers = pack.all<void *>(VARIANT_PACK_POINTERS);
    const convolution::Shape &s = o.problem.shape;
    int64_t size = o.problem.bf16 ? 2 : 4;
    Work w{o.job, nullptr, {s.x() * size, s.w() * size, s.y() * size}, o.workspace};
    void **at[3] = {&w.job.x, &w.job.w, &w.job.y};
    std::vector<std::pair<char *, int64_t>> spans;
    for (int i = 0; i < 3; i++) {
        auto found = std::find(ids.begin(), ids.end(), o.problem.ids[i]);
        if (found == ids.end()) throw Failure(STATUS_BAD_PARAM, "a tensor has no pointer");
        *at[i] = pointers[size_t(found - ids.begin())];
        if (!*at[i]) throw Failure(STATUS_NULL_POINTER, "a tensor's pointer is null");
        if (reinterpret_cast<uintptr_t>(*at[i]) % uintptr_t(o.problem.alignment[i])) throw Failure(STATUS_MISALIGNED, "a tensor is not aligned as it says");
        spans.push_back({static_cast<char *>(*at[i]), w.bytes[i]});
    }
    if (w.room > 0) {
        if (pack.has(VARIANT_PACK_WORKSPACE)) w.workspace = pack.one<void *>(VARIANT_PACK_WORKSPACE);
        if (!w.workspace) throw Failure(STATUS_NULL_POINTER, "the plan needs a workspace");
        if (reinterpret_cast<uintptr_t>(w.workspace) % 16) throw Failure(STATUS_MISALIGNED, "the workspace is not aligned to 16 bytes");
        spans.push_back({static_cast<char *>(w.workspace), w.room});
    }
    const size_t result[] = {2, 0, 1};
    for (size_t i = 0; i < spans.size(); i++)
        for (size_t j = 0; j < i; j++) {
            bool written = i == 3 || i == result[w.job.direction] || j == result[w.job.direction];
            if (written && spans[i].first < spans[j].first + spans[j].second && spans[j].first < spans[i].first + spans[i].second)
                throw Failure(STATUS_BAD_PARAM, "what is written overlaps an operand");
        }
    return w;
}

const char *name_of(int status) {
    switch (status) {
    case STATUS_OK: return "CUDNN_STATUS_SUCCESS";
    case STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case STATUS_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case STATUS_MISALIGNED: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
    case STATUS_NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
    case STATUS_OUT_OF_BOUND: return "CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND";
    case STATUS_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
    case STATUS_DUPLICATED: return "CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES";
    case STATUS_ATTRIBUTE_TYPE: return "CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE";
    case STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_INTERNAL_ERROR";
    }
}

} // namespace

#define DECLARE(name, result, parameters) extern "C" result cudnn##name parameters;
FUNCTIONS(DECLARE)
#undef DECLARE

size_t cudnnGetVersion(void) { return 92600; }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(int status) { return name_of(status); }

void cudnnGetLastErrorString(char *message, size_t size) {
    if (size == 0) return;
    size_t n = std::min(last.size(), size - 1);
    memcpy(message, last.data(), n);
    message[n] = 0;
}

int cudnnCreate(void **out) {
    return call([&] {
        auto h = new Handle{current_context(), nullptr, {}};
        handles.insert(h);
        *out = h;
    });
}

// cudnnDestroy refuses while plans or graphs that were made with the handle
// live: the real library would let them dangle.
int cudnnDestroy(void *p) {
    return call([&] {
        Handle *h = handle(p);
        for (Descriptor *d : descriptors)
            for (int name : {int(PLAN_HANDLE), int(GRAPH_HANDLE)})
                if (d->live && d->body->has(name) && d->body->one<void *>(name) == p)
                    throw Failure(STATUS_BAD_PARAM, text(*d->body) + " of this handle is still there");
        handles.erase(h); // never deleted, so that no later handle has its address
    });
}

int cudnnSetStream(void *p, void *stream) {
    return call([&] { handle(p)->stream = stream; });
}

int cudnnBackendCreateDescriptor(int kind, void **out) {
    return call([&] {
        auto b = std::make_shared<Body>(kind);
        text(*b);
        auto d = new Descriptor{b, true};
        descriptors.insert(d);
        *out = d;
    });
}

int cudnnBackendDestroyDescriptor(void *p) {
    return call([&] {
        body(p)->destroyed = true;
        auto d = static_cast<Descriptor *>(p);
        d->live = false;
        d->body.reset();
    });
}

int cudnnBackendSetAttribute(void *p, int name, int type, int64_t n, const void *values) {
    return call([&] {
        std::vector<Ref> refs;
        if (type == TYPE_DESCRIPTOR && values)
            for (int64_t i = 0; i < n; i++) refs.push_back(body(static_cast<void *const *>(values)[i]));
        if (type == TYPE_HANDLE && values && n == 1) handle(*static_cast<void *const *>(values));
        set(*body(p), name, type, n, values, refs);
    });
}

int cudnnBackendGetAttribute(const void *p, int name, int type, int64_t room, int64_t *n, void *values) {
    return call([&] {
        Value v = get(*body(p), name, type);
        if (n) *n = v.n;
        if (room <= 0 || v.n == 0) return;
        if (!values) throw Failure(STATUS_NULL_POINTER, "no room for the values");
        int64_t count = std::min(room, v.n);
        if (type != TYPE_DESCRIPTOR) {
            memcpy(values, v.bytes.data(), v.bytes.size() / size_t(v.n) * size_t(count));
            return;
        }
        for (int64_t i = 0; i < count; i++) { // into descriptors that the caller has made
            Ref to = body(static_cast<void **>(values)[i]), from = v.refs[size_t(i)];
            if (to->kind != from->kind || to->finalised) throw Failure(STATUS_BAD_PARAM, "the values are " + text(*from) + ", and go into fresh ones");
            to->values = from->values;
            to->finalised = true;
        }
    });
}

int cudnnBackendFinalize(void *p) {
    return call([&] { finalise(*body(p)); });
}

int cudnnBackendExecute(void *h, void *p, void *v) {
    return call([&] {
        Ref plan = body(p), pack = body(v);
        if (plan->kind != DESCRIPTOR_PLAN || pack->kind != DESCRIPTOR_VARIANT_PACK) throw Failure(STATUS_BAD_PARAM, "this is no plan with a variant pack");
        if (!plan->finalised || !pack->finalised) throw Failure(STATUS_NOT_FINALIZED, "the plan or the variant pack is not finalised");
        plan->check_alive();
        if (!plan->has(PLAN_HANDLE) || plan->one<void *>(PLAN_HANDLE) != h) throw Failure(STATUS_BAD_PARAM, "the plan is for another handle");
        if (handle(h)->context != current_context()) throw Failure(STATUS_BAD_PARAM, "the handle is of another context than the current one");
        Order o = order(*plan);
        warm_up(handle(h));
        auto w = new Work(bind(o, *pack));
        if (wrong(o.engine)) w->job.scale = 1.125f;
        if (int result = driver().enqueue(handle(h)->stream, work, w, drop))
            throw Failure(STATUS_EXECUTION_FAILED, "the driver answers " + std::to_string(result));
    });
}
