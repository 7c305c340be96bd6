// Finding and loading the library, and asking it for providers. Without its headers: the word that this is so.
#include "app/agent/onnx_runtime.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#ifdef PILOTLIGHT_ONNX
#include "app/agent/onnx_api.h"
#endif

namespace pilotlight::agent {

std::vector<std::string> onnxLibraries() {
    if (const char* chosen = std::getenv("PILOTLIGHT_ONNXRUNTIME"); chosen != nullptr && *chosen != '\0') return {chosen};
    std::vector<std::string> places;
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) places.push_back((program.parent_path().parent_path() / "lib/pilotlight/libonnxruntime.so.1").string());
#ifdef PILOTLIGHT_ONNXRUNTIME_LIBRARY
    places.emplace_back(PILOTLIGHT_ONNXRUNTIME_LIBRARY);
#endif
    places.emplace_back("libonnxruntime.so.1");
    places.emplace_back("libonnxruntime.so");
    return places;
}

std::string onnxLibrary() {
    std::error_code error;
    for (const auto& place : onnxLibraries())
        if (place.find('/') != std::string::npos && std::filesystem::is_regular_file(place, error)) return place;
    return {};
}

double largestDifference(std::span<const double> a, std::span<const double> b) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (a.size() != b.size()) return kInfinite;
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
            if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
            return kInfinite;
        }
        largest = std::max(largest, std::abs(a[i] - b[i]) / (1 + std::abs(b[i])));
    }
    return largest;
}

#ifndef PILOTLIGHT_ONNX

struct OnnxRuntime::Impl {};
struct OnnxRuntime::Session::Impl {};
Result<std::unique_ptr<OnnxRuntime>> OnnxRuntime::load() {
    return fail(ErrorCode::unsupported, "This pilotlight-agent was built without ONNX Runtime's headers", "It cannot run ONNX models; handlers and commands it can.",
                "Run packaging/onnxruntime and build again.");
}
OnnxRuntime::OnnxRuntime() = default;
OnnxRuntime::~OnnxRuntime() = default;
std::string OnnxRuntime::version() const { return {}; }
int OnnxRuntime::apiVersion() const { return 0; }
Status OnnxRuntime::makeEnvironment() { return {}; }
std::vector<std::string> OnnxRuntime::devices() const { return {}; }
const std::vector<std::string>& OnnxRuntime::pluginProblems() const {
    static const std::vector<std::string> none;
    return none;
}
Result<std::unique_ptr<OnnxRuntime::Session>> OnnxRuntime::open(const SessionOptions&) { return fail(ErrorCode::unsupported, "No ONNX Runtime"); }
OnnxRuntime::Session::Session() = default;
OnnxRuntime::Session::~Session() = default;
Status OnnxRuntime::Session::run() { return {}; }
Result<std::vector<double>> OnnxRuntime::Session::outputs() { return std::vector<double>(); }
Result<Generation> OnnxRuntime::Session::generate(int) { return Generation(); }
std::string OnnxRuntime::Session::inputText() const { return {}; }
Result<OnnxRuntime::Session::Placement> OnnxRuntime::Session::placement() { return Placement(); }

#else

namespace {

// "CUDAExecutionProvider" -> "cuda"
std::string deviceName(std::string provider) {
    constexpr std::string_view kEnd = "ExecutionProvider";
    if (provider.size() > kEnd.size() && provider.compare(provider.size() - kEnd.size(), kEnd.size(), kEnd) == 0) provider.resize(provider.size() - kEnd.size());
    for (char& c : provider)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return provider;
}

// As the library lists them.
std::vector<std::string> builtIn(const OrtApi& api) {
    char** names = nullptr;
    int count = 0;
    if (!onnxCheck(api, api.GetAvailableProviders(&names, &count), "")) return {};
    std::vector<std::string> result(names, names + count);
    (void)onnxCheck(api, api.ReleaseAvailableProviders(names, count), "");
    return result;
}

}  // namespace

Status onnxCheck(const OrtApi& api, OrtStatus* status, const std::string& what) {
    if (status == nullptr) return {};
    const OrtErrorCode code = api.GetErrorCode(status);
    std::string text = api.GetErrorMessage(status);
    api.ReleaseStatus(status);
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    // Its internal checks begin with a source line and a condition; what follows says what happened.
    if (const auto condition = text.find(" was false. "); text.rfind('/', 0) == 0 && condition != std::string::npos) text.erase(0, condition + 12);
    if (text.size() > 600) text.resize(600);
    ErrorCode ours = ErrorCode::internal;
    switch (code) {
        case ORT_NO_SUCHFILE: ours = ErrorCode::not_found; break;
        case ORT_INVALID_ARGUMENT: case ORT_INVALID_PROTOBUF: case ORT_INVALID_GRAPH: case ORT_NO_MODEL: ours = ErrorCode::invalid_argument; break;
        case ORT_NOT_IMPLEMENTED: ours = ErrorCode::unsupported; break;
        default: break;
    }
    return fail(ours, what + ": " + text);
}

OnnxRuntime::OnnxRuntime() : impl_(std::make_unique<Impl>()) {}
OnnxRuntime::~OnnxRuntime() = default;

Result<std::unique_ptr<OnnxRuntime>> OnnxRuntime::load() {
    // Official builds from 1.29 on send usage data unless this is set before they are loaded.
    ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    void* library = nullptr;
    std::string tried;
    for (const auto& place : onnxLibraries()) {
        library = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: the library's own threads and state outlive any session
        if (library != nullptr) break;
        const char* why = ::dlerror();
        tried += (tried.empty() ? "" : "; ") + std::string(why != nullptr ? why : place.c_str());
    }
    if (library == nullptr)
        return fail(ErrorCode::unsupported, "ONNX Runtime could not be loaded (" + tried + ")", "ONNX models cannot be run.",
                    "Run packaging/onnxruntime, or set PILOTLIGHT_ONNXRUNTIME to a libonnxruntime.so of version 1.12 or newer.");
    const auto entry = reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(::dlsym(library, "OrtGetApiBase"));
    if (entry == nullptr) return fail(ErrorCode::unsupported, "The library that was loaded is no ONNX Runtime", {}, "Check PILOTLIGHT_ONNXRUNTIME.");
    const OrtApiBase* base = entry();
    std::unique_ptr<OnnxRuntime> runtime(new OnnxRuntime);
    runtime->impl_->version = base->GetVersionString();
    // Release 1.N has the API versions up to N. A version that it refuses costs a line on stderr, so the first question is one that it knows.
    const auto dot = runtime->impl_->version.find('.');
    const int newest = dot == std::string::npos ? 0 : std::atoi(runtime->impl_->version.c_str() + dot + 1);
    int version = std::min(static_cast<int>(ORT_API_VERSION), newest);
    for (; version >= kOldestOnnxApi; --version) {
        runtime->impl_->api = base->GetApi(static_cast<std::uint32_t>(version));
        if (runtime->impl_->api != nullptr) break;
    }
    if (runtime->impl_->api == nullptr)
        return fail(ErrorCode::unsupported, "ONNX Runtime " + runtime->impl_->version + " is too old", "ONNX models cannot be run.", "Install version 1.12 or newer.");
    runtime->impl_->api_version = version;
    return runtime;
}

std::string OnnxRuntime::version() const { return impl_->version; }
int OnnxRuntime::apiVersion() const { return impl_->api_version; }
const std::vector<std::string>& OnnxRuntime::pluginProblems() const { return impl_->plugin_problems; }

Status OnnxRuntime::makeEnvironment() {
    const OrtApi& api = *impl_->api;
    PILOTLIGHT_ASSIGN(impl_->environment, onnxMake<OrtEnv>(api, api.ReleaseEnv, "ONNX Runtime could not start",
                                                           [&](OrtEnv** made) { return api.CreateEnv(ORT_LOGGING_LEVEL_FATAL, "pilotlight", made); }));
    PILOTLIGHT_TRY(onnxCheck(api, api.DisableTelemetryEvents(impl_->environment.get()), "Telemetry could not be switched off"));
    const char* listed = std::getenv("PILOTLIGHT_ONNX_PROVIDERS");
    std::string_view rest = listed != nullptr ? listed : "";
    while (!rest.empty()) {
        const std::string path(rest.substr(0, rest.find(':')));
        rest.remove_prefix(std::min(rest.size(), path.size() + 1));
        if (path.empty()) continue;
        if (impl_->api_version < kPluginOnnxApi) {
            impl_->plugin_problems.push_back(path + ": plug-in providers need ONNX Runtime 1.22 or newer, and a program built with headers as new");
            continue;
        }
#if ORT_API_VERSION >= 22
        const std::string name = std::filesystem::path(path).stem().string();
        const Status done = onnxCheck(api, api.RegisterExecutionProviderLibrary(impl_->environment.get(), name.c_str(), path.c_str()), path);
        if (!done) impl_->plugin_problems.push_back(done.error().what);
#endif
    }
    return {};
}

#if ORT_API_VERSION >= 22
std::vector<const OrtEpDevice*> OnnxRuntime::Impl::plugins() const {
    if (api_version < kPluginOnnxApi || !environment) return {};
    const OrtEpDevice* const* devices = nullptr;
    std::size_t count = 0;
    if (!onnxCheck(*api, api->GetEpDevices(environment.get(), &devices, &count), "")) return {};
    const auto built_in = builtIn(*api);
    std::vector<const OrtEpDevice*> result(devices, devices + count);
    std::erase_if(result, [&](const OrtEpDevice* one) { return std::find(built_in.begin(), built_in.end(), api->EpDevice_EpName(one)) != built_in.end(); });
    return result;
}

std::string OnnxRuntime::Impl::nameOf(const OrtEpDevice* plugin) const { return api->EpDevice_EpName(plugin); }
Status OnnxRuntime::Impl::appendPlugin(OrtSessionOptions& options, const OrtEpDevice* plugin, const std::string& what) const {
    return onnxCheck(*api, api->SessionOptionsAppendExecutionProvider_V2(&options, environment.get(), &plugin, 1, nullptr, nullptr, 0), what);
}
#else
std::vector<const OrtEpDevice*> OnnxRuntime::Impl::plugins() const { return {}; }
std::string OnnxRuntime::Impl::nameOf(const OrtEpDevice*) const { return {}; }
Status OnnxRuntime::Impl::appendPlugin(OrtSessionOptions&, const OrtEpDevice*, const std::string& what) const { return fail(ErrorCode::unsupported, what); }
#endif

std::vector<std::string> OnnxRuntime::devices() const {
    std::vector<std::string> names;
    for (const auto& provider : builtIn(*impl_->api)) names.push_back(deviceName(provider));
    for (const auto* plugin : impl_->plugins()) names.push_back(impl_->nameOf(plugin));
    std::stable_partition(names.begin(), names.end(), [](const auto& name) { return name == "cpu"; });
    return names;
}

Status OnnxRuntime::Impl::append(OrtSessionOptions& options, const std::string& device) const {
    const std::string what = "The device " + device + " cannot be used";
    const auto unsupported = [](Status done) -> Status {
        if (done) return done;
        return fail(ErrorCode::unsupported, done.error().what);
    };
    if (device == "cuda") {
        PILOTLIGHT_ASSIGN(const auto cuda, onnxMake<OrtCUDAProviderOptionsV2>(*api, api->ReleaseCUDAProviderOptions, what,
                                                                              [&](auto** made) { return api->CreateCUDAProviderOptions(made); }));
        return unsupported(onnxCheck(*api, api->SessionOptionsAppendExecutionProvider_CUDA_V2(&options, cuda.get()), what));
    }
    if (device == "tensorrt") {
        PILOTLIGHT_ASSIGN(const auto tensorrt, onnxMake<OrtTensorRTProviderOptionsV2>(*api, api->ReleaseTensorRTProviderOptions, what,
                                                                                      [&](auto** made) { return api->CreateTensorRTProviderOptions(made); }));
        return unsupported(onnxCheck(*api, api->SessionOptionsAppendExecutionProvider_TensorRT_V2(&options, tensorrt.get()), what));
    }
    for (const auto* plugin : plugins())
        if (device == nameOf(plugin)) return unsupported(appendPlugin(options, plugin, what));
    for (const auto& provider : builtIn(*api))
        if (device == deviceName(provider)) {
            const std::string name = provider.substr(0, provider.find("ExecutionProvider"));
            return unsupported(onnxCheck(*api, api->SessionOptionsAppendExecutionProvider(&options, name == "WebGpu" ? "WebGPU" : name.c_str(), nullptr, nullptr, 0), what));
        }
    return fail(ErrorCode::unsupported, what + ": this ONNX Runtime has no such provider", {}, "`bench devices` lists those that work here.");
}

#endif

}  // namespace pilotlight::agent
