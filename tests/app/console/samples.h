// A small fleet made by hand.
#pragma once

#include "app/console/fleet.h"

namespace pilotlight::console::test {

inline Timestamp at(const char* iso) { return *parseIso8601(iso); }

inline FunctionRow functionRow(const std::string& name, std::optional<double> cost_usd, std::optional<double> p95_ms) {
    FunctionRow row;
    row.function.id = "arn:aws:lambda:us-east-1:123456789012:function:" + name;
    row.function.name = name;
    row.function.profile = "prod-eu";
    row.function.region = "us-east-1";
    row.function.memory = {1024};
    row.function.timeout = seconds(30);
    row.function.instance_limit = InstanceLimit::unlimited();
    row.period = {at("2026-11-10T00:00:00Z"), at("2026-11-24T00:00:00Z")};
    if (cost_usd) row.cost = Money::fromDouble(*cost_usd);
    row.cost_note = cost_usd ? "us-east-1 prices of 2026-11-20" : "no price for us-east-1";
    row.p95_ms = p95_ms;
    row.invocations = 1000;
    row.errors = 0;
    row.throttles = 0;
    row.cold_start_share = 0.03;
    return row;
}

inline MoneyEstimate money(double value, double lo, double hi) {
    return {Money::fromDouble(value), Money::fromDouble(lo), Money::fromDouble(hi)};
}

inline Fleet fleet() {
    Fleet fleet;
    fleet.now = at("2026-11-24T00:00:00Z");
    fleet.range = {at("2026-11-10T00:00:00Z"), fleet.now};
    ProfileHealth health;
    health.profile.name = "prod-eu";
    health.profile.environment = Environment::production;
    health.profile.write = true;
    health.data_as_of = at("2026-11-23T23:55:00Z");
    fleet.profiles.push_back(health);
    fleet.functions = {functionRow("chat", 140, 2210), functionRow("ocr", 14, 640), functionRow("thumb", std::nullopt, std::nullopt)};
    Recommendation r;
    r.id = "r1";
    r.function_id = fleet.functions[0].function.id;
    r.status = RecommendationStatus::recommended;
    r.settings.memory = Megabytes{2048};
    r.changes = {{"memory_mb", "1024", "2048"}};
    r.saving_month = money(96, 78, 114);
    fleet.recommendations.push_back(r);
    return fleet;
}

}  // namespace pilotlight::console::test
