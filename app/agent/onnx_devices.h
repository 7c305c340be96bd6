// Which devices can run a model here. Each is tried in a child of its own: a broken driver costs one answer.
#pragma once

#include <vector>

#include "app/agent/guardian.h"
#include "core/bench/protocol.h"

namespace pilotlight::agent {

// From the main thread. "cpu" comes first, also where there is no ONNX Runtime (then with the reason).
[[nodiscard]] std::vector<bench::Device> probeDevices(Guardian& guardian);

// The children: one prints "device NAME", "plugin-problem TEXT" and "gpu TEXT" lines; one runs a small model and prints "works TEXT" or "why TEXT".
// They return the exit code.
int runDeviceList();
int runDeviceProbe(const std::string& device);

}  // namespace pilotlight::agent
