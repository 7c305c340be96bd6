// Workspace: what-if, recommendations and changes.
#include <algorithm>
#include <limits>

#include "core/workspace_evidence.h"
#include "core/workspace_impl.h"

namespace pilotlight {

Result<tuning::Evidence> Workspace::evidence(const std::string& function_id) {
    PILOTLIGHT_ASSIGN(const auto found, function(function_id));
    const auto now = impl_->clockOf(found.profile)->now();
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    PILOTLIGHT_ASSIGN(auto gathered, EvidenceReader(*store).gather(found, {now - kEvidenceWindow, now}));
    return std::move(gathered.evidence);
}

Result<std::shared_ptr<const tuning::Engine>> Workspace::engine(const std::string& function_id, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto found, evidence(function_id));
    return tuning::Engine::build(std::move(found), impl_->executor, job);
}

void rank(std::vector<Recommendation>& recommendations, RankBy by, const std::map<std::string, double>& requests_by_function) {
    const auto worth = [&](const Recommendation& r) {
        constexpr double kLast = -std::numeric_limits<double>::infinity();
        if (r.status != RecommendationStatus::recommended) return kLast;
        if (by == RankBy::saving) return r.saving_month ? r.saving_month->value.toDouble() : kLast;
        const auto requests = requests_by_function.find(r.function_id);
        const double won_ms = r.effect.p95_ms ? r.effect.p95_ms->before - r.effect.p95_ms->after : 0;
        return won_ms > 0 ? won_ms * (requests == requests_by_function.end() ? 1 : requests->second) : -1;
    };
    std::stable_sort(recommendations.begin(), recommendations.end(), [&](const auto& a, const auto& b) { return worth(a) > worth(b); });
}

Result<std::vector<Recommendation>> Workspace::recommend(const std::string& function_id, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    std::vector<Function> wanted;
    if (function_id.empty()) {
        PILOTLIGHT_ASSIGN(wanted, store->functions());
    } else {
        PILOTLIGHT_ASSIGN(const auto one, store->function(function_id));
        wanted.push_back(one);
    }
    std::vector<Recommendation> out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        PILOTLIGHT_TRY(job.check());
        job.report({.step = "Recommendation, " + wanted[i].name, .fraction = static_cast<double>(i) / static_cast<double>(wanted.size())});
        auto built = engine(wanted[i].id, job);
        Recommendation recommendation;
        if (built) {
            PILOTLIGHT_ASSIGN(auto searched, (*built)->search((*built)->evidence().slo.value_or(Slo{}), job));
            recommendation = std::move(searched.recommendation);
        } else if (built.error().code == ErrorCode::not_found) {
            recommendation.reasons = {built.error().what};
            recommendation.needs = built.error().action.empty() ? "invocations in the last 14 days" : built.error().action;
        } else {
            return fail(built.error());
        }
        recommendation.function_id = wanted[i].id;
        recommendation.made_at = impl_->clockOf(wanted[i].profile)->now();
        out.push_back(std::move(recommendation));
    }
    rank(out, RankBy::saving);
    PILOTLIGHT_TRY(impl_->write<void>([&](store::Store& writer) { return writer.putRecommendations(out); }));
    return out;
}

Result<tuning::Elsewhere> Workspace::elsewhere(const std::string& function_id, double traffic, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto built, engine(function_id, job));
    return elsewhere(*built, traffic, job);
}

Result<tuning::Elsewhere> Workspace::elsewhere(const tuning::Engine& engine, double traffic, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    EvidenceReader reader(*store);
    const Timestamp when = engine.evidence().range.end;
    const tuning::BookSource books = [&](PlatformKind platform, const std::string& region) -> std::optional<PriceBook> {
        Function there;
        there.platform = platform;
        there.region = region;
        const auto book = reader.prices(there, when);
        return book ? *book : std::nullopt;
    };
    return engine.elsewhere(books, traffic, job);
}

Result<std::vector<Recommendation>> Workspace::storedRecommendations() {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->recommendations();
}

Status Workspace::addObservations(const std::string& function_id, std::span<const Observation> observations) {
    return impl_->write<void>([&](store::Store& store) { return store.putObservations(function_id, observations); });
}

Status Workspace::setSlo(const Slo& slo) {
    return impl_->write<void>([&](store::Store& store) { return store.putSlo(slo); });
}

Result<std::vector<Slo>> Workspace::slos() {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->slos();
}

Result<Plan> Workspace::plan(const std::string& function_id, const DesiredSettings& desired, const std::string& alias,
                             const std::vector<std::string>& overrides, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto found, function(function_id));
    change::PlanRequest request{.function_id = found.id, .desired = desired, .alias = alias, .overrides = overrides};
    // Without evidence the plan is made all the same; its effect is unknown then.
    if (const auto built = engine(found.id, job)) {
        if (const auto result = (*built)->exact({.settings = desired}, job)) request.effect = tuning::effectOf(*result);
        request.memory_floor = (*built)->memoryFloor();
    }
    return impl_->write<Plan>([&](store::Store& store) -> Result<Plan> {
        PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(found.profile));
        auto plan = change::ChangeService(store, *connection->platform).plan(request, job);
        PILOTLIGHT_TRY(impl_->settle(store, found.profile));
        return plan;
    });
}

Result<Plan> Workspace::planRecommendation(const std::string& recommendation_id, const std::vector<std::string>& overrides, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto* const reader, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto recommendation, reader->recommendation(recommendation_id));
    if (recommendation.status != RecommendationStatus::recommended)
        return fail(ErrorCode::invalid_argument, "Recommendation " + recommendation_id + " is " + name(recommendation.status), "There is nothing to change",
                    recommendation.needs.empty() ? "" : "Needs " + recommendation.needs);
    PILOTLIGHT_ASSIGN(const auto found, function(recommendation.function_id));
    change::PlanRequest request{.function_id = found.id,
                                .desired = recommendation.settings,
                                .alias = recommendation.alias,
                                .overrides = overrides,
                                .recommendation_id = recommendation_id,
                                .effect = recommendation.effect};
    if (const auto built = engine(found.id, job)) request.memory_floor = (*built)->memoryFloor();
    return impl_->write<Plan>([&](store::Store& store) -> Result<Plan> {
        PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(found.profile));
        auto plan = change::ChangeService(store, *connection->platform).plan(request, job);
        PILOTLIGHT_TRY(impl_->settle(store, found.profile));
        return plan;
    });
}

Result<Plan> Workspace::storedPlan(const std::string& plan_id) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->plan(plan_id);
}

Result<change::ApplyResult> Workspace::apply(const change::ApplyRequest& request, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto plan, storedPlan(request.plan_id));
    return impl_->write<change::ApplyResult>([&](store::Store& store) -> Result<change::ApplyResult> {
        PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(plan.profile));
        auto result = change::ChangeService(store, *connection->platform).apply(request, job);
        PILOTLIGHT_TRY(impl_->settle(store, plan.profile));
        return result;
    });
}

Result<change::ApplyResult> Workspace::revert(const std::string& change_id, bool yes, const std::string& confirm, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto* const reader, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto change, reader->change(change_id));
    return impl_->write<change::ApplyResult>([&](store::Store& store) -> Result<change::ApplyResult> {
        PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(change.profile));
        auto result = change::ChangeService(store, *connection->platform).revert(change_id, yes, confirm, job);
        PILOTLIGHT_TRY(impl_->settle(store, change.profile));
        return result;
    });
}

Result<std::vector<Change>> Workspace::changes() {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->changes();
}

Result<std::vector<JournalEntry>> Workspace::journal(const std::string& change_id) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->journal(change_id);
}

Result<std::vector<Change>> Workspace::watch(const JobContext& job) {
    return impl_->write<std::vector<Change>>([&](store::Store& store) -> Result<std::vector<Change>> {
        PILOTLIGHT_ASSIGN(const auto profiles, store.profiles());
        std::vector<Change> out;
        for (const auto& profile : profiles) {
            auto connection = impl_->connect(profile.name);
            if (!connection) continue; // shown as this connection's own problem
            PILOTLIGHT_ASSIGN(auto judged, change::ChangeService(store, *(*connection)->platform).watch(job));
            out.insert(out.end(), judged.begin(), judged.end());
            PILOTLIGHT_TRY(impl_->settle(store, profile.name));
        }
        return out;
    });
}

} // namespace pilotlight
