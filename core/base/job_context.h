// What a slow operation is handed: a stop token and somewhere to report progress.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/result.h"

namespace pilotlight {

struct Progress {
    std::string step;                  // "Metrics, us-east-1"
    std::optional<double> fraction;    // 0..1 where known
    std::uint64_t bytes = 0;           // received so far
    std::uint64_t items = 0;           // rows, pages, points
};

class JobContext {
public:
    JobContext() = default;
    explicit JobContext(std::stop_token stop, std::function<void(const Progress&)> report = {})
        : stop_(std::move(stop)), report_(std::move(report)) {}

    [[nodiscard]] std::stop_token stopToken() const { return stop_; }
    [[nodiscard]] bool stopRequested() const { return stop_.stop_requested(); }
    // cancelled when stop was requested. Called once a page, a row batch, a trial.
    [[nodiscard]] Status check() const;
    // May be called from several threads; the receiver sorts that out.
    void report(const Progress& progress) const { if (report_) report_(progress); }

private:
    std::stop_token stop_;
    std::function<void(const Progress&)> report_;
};

} // namespace pilotlight
