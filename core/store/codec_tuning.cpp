#include <nlohmann/json.hpp>

#include "core/store/codec.h"
#include "core/store/describe_function.h"

namespace pilotlight::store::json {

template <>
struct Spelling<RecommendationStatus> {
    static constexpr const char* names[] = {"recommended", "optimal", "inconclusive"};
};
template <>
struct Spelling<Verdict> {
    static constexpr const char* names[] = {"pass", "veto", "overridden"};
};
template <>
struct Spelling<ChangeStatus> {
    static constexpr const char* names[] = {"pending", "applied", "failed", "refused", "watching", "kept", "reverted", "inconclusive"};
};
template <>
struct Spelling<Observation::Source> {
    static constexpr const char* names[] = {"cloud", "bench"};
};

}  // namespace pilotlight::store::json

namespace pilotlight {

template <typename Archive>
void describe(Archive& field, MoneyEstimate& estimate) {
    field("value", estimate.value);
    field("lo", estimate.lo);
    field("hi", estimate.hi);
}
template <typename Archive>
void describe(Archive& field, EffectValue& value) {
    field("before", value.before);
    field("after", value.after);
    field("lo", value.lo);
    field("hi", value.hi);
}
template <typename Archive>
void describe(Archive& field, Effect& effect) {
    field("cost_usd_month", effect.cost_usd_month);
    field("p95_ms", effect.p95_ms);
    field("cold_start_share", effect.cold_start_share);
    field("cold_share_by_hour", effect.cold_share_by_hour);
}
template <typename Archive>
void describe(Archive& field, SettingChange& change) {
    field("setting", change.setting);
    field("before", change.before);
    field("after", change.after);
}
template <typename Archive>
void describe(Archive& field, Recommendation& recommendation) {
    field("id", recommendation.id);
    field("function_id", recommendation.function_id);
    field("status", recommendation.status);
    field("settings", recommendation.settings);
    field("alias", recommendation.alias);
    field("changes", recommendation.changes);
    field("saving_month", recommendation.saving_month);
    field("effect", recommendation.effect);
    field("reasons", recommendation.reasons);
    field("needs", recommendation.needs);
    field("effort", recommendation.effort);
    field("risk", recommendation.risk);
    field("made_at", recommendation.made_at);
}
template <typename Archive>
void describe(Archive& field, Guardrail& guardrail) {
    field("name", guardrail.name);
    field("verdict", guardrail.verdict);
    field("reason", guardrail.reason);
}
template <typename Archive>
void describe(Archive& field, Plan& plan) {
    field("id", plan.id);
    field("function_id", plan.function_id);
    field("profile", plan.profile);
    field("alias", plan.alias);
    field("desired", plan.desired);
    field("before", plan.before);
    field("changes", plan.changes);
    field("effect", plan.effect);
    field("guardrails", plan.guardrails);
    field("calls", plan.calls);
    field("traffic", plan.traffic);
    field("revert", plan.revert);
    field("revert_settings", plan.revert_settings);
    field("recommendation_id", plan.recommendation_id);
    field("made_at", plan.made_at);
    field("expires", plan.expires);
}
template <typename Archive>
void describe(Archive& field, Change& change) {
    field("id", change.id);
    field("plan_id", change.plan_id);
    field("function_id", change.function_id);
    field("profile", change.profile);
    field("status", change.status);
    field("detail", change.detail);
    field("changes", change.changes);
    field("predicted", change.predicted);
    field("realised", change.realised);
    field("predicted_saving_month", change.predicted_saving_month);
    field("realised_saving_month", change.realised_saving_month);
    field("started", change.started);
    field("applied", change.applied);
    field("watch_until", change.watch_until);
    field("decided", change.decided);
    field("reverted_by", change.reverted_by);
}
template <typename Archive>
void describe(Archive& field, Observation& observation) {
    field("memory", observation.memory);
    field("vcpu", observation.vcpu);
    field("concurrency", observation.concurrency);
    field("mean_ms", observation.mean_ms);
    field("p50_ms", observation.p50_ms);
    field("p90_ms", observation.p90_ms);
    field("p95_ms", observation.p95_ms);
    field("p99_ms", observation.p99_ms);
    field("count", observation.count);
    field("max_memory_used_mb", observation.max_memory_used_mb);
    field("cold", observation.cold);
    field("out_of_memory", observation.out_of_memory);
    field("source", observation.source);
    field("provenance", observation.provenance);
}

namespace store {

std::string toJson(const Observation& observation) { return json::text(observation); }
std::string toJson(const Recommendation& recommendation) { return json::text(recommendation); }
std::string toJson(const Plan& plan) { return json::text(plan); }
std::string toJson(const Change& change) { return json::text(change); }
Status fromJson(std::string_view text, Observation& observation) { return json::parse(text, observation); }
Status fromJson(std::string_view text, Recommendation& recommendation) { return json::parse(text, recommendation); }
Status fromJson(std::string_view text, Plan& plan) { return json::parse(text, plan); }
Status fromJson(std::string_view text, Change& change) { return json::parse(text, change); }

}  // namespace store
}  // namespace pilotlight
