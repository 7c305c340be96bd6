// Who we are, and what we may read.
#include "core/platform/gcp/gcp_platform.h"
#include "core/platform/gcp/metric_plan.h"

namespace pilotlight::platform::gcp {
namespace {

// The cheapest call of each kind that reading needs; none is charged.
std::vector<GcpRequest> probes(const std::string& project, Timestamp now) {
    const Timestamp end = floorTo(now, minutes{5});
    return {{Operation::list_locations, "GET", "/v1/projects/" + project + "/locations", {{"pageSize", "1"}}},
            {Operation::list_functions, "GET", "/v2/projects/" + project + "/locations/-/functions", {{"pageSize", "1"}}},
            {Operation::list_time_series,
             "GET",
             "/v3/projects/" + project + "/timeSeries",
             {{"filter", R"(metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision")"},
              {"interval.startTime", toIso8601(end - hours{1})},
              {"interval.endTime", toIso8601(end)},
              {"aggregation.alignmentPeriod", "3600s"},
              {"aggregation.perSeriesAligner", "ALIGN_DELTA"},
              {"view", "HEADERS"},
              {"pageSize", "1"}}},
            {Operation::list_data_sets, "GET", "/bigquery/v2/projects/" + project + "/datasets", {{"maxResults", "1"}}}};
}

}  // namespace

Result<IdentityReport> GcpPlatform::test(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> projects, client_.projects());
    PILOTLIGHT_ASSIGN(const net::GoogleToken token, client_.token(job));
    IdentityReport report;
    for (const auto& project : projects) report.account += (report.account.empty() ? "" : ", ") + project;
    report.principal = token.principal.empty() ? "a person (the credentials do not tell whom)" : token.principal;
    report.credentials_from = token.source + (token.quota_project.empty() ? "" : ", quota project " + token.quota_project);
    report.expires = token.expires;
    for (const auto& project : projects) {
        const auto requests = probes(project, clock()->now());
        auto answers = client_.callAll(requests, 4, job);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            // A project that never served a request knows no metric yet.
            if (answers[i] || answers[i].error().code == ErrorCode::not_found) continue;
            if (endsAll(answers[i].error().code) || answers[i].error().code == ErrorCode::network) return fail(answers[i].error());
            report.missing.push_back(problem(project, requests[i].operation, std::move(answers[i]).error(), project));
        }
    }
    if (const auto sandbox = client_.session().sandboxTime()) report.sandbox_speed = sandbox->speed;
    return report;
}

}  // namespace pilotlight::platform::gcp
