#include "app/agent/nvml.h"

#include <dlfcn.h>

#include <array>

namespace pilotlight::agent {
namespace {

constexpr double kMb = 1024.0 * 1024.0;

}  // namespace

// The part of NVML's stable C interface (NVML API Reference) that is used; nvmlReturn_t 0 is success.
struct Nvml::Impl {
    using Device = void*;
    struct Memory {
        unsigned long long total, free, used;
    };
    struct Utilization {
        unsigned int gpu, memory;  // percent
    };
    void* library = nullptr;
    bool started = false;
    int (*init)() = nullptr;
    int (*shutdown)() = nullptr;
    const char* (*error)(int) = nullptr;
    int (*count)(unsigned int*) = nullptr;
    int (*handle)(unsigned int, Device*) = nullptr;
    int (*name)(Device, char*, unsigned int) = nullptr;
    int (*memory)(Device, Memory*) = nullptr;
    int (*utilization)(Device, Utilization*) = nullptr;
    int (*driver)(char*, unsigned int) = nullptr;

    template <typename T>
    bool find(T& function, const char* symbol) {
        function = reinterpret_cast<T>(::dlsym(library, symbol));
        return function != nullptr;
    }
    ~Impl() {
        if (started) shutdown();
        if (library != nullptr) ::dlclose(library);
    }
};

Nvml::Nvml() : impl_(std::make_unique<Impl>()) {}
Nvml::~Nvml() = default;

Result<std::unique_ptr<Nvml>> Nvml::open() {
    std::unique_ptr<Nvml> nvml(new Nvml);
    auto& lib = *nvml->impl_;
    lib.library = ::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (lib.library == nullptr) {
        const char* why = ::dlerror();
        return fail(ErrorCode::unsupported, why != nullptr ? why : "libnvidia-ml.so.1 could not be loaded");
    }
    if (!lib.find(lib.init, "nvmlInit_v2") || !lib.find(lib.shutdown, "nvmlShutdown") || !lib.find(lib.error, "nvmlErrorString") || !lib.find(lib.count, "nvmlDeviceGetCount_v2") ||
        !lib.find(lib.handle, "nvmlDeviceGetHandleByIndex_v2") || !lib.find(lib.name, "nvmlDeviceGetName") || !lib.find(lib.memory, "nvmlDeviceGetMemoryInfo") ||
        !lib.find(lib.utilization, "nvmlDeviceGetUtilizationRates") || !lib.find(lib.driver, "nvmlSystemGetDriverVersion"))
        return fail(ErrorCode::unsupported, "libnvidia-ml.so.1 lacks a function that is needed");
    if (const int code = lib.init(); code != 0) {
        const char* why = lib.error(code);
        return fail(ErrorCode::unsupported, "NVML: " + std::string(why != nullptr ? why : "error") + " (" + std::to_string(code) + ")");
    }
    lib.started = true;
    return nvml;
}

std::string Nvml::driver() const {
    std::array<char, 96> text{};
    return impl_->driver(text.data(), text.size() - 1) == 0 ? text.data() : "";
}

std::vector<Gpu> Nvml::look() const {
    std::vector<Gpu> gpus;
    unsigned int count = 0;
    if (impl_->count(&count) != 0) return gpus;
    for (unsigned int i = 0; i < count; ++i) {
        Impl::Device device = nullptr;
        if (impl_->handle(i, &device) != 0) continue;
        Gpu gpu;
        std::array<char, 128> text{};
        Impl::Memory memory{};
        Impl::Utilization utilization{};
        if (impl_->name(device, text.data(), text.size() - 1) == 0) gpu.name = text.data();
        if (impl_->memory(device, &memory) == 0) {
            gpu.total_mb = static_cast<double>(memory.total) / kMb;
            gpu.used_mb = static_cast<double>(memory.used) / kMb;
        }
        if (impl_->utilization(device, &utilization) == 0) gpu.busy = utilization.gpu / 100.0;
        gpus.push_back(std::move(gpu));
    }
    return gpus;
}

}  // namespace pilotlight::agent
