// For onnx_*.cpp only: the C API's types with owners.
#pragma once

#include <onnxruntime_c_api.h>

#include <memory>

#include "app/agent/onnx_runtime.h"

#if ORT_API_VERSION < 22
struct OrtEpDevice;  // headers from before plug-in providers: there are none
#endif

namespace pilotlight::agent {

template <typename T>
struct OnnxRelease {
    void(ORT_API_CALL* release)(T*) = nullptr;
    void operator()(T* one) const { release(one); }
};
template <typename T>
using OnnxOwner = std::unique_ptr<T, OnnxRelease<T>>;

// Oldest version of the API in which everything exists that is called without asking: SessionOptionsAppendExecutionProvider came with 1.12.
inline constexpr int kOldestOnnxApi = 12;
// Plug-in providers: RegisterExecutionProviderLibrary came with 1.22.
inline constexpr int kPluginOnnxApi = 22;

// The library's error in our terms; takes `status`.
[[nodiscard]] Status onnxCheck(const OrtApi& api, OrtStatus* status, const std::string& what);

template <typename T, typename Make>
Result<OnnxOwner<T>> onnxMake(const OrtApi& api, void(ORT_API_CALL* release)(T*), const std::string& what, Make make) {
    T* made = nullptr;
    PILOTLIGHT_TRY(onnxCheck(api, make(&made), what));
    return OnnxOwner<T>(made, OnnxRelease<T>{release});
}

struct OnnxRuntime::Impl {
    const OrtApi* api = nullptr;
    int api_version = 0;
    std::string version;
    OnnxOwner<OrtEnv> environment;
    std::vector<std::string> plugin_problems;

    // Plug-in providers by name; none before 1.22.
    [[nodiscard]] std::vector<const OrtEpDevice*> plugins() const;
    [[nodiscard]] std::string nameOf(const OrtEpDevice* plugin) const;
    [[nodiscard]] Status appendPlugin(OrtSessionOptions& options, const OrtEpDevice* plugin, const std::string& what) const;
    [[nodiscard]] Status append(OrtSessionOptions& options, const std::string& device) const;
};

struct OnnxRuntime::Session::Impl {
    const OrtApi* api = nullptr;
    OnnxOwner<OrtSession> session;
    OnnxOwner<OrtMemoryInfo> memory;
    std::string provider;                        // as the profile names the device's; empty = the CPU's
    std::vector<InputSpec> specs;
    std::vector<std::string> output_names;
    std::vector<Tensor> tensors;                 // the inputs' memory
    std::vector<OnnxOwner<OrtValue>> inputs, outputs;
    std::vector<const char*> input_names, output_name_pointers;
    int profile = -1;                            // file descriptor of the profile that the library writes

    ~Impl();
    [[nodiscard]] Status readNames();
    [[nodiscard]] Status makeInputs(const SessionOptions& options);
    [[nodiscard]] std::vector<const OrtValue*> inputValues() const {
        std::vector<const OrtValue*> values;
        values.reserve(inputs.size());
        for (const auto& one : inputs) values.push_back(one.get());
        return values;
    }
    [[nodiscard]] Result<OnnxOwner<OrtValue>> valueOf(Tensor& tensor) const;
    // Takes the names and values in order; `results` are made by the library.
    [[nodiscard]] Status run(const std::vector<const char*>& names, const std::vector<const OrtValue*>& values, std::vector<OnnxOwner<OrtValue>>& results) const;
    // Type and number of elements, and its memory.
    struct View {
        ElementType type = ElementType::float32;
        std::vector<std::int64_t> shape;
        std::size_t count = 0;
        void* data = nullptr;
    };
    [[nodiscard]] Result<View> view(OrtValue& value) const;
};

}  // namespace pilotlight::agent
