// What-ifs of platforms whose instances serve several requests at once (Cloud Run, Cloud Functions): replayed on model::SharedEngine.
// There are no log lines there: arrivals are drawn from counts by period, durations from the measured histogram, the start of an instance
// from its own metric. Everything is anchored on what was measured today; the replay predicts differences. Internal to core/tuning.
#pragma once

#include <memory>

#include "core/tuning/engine.h"

namespace pilotlight::tuning {

class SharedModel {
public:
    // not_found: no invocation in the range, and nothing kept. cancelled.
    [[nodiscard]] static Result<std::unique_ptr<const SharedModel>> build(Evidence evidence, const JobContext& job);
    ~SharedModel();

    // A replay of the newest 30,000 requests (some 20 ms).
    [[nodiscard]] WhatIfResult quick(const WhatIf& what) const;
    // A replay of the newest 150,000.
    [[nodiscard]] Result<WhatIfResult> exact(const WhatIf& what, const JobContext& job) const;
    [[nodiscard]] Result<Engine::SearchResult> search(const Slo& slo, const JobContext& job) const;
    [[nodiscard]] const Engine::Week& week() const;
    [[nodiscard]] const Evidence& evidence() const;
    [[nodiscard]] std::optional<Megabytes> memoryFloor() const;

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

private:
    explicit SharedModel(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::tuning
