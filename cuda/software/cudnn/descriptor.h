// Descriptors: typed attributes under numbers, finalised once they are whole.
#pragma once

#include "../../cudnn/api.h"

#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// Statuses beside those of api.h.
enum {
    STATUS_NOT_INITIALIZED = 1001,
    STATUS_BAD_PARAM = 2000,
    STATUS_NULL_POINTER = 2002,
    STATUS_MISALIGNED = 2003,
    STATUS_NOT_FINALIZED = 2004,
    STATUS_OUT_OF_BOUND = 2005,
    STATUS_SHAPE_MISMATCH = 2008,
    STATUS_DUPLICATED = 2009,
    STATUS_ATTRIBUTE_TYPE = 2010,
    STATUS_EXECUTION_FAILED = 5000,
};

// Failure is a status other than success with the reason.
struct Failure : std::runtime_error {
    int status;
    Failure(int status, const std::string &why) : std::runtime_error(why), status(status) {}
};

struct Body;
using Ref = std::shared_ptr<Body>;

// Value is what an attribute was set to: bytes, or other descriptors.
struct Value {
    int64_t n;
    std::vector<char> bytes;
    std::vector<Ref> refs;
};

// Body is the content of a descriptor. Others hold on to it, but may not use it
// any more once its owner has destroyed it.
struct Body {
    int kind;
    bool finalised = false, destroyed = false;
    std::map<int, Value> values;

    explicit Body(int kind) : kind(kind) {}

    bool has(int name) const { return values.count(name) != 0; }
    template <class T> std::vector<T> all(int name) const {
        const Value &v = values.at(name);
        std::vector<T> out(size_t(v.n));
        memcpy(out.data(), v.bytes.data(), v.bytes.size());
        return out;
    }
    template <class T> T one(int name) const { return all<T>(name).at(0); }
    const Ref &ref(int name) const { return values.at(name).refs.at(0); }
    template <class T> void put(int name, const std::vector<T> &values_) {
        Value v{int64_t(values_.size()), {}, {}};
        v.bytes.resize(values_.size() * sizeof(T));
        memcpy(v.bytes.data(), values_.data(), v.bytes.size());
        values[name] = v;
    }
    void put(int name, const std::vector<Ref> &refs) { values[name] = {int64_t(refs.size()), {}, refs}; }

    // check_alive fails if anything that this was made of has been destroyed.
    void check_alive() const;
};

// set sets an attribute. The descriptors among values are given as bodies.
void set(Body &, int name, int type, int64_t n, const void *values, const std::vector<Ref> &refs);
// get returns an attribute of a finalised descriptor. The engines' answers are
// computed (answer in engine.h).
Value get(const Body &, int name, int type);
// finalise checks that the descriptor is whole and means something.
void finalise(Body &);
// text is what kind of descriptor it is.
std::string text(const Body &);
