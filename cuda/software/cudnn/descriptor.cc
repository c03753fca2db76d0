#include "descriptor.h"

#include "engine.h"

#include <algorithm>
#include <set>

namespace {

enum Use { Required, Optional, Computed };

// Rule is an attribute that a kind of descriptor has.
struct Rule {
    int kind, name, type;
    int64_t least, most; // values
    Use use;
    int of; // the kind of descriptor that its values are; 0: any operation
};

const std::vector<Rule> &rules() {
    static const std::vector<Rule> all = [] {
        std::vector<Rule> r = {
            {DESCRIPTOR_TENSOR, TENSOR_BYTE_ALIGNMENT, TYPE_INT64, 1, 1, Required, 0},
            {DESCRIPTOR_TENSOR, TENSOR_DATA_TYPE, TYPE_DATA_TYPE, 1, 1, Required, 0},
            {DESCRIPTOR_TENSOR, TENSOR_DIMENSIONS, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_TENSOR, TENSOR_STRIDES, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_TENSOR, TENSOR_UNIQUE_ID, TYPE_INT64, 1, 1, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_COMPUTE_TYPE, TYPE_DATA_TYPE, 1, 1, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_MODE, TYPE_CONVOLUTION_MODE, 1, 1, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_DILATIONS, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_STRIDES, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_POST_PADDINGS, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_PRE_PADDINGS, TYPE_INT64, 1, 8, Required, 0},
            {DESCRIPTOR_CONVOLUTION, CONVOLUTION_SPATIAL_DIMS, TYPE_INT64, 1, 1, Required, 0},
            {DESCRIPTOR_GRAPH, GRAPH_HANDLE, TYPE_HANDLE, 1, 1, Optional, 0},
            {DESCRIPTOR_GRAPH, GRAPH_OPERATIONS, TYPE_DESCRIPTOR, 1, 1, Required, 0},
            {DESCRIPTOR_HEURISTIC, HEURISTIC_MODE, TYPE_HEURISTIC, 1, 1, Required, 0},
            {DESCRIPTOR_HEURISTIC, HEURISTIC_GRAPH, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_GRAPH},
            {DESCRIPTOR_HEURISTIC, HEURISTIC_PROPERTIES, TYPE_DESCRIPTOR, 1, 1, Optional, DESCRIPTOR_PROPERTIES},
            {DESCRIPTOR_HEURISTIC, HEURISTIC_RESULTS, TYPE_DESCRIPTOR, 0, 0, Computed, DESCRIPTOR_ENGINE_CONFIG},
            {DESCRIPTOR_ENGINE, ENGINE_GRAPH, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_GRAPH},
            {DESCRIPTOR_ENGINE, ENGINE_INDEX, TYPE_INT64, 1, 1, Required, 0},
            {DESCRIPTOR_ENGINE, ENGINE_PROPERTIES, TYPE_DESCRIPTOR, 1, 1, Optional, DESCRIPTOR_PROPERTIES},
            {DESCRIPTOR_ENGINE, ENGINE_NUMERICAL_NOTES, TYPE_NUMERICAL_NOTE, 0, 0, Computed, 0},
            {DESCRIPTOR_ENGINE, ENGINE_BEHAVIOR_NOTES, TYPE_BEHAVIOR_NOTE, 0, 0, Computed, 0},
            {DESCRIPTOR_KNOB_CHOICE, KNOB_CHOICE_TYPE, TYPE_KNOB, 1, 1, Required, 0},
            {DESCRIPTOR_KNOB_CHOICE, KNOB_CHOICE_VALUE, TYPE_INT64, 1, 1, Required, 0},
            {DESCRIPTOR_ENGINE_CONFIG, CONFIG_ENGINE, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_ENGINE},
            {DESCRIPTOR_ENGINE_CONFIG, CONFIG_KNOB_CHOICES, TYPE_DESCRIPTOR, 1, 64, Optional, DESCRIPTOR_KNOB_CHOICE},
            {DESCRIPTOR_PLAN, PLAN_HANDLE, TYPE_HANDLE, 1, 1, Optional, 0},
            {DESCRIPTOR_PLAN, PLAN_ENGINE_CONFIG, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_ENGINE_CONFIG},
            {DESCRIPTOR_PLAN, PLAN_PROPERTIES, TYPE_DESCRIPTOR, 1, 1, Optional, DESCRIPTOR_PROPERTIES},
            {DESCRIPTOR_PLAN, PLAN_WORKSPACE_SIZE, TYPE_INT64, 0, 0, Computed, 0},
            {DESCRIPTOR_VARIANT_PACK, VARIANT_PACK_IDS, TYPE_INT64, 1, 64, Required, 0},
            {DESCRIPTOR_VARIANT_PACK, VARIANT_PACK_POINTERS, TYPE_VOID_PTR, 1, 64, Required, 0},
            {DESCRIPTOR_VARIANT_PACK, VARIANT_PACK_WORKSPACE, TYPE_VOID_PTR, 1, 1, Optional, 0},
            {DESCRIPTOR_PROPERTIES, PROPERTIES_JSON, TYPE_CHAR, 1, 1 << 20, Required, 0},
        };
        const int operations[3][2] = {{DESCRIPTOR_FORWARD, FORWARD_FIRST}, {DESCRIPTOR_INPUT_GRAD, INPUT_GRAD_FIRST},
                                      {DESCRIPTOR_FILTER_GRAD, FILTER_GRAD_FIRST}};
        for (const auto &o : operations) {
            for (int i = 0; i < 2; i++) r.push_back({o[0], o[1] + i, TYPE_FLOAT, 1, 1, Required, 0});
            r.push_back({o[0], o[1] + 2, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_CONVOLUTION});
            for (int i = 3; i < 6; i++) r.push_back({o[0], o[1] + i, TYPE_DESCRIPTOR, 1, 1, Required, DESCRIPTOR_TENSOR});
        }
        return r;
    }();
    return all;
}

const Rule &rule(const Body &d, int name, int type) {
    for (const Rule &r : rules()) {
        if (r.kind != d.kind || r.name != name) continue;
        if (r.type != type)
            throw Failure(STATUS_ATTRIBUTE_TYPE, text(d) + ": attribute " + std::to_string(name) + " is of type " +
                                                     std::to_string(r.type) + ", not " + std::to_string(type));
        return r;
    }
    throw Failure(STATUS_BAD_PARAM, text(d) + " has no attribute " + std::to_string(name));
}

size_t size_of(int type) {
    switch (type) {
    case TYPE_HANDLE:
    case TYPE_INT64:
    case TYPE_VOID_PTR:
        return 8;
    case TYPE_CHAR:
        return 1;
    default: // enumerations and floats
        return 4;
    }
}

void check_tensor(const Body &d) {
    auto extents = d.all<int64_t>(TENSOR_DIMENSIONS), strides = d.all<int64_t>(TENSOR_STRIDES);
    if (extents.size() != strides.size()) throw Failure(STATUS_BAD_PARAM, "a tensor has as many strides as dimensions");
    for (int64_t e : extents)
        if (e <= 0) throw Failure(STATUS_BAD_PARAM, "a tensor's extents are positive");
    int64_t alignment = d.one<int64_t>(TENSOR_BYTE_ALIGNMENT);
    if (alignment <= 0 || (alignment & (alignment - 1))) throw Failure(STATUS_BAD_PARAM, "an alignment is a power of two");
}

void check_convolution(const Body &d) {
    size_t n = size_t(d.one<int64_t>(CONVOLUTION_SPATIAL_DIMS));
    for (int name : {CONVOLUTION_DILATIONS, CONVOLUTION_STRIDES, CONVOLUTION_PRE_PADDINGS, CONVOLUTION_POST_PADDINGS})
        if (d.all<int64_t>(name).size() != n)
            throw Failure(STATUS_BAD_PARAM, "a convolution has a stride, a dilation and paddings for each axis");
}

void check_pack(const Body &d) {
    auto ids = d.all<int64_t>(VARIANT_PACK_IDS);
    if (int64_t(ids.size()) != d.values.at(VARIANT_PACK_POINTERS).n)
        throw Failure(STATUS_BAD_PARAM, "there are as many pointers as identifiers");
    if (std::set<int64_t>(ids.begin(), ids.end()).size() != ids.size())
        throw Failure(STATUS_DUPLICATED, "an identifier has two pointers");
}

// check_properties wants what describes a GPU.
void check_properties(const Body &d) {
    auto chars = d.all<char>(PROPERTIES_JSON);
    std::string json(chars.begin(), chars.end());
    for (const char *key : {"deviceVer", "deviceName", "multiProcessorCount", "warpSize", "maxSharedMemoryPerBlockOptin",
                            "maxThreadsPerSM", "regsPerBlock", "l2CacheSize", "smClockRateKHz", "memClockRateKHz"})
        if (json.find('"' + std::string(key) + '"') == std::string::npos)
            throw Failure(STATUS_BAD_PARAM, std::string("the device properties lack ") + key);
}

} // namespace

std::string text(const Body &d) {
    switch (d.kind) {
    case DESCRIPTOR_CONVOLUTION: return "a convolution";
    case DESCRIPTOR_ENGINE: return "an engine";
    case DESCRIPTOR_ENGINE_CONFIG: return "an engine configuration";
    case DESCRIPTOR_HEURISTIC: return "a heuristic";
    case DESCRIPTOR_PLAN: return "an execution plan";
    case DESCRIPTOR_KNOB_CHOICE: return "a knob choice";
    case DESCRIPTOR_FORWARD:
    case DESCRIPTOR_FILTER_GRAD:
    case DESCRIPTOR_INPUT_GRAD: return "an operation";
    case DESCRIPTOR_GRAPH: return "an operation graph";
    case DESCRIPTOR_VARIANT_PACK: return "a variant pack";
    case DESCRIPTOR_TENSOR: return "a tensor";
    case DESCRIPTOR_PROPERTIES: return "device properties";
    default: throw Failure(STATUS_NOT_SUPPORTED, "this double has no descriptor of kind " + std::to_string(d.kind));
    }
}

void Body::check_alive() const {
    if (destroyed) throw Failure(STATUS_BAD_PARAM, text(*this) + " is used after it was destroyed");
    for (const auto &v : values)
        for (const Ref &r : v.second.refs) r->check_alive();
}

void set(Body &d, int name, int type, int64_t n, const void *values, const std::vector<Ref> &refs) {
    const Rule &r = rule(d, name, type);
    std::string what = text(d) + ": attribute " + std::to_string(name);
    if (d.finalised || r.use == Computed) throw Failure(STATUS_BAD_PARAM, what + " cannot be set any more");
    if (n < r.least || n > r.most) throw Failure(STATUS_BAD_PARAM, what + " cannot have " + std::to_string(n) + " values");
    if (!values) throw Failure(STATUS_NULL_POINTER, what + " has no values");
    Value v{n, {}, refs};
    if (type != TYPE_DESCRIPTOR)
        v.bytes.assign(static_cast<const char *>(values), static_cast<const char *>(values) + size_t(n) * size_of(type));
    for (const Ref &ref : refs) {
        bool fits = r.of ? ref->kind == r.of : ref->kind >= DESCRIPTOR_FORWARD && ref->kind <= DESCRIPTOR_INPUT_GRAD;
        if (!fits) throw Failure(STATUS_BAD_PARAM, what + " cannot be " + text(*ref));
        if (!ref->finalised) throw Failure(STATUS_NOT_FINALIZED, what + ": " + text(*ref) + " is not finalised");
    }
    d.values[name] = v;
}

Value get(const Body &d, int name, int type) {
    const Rule &r = rule(d, name, type);
    if (!d.finalised) throw Failure(STATUS_NOT_FINALIZED, text(d) + " is not finalised");
    d.check_alive();
    if (r.use == Computed) return answer(d, name);
    auto found = d.values.find(name);
    return found == d.values.end() ? Value{0, {}, {}} : found->second;
}

void finalise(Body &d) {
    if (d.finalised) throw Failure(STATUS_BAD_PARAM, text(d) + " is finalised already");
    for (const Rule &r : rules())
        if (r.kind == d.kind && r.use == Required && !d.has(r.name))
            throw Failure(STATUS_BAD_PARAM, text(d) + ": attribute " + std::to_string(r.name) + " is missing");
    d.check_alive();
    switch (d.kind) {
    case DESCRIPTOR_TENSOR: check_tensor(d); break;
    case DESCRIPTOR_CONVOLUTION: check_convolution(d); break;
    case DESCRIPTOR_VARIANT_PACK: check_pack(d); break;
    case DESCRIPTOR_PROPERTIES: check_properties(d); break;
    default: check_engine(d);
    }
    d.finalised = true;
}
