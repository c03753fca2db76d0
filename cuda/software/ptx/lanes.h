// Loops over the lanes of a warp. With all lanes they have no condition, so that
// the compiler makes vectors of them.
#pragma once

#include "program.h"

#include <type_traits>

#define PTX_INLINE inline __attribute__((always_inline))

// What the processor has counts for these functions only: they are compiled
// twice, and the right one is taken when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PTX_CLONED __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define PTX_CLONED
#endif

namespace ptx {

// A lane's value in a slot: words of 4 bytes, or of 8 for types of 8 bytes.
template <class T> using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T> PTX_INLINE T get(const char *slot, int lane) {
    Word<T> word;
    memcpy(&word, slot + lane * sizeof word, sizeof word);
    if constexpr (sizeof(T) == sizeof word) {
        T value;
        memcpy(&value, &word, sizeof value);
        return value;
    } else {
        return T(word);
    }
}

template <class T> PTX_INLINE void put(char *slot, int lane, T value) {
    Word<T> word;
    if constexpr (sizeof(T) == sizeof word)
        memcpy(&word, &value, sizeof word);
    else
        word = Word<T>(value); // signed ones are extended
    memcpy(slot + lane * sizeof word, &word, sizeof word);
}

template <class F> PTX_INLINE void each(Lanes lanes, F f) {
    if (lanes == all_lanes) {
#pragma GCC ivdep
        for (int i = 0; i < 32; i++) f(i);
    } else {
        for (; lanes; lanes &= lanes - 1) f(__builtin_ctz(lanes));
    }
}

// unary, binary and ternary are handlers made of a function of the lanes' values.
template <class R, class A, class F> PTX_INLINE void unary(Warp &w, const Instruction &in, Lanes lanes, F f) {
    char *r = w.out(in);
    const char *a = w.in(in);
    each(lanes, [=](int i) __attribute__((always_inline)) { put<R>(r, i, f(get<A>(a, i))); });
}

template <class R, class A, class B, class F> PTX_INLINE void binary(Warp &w, const Instruction &in, Lanes lanes, F f) {
    char *r = w.out(in);
    const char *a = w.in(in), *b = w.in(in, 1);
    each(lanes, [=](int i) __attribute__((always_inline)) { put<R>(r, i, f(get<A>(a, i), get<B>(b, i))); });
}

template <class R, class A, class B, class C, class F> PTX_INLINE void ternary(Warp &w, const Instruction &in, Lanes lanes, F f) {
    char *r = w.out(in);
    const char *a = w.in(in), *b = w.in(in, 1), *c = w.in(in, 2);
    each(lanes, [=](int i) __attribute__((always_inline)) { put<R>(r, i, f(get<A>(a, i), get<B>(b, i), get<C>(c, i))); });
}

// predicate writes a predicate's bits of these lanes.
PTX_INLINE void put_pred(Warp &w, int pred, Lanes lanes, uint32_t bits) { w.preds[pred] = (w.preds[pred] & ~lanes) | (bits & lanes); }

} // namespace ptx
