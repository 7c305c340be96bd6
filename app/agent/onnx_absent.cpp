// A build without onnx_runtime.cpp: every model is answered with why it cannot be run. onnx_runtime.cpp replaces this file.
#include <cmath>

#include "app/agent/onnx_runtime.h"

namespace pilotlight::agent {
namespace {

constexpr const char* kAbsent = "ONNX Runtime was not found";
constexpr const char* kAction = "Run packaging/onnxruntime, then build again";

}  // namespace

struct OnnxRuntime::Impl {};
struct OnnxRuntime::Session::Impl {};

std::string onnxLibrary() { return {}; }
double largestDifference(std::span<const float>, std::span<const float>) { return INFINITY; }

Result<std::unique_ptr<OnnxRuntime>> OnnxRuntime::load() { return fail(ErrorCode::unsupported, kAbsent, "Models cannot be run here.", kAction); }
OnnxRuntime::OnnxRuntime() = default;
OnnxRuntime::~OnnxRuntime() = default;
std::string OnnxRuntime::version() const { return {}; }
std::vector<std::string> OnnxRuntime::providers() const { return {}; }
Status OnnxRuntime::makeEnvironment() { return fail(ErrorCode::unsupported, kAbsent); }
Result<std::unique_ptr<OnnxRuntime::Session>> OnnxRuntime::open(const std::string&, const std::string&, int, bool) { return fail(ErrorCode::unsupported, kAbsent); }
OnnxRuntime::Session::Session() = default;
OnnxRuntime::Session::~Session() = default;
Status OnnxRuntime::Session::run() { return fail(ErrorCode::unsupported, kAbsent); }
Result<std::vector<float>> OnnxRuntime::Session::outputs() { return fail(ErrorCode::unsupported, kAbsent); }
std::string OnnxRuntime::Session::inputText() const { return {}; }

std::vector<bench::Device> probeDevices() { return {{"cpu", false, std::string(kAbsent) + ". " + kAction + "."}}; }

}  // namespace pilotlight::agent
