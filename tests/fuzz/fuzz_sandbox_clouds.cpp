// Requests of clients to the Google and Azure parts of the sandbox: first line method and path, second query, then the body.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "app/sandbox/azure/arm.h"
#include "app/sandbox/gcp/google.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight::sandbox;
    if (size > 1 << 14) return 0;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto first = std::min(text.find('\n'), text.size()),
               second = std::min(text.find('\n', std::min(first + 1, text.size())), text.size());
    const auto space = std::min(text.find(' '), first);
    HttpRequest request;
    request.method = text.substr(0, space);
    request.path = "/" + text.substr(std::min(space + 1, first), first - std::min(space + 1, first));
    request.raw_query = text.substr(std::min(first + 1, second), second - std::min(first + 1, second));
    request.body = text.substr(std::min(second + 1, text.size()));
    static const auto scenario = parseScenario(defaultScenario()).value();
    static gcp::Project project(scenario, 1, 1'795'529'100'000'000);
    static azure::Subscription subscription(scenario, 1, 1'795'529'100'000'000);
    static azure::TokenIssuer entra;
    (void)gcp::operationOf(request);
    (void)azure::operationOf(request);
    // Nobody guesses a token: what is behind it is called directly.
    if (azure::answer(request, subscription, entra, 1'795'529'100'000'000).status == 200 && azure::operationOf(request) != "prices.List")
        __builtin_trap();
    gcp::Call call{request, project, {"v3", "projects", project.id(), "timeSeries"}, {}, {}};
    for (auto& [name, value] : request.query()) call.query[name].push_back(value);
    (void)gcp::handleMonitoring(call);
    call.path = {"v2", "projects", project.id(), "locations", "us-central1", "services", "rerank-service"};
    (void)gcp::handleRun(call);
    call.path = {"bigquery", "v2", "projects", project.id(), "queries"};
    (void)gcp::handleBigQuery(call);
    azure::Query query;
    for (auto& [name, value] : request.query()) query[name] = value;
    (void)azure::handleMetrics(*subscription.apps().front(), subscription.now(), query);
    (void)azure::handleCosts(request, subscription, query);
    return 0;
}
