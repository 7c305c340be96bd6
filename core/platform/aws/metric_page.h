// One page of GetMetricData (JSON 1.0), parsed at the speed of simdjson.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/domain/metrics.h"

namespace pilotlight::platform::aws {

enum class MetricStatus { complete, partial, forbidden, internal_error };

struct MetricResult {
    std::size_t query = 0;  // index: the id was "q<index>"
    MetricStatus status = MetricStatus::complete;
    std::vector<MetricPoint> points;  // ascending in time
};

struct MetricDataPage {
    std::vector<MetricResult> results;
    std::string next_token;
    std::string message;  // first message of the service, where it sent one
};

// protocol where the text is not such a page: cut, not JSON, timestamps and values of different number, unknown id. `queries`: how many
// were asked for. The parser keeps its buffers between calls; one object a thread.
class MetricPageParser {
public:
    MetricPageParser();
    ~MetricPageParser();
    [[nodiscard]] Result<MetricDataPage> parse(std::string_view body, std::size_t queries);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::platform::aws
