// Synthetic curves for the tests of the latency model.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "core/model/latency_model.h"

namespace pilotlight::model::test {

inline Observation observed(int memory, double mean_ms, std::int64_t count = 100) {
    Observation out;
    out.memory = Megabytes{memory};
    out.mean_ms = mean_ms;
    out.count = count;
    return out;
}

// Serial + CPU-bound time that saturates at `knee` MB.
inline double kneeMs(double memory, double serial_ms, double cpu_ms, double knee = 1769) {
    return serial_ms + cpu_ms * std::max(1.0, knee / memory);
}

inline std::vector<Observation> observe(const std::vector<int>& sizes, const std::function<double(double)>& curve) {
    std::vector<Observation> out;
    for (const int size : sizes) out.push_back(observed(size, curve(size)));
    return out;
}

inline LatencyModel fitted(const std::vector<Observation>& observations, FitOptions options = {}) {
    return LatencyModel::fit(observations, options).value();
}

}  // namespace pilotlight::model::test
