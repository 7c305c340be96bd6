// The what-if options that `whatif` and `plan` share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/domain/tuning.h"

namespace CLI {
class App;
}

namespace pilotlight::ctl {

struct WhatIfOptions {
    std::optional<std::int32_t> memory, concurrency;
    std::optional<double> vcpu;
    std::string warm_pool, warm_schedule, instance_limit;
    double traffic = 1.0, surge = 1.0;

    void addTo(CLI::App& command, bool with_traffic);
    // invalid_argument names the option that is wrong.
    [[nodiscard]] Result<WhatIf> read() const;
};

// {"time_zone":"Europe/Paris","entries":[{"days":"mon-fri","at":"08:00","level":6}, ...]}; errors name the field.
[[nodiscard]] Result<WarmSchedule> parseWarmSchedule(const std::string& json);

} // namespace pilotlight::ctl
