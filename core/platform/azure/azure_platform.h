// Platform over Azure Functions. One object a profile; thread-safe for reads (its session and credential source are).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <set>

#include "core/platform/azure/client.h"
#include "core/platform/endpoint_clock.h"
#include "core/platform/platform.h"

namespace pilotlight::platform::azure {

class AzurePlatform final : public Platform {
public:
    // `environment`: where variables come from; empty = the process's.
    AzurePlatform(Profile profile, const Dependencies& dependencies, net::EnvironmentReader environment = {});

    [[nodiscard]] const Profile& profile() const override { return profile_; }
    [[nodiscard]] Capabilities capabilities(const Function& function) const override;
    [[nodiscard]] Result<IdentityReport> test(const JobContext& job) override;
    [[nodiscard]] std::shared_ptr<Clock> clock() override;

    [[nodiscard]] Result<Inventory> listFunctions(const JobContext& job) override;
    [[nodiscard]] Result<Function> readFunction(const std::string& id, const JobContext& job) override;
    [[nodiscard]] Result<AccountLimits> readLimits(const std::string& region, const JobContext& job) override;

    [[nodiscard]] Result<std::vector<Problem>> readMetrics(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                           const JobContext& job) override;
    // Nothing is read: of requests, figures by period are read (readMetrics), not each one.
    [[nodiscard]] Result<std::vector<Problem>> readInvocations(std::span<const LogRequest> requests, const InvocationSink& sink,
                                                               const JobContext& job) override;
    [[nodiscard]] ReadEstimate estimate(std::span<const MetricRequest> metrics, std::span<const LogRequest> logs) const override;

    [[nodiscard]] Result<std::vector<CostLine>> readCosts(TimeRange range, const JobContext& job) override;
    [[nodiscard]] Result<std::vector<PriceBook>> readPrices(const std::vector<std::string>& regions, const JobContext& job) override;

    [[nodiscard]] Result<std::vector<ApplyStep>> steps(const Function& before, const DesiredSettings& desired,
                                                       const std::string& alias) const override;
    [[nodiscard]] Result<StepResult> send(const Function& before, const ApplyStep& step, const std::string& context,
                                          const std::string& plan_id, const JobContext& job) override;
    [[nodiscard]] Result<bool> hasHappened(const Function& before, const ApplyStep& step, const std::string& context,
                                           const JobContext& job) override;
    [[nodiscard]] Result<ConvergenceReport> convergence(const std::string& function_id, const JobContext& job) override;

private:
    [[nodiscard]] Result<std::vector<std::string>> subscriptions(const JobContext& job);
    void tellUnknownRegions(const std::string& subscription, const std::set<std::string>& wanted, const std::set<std::string>& seen,
                            Inventory& inventory, const JobContext& job);
    void listPlans(const std::string& subscription, std::map<std::string, nlohmann::json>& wanted, const JobContext& job);
    // The functions inside of `apps`; of those that refuse, app_functions stays unknown and a problem tells it.
    [[nodiscard]] Status readAppFunctions(const std::string& subscription, std::span<Function> apps, Inventory& inventory, const JobContext& job);
    // What Application Insights knows of those that are linked to it.
    [[nodiscard]] Result<std::vector<Problem>> readInsights(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                            const JobContext& job);
    [[nodiscard]] std::map<std::string, Result<std::string>> insightsApps(const std::vector<std::string>& components, const JobContext& job);
    [[nodiscard]] Result<nlohmann::json> document(Operation operation, const std::string& path, const JobContext& job);

    Profile profile_;
    AzureClient client_;
    EndpointClock clock_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string> operations_;  // function id -> address of the operation that changes it; under mutex_
    std::map<std::string, std::string> insights_apps_;  // component id -> application id; under mutex_
};

// What can be set on a function app, by its plan and settings.
[[nodiscard]] Capabilities capabilitiesOf(const Function& function);

}  // namespace pilotlight::platform::azure
