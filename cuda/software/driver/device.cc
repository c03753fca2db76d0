// Devices, contexts, modules and launches.
#include "driver.h"

#include <cstdio>
#include <cstring>

static const CUcontext primary = reinterpret_cast<CUcontext>(0x1000);

// Log is where the options of a call want messages.
struct Log {
    char *at = nullptr;
    size_t room = 0;
    Log(unsigned count, const CUjit_option *options, void *const *values) {
        for (unsigned i = 0; i < count; i++) {
            if (options[i] == CU_JIT_ERROR_LOG_BUFFER) at = static_cast<char *>(values[i]);
            if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) room = size_t(values[i]);
        }
    }
    void write(const char *text) const {
        if (at && room) snprintf(at, room, "%s", text);
    }
};

struct CUlinkState_st {
    Log log;
    std::string image;
};

static const char *const machine_code = "machine code of a test double\n";

extern "C" {

CUresult cuDriverGetVersion(int *version) { return *version = 13000, CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int *n) {
    API(NeedsInit);
    return *n = 1, CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *d, int ordinal) {
    API(NeedsInit);
    if (ordinal != 0) return CUDA_ERROR_INVALID_DEVICE;
    return *d = 0, CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int room, CUdevice) {
    API(NeedsInit);
    snprintf(name, room, "Software GPU (a test double)");
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
    API(NeedsInit);
    return *bytes = state().total, CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute a, CUdevice) {
    API(NeedsInit);
    switch (int(a)) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = 1024; break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: *value = 48 << 10; break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *value = (state().capability == 90 ? 227 : 99) << 10; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 132; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE: *value = 0; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = state().capability / 10; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = state().capability % 10; break;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *c, CUdevice) {
    API(NeedsInit);
    state().retained++;
    return *c = primary, CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) {
    API(NeedsInit);
    State &s = state();
    if (!s.retained) return CUDA_ERROR_INVALID_CONTEXT;
    if (--s.retained == 0) s.broken = CUDA_SUCCESS; // the next is a new one
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext c) {
    API(NeedsInit);
    if (c && (c != primary || !state().retained)) return CUDA_ERROR_INVALID_CONTEXT;
    return current = c, CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *c) {
    API(NeedsInit);
    return *c = current, CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *d) {
    API(NeedsContext);
    return *d = 0, CUDA_SUCCESS;
}

CUresult cuCtxSynchronize(void) {
    API(NeedsContext);
    if (CUresult r = unsafe()) return r;
    return drain_all();
}

CUresult cuModuleLoadDataEx(CUmodule *m, const void *image, unsigned int count, CUjit_option *options, void **values) {
    API(NeedsContext);
    if (CUresult r = unsafe()) return r;
    const char *text = static_cast<const char *>(image);
    if (!strncmp(text, machine_code, strlen(machine_code))) text += strlen(machine_code);
    auto module = std::make_unique<CUmod_st>();
    try {
        module->code = std::make_shared<ptx::Module>(text);
    } catch (const ptx::Fault &f) {
        Log(count, options, values).write(f.what());
        return CUDA_ERROR_INVALID_PTX;
    }
    *m = module.release();
    state().modules.insert(*m);
    return CUDA_SUCCESS;
}

// The machine code of this double is its PTX behind a mark, if it can be read.
CUresult cuLinkCreate(unsigned int count, CUjit_option *options, void **values, CUlinkState *made) {
    API(NeedsContext);
    return *made = new CUlinkState_st{Log(count, options, values), machine_code}, CUDA_SUCCESS;
}

CUresult cuLinkAddData(CUlinkState l, CUjitInputType type, void *data, size_t size, const char *, unsigned int, CUjit_option *, void **) {
    API(NeedsContext);
    std::string text(static_cast<const char *>(data), size ? size - 1 : 0);
    if (type != CU_JIT_INPUT_PTX || !size || static_cast<const char *>(data)[size - 1]) return CUDA_ERROR_INVALID_VALUE;
    try {
        ptx::Module parsed(text.c_str());
    } catch (const ptx::Fault &f) {
        l->log.write(f.what());
        return CUDA_ERROR_INVALID_PTX;
    }
    l->image += text;
    return CUDA_SUCCESS;
}

CUresult cuLinkComplete(CUlinkState l, void **image, size_t *size) {
    API(NeedsContext);
    *image = l->image.data();
    *size = l->image.size() + 1;
    return CUDA_SUCCESS;
}

CUresult cuLinkDestroy(CUlinkState l) {
    API(NeedsContext);
    delete l;
    return CUDA_SUCCESS;
}

CUresult cuModuleLoadData(CUmodule *m, const void *text) { return cuModuleLoadDataEx(m, text, 0, nullptr, nullptr); }

// Work that is enqueued keeps the module's code.
CUresult cuModuleUnload(CUmodule m) {
    API(NeedsContext);
    if (CUresult r = unsafe()) return r;
    if (!state().modules.erase(m)) return CUDA_ERROR_INVALID_HANDLE;
    delete m;
    return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
    API(NeedsContext);
    if (!state().modules.count(m)) return CUDA_ERROR_INVALID_HANDLE;
    const ptx::Entry *entry = m->code->find(name);
    if (!entry) return CUDA_ERROR_NOT_FOUND;
    auto &known = m->functions[name];
    if (!known) known.reset(new CUfunc_st{m, entry, 48 << 10});
    return *f = known.get(), CUDA_SUCCESS;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *at, size_t *bytes, CUmodule m, const char *name) {
    API(NeedsContext);
    if (!state().modules.count(m)) return CUDA_ERROR_INVALID_HANDLE;
    size_t size = 0;
    uint64_t address = m->code->global(name, &size);
    if (!address) return CUDA_ERROR_NOT_FOUND;
    if (at) *at = address;
    if (bytes) *bytes = size;
    return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int value) {
    API(NeedsContext);
    if (a == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
        if (value < 0 || f->entry->static_shared + value > (227u << 10)) return CUDA_ERROR_INVALID_VALUE;
        f->dynamic_limit = value;
    }
    return CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute a, CUfunction f) {
    API(NeedsContext);
    switch (int(a)) {
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: *value = int(f->entry->static_shared); break;
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = f->entry->max_threads ? int(f->entry->max_threads) : 1024; break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = f->dynamic_limit; break;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

CUresult cuFuncGetParamInfo(CUfunction f, size_t i, size_t *offset, size_t *size) {
    API(NeedsContext);
    if (i >= f->entry->params.size()) return CUDA_ERROR_INVALID_VALUE;
    *offset = f->entry->params[i].offset;
    if (size) *size = f->entry->params[i].size;
    return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                        CUstream stream, void **params, void **extra) {
    API(NeedsContext);
    if (!known(stream)) return CUDA_ERROR_INVALID_HANDLE;
    if (extra || !gx || !gy || !gz || !bx || !by || !bz || gx > 0x7fffffff || gy > 65535 || gz > 65535 || bx > 1024 || by > 1024 || bz > 64)
        return CUDA_ERROR_INVALID_VALUE;
    size_t threads = size_t(bx) * by * bz;
    const ptx::Entry *entry = f->entry;
    if (threads > 1024 || (entry->max_threads && threads > entry->max_threads)) return CUDA_ERROR_INVALID_VALUE;
    if (int(shared) > f->dynamic_limit || entry->static_shared > (48u << 10)) return CUDA_ERROR_INVALID_VALUE;
    std::vector<std::vector<char>> values;
    for (size_t i = 0; i < entry->params.size(); i++) {
        if (!params || !params[i]) return CUDA_ERROR_INVALID_VALUE;
        auto *from = static_cast<const char *>(params[i]);
        values.emplace_back(from, from + entry->params[i].size);
    }
    auto code = f->module->code;
    return enqueue(stream, [=]() mutable {
        std::vector<void *> arguments;
        for (auto &v : values) arguments.push_back(v.data());
        ptx::run(*code, *entry, {gx, gy, gz}, {bx, by, bz}, shared, arguments.data(), state().memory, state().seed++);
    });
}

} // extern "C"
