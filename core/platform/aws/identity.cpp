// Who we are, what we may read, and which clock the endpoint lives on.
#include <nlohmann/json.hpp>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/aws/metric_plan.h"

namespace pilotlight::platform::aws {
namespace {

AwsRequest callerIdentity(const std::string& region) {
    AwsRequest request;
    request.operation = Operation::get_caller_identity;
    request.region = region;
    request.content_type = "application/x-www-form-urlencoded; charset=utf-8";
    request.body = "Action=GetCallerIdentity&Version=2011-06-15";
    request.deadline = seconds(8);  // answered in a moment, or somebody waits for the word that the endpoint hangs
    request.attempts = 2;
    return request;
}

std::string element(std::string_view xml, std::string_view name) {
    const std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
    const auto from = xml.find(open);
    if (from == std::string_view::npos) return {};
    const auto to = xml.find(close, from);
    return to == std::string_view::npos ? std::string{} : std::string(xml.substr(from + open.size(), to - from - open.size()));
}

// The cheapest call of each kind that reading needs. Cost Explorer is left out: every call of it is charged.
std::vector<AwsRequest> probes(const std::string& region, Timestamp now) {
    using nlohmann::json;
    const auto day = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count() / 86'400 * 86'400;
    std::vector<AwsRequest> list;
    list.push_back(restRequest(Operation::list_functions, region, "GET", "/2015-03-31/functions", "MaxItems=1"));
    list.push_back(restRequest(Operation::get_account_settings, region, "GET", "/2016-08-19/account-settings"));
    list.push_back(restRequest(Operation::list_event_sources, region, "GET", "/2015-03-31/event-source-mappings", "MaxItems=1"));
    const json query = {{"Id", "q0"},
                        {"MetricStat",
                         {{"Metric", {{"Namespace", "AWS/Lambda"}, {"MetricName", "Invocations"}, {"Dimensions", json::array()}}},
                          {"Period", 3600},
                          {"Stat", "Sum"}}}};
    list.push_back(jsonRequest(Operation::get_metric_data, region,
                               json{{"StartTime", day - 86'400}, {"EndTime", day}, {"MetricDataQueries", {query}}}.dump()));
    list.back().price = kMetricPrice;
    // A log group that does not exist: permission is checked before that is noticed.
    list.push_back(jsonRequest(Operation::filter_log_events, region,
                               json{{"logGroupName", "/aws/lambda/pilotlight-permission-probe"}, {"limit", 1}}.dump()));
    list.push_back(
        jsonRequest(Operation::describe_scalable_targets, region, json{{"ServiceNamespace", "lambda"}, {"MaxResults", 1}}.dump()));
    return list;
}

}  // namespace

Result<IdentityReport> AwsPlatform::test(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> regions, client_.regions());
    PILOTLIGHT_ASSIGN(const net::AwsCredentials credentials, client_.credentials(job));
    const std::string& region = regions.front();
    PILOTLIGHT_ASSIGN(const net::HttpResponse answer, client_.call(callerIdentity(region), job));
    IdentityReport report;
    report.account = element(answer.body, "Account");
    report.principal = element(answer.body, "Arn");
    report.credentials_from = credentials.source;
    report.expires = credentials.expires;
    if (report.account.empty()) {
        return fail(ErrorCode::protocol, "The answer of sts:GetCallerIdentity does not name an account", "It is unknown who we are.",
                    "Check that the endpoint is AWS or speaks its protocol.");
    }
    const auto clock_now = clock()->now();
    if (const auto sandbox = client_.session().sandboxTime()) report.sandbox_speed = sandbox->speed;
    const auto requests = probes(region, clock_now);
    auto answers = client_.callAll(requests, 4, job);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (answers[i] || answers[i].error().code == ErrorCode::not_found) continue;
        if (answers[i].error().code == ErrorCode::cancelled) return fail(answers[i].error());
        report.missing.push_back(problem(region, requests[i].operation, std::move(answers[i]).error()));
    }
    return report;
}

std::shared_ptr<Clock> AwsPlatform::clock() {
    return clock_.get(client_.session(), client_.wallClock(), client_.customEndpoint(), [this] {
        const auto regions = client_.regions();
        if (!regions) return;
        auto asked = callerIdentity(regions->front());
        asked.attempts = 1;
        (void)client_.call(asked, JobContext{});
    });
}

}  // namespace pilotlight::platform::aws
