// The billing export in BigQuery: what Google billed for Cloud Run and Cloud Functions, by day and SKU.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/domain/cost.h"

namespace pilotlight::platform::gcp {

struct CostPage {
    std::vector<CostLine> lines;  // billed (before credits) and effective (after them)
    std::string next_token, job_id, location;
    bool complete = false;   // else the job still runs
    std::int64_t bytes = 0;  // that the query reads
};
// A QueryResponse or GetQueryResultsResponse of the published query. protocol where the text is no such answer or a row cannot be read.
[[nodiscard]] Result<CostPage> parseCostPage(std::string_view body, const std::string& profile);

// Body of jobs.query. `project` ids are those whose usage is asked for.
[[nodiscard]] std::string costQuery(const std::string& table, TimeRange days, const std::vector<std::string>& projects,
                                    const std::string& location, bool dry_run, std::int64_t bytes_limit);

}  // namespace pilotlight::platform::gcp
