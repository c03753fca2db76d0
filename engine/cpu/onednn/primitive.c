//go:build linux && cgo

// Primitives: one computation, with a conversion of each tensor whose layout
// in the computation is not the caller's. Converted tensors and scratch memory
// live in the caller's workspace. Nothing is allocated after creation.
#include "shim.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

// How oneDNN names the tensors of each direction, and which of them it writes.
static const struct {
    int arg[3], query[3], result;
} roles[] = {
    [FORWARD] = {{ARG_SRC, ARG_WEIGHTS, ARG_DST}, {QUERY_SRC, QUERY_WEIGHTS, QUERY_DST}, 2},
    [INPUT_GRAD] = {{ARG_DIFF_SRC, ARG_WEIGHTS, ARG_DIFF_DST}, {QUERY_DIFF_SRC, QUERY_WEIGHTS, QUERY_DIFF_DST}, 0},
    [FILTER_GRAD] = {{ARG_SRC, ARG_DIFF_WEIGHTS, ARG_DIFF_DST}, {QUERY_SRC, QUERY_DIFF_WEIGHTS, QUERY_DIFF_DST}, 1},
};

static int64_t reserve(primitive_t *p, size_t bytes) {
    int64_t offset = p->workspace;
    p->workspace += (int64_t)((bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return offset;
}

static int add_buffer(primitive_t *p, const void *md, int base, int64_t offset, void **memory) {
    const library_t *l = p->library;
    TRY(l->api.memory_create(memory, md, l->engine, NULL));
    p->buffers[p->buffer_count++] = (buffer_t){*memory, base, offset};
    return STATUS_OK;
}

// add_step appends the primitive of pd, with a scratchpad where it needs one.
static int add_step(primitive_t *p, const void *pd, const exec_arg_t *args, int n) {
    const api_t *a = &p->library->api;
    step_t *s = &p->steps[p->step_count];
    memcpy(s->args, args, (size_t)n * sizeof *args);
    s->n = n;
    TRY(a->primitive_create(&s->primitive, pd));
    p->step_count++;
    const void *md = a->primitive_desc_query_md(pd, QUERY_SCRATCHPAD, 0);
    size_t bytes = md ? a->memory_desc_get_size(md) : 0;
    if (bytes == 0) return STATUS_OK;
    s->args[s->n].arg = ARG_SCRATCHPAD;
    return add_buffer(p, md, BASE_WORKSPACE, reserve(p, bytes), &s->args[s->n++].memory);
}

static int add_reorder(primitive_t *p, const void *from_md, void *from, const void *to_md, void *to) {
    const library_t *l = p->library;
    void *pd;
    TRY(l->api.reorder_primitive_desc_create(&pd, from_md, l->engine, to_md, l->engine, l->attr));
    int status = add_step(p, pd, (exec_arg_t[]){{ARG_SRC, from}, {ARG_DST, to}}, 2);
    l->api.primitive_desc_destroy(pd);
    return status;
}

// assemble adds the steps around the computation of pd; plain holds the layouts
// of the caller's tensors.
static int assemble(primitive_t *p, const computation_t *c, const void *pd, void *const plain[3]) {
    const api_t *a = &p->library->api;
    int direction = c->direction, result = roles[direction].result;
    exec_arg_t args[3];
    void *outer[3];
    const void *inner_md[3];
    int same[3];
    for (int i = 0; i < 3; i++) {
        inner_md[i] = a->primitive_desc_query_md(pd, roles[direction].query[i], 0);
        TRY(add_buffer(p, plain[i], c->bases[i], 0, &outer[i]));
        args[i] = (exec_arg_t){roles[direction].arg[i], outer[i]};
        same[i] = a->memory_desc_equal(inner_md[i], plain[i]);
        if (same[i]) continue;
        int64_t offset = reserve(p, a->memory_desc_get_size(inner_md[i]));
        TRY(add_buffer(p, inner_md[i], BASE_WORKSPACE, offset, &args[i].memory));
        if (i != result) TRY(add_reorder(p, plain[i], outer[i], inner_md[i], args[i].memory));
    }
    TRY(add_step(p, pd, args, 3));
    if (same[result]) return STATUS_OK;
    return add_reorder(p, inner_md[result], args[result].memory, plain[result], outer[result]);
}

static int build(primitive_t *p, const computation_t *c, void *plain[3], void *any[3], void **pd) {
    const library_t *l = p->library;
    for (int i = 0; i < 3; i++) {
        TRY(md_create(l, &plain[i], &c->tensors[i], 0));
        TRY(md_create(l, &any[i], &c->tensors[i], 1));
    }
    TRY(kernel_choose(l, c, plain, any, pd));
    strncpy(p->implementation, kernel_name(l, *pd), sizeof p->implementation - 1);
    return assemble(p, c, *pd, plain);
}

int onednn_create(library_t *l, const computation_t *c, primitive_t **out) {
    primitive_t *p = calloc(1, sizeof *p);
    if (!p) return STATUS_OUT_OF_MEMORY;
    p->library = l;
    p->threads = c->threads;
    library_use(l, p->threads);
    void *plain[3] = {0}, *any[3] = {0}, *pd = NULL;
    int status = build(p, c, plain, any, &pd);
    if (pd) l->api.primitive_desc_destroy(pd);
    for (int i = 0; i < 3; i++) {
        md_free(l, plain[i]);
        md_free(l, any[i]);
    }
    if (status != STATUS_OK) {
        onednn_destroy(p);
        return status;
    }
    *out = p;
    return STATUS_OK;
}

// bind points the buffers of one base at data; addresses seldom change, so
// most runs touch none.
static int bind(primitive_t *p, int base, void *data) {
    if (p->bound[base] == data) return STATUS_OK;
    p->bound[base] = NULL;
    for (int i = 0; i < p->buffer_count; i++) {
        buffer_t *b = &p->buffers[i];
        if (b->base == base) TRY(p->library->api.memory_set_data_handle(b->memory, (char *)data + b->offset));
    }
    p->bound[base] = data;
    return STATUS_OK;
}

int onednn_run(primitive_t *p, void *x, void *w, void *y, void *workspace) {
    library_t *l = p->library;
    library_use(l, p->threads);
    void *data[BASES] = {x, w, y, workspace};
    for (int i = 0; i < BASES; i++) {
        if (i != BASE_WORKSPACE || p->workspace > 0) TRY(bind(p, i, data[i]));
    }
    for (int i = 0; i < p->step_count; i++) {
        const step_t *s = &p->steps[i];
        TRY(l->api.primitive_execute(s->primitive, l->stream, s->n, s->args));
    }
    return l->api.stream_wait(l->stream);
}

void onednn_destroy(primitive_t *p) {
    const api_t *a = &p->library->api;
    for (int i = 0; i < p->step_count; i++) a->primitive_destroy(p->steps[i].primitive);
    for (int i = 0; i < p->buffer_count; i++) a->memory_destroy(p->buffers[i].memory);
    free(p);
}
