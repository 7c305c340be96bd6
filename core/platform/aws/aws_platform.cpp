#include "core/platform/aws/aws_platform.h"

#include <fmt/format.h>

#include "core/platform/aws/inventory.h"
#include "core/platform/aws/log_windows.h"
#include "core/platform/aws/metric_plan.h"
#include "core/platform/aws/regions.h"

namespace pilotlight::platform::aws {

AwsPlatform::AwsPlatform(Profile profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(std::move(profile)), client_(profile_, dependencies, std::move(environment)) {}

Result<Inventory> AwsPlatform::listFunctions(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> regions, client_.regions());
    PILOTLIGHT_TRY(client_.credentials(job));  // without credentials there is one error, not one a region
    const bool everywhere = !profile_.regions.empty() && profile_.regions.front() == "all";
    Inventory inventory;
    std::optional<Error> refused, away;
    PILOTLIGHT_TRY(job.check());
    job.report({"Functions", std::nullopt, 0, 0});
    auto outcomes = readRegions({client_, profile_.name, clock()->now(), job}, regions, inventory);
    for (std::size_t i = 0; i < regions.size(); ++i) {
        if (outcomes[i]) continue;
        Error error = std::move(outcomes[i]).error();
        if (error.code == ErrorCode::cancelled || error.code == ErrorCode::budget_exceeded ||
            error.code == ErrorCode::credentials_expired) {
            return fail(std::move(error));
        }
        if (error.code == ErrorCode::unauthenticated) {
            // In a region that the account has not enabled no key is known.
            if (everywhere && isOptIn(regions[i])) continue;
            if (!refused) refused = error;
        }
        if ((error.code == ErrorCode::network || error.code == ErrorCode::protocol) && !away) away = error;
        inventory.problems.push_back(problem(regions[i], Operation::list_functions, std::move(error)));
    }
    // Nothing at all could be read: one error, not one a region.
    if (inventory.regions_read.empty() && refused) return fail(std::move(*refused));
    if (inventory.regions_read.empty() && away) return fail(std::move(*away));
    {
        const std::lock_guard lock(mutex_);
        for (const auto& limits : inventory.limits) limits_[limits.region] = limits;
    }
    return inventory;
}

Result<Function> AwsPlatform::readFunction(const std::string& id, const JobContext& job) {
    return readOne({client_, profile_.name, clock()->now(), job}, id);
}

Result<AccountLimits> AwsPlatform::readLimits(const std::string& region, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const AccountLimits limits, readAccountLimits({client_, profile_.name, clock()->now(), job}, region));
    const std::lock_guard lock(mutex_);
    return limits_[region] = limits;
}

ReadEstimate AwsPlatform::estimate(std::span<const MetricRequest> metrics, std::span<const LogRequest> logs) const {
    ReadEstimate estimate;
    Timestamp newest{};
    for (const auto& request : metrics) newest = std::max(newest, request.range.end);
    for (const auto& batch : planMetrics(metrics, newest)) {
        const auto points = static_cast<std::int64_t>(batch.queries.size()) * (batch.range.length() / batch.period);
        estimate.calls += 1 + points / static_cast<std::int64_t>(kMaxPagePoints);
        estimate.money += priceOf(batch);
    }
    for (const auto& request : logs) {
        estimate.calls += 1;  // the cold starts; reading log events is not charged
        const RangeSet missing = request.known_complete.missingIn(request.range);
        const std::int64_t lines = std::min(request.line_budget, request.expected_invocations);
        if (lines <= 0) continue;
        const auto windows = planLogWindows(missing, request.expected_invocations, request.line_budget, 0).windows.size();
        // Each window ends with a page that is not full.
        estimate.calls += static_cast<std::int64_t>(windows) + lines / kLinesPerPage;
    }
    estimate.text = fmt::format("{} calls, ${:.2f}", estimate.calls, estimate.money.toDouble());
    return estimate;
}

}  // namespace pilotlight::platform::aws
