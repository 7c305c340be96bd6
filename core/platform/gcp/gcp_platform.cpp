#include "core/platform/gcp/gcp_platform.h"

#include <fmt/format.h>

#include <set>

#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/inventory.h"
#include "core/platform/gcp/metric_plan.h"

namespace pilotlight::platform::gcp {

GcpPlatform::GcpPlatform(Profile profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(std::move(profile)), client_(profile_, dependencies, std::move(environment)) {}

Result<Inventory> GcpPlatform::listFunctions(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> projects, client_.projects());
    PILOTLIGHT_TRY(client_.token(job));  // without credentials there is one error, not one a project
    Inventory inventory;
    std::optional<Error> refused;
    // Regions are shared by projects: one is complete where every project that was asked for it answered.
    std::map<std::string, std::size_t> complete;
    std::size_t answered = 0;
    for (const auto& project : projects) {
        PILOTLIGHT_TRY(job.check());
        Inventory one;
        const ReadContext context{client_, profile_, clock()->now(), job};
        Status done = readProject(context, project, one);
        if (!done) {
            if (endsAll(done.error().code)) return fail(std::move(done).error());
            Error error = std::move(done).error();
            if (!refused) refused = error;
            inventory.problems.push_back(problem(project, Operation::list_locations, std::move(error), project));
            continue;
        }
        ++answered;
        for (const auto& region : one.regions_read) ++complete[region];
        std::move(one.functions.begin(), one.functions.end(), std::back_inserter(inventory.functions));
        std::move(one.problems.begin(), one.problems.end(), std::back_inserter(inventory.problems));
    }
    if (answered == 0 && refused) return fail(std::move(*refused));
    for (const auto& [region, times] : complete)
        if (times == projects.size()) inventory.regions_read.push_back(region);
    const std::lock_guard lock(mutex_);
    for (const auto& function : inventory.functions)
        if (const auto at = function.untuned.find(kFunctionName); at != function.untuned.end()) function_names_[function.id] = at->second;
    return inventory;
}

std::string GcpPlatform::knownFunctionName(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto at = function_names_.find(id);
    return at == function_names_.end() ? std::string{} : at->second;
}

Result<Function> GcpPlatform::readFunction(const std::string& id, const JobContext& job) {
    return readOne({client_, profile_, clock()->now(), job}, id, knownFunctionName(id));
}

Result<AccountLimits> GcpPlatform::readLimits(const std::string&, const JobContext&) {
    return fail(ErrorCode::unsupported, "Google Cloud has no concurrency limit of the whole account", {}, {});
}

Result<std::vector<Problem>> GcpPlatform::readInvocations(std::span<const LogRequest>, const InvocationSink&, const JobContext&) {
    return std::vector<Problem>{};
}

ReadEstimate GcpPlatform::estimate(std::span<const MetricRequest> metrics, std::span<const LogRequest>) const {
    ReadEstimate estimate;
    Timestamp newest{};
    for (const auto& request : metrics) newest = std::max(newest, request.range.end);
    for (const auto& call : planMetrics(metrics, newest)) {
        const auto points = static_cast<std::int64_t>(call.functions.size()) * (call.range.length() / milliseconds(call.period));
        estimate.calls += 1 + points / 40'000;
    }
    estimate.text = fmt::format("{} calls, no charge", estimate.calls);  // reading metrics by the API is not charged below a million calls
    return estimate;
}

std::shared_ptr<Clock> GcpPlatform::clock() {
    return clock_.get(client_.session(), client_.wallClock(), client_.customEndpoint(), [this] {
        if (const auto projects = client_.projects())
            (void)client_.call({Operation::list_locations, "GET", "/v1/projects/" + projects->front() + "/locations", {}}, JobContext{});
    });
}

}  // namespace pilotlight::platform::gcp
