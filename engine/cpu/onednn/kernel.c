//go:build linux && cgo

// Which kernel and which layouts. oneDNN proposes kernels in its own order; for
// plain NHWC the first is not always the best. The rules here go by the
// kernel's name and the number of channels, never by a measurement, so that the
// bits of a result do not change from run to run.
#include "shim.h"

#include <string.h>

// Fewer channels than this do not fill a vector of AVX2.
enum { FEW_CHANNELS = 8 };

const char *kernel_name(const library_t *l, const void *pd) {
    const char *name = NULL;
    int status = l->api.primitive_desc_query(pd, QUERY_IMPLEMENTATION, 0, &name);
    return status == STATUS_OK && name ? name : "";
}

// describe makes the primitive descriptor of the first kernel whose name
// contains wanted, or of the first of all. The backward directions are told of
// the forward computation they belong to, which must live during the search.
static int describe(const library_t *l, const computation_t *c, void *const md[3], const char *wanted, void **out) {
    const api_t *a = &l->api;
    void *hint = NULL, *pd = NULL;
    if (c->direction != FORWARD) TRY(pd_create(l, &hint, c, FORWARD, md, NULL));
    int status = pd_create(l, &pd, c, c->direction, md, hint);
    while (status == STATUS_OK && !strstr(kernel_name(l, pd), wanted)) status = a->primitive_desc_next_impl(pd);
    if (hint) a->primitive_desc_destroy(hint);
    if (status == STATUS_OK) {
        *out = pd;
    } else if (pd) {
        a->primitive_desc_destroy(pd);
    }
    return status;
}

// better_blocked says that a kernel gains more from channels in blocks than the
// conversions cost: the AVX2 kernels of the gradients, by 1.2 to 1.6, and
// oneDNN's plain loops, which have no fast kernel for this layout.
static int better_blocked(const computation_t *c, const char *name, int64_t channels) {
    if (strncmp(name, "ref", 3) == 0) return 1;
    return c->direction != FORWARD && channels >= FEW_CHANNELS && strcmp(name, "jit:avx2") == 0;
}

// better_product says that oneDNN's kernel that multiplies matrices is faster:
// for the input gradient of few channels, where most lanes of the vectors of
// the kernel that 3.x proposes are empty.
static int better_product(const computation_t *c, const char *name, int64_t channels) {
    return c->direction == INPUT_GRAD && channels < FEW_CHANNELS && strncmp(name, "brgconv", 7) == 0;
}

int kernel_choose(const library_t *l, const computation_t *c, void *const plain[3], void *const any[3], void **pd) {
    if (!c->convolution) return describe(l, c, plain, "", pd);
    // Beside NHWC images only oneDNN's plain loops take KRSC filters, a
    // thousand times slower: the filters' layout is always oneDNN's choice.
    void *const nhwc[3] = {plain[0], any[1], plain[2]};
    TRY(describe(l, c, nhwc, "", pd));
    const tensor_t *w = &c->tensors[1];
    int64_t inputs = w->dims[w->n - 3], outputs = w->dims[w->n - 4];
    const char *name = kernel_name(l, *pd);
    void *better = NULL;
    if (better_product(c, name, inputs)) {
        describe(l, c, nhwc, "gemm", &better);
    } else if (better_blocked(c, name, inputs < outputs ? inputs : outputs)) {
        describe(l, c, any, "", &better);
    }
    if (better) {
        l->api.primitive_desc_destroy(*pd);
        *pd = better;
    }
    return STATUS_OK;
}
