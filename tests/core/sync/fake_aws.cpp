#include "tests/core/sync/fake_aws.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/platform/aws/aws_platform.h"

namespace pilotlight::sync {
namespace {

using nlohmann::json;

constexpr milliseconds kSlot{300'000};

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15ull ^ (b + 0x7f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
    x ^= x >> 29;
    x *= 0x94d049bb133111ebull;
    return x ^ (x >> 32);
}
std::uint64_t hashOf(const std::string& text) {
    std::uint64_t h = 1469598103934665603ull;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return h;
}
Timestamp fromSeconds(std::int64_t s) { return Timestamp(seconds(s)); }

json configuration(const std::string& name) {
    return {{"FunctionName", name},    {"FunctionArn", idOf(name)},
            {"Runtime", "python3.12"}, {"MemorySize", 1024},
            {"Timeout", 30},           {"LastModified", "2026-01-01T00:00:00.000+0000"},
            {"Version", "$LATEST"},    {"RevisionId", "r-" + name},
            {"State", "Active"},       {"LastUpdateStatus", "Successful"},
            {"CodeSha256", "sha"},     {"Architectures", {"x86_64"}}};
}

std::string nameOf(const net::HttpRequest& request) {
    for (const auto& [key, value] : request.headers) {
        if (key == "X-Amz-Target" || key == "x-amz-target") return value.substr(value.find('.') + 1);
    }
    const std::string& url = request.url;
    const auto has = [&](const char* part) { return url.find(part) != std::string::npos; };
    if (has("/offers/")) return "PriceList";
    if (has("event-source-mappings")) return "ListEventSourceMappings";
    if (has("account-settings")) return "GetAccountSettings";
    if (has("/aliases")) return "ListAliases";
    if (has("/provisioned-concurrency")) return "ListProvisionedConcurrencyConfigs";
    if (has("/2015-03-31/functions/")) return "GetFunction";
    if (has("/2015-03-31/functions")) return "ListFunctions";
    return "GetCallerIdentity";
}

}  // namespace

Result<net::HttpResponse> FakeAws::send(const net::HttpRequest& request, std::stop_token stop) {
    if (before_each) before_each();
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");
    const std::string name = nameOf(request);
    ++calls[name];
    net::HttpResponse response;
    if (refused.contains(name)) {
        response.status = 403;
        response.headers = {{"x-amzn-errortype", "AccessDeniedException"}};
        response.body = R"({"__type":"AccessDeniedException","message":"not authorized"})";
        return response;
    }
    return answer(name, request);
}

std::vector<Result<net::HttpResponse>> FakeAws::sendAll(std::span<const net::HttpRequest> requests, std::size_t, std::stop_token stop) {
    std::vector<Result<net::HttpResponse>> responses;
    for (const auto& request : requests) responses.push_back(send(request, stop));
    return responses;
}

int FakeAws::total() const {
    int sum = 0;
    for (const auto& [name, count] : calls) sum += count;
    return sum;
}

net::HttpResponse FakeAws::answer(const std::string& name, const net::HttpRequest& request) const {
    net::HttpResponse response;
    response.status = 200;
    if (name == "ListFunctions") {
        json list = json::array();
        for (const auto& function : functions) list.push_back(configuration(function));
        response.body = json{{"Functions", list}}.dump();
    } else if (name == "GetFunction") {
        const auto from = request.url.find("/functions/") + 11;
        const std::string function = request.url.substr(from, request.url.find_first_of("/?", from) - from);
        response.body = json{{"Configuration", configuration(function)}, {"Tags", {{"team", "ml"}}}}.dump();
    } else if (name == "ListAliases") {
        response.body = R"({"Aliases":[]})";
    } else if (name == "ListProvisionedConcurrencyConfigs") {
        response.body = R"({"ProvisionedConcurrencyConfigs":[]})";
    } else if (name == "ListEventSourceMappings") {
        response.body = R"({"EventSourceMappings":[]})";
    } else if (name == "GetAccountSettings") {
        response.body = R"({"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}})";
    } else if (name == "GetMetricData") {
        response.body = metricData(request.body);
    } else if (name == "FilterLogEvents") {
        response.body = logEvents(request.body);
    } else if (name == "GetCostAndUsage") {
        response.body = costs(request.body);
    } else if (name == "PriceList") {
        response.status = 404;
    } else {
        response.body = R"({"ScalableTargets":[],"ScalingPolicies":[],"ScheduledActions":[]})";
    }
    return response;
}

std::vector<Timestamp> FakeAws::starts(const std::string& function, Timestamp slot) const {
    std::vector<Timestamp> times;
    if (function == "idle") return times;
    const std::uint64_t h = mixed(hashOf(function), static_cast<std::uint64_t>(slot.time_since_epoch().count()));
    if (h % 11 == 0) return times;
    const auto count = static_cast<std::int64_t>(h % static_cast<std::uint64_t>(2 * per_slot)) + 1;
    for (std::int64_t i = 0; i < count; ++i) times.push_back(slot + kSlot * i / count + milliseconds(h % 97));
    return times;
}

std::optional<double> FakeAws::value(const std::string& function, const std::string& metric, const std::string& statistic, Timestamp time,
                                     seconds period) const {
    const Timestamp now = clock_->now();
    double count = 0;
    std::uint64_t h = mixed(hashOf(function + metric + statistic), static_cast<std::uint64_t>(time.time_since_epoch().count()));
    for (Timestamp slot = floorTo(time, kSlot); slot < time + period; slot += kSlot) {
        for (const Timestamp start : starts(function, slot)) {
            // Points arrive up to ten minutes late.
            if (start >= time && start < time + period && start + milliseconds(h % 600'000) <= now) ++count;
        }
    }
    if (count == 0) return std::nullopt;
    if (metric == "Invocations" || statistic == "SampleCount") return count;
    if (metric == "Errors" || metric == "Throttles") return h % 9 == 0 ? 1.0 : 0.0;
    return count + static_cast<double>(h % 100'000) / 77.0;
}

std::string FakeAws::metricData(const std::string& text) const {
    const json body = json::parse(text);
    const Timestamp begin = fromSeconds(body["StartTime"]), end = fromSeconds(body["EndTime"]);
    // Six hours a page, all series alike.
    const Timestamp from = body.contains("NextToken") ? fromSeconds(std::stoll(body["NextToken"].get<std::string>())) : begin;
    const Timestamp to = std::min(end, from + hours(6));
    json results = json::array();
    for (const auto& query : body["MetricDataQueries"]) {
        const auto& stat = query["MetricStat"];
        const seconds period(stat["Period"].get<std::int64_t>());
        json times = json::array(), values = json::array();
        for (Timestamp t = begin; t < to; t += period) {
            if (t < from) continue;
            const auto v = value(stat["Metric"]["Dimensions"][0]["Value"], stat["Metric"]["MetricName"], stat["Stat"], t, period);
            if (!v) continue;
            times.push_back(std::chrono::duration_cast<seconds>(t.time_since_epoch()).count());
            values.push_back(*v);
        }
        results.push_back({{"Id", query["Id"]},
                           {"Label", "x"},
                           {"Timestamps", times},
                           {"Values", values},
                           {"StatusCode", to < end ? "PartialData" : "Complete"}});
    }
    json reply = {{"MetricDataResults", results}, {"Messages", json::array()}};
    if (to < end) reply["NextToken"] = std::to_string(std::chrono::duration_cast<seconds>(to.time_since_epoch()).count());
    return reply.dump();
}

std::string FakeAws::logEvents(const std::string& text) const {
    const json body = json::parse(text);
    const std::string function = body["logGroupName"].get<std::string>().substr(std::string("/aws/lambda/").size());
    const Timestamp begin{milliseconds(body["startTime"].get<std::int64_t>())}, end{milliseconds(body["endTime"].get<std::int64_t>())};
    const bool cold_only = body["filterPattern"].get<std::string>().find("Init") != std::string::npos;
    const Timestamp now = clock_->now();
    constexpr std::size_t kPage = 120;
    std::vector<std::pair<Timestamp, json>> events;
    for (Timestamp slot = floorTo(begin - kSlot, kSlot); slot <= end && slot <= now; slot += kSlot) {
        for (const Timestamp start : starts(function, slot)) {
            const std::uint64_t h = mixed(hashOf(function), static_cast<std::uint64_t>(start.time_since_epoch().count()));
            const bool cold = h % 20 == 0;
            if (cold_only && !cold) continue;
            const auto duration = static_cast<std::int64_t>(50 + h % 900), init = static_cast<std::int64_t>(cold ? 300 + h % 200 : 0);
            const Timestamp ended = start + milliseconds(duration + init);
            if (ended < begin || ended > end || ended > now) continue;
            char line[400];
            std::snprintf(line, sizeof line,
                          "REPORT RequestId: %08x-0000-4000-8000-%012llx\tDuration: %lld.25 ms\tBilled Duration: %lld ms\tMemory Size: "
                          "1024 MB\tMax Memory Used: %llu MB\t",
                          static_cast<unsigned>(h >> 32), static_cast<unsigned long long>(h & 0xffffffffffffull),
                          static_cast<long long>(duration), static_cast<long long>(duration + 1 + init),
                          static_cast<unsigned long long>(200 + h % 50));
            std::string message = line;
            if (cold) message += "Init Duration: " + std::to_string(init) + ".00 ms\t";
            events.emplace_back(ended, json{{"timestamp", ended.time_since_epoch().count()},
                                            {"message", message + "\n"},
                                            {"logStreamName", "s" + std::to_string(h % 5)}});
        }
    }
    std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::size_t from = body.contains("nextToken") ? std::stoull(body["nextToken"].get<std::string>()) : 0;
    json list = json::array();
    for (std::size_t i = from; i < std::min(events.size(), from + kPage); ++i) list.push_back(events[i].second);
    json reply = {{"events", list}};
    if (from + kPage < events.size()) reply["nextToken"] = std::to_string(from + kPage);
    return reply.dump();
}

std::string FakeAws::costs(const std::string& text) const {
    const json body = json::parse(text);
    const Timestamp begin = parseIso8601(body["TimePeriod"]["Start"].get<std::string>()).value();
    const Timestamp end = parseIso8601(body["TimePeriod"]["End"].get<std::string>()).value();
    json days = json::array();
    for (Timestamp day = begin; day < end; day += hours(24)) {
        const auto metric = [](const char* amount, const char* unit) { return json{{"Amount", amount}, {"Unit", unit}}; };
        days.push_back({{"TimePeriod", {{"Start", toIso8601(day).substr(0, 10)}, {"End", toIso8601(day + hours(24)).substr(0, 10)}}},
                        {"Groups",
                         {{{"Keys", {"USE1-Lambda-GB-Second", "us-east-1"}},
                           {"Metrics",
                            {{"UnblendedCost", metric("1.25", "USD")},
                             {"AmortizedCost", metric("1.00", "USD")},
                             {"UsageQuantity", metric("75000", "N/A")}}}}}},
                        {"Estimated", false}});
    }
    return json{{"ResultsByTime", days}}.dump();
}

std::unique_ptr<platform::Platform> makeAws(std::shared_ptr<FakeAws> http, std::shared_ptr<FakeClock> clock) {
    Profile profile;
    profile.name = "prod";
    profile.regions = {"us-east-1"};
    platform::Dependencies dependencies;
    dependencies.http = std::move(http);
    dependencies.wall_clock = std::move(clock);
    dependencies.meter = std::make_shared<net::ApiMeter>(1'000'000, Money::dollars(1'000));
    return std::make_unique<platform::aws::AwsPlatform>(profile, dependencies, [](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_ACCESS_KEY_ID") return "AKIDEXAMPLE";
        if (name == "AWS_SECRET_ACCESS_KEY") return "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        if (name == "AWS_EC2_METADATA_DISABLED") return "true";
        return std::nullopt;
    });
}

}  // namespace pilotlight::sync
