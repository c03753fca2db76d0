// Engines: what computes a convolution, and with which bits.
#pragma once

#include "convolution.h"
#include "descriptor.h"

// Problem is what an operation graph asks for.
struct Problem {
    convolution::Direction direction;
    convolution::Shape shape;
    bool bf16;
    int64_t ids[3], alignment[3]; // of x, w and y
};

// problem reads an operation, or fails: what the double lacks is not supported,
// what contradicts itself is a bad parameter.
Problem problem(const Body &operation);

// check_engine checks operations and all that follows from them: graphs,
// heuristics, engines, configurations and plans.
void check_engine(const Body &);

// answer is a computed attribute.
Value answer(const Body &, int name);

// Order is what an execution plan runs: the job without its addresses.
struct Order {
    Problem problem;
    int64_t engine, workspace;
    convolution::Job job;
};
Order order(const Body &plan);
