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

// describe makes the primitive descriptor. The backward directions are told of
// the forward computation they belong to.
static int describe(const library_t *l, const computation_t *c, void *const md[3], void **pd) {
    void *hint = NULL;
    if (c->direction != FORWARD) TRY(pd_create(l, &hint, c, FORWARD, md, NULL));
    int status = pd_create(l, pd, c, c->direction, md, hint);
    if (hint) l->api.primitive_desc_destroy(hint);
    return status;
}

// better_blocked says that a kernel gains more from channels in blocks than the
// conversions cost: the AVX2 kernels of the gradients, by 1.2 to 1.6, and
// oneDNN's plain loops, which have no fast kernel for this layout.
static int better_blocked(const computation_t *c, const char *name, int64_t channels) {
    if (strncmp(name, "ref", 3) == 0) return 1;
    return c->direction != FORWARD && channels >= FEW_CHANNELS && strcmp(name, "jit:avx2") == 0;
}

// prefer_product moves on to oneDNN's kernel that multiplies matrices, if there
// is one: for the input gradient of few channels it is twice as fast as the
// kernel that 3.x proposes, most of whose vectors' lanes are empty then.
static int prefer_product(const library_t *l, const computation_t *c, void *const md[3], void **pd) {
    while (l->api.primitive_desc_next_impl(*pd) == STATUS_OK) {
        if (strstr(kernel_name(l, *pd), "gemm")) return STATUS_OK;
    }
    l->api.primitive_desc_destroy(*pd);
    *pd = NULL;
    return describe(l, c, md, pd);
}

int kernel_choose(const library_t *l, const computation_t *c, void *const plain[3], void *const any[3], void **pd) {
    if (!c->convolution) return describe(l, c, plain, pd);
    // No kernel of weight is written for KRSC filters: their layout is always
    // oneDNN's choice.
    void *const nhwc[3] = {plain[0], any[1], plain[2]};
    TRY(describe(l, c, nhwc, pd));
    const tensor_t *w = &c->tensors[1];
    int64_t inputs = w->dims[w->n - 3], outputs = w->dims[w->n - 4];
    const char *name = kernel_name(l, *pd);
    if (c->direction == INPUT_GRAD && inputs < FEW_CHANNELS && strncmp(name, "brgconv", 7) == 0) {
        return prefer_product(l, c, nhwc, pd);
    }
    void *blocked;
    if (!better_blocked(c, name, inputs < outputs ? inputs : outputs)) return STATUS_OK;
    if (describe(l, c, any, &blocked) != STATUS_OK) return STATUS_OK;
    l->api.primitive_desc_destroy(*pd);
    *pd = blocked;
    return STATUS_OK;
}
