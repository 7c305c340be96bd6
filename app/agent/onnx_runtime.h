// ONNX Runtime, loaded with dlopen: its C API behind a few calls. No other file of the project includes its headers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bench/protocol.h"

namespace pilotlight::agent {

// $PILOTLIGHT_ONNXRUNTIME (a file), else lib/pilotlight beside the program's folder, else what packaging/onnxruntime fetched, else the system's.
[[nodiscard]] std::string onnxLibrary();

// Elementwise |a - b| / (1 + |b|), the largest; infinity where sizes differ or one of the two is not finite where the other is.
[[nodiscard]] double largestDifference(std::span<const float> a, std::span<const float> b);
// Above this a device's output is wrong, whatever its speed.
inline constexpr double kMostDifference = 1e-2;

class OnnxRuntime {
public:
    // unsupported: built without headers, or no library. Switches telemetry off before the library is loaded.
    [[nodiscard]] static Result<std::unique_ptr<OnnxRuntime>> load();
    ~OnnxRuntime();
    OnnxRuntime(const OnnxRuntime&) = delete;
    OnnxRuntime& operator=(const OnnxRuntime&) = delete;
    [[nodiscard]] std::string version() const;                  // "1.30.0"
    [[nodiscard]] std::vector<std::string> providers() const;   // as built in; whether one works only a session tells
    [[nodiscard]] Status makeEnvironment();

    class Session {
    public:
        ~Session();
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;
        // One inference on inputs made from the model's own shapes: symbolic dimensions are 1, values are fixed pseudo-random.
        [[nodiscard]] Status run();
        // Floating-point outputs of the last run, one after the other.
        [[nodiscard]] Result<std::vector<float>> outputs();
        [[nodiscard]] std::string inputText() const;            // "data_0 float 1x3x224x224"

    private:
        friend class OnnxRuntime;
        Session();
        struct Impl;
        std::unique_ptr<Impl> impl_;
    };
    // device: "cpu", or a provider's name. unsupported: the provider or an input type is.
    [[nodiscard]] Result<std::unique_ptr<Session>> open(const std::string& model, const std::string& device, int threads, bool spin);

private:
    OnnxRuntime();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The worker: reads the trial from stdin, tells stages and the result on stdout. Returns the exit code.
int runOnnxWorker();
// Which devices work, each tried in a child.
[[nodiscard]] std::vector<bench::Device> probeDevices();

}  // namespace pilotlight::agent
