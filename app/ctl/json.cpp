#include "app/ctl/json.h"

#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json orNull(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json toJson(const std::optional<Estimate>& estimate) {
    if (!estimate) return nullptr;
    return {{"value", estimate->value}, {"lo", estimate->lo}, {"hi", estimate->hi}};
}

Json toJson(const std::optional<MoneyEstimate>& estimate) {
    if (!estimate) return nullptr;
    return {{"value", estimate->value.toDouble()}, {"lo", estimate->lo.toDouble()}, {"hi", estimate->hi.toDouble()}};
}

Json toJson(const std::optional<EffectValue>& value) {
    if (!value) return nullptr;
    return {{"before", value->before}, {"after", value->after}, {"lo", value->lo}, {"hi", value->hi}};
}

Json toJson(const InstanceLimit& limit) {
    switch (limit.kind) {
        case InstanceLimit::Kind::unknown: return nullptr;
        case InstanceLimit::Kind::none: return "none";
        case InstanceLimit::Kind::limited: return limit.value;
    }
    return nullptr;
}

Json orNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json time(Timestamp t) { return t == Timestamp{} ? Json(nullptr) : Json(toIso8601(t)); }

} // namespace

Json toJson(const FunctionRow& row) {
    const auto& f = row.function;
    Json qualifiers = Json::array();
    for (const auto& q : f.qualifiers) qualifiers.push_back({{"name", q.name}, {"kind", q.kind}, {"warm_pool", orNull(q.warm_pool)}});
    return {{"id", f.id},
            {"name", f.name},
            {"profile", f.profile},
            {"platform", name(f.platform)},
            {"region", f.region},
            {"qualifiers", qualifiers},
            {"memory_mb", f.memory.value},
            {"vcpu", f.vcpuShare()},
            {"timeout_s", f.timeout.count()},
            {"architecture", name(f.architecture)},
            {"warm_pool", orNull(f.warmPool())},
            {"instance_limit", toJson(f.instance_limit)},
            {"concurrency", f.concurrencyKnown() ? nlohmann::json(f.concurrency) : nlohmann::json(nullptr)},
            {"invocations", orNull(row.invocations)},
            {"errors", orNull(row.errors)},
            {"throttles", orNull(row.throttles)},
            {"p50_ms", orNull(row.p50_ms)},
            {"p95_ms", orNull(row.p95_ms)},
            {"p99_ms", orNull(row.p99_ms)},
            {"cold_start_share", orNull(row.cold_start_share)},
            {"max_memory_used_mb", orNull(row.max_memory_used_mb)},
            {"cost_usd", row.cost ? Json(row.cost->toDouble()) : Json(nullptr)},
            {"owner", f.owner ? Json(*f.owner) : Json(nullptr)},
            {"period", {{"from", toIso8601(row.period.begin)}, {"to", toIso8601(row.period.end)}}},
            {"covered_s", std::chrono::duration_cast<seconds>(row.covered).count()},
            {"revision", orNull(f.revision)}};
}

Json toJson(const Outcome& outcome) {
    Json breakdown = Json::object();
    for (const auto& [meter, amount] : outcome.breakdown) breakdown[meter] = amount.value.toDouble();
    return {{"cost_usd_month", toJson(outcome.cost_month)},
            {"p50_ms", toJson(outcome.p50_ms)},
            {"p95_ms", toJson(outcome.p95_ms)},
            {"p99_ms", toJson(outcome.p99_ms)},
            {"cold_start_share", toJson(outcome.cold_start_share)},
            {"throttled_share", toJson(outcome.throttled_share)},
            {"breakdown", breakdown}};
}

Json toJson(const WhatIfResult& result) {
    return {{"today", toJson(result.today)},
            {"whatif", toJson(result.whatif)},
            {"basis",
             {{"evidence", result.basis.evidence}, {"model", result.basis.model}, {"prices", result.basis.prices}, {"demand", result.basis.demand}, {"cautions", result.basis.cautions}}}};
}

Json toJson(const tuning::Elsewhere& elsewhere) {
    Json placements = Json::array();
    for (const auto& p : elsewhere.placements) {
        Json lines = Json::array();
        for (const auto& line : p.lines)
            lines.push_back({{"meter", line.meter}, {"quantity", line.quantity}, {"unit", line.unit}, {"unit_price_usd", line.unit_price.toDouble()},
                             {"amount_usd", line.amount.toDouble()}, {"sku", orNull(line.usage_type)}, {"source", line.source}});
        Json place{{"platform", name(p.platform)}, {"service", p.service}, {"region", orNull(p.region)}, {"memory_mb", p.memory.value}, {"vcpu", p.vcpu},
                   {"concurrency", p.concurrency}, {"warm_pool", p.warm_pool}, {"today", p.today}, {"meets_target", p.meets_target}};
        place.update(toJson(p.outcome));
        place["lines"] = std::move(lines);
        place["prices"] = p.prices;
        placements.push_back(std::move(place));
    }
    return {{"target_p95_ms", orNull(elsewhere.target_p95_ms)}, {"placements", placements}, {"cautions", elsewhere.cautions}};
}

Json toJson(const Effect& effect) {
    return {{"cost_usd_month", toJson(effect.cost_usd_month)}, {"p95_ms", toJson(effect.p95_ms)}, {"cold_start_share", toJson(effect.cold_start_share)}};
}

Json toJson(const std::vector<SettingChange>& changes) {
    Json out = Json::array();
    const auto value = [](const std::string& text) -> Json {
        // Numbers as numbers; "none", "unknown" and schedules as text.
        const char* const end = text.data() + text.size();
        if (std::int64_t whole = 0; std::from_chars(text.data(), end, whole).ptr == end && !text.empty()) return whole;
        if (double part = 0; !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) && std::from_chars(text.data(), end, part).ptr == end) return part;
        return text;
    };
    for (const auto& change : changes) out.push_back({{"setting", change.setting}, {"before", value(change.before)}, {"after", value(change.after)}});
    return out;
}

Json toJson(const Recommendation& r) {
    return {{"id", r.id},
            {"function_id", r.function_id},
            {"status", name(r.status)},
            {"changes", toJson(r.changes)},
            {"saving_usd_month", toJson(r.saving_month)},
            {"effect", toJson(r.effect)},
            {"reasons", r.reasons},
            {"needs", orNull(r.needs)}};
}

Json toJson(const Plan& plan) {
    Json guardrails = Json::array();
    for (const auto& g : plan.guardrails) guardrails.push_back({{"name", g.name}, {"verdict", name(g.verdict)}, {"reason", g.reason}});
    return {{"plan_id", plan.id},
            {"function_id", plan.function_id},
            {"changes", toJson(plan.changes)},
            {"effect", toJson(plan.effect)},
            {"guardrails", guardrails},
            {"calls", plan.calls},
            {"traffic", plan.traffic},
            {"revert", plan.revert},
            {"expires", toIso8601(plan.expires)}};
}

Json toJson(const Change& change) {
    return {{"change_id", change.id},
            {"plan_id", change.plan_id},
            {"function_id", change.function_id},
            {"profile", change.profile},
            {"status", name(change.status)},
            {"detail", change.detail},
            {"changes", toJson(change.changes)},
            {"predicted", toJson(change.predicted)},
            {"realised", change.realised ? toJson(*change.realised) : Json(nullptr)},
            {"predicted_saving_usd_month", toJson(change.predicted_saving_month)},
            {"realised_saving_usd_month", toJson(change.realised_saving_month)},
            {"started", time(change.started)},
            {"applied", time(change.applied)},
            {"watch_until", time(change.watch_until)},
            {"decided", time(change.decided)},
            {"reverted_by", orNull(change.reverted_by)}};
}

Json toJson(const platform::Problem& problem) {
    return {{"scope", problem.scope},       {"operation", problem.operation},   {"code", name(problem.error.code)},
            {"what", problem.error.what},   {"meaning", problem.error.meaning}, {"action", problem.error.action},
            {"permission", orNull(problem.error.permission)}, {"policy", orNull(problem.policy)}};
}

Json toJson(const sync::SyncReport& report) {
    Json problems = Json::array();
    for (const auto& problem : report.problems) problems.push_back(toJson(problem));
    return {{"profile", report.profile},
            {"period", {{"from", toIso8601(report.range.begin)}, {"to", toIso8601(report.range.end)}}},
            {"functions", report.functions},
            {"points", report.points},
            {"invocations", report.invocations},
            {"cost_lines", report.cost_lines},
            {"calls", report.calls},
            {"cost_of_reading_usd", report.money.toDouble()},
            {"problems", problems}};
}

Json toJson(const ProfileHealth& health) {
    const auto& p = health.profile;
    Json factors = Json::object();
    for (const auto& [meter, factor] : p.price_factors) factors[meter] = factor;
    return {{"name", p.name},
            {"platform", name(p.platform)},
            {"regions", p.regions},
            {"projects", p.projects},
            {"subscription", orNull(p.subscription)},
            {"endpoint_url", orNull(p.endpoint_url)},
            {"environment", name(p.environment)},
            {"write", p.write},
            {"aws_profile", orNull(p.aws_profile)},
            {"price_factors", factors},
            {"today", {{"calls", health.today.calls}, {"money_usd", health.today.money.toDouble()}}},
            {"data_as_of", health.data_as_of ? Json(toIso8601(*health.data_as_of)) : Json(nullptr)}};
}

} // namespace pilotlight::ctl
