// A model that is loaded: its inputs, one inference, its outputs, and where its nodes ran.
#ifdef PILOTLIGHT_ONNX
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "app/agent/onnx_api.h"

namespace pilotlight::agent {
namespace {

// A private folder for the library's profile. The file is opened here and removed at once; the library writes on into what has no name.
struct ProfileFolder {
    std::filesystem::path path;
    ProfileFolder() {
        std::error_code error;
        std::string name = (std::filesystem::temp_directory_path(error) / "pilotlight-profile.XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path = name;
    }
    ~ProfileFolder() {
        std::error_code error;
        if (!path.empty()) std::filesystem::remove_all(path, error);
    }
    ProfileFolder(const ProfileFolder&) = delete;
    ProfileFolder& operator=(const ProfileFolder&) = delete;
    [[nodiscard]] int open() const {
        std::error_code error;
        for (const auto& one : std::filesystem::directory_iterator(path, error)) return ::open(one.path().c_str(), O_RDONLY | O_CLOEXEC);
        return -1;
    }
};

}  // namespace

OnnxRuntime::Session::Session() : impl_(std::make_unique<Impl>()) {}
OnnxRuntime::Session::~Session() = default;
OnnxRuntime::Session::Impl::~Impl() {
    if (profile >= 0) ::close(profile);
}

Result<std::unique_ptr<OnnxRuntime::Session>> OnnxRuntime::open(const SessionOptions& asked) {
    const OrtApi& api = *impl_->api;
    PILOTLIGHT_ASSIGN(const auto options, onnxMake<OrtSessionOptions>(api, api.ReleaseSessionOptions, "Session options", [&](auto** made) { return api.CreateSessionOptions(made); }));
    const auto set = [&](OrtStatus* status) { return onnxCheck(api, status, "The session's options were refused"); };
    PILOTLIGHT_TRY(set(api.SetIntraOpNumThreads(options.get(), asked.threads)));
    PILOTLIGHT_TRY(set(api.SetInterOpNumThreads(options.get(), 1)));
    PILOTLIGHT_TRY(set(api.SetSessionLogSeverityLevel(options.get(), ORT_LOGGING_LEVEL_FATAL)));
    for (const char* key : {"session.intra_op.allow_spinning", "session.inter_op.allow_spinning"})
        PILOTLIGHT_TRY(set(api.AddSessionConfigEntry(options.get(), key, asked.spin ? "1" : "0")));
    if (asked.device != "cpu") PILOTLIGHT_TRY(impl_->append(*options, asked.device));
    std::optional<ProfileFolder> folder;
    if (asked.count_nodes) {
        folder.emplace();
        if (folder->path.empty()) return fail(ErrorCode::storage, "No temporary folder could be made", "Where the model's nodes run cannot be told.", "Check TMPDIR.");
        PILOTLIGHT_TRY(set(api.EnableProfiling(options.get(), (folder->path / "profile").c_str())));
    }
    std::unique_ptr<Session> session(new Session);
    auto& made = *session->impl_;
    made.api = &api;
    made.provider = asked.device;
    PILOTLIGHT_ASSIGN(made.session, onnxMake<OrtSession>(api, api.ReleaseSession, "The model " + asked.model + " could not be loaded", [&](OrtSession** one) {
                          return api.CreateSession(impl_->environment.get(), asked.model.c_str(), options.get(), one);
                      }));
    if (folder) made.profile = folder->open();
    PILOTLIGHT_ASSIGN(made.memory, onnxMake<OrtMemoryInfo>(api, api.ReleaseMemoryInfo, "Memory", [&](auto** one) { return api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, one); }));
    PILOTLIGHT_TRY(made.readNames());
    PILOTLIGHT_TRY(made.makeInputs(asked));
    return session;
}

Status OnnxRuntime::Session::Impl::readNames() {
    OrtAllocator* allocator = nullptr;
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetAllocatorWithDefaultOptions(&allocator), "Memory"));
    const auto take = [&](char* text) {
        std::string name(text);
        (void)onnxCheck(*api, api->AllocatorFree(allocator, text), "");
        return name;
    };
    std::size_t inputs_declared = 0, outputs_declared = 0;
    PILOTLIGHT_TRY(onnxCheck(*api, api->SessionGetInputCount(session.get(), &inputs_declared), "Inputs"));
    PILOTLIGHT_TRY(onnxCheck(*api, api->SessionGetOutputCount(session.get(), &outputs_declared), "Outputs"));
    for (std::size_t i = 0; i < inputs_declared; ++i) {
        char* text = nullptr;
        PILOTLIGHT_TRY(onnxCheck(*api, api->SessionGetInputName(session.get(), i, allocator, &text), "Inputs"));
        InputSpec spec;
        spec.name = take(text);
        PILOTLIGHT_ASSIGN(const auto type, onnxMake<OrtTypeInfo>(*api, api->ReleaseTypeInfo, "Inputs", [&](auto** one) { return api->SessionGetInputTypeInfo(session.get(), i, one); }));
        const OrtTensorTypeAndShapeInfo* info = nullptr;
        PILOTLIGHT_TRY(onnxCheck(*api, api->CastTypeInfoToTensorInfo(type.get(), &info), "Inputs"));
        if (info == nullptr) return fail(ErrorCode::unsupported, "Input " + spec.name + " of the model is no tensor", {}, "Measure the model through a handler of your own.");
        ONNXTensorElementDataType element{};
        std::size_t rank = 0;
        PILOTLIGHT_TRY(onnxCheck(*api, api->GetTensorElementType(info, &element), "Inputs"));
        PILOTLIGHT_TRY(onnxCheck(*api, api->GetDimensionsCount(info, &rank), "Inputs"));
        spec.type = static_cast<ElementType>(element);
        spec.shape.resize(rank);
        std::vector<const char*> symbols(rank, nullptr);
        PILOTLIGHT_TRY(onnxCheck(*api, api->GetDimensions(info, spec.shape.data(), rank), "Inputs"));
        PILOTLIGHT_TRY(onnxCheck(*api, api->GetSymbolicDimensions(info, symbols.data(), rank), "Inputs"));
        for (const char* one : symbols) spec.symbols.emplace_back(one != nullptr ? one : "");
        specs.push_back(std::move(spec));
    }
    for (std::size_t i = 0; i < outputs_declared; ++i) {
        char* text = nullptr;
        PILOTLIGHT_TRY(onnxCheck(*api, api->SessionGetOutputName(session.get(), i, allocator, &text), "Outputs"));
        output_names.push_back(take(text));
    }
    for (const auto& one : specs) input_names.push_back(one.name.c_str());
    for (const auto& one : output_names) output_name_pointers.push_back(one.c_str());
    return {};
}

Status OnnxRuntime::Session::Impl::makeInputs(const SessionOptions& options) {
    std::vector<InputFile> files;
    if (!options.input.empty()) {
        PILOTLIGHT_ASSIGN(files, readInputs(options.input));
    }
    std::vector<std::optional<Tensor>> given(specs.size());
    for (auto& file : files) {
        std::size_t at = file.position;
        for (std::size_t i = 0; i < specs.size(); ++i)
            if (specs[i].name == file.tensor.name) at = i;
        if (at >= specs.size()) return fail(ErrorCode::invalid_argument, "The model has no input " + (file.tensor.name.empty() ? std::to_string(at) : file.tensor.name));
        if (file.tensor.type != specs[at].type)
            return fail(ErrorCode::invalid_argument, "Input " + specs[at].name + " of the model is " + name(specs[at].type) + ", the file holds " + name(file.tensor.type));
        given[at] = std::move(file.tensor);
    }
    tensors.reserve(specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
        if (given[i]) {
            tensors.push_back(std::move(*given[i]));
        } else {
            PILOTLIGHT_ASSIGN(auto made, makeInput(specs[i], options.dimensions, options.batch, 1));
            tensors.push_back(std::move(made));
        }
        PILOTLIGHT_ASSIGN(auto value, valueOf(tensors.back()));
        inputs.push_back(std::move(value));
    }
    if (options.batch > 1 && std::none_of(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return !tensor.shape.empty() && tensor.shape.front() == options.batch; }))
        return fail(ErrorCode::unsupported, "The model takes no batch of " + std::to_string(options.batch) + ": the first dimension of its inputs is fixed, or given", {}, "Measure it with batch 1.");
    return {};
}

Result<OnnxOwner<OrtValue>> OnnxRuntime::Session::Impl::valueOf(Tensor& tensor) const {
    static std::byte nothing[8];  // an empty tensor's memory is a pointer too
    return onnxMake<OrtValue>(*api, api->ReleaseValue, "An input could not be made", [&](OrtValue** one) {
        return api->CreateTensorWithDataAsOrtValue(memory.get(), tensor.data.empty() ? nothing : tensor.data.data(), tensor.data.size(), tensor.shape.data(), tensor.shape.size(),
                                                   static_cast<ONNXTensorElementDataType>(tensor.type), one);
    });
}

Status OnnxRuntime::Session::Impl::run(const std::vector<const char*>& names, const std::vector<const OrtValue*>& values, std::vector<OnnxOwner<OrtValue>>& results) const {
    std::vector<OrtValue*> made(output_name_pointers.size(), nullptr);
    const Status done = onnxCheck(*api, api->Run(session.get(), nullptr, names.data(), values.data(), values.size(), output_name_pointers.data(), made.size(), made.data()), "The model failed");
    results.clear();
    for (OrtValue* one : made) results.emplace_back(one, OnnxRelease<OrtValue>{api->ReleaseValue});
    return done;
}

Status OnnxRuntime::Session::run() { return impl_->run(impl_->input_names, impl_->inputValues(), impl_->outputs); }

Status OnnxRuntime::Session::runBeside() const {
    std::vector<OnnxOwner<OrtValue>> outputs;
    return impl_->run(impl_->input_names, impl_->inputValues(), outputs);
}

Result<OnnxRuntime::Session::Impl::View> OnnxRuntime::Session::Impl::view(OrtValue& value) const {
    int is_tensor = 0;
    PILOTLIGHT_TRY(onnxCheck(*api, api->IsTensor(&value, &is_tensor), "Outputs"));
    View result;
    if (is_tensor == 0) return result;
    PILOTLIGHT_ASSIGN(const auto info, onnxMake<OrtTensorTypeAndShapeInfo>(*api, api->ReleaseTensorTypeAndShapeInfo, "Outputs", [&](auto** one) { return api->GetTensorTypeAndShape(&value, one); }));
    ONNXTensorElementDataType type{};
    std::size_t rank = 0;
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetTensorElementType(info.get(), &type), "Outputs"));
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetDimensionsCount(info.get(), &rank), "Outputs"));
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetTensorShapeElementCount(info.get(), &result.count), "Outputs"));
    result.type = static_cast<ElementType>(type);
    result.shape.resize(rank);
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetDimensions(info.get(), result.shape.data(), rank), "Outputs"));
    PILOTLIGHT_TRY(onnxCheck(*api, api->GetTensorMutableData(&value, &result.data), "Outputs"));
    return result;
}

Result<std::vector<double>> OnnxRuntime::Session::outputs() {
    std::vector<double> all;
    for (const auto& one : impl_->outputs) {
        if (!one) continue;
        PILOTLIGHT_ASSIGN(const auto view, impl_->view(*one));
        if (view.data == nullptr || bytesOf(view.type) == 0) continue;
        const auto numbers = numbersOf(view.type, view.data, view.count);
        all.insert(all.end(), numbers.begin(), numbers.end());
    }
    return all;
}

std::string OnnxRuntime::Session::inputText() const {
    std::string text;
    for (const auto& one : impl_->tensors) text += (text.empty() ? "" : ", ") + one.name + " " + name(one.type) + " " + shapeText(one.shape);
    return text.size() > 400 ? text.substr(0, 400) + "..." : text;
}

// The profile is a JSON array of events; those of category "Node" whose name ends in "_kernel_time" carry args.provider.
Result<OnnxRuntime::Session::Placement> OnnxRuntime::Session::placement() {
    const OrtApi& api = *impl_->api;
    OrtAllocator* allocator = nullptr;
    char* file = nullptr;
    PILOTLIGHT_TRY(onnxCheck(api, api.GetAllocatorWithDefaultOptions(&allocator), "Memory"));
    PILOTLIGHT_TRY(onnxCheck(api, api.SessionEndProfiling(impl_->session.get(), allocator, &file), "The profile could not be written"));
    (void)onnxCheck(api, api.AllocatorFree(allocator, file), "");
    std::string text;
    std::array<char, 65536> part;
    for (ssize_t got = 0; impl_->profile >= 0 && text.size() < (64U << 20) && (got = ::read(impl_->profile, part.data(), part.size())) > 0;) text.append(part.data(), static_cast<std::size_t>(got));
    const auto events = nlohmann::json::parse(text, nullptr, false);
    if (!events.is_array()) return fail(ErrorCode::protocol, "Where the model's nodes ran could not be read");
    std::set<std::string> here, elsewhere;
    for (const auto& event : events) {
        if (!event.is_object() || event.value("cat", "") != "Node") continue;
        const auto arguments = event.find("args");
        const std::string node = event.value("name", "");
        if (arguments == event.end() || !arguments->is_object() || !arguments->contains("provider") || !(*arguments)["provider"].is_string()) continue;
        const std::string provider = (*arguments)["provider"];
        (provider == "CPUExecutionProvider" ? elsewhere : here).insert(node.substr(0, node.rfind("_kernel_time")));
    }
    return Placement{static_cast<int>(here.size()), static_cast<int>(here.size() + elsewhere.size())};
}

}  // namespace pilotlight::agent
#endif
