// Stands for NVIDIA's libnvidia-ml.so.1 in tests: PILOTLIGHT_FAKE_GPUS GPUs (default 1), or the error PILOTLIGHT_FAKE_NVML_ERROR at the start.
// Memory in use grows by 100 MB with each look, so that a peak above the start is seen.
#include <cstdio>
#include <cstdlib>

namespace {
int number(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::atoi(text) : otherwise;
}
int gpus[16];
unsigned long long looks = 0;
}  // namespace

extern "C" {
struct FakeMemory {
    unsigned long long total, free, used;
};
struct FakeUtilization {
    unsigned int gpu, memory;
};
int nvmlInit_v2() { return number("PILOTLIGHT_FAKE_NVML_ERROR", 0); }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int code) { return code == 9 ? "Driver Not Loaded" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned int* count) {
    *count = static_cast<unsigned int>(number("PILOTLIGHT_FAKE_GPUS", 1));
    return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
    *device = &gpus[index % 16];
    return 0;
}
int nvmlDeviceGetName(void* device, char* name, unsigned int length) {
    std::snprintf(name, length, "Fake GPU %d", static_cast<int>(static_cast<int*>(device) - gpus));
    return 0;
}
int nvmlDeviceGetMemoryInfo(void*, FakeMemory* memory) {
    constexpr unsigned long long mb = 1ULL << 20;
    memory->total = 24576 * mb;
    memory->used = (1000 + 100 * looks++) * mb;
    memory->free = memory->total - memory->used;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void*, FakeUtilization* utilization) {
    *utilization = {40, 10};
    return 0;
}
int nvmlSystemGetDriverVersion(char* version, unsigned int length) {
    std::snprintf(version, length, "550.1");
    return 0;
}
}
