//go:build linux && cgo

// Descriptors: the one place that knows which major version is loaded.
#include "shim.h"

#include <stdlib.h>

// Room for the structures of 2.x that its callers allocate: 696 bytes for a
// memory descriptor and 5,976 for a convolution in 2.6, with slack.
enum { V2_MEMORY_DESC = 1024, V2_OPERATION = 16384 };

int md_create(const library_t *l, void **md, const tensor_t *t, int any) {
    const api_t *a = &l->api;
    if (l->version->major >= 3) {
        return any ? a->memory_desc_create_with_tag(md, t->n, t->dims, t->type, FORMAT_ANY)
                   : a->memory_desc_create_with_strides(md, t->n, t->dims, t->type, t->strides);
    }
    void *m = calloc(1, V2_MEMORY_DESC);
    if (!m) return STATUS_OUT_OF_MEMORY;
    int status = any ? a->memory_desc_init_by_tag(m, t->n, t->dims, t->type, FORMAT_ANY)
                     : a->memory_desc_init_by_strides(m, t->n, t->dims, t->type, t->strides);
    if (status != STATUS_OK) {
        free(m);
        return status;
    }
    *md = m;
    return STATUS_OK;
}

void md_free(const library_t *l, void *md) {
    if (!md) return;
    if (l->version->major >= 3) {
        l->api.memory_desc_destroy(md);
    } else {
        free(md);
    }
}

static int pd_create_v3(const library_t *l, void **pd, const computation_t *c, int direction, void *const md[3],
    const void *hint) {
    const api_t *a = &l->api;
    static const dims_t none;
    if (!c->convolution) return a->matmul_primitive_desc_create(pd, l->engine, md[0], md[1], NULL, md[2], l->attr);
    switch (direction) {
    case INPUT_GRAD:
        return a->convolution_backward_data_primitive_desc_create(pd, l->engine, CONVOLUTION_DIRECT, md[0], md[1],
            md[2], c->strides, none, c->pad_l, c->pad_r, hint, l->attr);
    case FILTER_GRAD:
        return a->convolution_backward_weights_primitive_desc_create(pd, l->engine, CONVOLUTION_DIRECT, md[0], md[1],
            NULL, md[2], c->strides, none, c->pad_l, c->pad_r, hint, l->attr);
    }
    return a->convolution_forward_primitive_desc_create(pd, l->engine, FORWARD_TRAINING, CONVOLUTION_DIRECT, md[0],
        md[1], NULL, md[2], c->strides, none, c->pad_l, c->pad_r, l->attr);
}

static int v2_operation(const library_t *l, void *op, const computation_t *c, int direction, void *const md[3]) {
    const api_t *a = &l->api;
    if (!c->convolution) return a->matmul_desc_init(op, md[0], md[1], NULL, md[2]);
    switch (direction) {
    case INPUT_GRAD:
        return a->convolution_backward_data_desc_init(
            op, CONVOLUTION_DIRECT, md[0], md[1], md[2], c->strides, c->pad_l, c->pad_r);
    case FILTER_GRAD:
        return a->convolution_backward_weights_desc_init(
            op, CONVOLUTION_DIRECT, md[0], md[1], NULL, md[2], c->strides, c->pad_l, c->pad_r);
    }
    return a->convolution_forward_desc_init(
        op, FORWARD_TRAINING, CONVOLUTION_DIRECT, md[0], md[1], NULL, md[2], c->strides, c->pad_l, c->pad_r);
}

int pd_create(const library_t *l, void **pd, const computation_t *c, int direction, void *const md[3],
    const void *hint) {
    if (l->version->major >= 3) return pd_create_v3(l, pd, c, direction, md, hint);
    void *op = calloc(1, V2_OPERATION);
    if (!op) return STATUS_OUT_OF_MEMORY;
    int status = v2_operation(l, op, c, direction, md);
    if (status == STATUS_OK) status = l->api.primitive_desc_create(pd, op, l->attr, l->engine, hint);
    free(op);
    return status;
}
