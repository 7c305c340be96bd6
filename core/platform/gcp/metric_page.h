// An answer of timeSeries.list, read to plain figures.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::platform::gcp {

struct TimePoint {
    Timestamp end{};   // aligned values stand at the end of their period
    double value = 0;  // number; mean of a distribution
    // Of a distribution: how many values, and its percentiles and highest bound where it has buckets (else NaN).
    bool distribution = false;
    double count = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, highest = 0;
};
struct TimeSeries {
    std::map<std::string, std::string> labels;  // "metric.response_code_class", "resource.service_name"
    std::vector<TimePoint> points;              // newest first, as they come
};
struct TimeSeriesPage {
    std::vector<TimeSeries> series;
    std::string next_token;
    std::int64_t points = 0;
    std::string problem;  // executionErrors: what of the answer is missing
};

// Reuses its buffers; not thread-safe.
class TimeSeriesParser {
public:
    TimeSeriesParser();
    ~TimeSeriesParser();
    // protocol where the text is no such answer. Points of other types (text, truth values) are left out.
    [[nodiscard]] Result<TimeSeriesPage> parse(std::string_view body);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::platform::gcp
