// ONNX Runtime, loaded with dlopen: its C API behind a few calls. Its headers are included by onnx_api.h alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/agent/tensor.h"
#include "core/base/result.h"

namespace pilotlight::agent {

// Where the library is looked for: the file that $PILOTLIGHT_ONNXRUNTIME names (and nothing else, where that is set); lib/pilotlight beside the
// program's folder; what packaging/onnxruntime fetched; then the system's own libonnxruntime.so.1 and libonnxruntime.so.
[[nodiscard]] std::vector<std::string> onnxLibraries();
// The first of these that is a file; empty where only the system can tell.
[[nodiscard]] std::string onnxLibrary();

// Elementwise |a - b| / (1 + |b|), the largest; infinity where sizes differ or one of the two is not finite where the other is another.
[[nodiscard]] double largestDifference(std::span<const double> a, std::span<const double> b);
// Above this a device's output is wrong, whatever its speed.
inline constexpr double kMostDifference = 1e-2;

// Device names are "cpu", "cuda", "tensorrt", "webgpu", another built-in provider's name in lower case, or a plug-in's own name.
struct SessionOptions {
    std::string model;
    std::string device = "cpu";
    int threads = 1;                     // intra-op
    bool spin = false;                   // its threads spin while they wait for work
    Dimensions dimensions;               // for open dimensions, see resolveShape
    std::int64_t batch = 1;
    std::string input;                   // file or folder for readInputs; empty = made up
    bool count_nodes = false;            // measure where nodes run; slows inference
};

// One answer of an autoregressive model.
struct Generation {
    double first_ms = 0;                 // the whole prompt, to the first token
    double rest_ms = 0;                  // all further tokens
    int tokens = 0;                      // with the first
};

class OnnxRuntime {
public:
    // unsupported: built without headers, no library, or one that is too old (before 1.12). Switches telemetry off before the library is loaded.
    [[nodiscard]] static Result<std::unique_ptr<OnnxRuntime>> load();
    ~OnnxRuntime();
    OnnxRuntime(const OnnxRuntime&) = delete;
    OnnxRuntime& operator=(const OnnxRuntime&) = delete;
    [[nodiscard]] std::string version() const;   // "1.30.0"
    [[nodiscard]] int apiVersion() const;        // negotiated: the smaller of the library's and the headers'
    // Also registers the plug-in providers in $PILOTLIGHT_ONNX_PROVIDERS (files, colon-separated); one that cannot be loaded is in pluginProblems.
    [[nodiscard]] Status makeEnvironment();
    // After makeEnvironment. As built in or registered; whether one works only a session tells.
    [[nodiscard]] std::vector<std::string> devices() const;
    [[nodiscard]] const std::vector<std::string>& pluginProblems() const;

    class Session {
    public:
        ~Session();
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;
        // One inference on inputs that stay the same.
        [[nodiscard]] Status run();
        // The same beside others on other threads; its outputs are let go.
        [[nodiscard]] Status runBeside() const;
        // Numeric outputs of the last run, one after the other.
        [[nodiscard]] Result<std::vector<double>> outputs();
        // An autoregressive model in the layout of Hugging Face's exports: input_ids, attention_mask and position_ids if it has them, and either
        // past_key_values.* with present.* or neither; output logits. Greedy. unsupported: another model.
        [[nodiscard]] Result<Generation> generate(int tokens);
        [[nodiscard]] std::string inputText() const;   // "data_0 float32 1x3x224x224"
        // With count_nodes, after a run; ends counting. Nodes that ran on `device`'s provider, and all.
        struct Placement {
            int on_device = 0, all = 0;
        };
        [[nodiscard]] Result<Placement> placement();

    private:
        friend class OnnxRuntime;
        Session();
        struct Impl;
        std::unique_ptr<Impl> impl_;
    };
    // unsupported: the device, or an input's type. invalid_argument: the model or an input file. After makeEnvironment.
    [[nodiscard]] Result<std::unique_ptr<Session>> open(const SessionOptions& options);

private:
    OnnxRuntime();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The worker: reads the trial from stdin, tells stages and the result on stdout. Returns the exit code.
int runOnnxWorker();

}  // namespace pilotlight::agent
