#include "engine.h"

#include <algorithm>
#include <atomic>

using namespace convolution;

namespace {

enum { NOTE_TENSOR_CORE = 0, NOTE_DOWN_CONVERT = 1, NOTE_NONDETERMINISTIC = 4 };
enum { KNOB_ORDER = 2 }; // 0: sums go forwards; 1: backwards

struct Engine {
    int64_t index;
    std::vector<int> notes;
    std::vector<int64_t> orders; // the knob's values; none: no knob
    bool workspace;              // it works there, and otherwise in memory of its own
    bool groups;                 // it knows convolutions of several groups
    Rounding rounding;           // of fp32 operands
};

enum { TENSOR = 1, UNSTEADY = 2, CONVERTING = 3, PLAIN = 4, UNABLE = 5, DIRECT = 6 };

const std::vector<Engine> &engines() {
    static const std::vector<Engine> all = {
        {TENSOR, {NOTE_TENSOR_CORE}, {0, 1}, true, false, ToTF32},
        {UNSTEADY, {NOTE_TENSOR_CORE, NOTE_NONDETERMINISTIC}, {}, true, true, ToTF32},
        {CONVERTING, {NOTE_TENSOR_CORE, NOTE_DOWN_CONVERT}, {}, true, true, ToBF16},
        {PLAIN, {}, {0, 1}, true, true, Exact},
        {UNABLE, {}, {}, false, true, Exact}, // until a plan is made of it
        {DIRECT, {}, {}, false, true, Exact},
    };
    return all;
}

const Engine *find(int64_t index) {
    for (const Engine &e : engines())
        if (e.index == index) return &e;
    return nullptr;
}

[[noreturn]] void unsupported(const std::string &what) { throw Failure(STATUS_NOT_SUPPORTED, "this double has no " + what); }

// config makes a configuration as a heuristic gives it.
Ref config(const Body &heuristic, int64_t index, int64_t order) {
    auto engine = std::make_shared<Body>(DESCRIPTOR_ENGINE);
    engine->put(ENGINE_GRAPH, std::vector<Ref>{heuristic.ref(HEURISTIC_GRAPH)});
    engine->put(ENGINE_INDEX, std::vector<int64_t>{index});
    if (heuristic.has(HEURISTIC_PROPERTIES)) engine->put(ENGINE_PROPERTIES, std::vector<Ref>{heuristic.ref(HEURISTIC_PROPERTIES)});
    auto c = std::make_shared<Body>(DESCRIPTOR_ENGINE_CONFIG);
    c->put(CONFIG_ENGINE, std::vector<Ref>{engine});
    if (!find(index)->orders.empty()) {
        auto knob = std::make_shared<Body>(DESCRIPTOR_KNOB_CHOICE);
        knob->put(KNOB_CHOICE_TYPE, std::vector<int>{KNOB_ORDER});
        knob->put(KNOB_CHOICE_VALUE, std::vector<int64_t>{order});
        knob->finalised = true;
        c->put(CONFIG_KNOB_CHOICES, std::vector<Ref>{knob});
    }
    engine->finalised = c->finalised = true;
    return c;
}

std::vector<Ref> results(const Body &heuristic) {
    if (heuristic.one<int>(HEURISTIC_MODE) == HEURISTIC_FALLBACK)
        return {config(heuristic, PLAIN, 0), config(heuristic, DIRECT, 0)};
    return {config(heuristic, UNSTEADY, 0), config(heuristic, CONVERTING, 0), config(heuristic, UNABLE, 0), config(heuristic, TENSOR, 0),
            config(heuristic, TENSOR, 1),   config(heuristic, PLAIN, 0),      config(heuristic, PLAIN, 1)};
}

const Body &operation_of(const Body &graph) { return *graph.ref(GRAPH_OPERATIONS); }
const Body &engine_of(const Body &config) { return *config.ref(CONFIG_ENGINE); }
const Body &graph_of(const Body &config) { return *engine_of(config).ref(ENGINE_GRAPH); }

void check_config(const Body &d) {
    if (!d.has(CONFIG_KNOB_CHOICES)) return;
    const Engine &e = *find(engine_of(d).one<int64_t>(ENGINE_INDEX));
    const auto &knobs = d.values.at(CONFIG_KNOB_CHOICES).refs;
    if (knobs.size() > 1) throw Failure(STATUS_DUPLICATED, "more knobs are set than the engine has");
    int64_t value = knobs[0]->one<int64_t>(KNOB_CHOICE_VALUE);
    if (knobs[0]->one<int>(KNOB_CHOICE_TYPE) != KNOB_ORDER || std::count(e.orders.begin(), e.orders.end(), value) == 0)
        throw Failure(STATUS_OUT_OF_BOUND, "the engine has no such knob, or not this value of it");
}

void check_plan(const Body &d) {
    const Body &config = *d.ref(PLAN_ENGINE_CONFIG), &graph = graph_of(config);
    if (d.has(PLAN_HANDLE) == d.has(PLAN_PROPERTIES)) throw Failure(STATUS_BAD_PARAM, "a plan is for a handle, or for device properties");
    if (d.has(PLAN_HANDLE) && graph.has(GRAPH_HANDLE) && d.one<void *>(PLAN_HANDLE) != graph.one<void *>(GRAPH_HANDLE))
        throw Failure(STATUS_BAD_PARAM, "the plan is for another handle than its graph");
    if (d.has(PLAN_PROPERTIES) && !engine_of(config).has(ENGINE_PROPERTIES))
        throw Failure(STATUS_BAD_PARAM, "the plan is for device properties, and its engine is not");
    const Engine &e = *find(engine_of(config).one<int64_t>(ENGINE_INDEX));
    if (e.index == UNABLE) unsupported("kernels for this engine");
    if (!e.groups && problem(operation_of(graph)).shape.groups > 1) unsupported("kernels of groups for this engine");
}

void check_layout(const Body &tensor) {
    auto d = tensor.all<int64_t>(TENSOR_DIMENSIONS), s = tensor.all<int64_t>(TENSOR_STRIDES);
    if (d.size() != 4) unsupported("tensors but of four dimensions");
    if (s != std::vector<int64_t>{d[1] * d[2] * d[3], 1, d[1] * d[3], d[1]}) unsupported("layouts but dense channels-last");
}

} // namespace

Problem problem(const Body &o) {
    Problem p{};
    int first = FORWARD_FIRST;
    p.direction = Forward;
    if (o.kind == DESCRIPTOR_INPUT_GRAD) first = INPUT_GRAD_FIRST, p.direction = InputGrad;
    if (o.kind == DESCRIPTOR_FILTER_GRAD) first = FILTER_GRAD_FIRST, p.direction = FilterGrad;
    if (o.one<float>(first) != 1 || o.one<float>(first + 1) != 0) unsupported("α but 1, and no β but 0");
    const Body &conv = *o.ref(first + 2), &w = *o.ref(first + 3), &x = *o.ref(first + 4), &y = *o.ref(first + 5);
    const Body *tensors[3] = {&x, &w, &y};
    for (int i = 0; i < 3; i++) {
        check_layout(*tensors[i]);
        p.ids[i] = tensors[i]->one<int64_t>(TENSOR_UNIQUE_ID);
        p.alignment[i] = tensors[i]->one<int64_t>(TENSOR_BYTE_ALIGNMENT);
        if (tensors[i]->one<int>(TENSOR_DATA_TYPE) != x.one<int>(TENSOR_DATA_TYPE)) unsupported("convolutions of mixed types");
    }
    if (p.ids[0] == p.ids[1] || p.ids[1] == p.ids[2] || p.ids[0] == p.ids[2]) throw Failure(STATUS_DUPLICATED, "two tensors have one identifier");
    int type = x.one<int>(TENSOR_DATA_TYPE);
    if (type != DATA_FLOAT && type != DATA_BFLOAT16) unsupported("tensors of type " + std::to_string(type));
    p.bf16 = type == DATA_BFLOAT16;
    if (p.bf16 && getenv("SOFTWARE_CUDNN_FLOAT_ONLY")) unsupported("engines for bf16");
    if (conv.one<int>(CONVOLUTION_COMPUTE_TYPE) != DATA_FLOAT || conv.one<int>(CONVOLUTION_MODE) != MODE_CROSS_CORRELATION)
        unsupported("convolutions but cross-correlations summed in fp32");
    if (conv.one<int64_t>(CONVOLUTION_SPATIAL_DIMS) != 2 || conv.all<int64_t>(CONVOLUTION_DILATIONS) != std::vector<int64_t>{1, 1})
        unsupported("convolutions but of two dimensions, and no dilation");
    auto dx = x.all<int64_t>(TENSOR_DIMENSIONS), dw = w.all<int64_t>(TENSOR_DIMENSIONS), dy = y.all<int64_t>(TENSOR_DIMENSIONS);
    auto stride = conv.all<int64_t>(CONVOLUTION_STRIDES), pre = conv.all<int64_t>(CONVOLUTION_PRE_PADDINGS),
         post = conv.all<int64_t>(CONVOLUTION_POST_PADDINGS);
    bool fits = dx[0] == dy[0] && dw[0] == dy[1] && dx[1] % dw[1] == 0 && dw[0] % (dx[1] / dw[1]) == 0;
    for (size_t i = 0; i < 2; i++) {
        if (stride[i] <= 0 || pre[i] < 0 || post[i] < 0) throw Failure(STATUS_BAD_PARAM, "strides are positive, and paddings not negative");
        int64_t room = dx[2 + i] + pre[i] + post[i] - dw[2 + i];
        fits = fits && room >= 0 && room / stride[i] + 1 == dy[2 + i];
    }
    if (!fits) throw Failure(STATUS_SHAPE_MISMATCH, "x, w and y do not fit together");
    p.shape = {dx[0],         dx[2], dx[3], dx[1], dw[0], dw[2], dw[3], dy[2], dy[3], dx[1] / dw[1],
               {stride[0], stride[1]}, {pre[0], pre[1]}};
    return p;
}

void check_engine(const Body &d) {
    switch (d.kind) {
    case DESCRIPTOR_FORWARD:
    case DESCRIPTOR_INPUT_GRAD:
    case DESCRIPTOR_FILTER_GRAD:
        problem(d);
        break;
    case DESCRIPTOR_HEURISTIC: {
        int mode = d.one<int>(HEURISTIC_MODE);
        if (mode != HEURISTIC_A && mode != HEURISTIC_FALLBACK) unsupported("heuristic " + std::to_string(mode));
        if (d.ref(HEURISTIC_GRAPH)->has(GRAPH_HANDLE) == d.has(HEURISTIC_PROPERTIES))
            throw Failure(STATUS_BAD_PARAM, "a heuristic is for its graph's handle, or for device properties");
        break;
    }
    case DESCRIPTOR_ENGINE:
        if (!find(d.one<int64_t>(ENGINE_INDEX))) throw Failure(STATUS_OUT_OF_BOUND, "there is no such engine");
        break;
    case DESCRIPTOR_ENGINE_CONFIG: check_config(d); break;
    case DESCRIPTOR_PLAN: check_plan(d); break;
    }
}

Value answer(const Body &d, int name) {
    Body made(d.kind);
    if (name == HEURISTIC_RESULTS)
        made.put(name, results(d));
    else if (name == PLAN_WORKSPACE_SIZE)
        made.put(name, std::vector<int64_t>{order(d).workspace});
    else if (name == ENGINE_NUMERICAL_NOTES)
        made.put(name, find(d.one<int64_t>(ENGINE_INDEX))->notes);
    else
        made.put(name, std::vector<int>{}); // behaviour: nothing to say
    return made.values.at(name);
}

Order order(const Body &plan) {
    static std::atomic<unsigned> turn; // of the engine that is not deterministic
    const Body &config = *plan.ref(PLAN_ENGINE_CONFIG);
    const Engine &e = *find(engine_of(config).one<int64_t>(ENGINE_INDEX));
    Order o{problem(operation_of(graph_of(config))), e.index, 0, {}};
    if (e.workspace) o.workspace = scratch(o.problem.direction, o.problem.shape);
    bool backwards = false;
    if (config.has(CONFIG_KNOB_CHOICES)) backwards = config.ref(CONFIG_KNOB_CHOICES)->one<int64_t>(KNOB_CHOICE_VALUE) == 1;
    if (e.index == UNSTEADY) backwards = turn++ % 2 == 1;
    o.job = {o.problem.direction, o.problem.shape, o.problem.bf16, o.problem.bf16 ? Exact : e.rounding, backwards, 1, nullptr, nullptr, nullptr};
    return o;
}
