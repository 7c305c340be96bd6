// The subscription that the Azure part of the sandbox serves: function apps on Flex Consumption, Premium and Consumption plans as Resource
// Manager shows them, their metrics, bill and prices; and Entra's token service for the one service principal of this run.
// Strict: a missing or unknown api-version, an unknown property, a wrong token are refused in Azure's own shape.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/sandbox/aws/wire.h"
#include "app/sandbox/engine/shared_engine.h"
#include "app/sandbox/faults.h"

namespace pilotlight::sandbox::azure {

struct Documents;
struct App {
    App();
    ~App();
    FunctionSpec spec;
    std::unique_ptr<SharedEngine> engine;
    std::unique_ptr<Documents> documents;
    nlohmann::json& site;                          // Microsoft.Web/sites
    nlohmann::json& config;                        // its config/web
    nlohmann::json& plan;                          // Microsoft.Web/serverfarms
    [[nodiscard]] std::string resourceId() const;  // as Azure writes it
};

struct Operation {
    App* app = nullptr;
    Micros done_at = 0;
    bool fails = false;
};

class Subscription {
public:
    Subscription(const Scenario& scenario, std::uint64_t seed, Micros start);
    void advance(Micros t);
    [[nodiscard]] Micros now() const { return now_; }
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] std::vector<std::unique_ptr<App>>& apps() { return apps_; }
    [[nodiscard]] App* find(const std::string& group, const std::string& name);
    // What is in the documents takes effect after some seconds. The operation's id.
    std::string change(App& app);
    [[nodiscard]] const Operation* operation(const std::string& id) const;

    double convergence_factor = 1;
    bool next_change_fails = false;
    std::string origin;  // scheme://host:port of this server, for links

private:
    std::string id_;
    Micros now_;
    Random random_;
    std::uint64_t counter_ = 0;
    std::vector<std::unique_ptr<App>> apps_;
    std::map<std::string, Operation> operations_;
    Micros pruned_ = 0;
};

inline constexpr const char* kManagementScope = "https://management.azure.com/.default";
inline constexpr const char* kInsightsScope = "https://api.applicationinsights.io/.default";

// The service principal of this run.
class TokenIssuer {
public:
    TokenIssuer();
    [[nodiscard]] const std::string& tenant() const { return tenant_; }
    [[nodiscard]] const std::string& client() const { return client_; }
    [[nodiscard]] const std::string& secret() const { return secret_; }
    [[nodiscard]] HttpResponse handle(const HttpRequest& request, std::int64_t real_now);
    // Error: 401 as Resource Manager words it. `scope`: what the token must be for.
    [[nodiscard]] Answer<void> check(const HttpRequest& request, std::int64_t real_now, const std::string& scope = kManagementScope) const;

private:
    std::string tenant_, client_, secret_;
    mutable std::mutex mutex_;
    struct Token {
        std::int64_t expires = 0;
        std::string scope;
    };
    std::map<std::string, Token> tokens_;
};

// "arm.PutSite", "monitor.ListMetrics", ...: what fault rules match. Empty: no Azure API has this path.
[[nodiscard]] std::string operationOf(const HttpRequest& request);
[[nodiscard]] HttpResponse answer(const HttpRequest& request, Subscription& subscription, TokenIssuer& tokens, std::int64_t real_now);
[[nodiscard]] HttpResponse errorResponse(const ServiceError& error);
// A scripted refusal (denied, disabled, quota, expired); nullopt: another kind of fault.
[[nodiscard]] std::optional<HttpResponse> refusalOf(Fault::Kind kind, const std::string& operation);

// Handlers of their own files. `query`: decoded parameters, names in lower case.
using Query = std::map<std::string, std::string>;
[[nodiscard]] Answer<HttpResponse> handleMetrics(App& app, Micros now, const Query& query);
// Microsoft.Insights/components, and the one query of Application Insights that Pilotlight publishes.
[[nodiscard]] nlohmann::json componentOf(const Subscription& subscription, const App& app);
[[nodiscard]] HttpResponse handleInsights(const HttpRequest& request, Subscription& subscription);
[[nodiscard]] Answer<HttpResponse> handleCosts(const HttpRequest& request, Subscription& subscription, const Query& query);
[[nodiscard]] Answer<HttpResponse> handlePrices(const HttpRequest& request);

}  // namespace pilotlight::sandbox::azure
