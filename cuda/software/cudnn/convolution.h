// Convolutions by plain loops, in a fixed order of sums.
#pragma once

#include <cstdint>

namespace convolution {

enum Direction { Forward, InputGrad, FilterGrad };

// Shape relates x [N,H,W,C], w [K,R,S,C/groups] and y [N,P,Q,K], all dense; pad
// is that above and to the left.
struct Shape {
    int64_t N, H, W, C, K, R, S, P, Q, groups;
    int64_t stride[2], pad[2];

    int64_t x() const { return N * H * W * C; }
    int64_t w() const { return K * R * S * (C / groups); }
    int64_t y() const { return N * P * Q * K; }
};

enum Rounding { Exact, ToTF32, ToBF16 };

// Job is one convolution: two of the tensors give the third.
struct Job {
    Direction direction;
    Shape shape;
    bool bf16;         // the tensors in memory; fp32 otherwise
    Rounding rounding; // of operands, before they are multiplied
    bool backwards;    // the filter's taps, or the images, are summed from the last to the first
    float scale;       // of the result; 1 is right
    void *x, *w, *y;
};

// scratch is how many bytes run wants: both operands in fp32 and, for filters,
// their sums.
int64_t scratch(Direction, const Shape &);

// run computes the job, with sums in fp32; those of filters are of each image
// row's sum.
void run(const Job &, void *scratch);

} // namespace convolution
