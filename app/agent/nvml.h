// NVIDIA's management library, loaded at run time: what the GPUs are and how busy. Not yet tried on a real GPU.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::agent {

struct Gpu {
    std::string name;
    double total_mb = 0, used_mb = 0;    // MB of 2^20 bytes; by all processes
    double busy = 0;                     // share of the driver's last sampling period in which a kernel ran, 0..1
};

class Nvml {
public:
    // unsupported: no libnvidia-ml.so.1, or its driver does not answer.
    [[nodiscard]] static Result<std::unique_ptr<Nvml>> open();
    ~Nvml();
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;
    [[nodiscard]] std::string driver() const;
    // One entry for each GPU that answers, in the driver's order.
    [[nodiscard]] std::vector<Gpu> look() const;

private:
    Nvml();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::agent
