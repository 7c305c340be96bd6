// A plug-in execution provider for ONNX Runtime that runs Relu, on the CPU, under the name "pilotfake": it stands for a GPU's provider in tests.
// It emulates no speed. Environment: PILOTLIGHT_FAKE_WRONG = add 0.5 to each result; PILOTLIGHT_FAKE_CRASH = abort where a session asks for it.
#include <onnxruntime_c_api.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

const OrtApi* ort = nullptr;
const OrtEpApi* ep_api = nullptr;

// Errors go back as they came.
#define FAKE_TRY(call)                                      \
    do {                                                    \
        if (OrtStatus* status = (call)) return status;      \
    } while (false)

struct Kernel : OrtNodeComputeInfo {
    Kernel() : OrtNodeComputeInfo{} {
        ort_version_supported = ORT_API_VERSION;
        CreateState = [](OrtNodeComputeInfo*, OrtNodeComputeContext*, void** state) -> OrtStatus* {
            *state = nullptr;
            return nullptr;
        };
        ReleaseState = [](OrtNodeComputeInfo*, void*) {};
        Compute = [](OrtNodeComputeInfo*, void*, OrtKernelContext* context) -> OrtStatus* {
            const OrtValue* in = nullptr;
            FAKE_TRY(ort->KernelContext_GetInput(context, 0, &in));
            OrtTensorTypeAndShapeInfo* info = nullptr;
            FAKE_TRY(ort->GetTensorTypeAndShape(in, &info));
            const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owner(info, ort->ReleaseTensorTypeAndShapeInfo);
            std::size_t rank = 0, count = 0;
            FAKE_TRY(ort->GetDimensionsCount(info, &rank));
            FAKE_TRY(ort->GetTensorShapeElementCount(info, &count));
            std::vector<std::int64_t> shape(rank);
            FAKE_TRY(ort->GetDimensions(info, shape.data(), rank));
            OrtValue* out = nullptr;
            FAKE_TRY(ort->KernelContext_GetOutput(context, 0, shape.data(), rank, &out));
            void* from = nullptr;
            void* to = nullptr;
            FAKE_TRY(ort->GetTensorMutableData(const_cast<OrtValue*>(in), &from));
            FAKE_TRY(ort->GetTensorMutableData(out, &to));
            static const float off = std::getenv("PILOTLIGHT_FAKE_WRONG") != nullptr ? 0.5F : 0.0F;
            for (std::size_t i = 0; i < count; ++i) {
                const float value = static_cast<const float*>(from)[i];
                static_cast<float*>(to)[i] = (value > 0 ? value : 0) + off;
            }
            return nullptr;
        };
    }
};

struct Provider : OrtEp {
    Provider() : OrtEp{} {
        ort_version_supported = ORT_API_VERSION;
        GetName = [](const OrtEp*) noexcept -> const char* { return "pilotfake"; };
        GetCapability = [](OrtEp*, const OrtGraph* graph, OrtEpGraphSupportInfo* info) noexcept -> OrtStatus* {
            std::size_t count = 0;
            FAKE_TRY(ort->Graph_GetNumNodes(graph, &count));
            std::vector<const OrtNode*> nodes(count);
            FAKE_TRY(ort->Graph_GetNodes(graph, nodes.data(), count));
            for (const OrtNode* node : nodes) {
                const char* op = nullptr;
                FAKE_TRY(ort->Node_GetOperatorType(node, &op));
                if (std::strcmp(op, "Relu") == 0) FAKE_TRY(ep_api->EpGraphSupportInfo_AddNodesToFuse(info, &node, 1, nullptr));
            }
            return nullptr;
        };
        Compile = [](OrtEp*, const OrtGraph**, const OrtNode**, std::size_t count, OrtNodeComputeInfo** kernels, OrtNode**) noexcept -> OrtStatus* {
            for (std::size_t i = 0; i < count; ++i) kernels[i] = new Kernel;
            return nullptr;
        };
        ReleaseNodeComputeInfos = [](OrtEp*, OrtNodeComputeInfo** kernels, std::size_t count) noexcept {
            for (std::size_t i = 0; i < count; ++i) delete static_cast<Kernel*>(kernels[i]);
        };
    }
};

struct Factory : OrtEpFactory {
    Factory() : OrtEpFactory{} {
        ort_version_supported = ORT_API_VERSION;
        GetName = [](const OrtEpFactory*) noexcept -> const char* { return "pilotfake"; };
        GetVendor = [](const OrtEpFactory*) noexcept -> const char* { return "Pilotlight tests"; };
        GetVendorId = [](const OrtEpFactory*) noexcept -> std::uint32_t { return 0; };
        GetVersion = [](const OrtEpFactory*) noexcept -> const char* { return "1.0.0"; };
        GetSupportedDevices = [](OrtEpFactory* self, const OrtHardwareDevice* const* devices, std::size_t count, OrtEpDevice** made, std::size_t most, std::size_t* found) noexcept -> OrtStatus* {
            *found = 0;
            for (std::size_t i = 0; i < count && *found < most; ++i)
                if (ort->HardwareDevice_Type(devices[i]) == OrtHardwareDeviceType_CPU) FAKE_TRY(ep_api->CreateEpDevice(self, devices[i], nullptr, nullptr, &made[(*found)++]));
            return nullptr;
        };
        CreateEp = [](OrtEpFactory*, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*, std::size_t, const OrtSessionOptions*, const OrtLogger*, OrtEp** made) noexcept -> OrtStatus* {
            if (std::getenv("PILOTLIGHT_FAKE_CRASH") != nullptr) std::abort();
            *made = new Provider;
            return nullptr;
        };
        ReleaseEp = [](OrtEpFactory*, OrtEp* one) noexcept { delete static_cast<Provider*>(one); };
        CreateAllocator = [](OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*, OrtAllocator** made) noexcept -> OrtStatus* {
            *made = nullptr;
            return nullptr;
        };
        ReleaseAllocator = [](OrtEpFactory*, OrtAllocator*) noexcept {};
        CreateDataTransfer = [](OrtEpFactory*, OrtDataTransferImpl** made) noexcept -> OrtStatus* {
            *made = nullptr;
            return nullptr;
        };
        IsStreamAware = [](const OrtEpFactory*) noexcept { return false; };
    }
};

}  // namespace

extern "C" {

OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base, const OrtLogger*, OrtEpFactory** factories, std::size_t most, std::size_t* count) {
    ort = base->GetApi(ORT_API_VERSION);
    ep_api = ort->GetEpApi();
    *count = 0;
    if (most > 0) factories[(*count)++] = new Factory;
    return nullptr;
}

OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
    delete static_cast<Factory*>(factory);
    return nullptr;
}

}
