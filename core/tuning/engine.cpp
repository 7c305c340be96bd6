#include "core/tuning/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/domain/price_words.h"
#include "core/model/sim_events.h"
#include "core/tuning/demand.h"
#include "core/tuning/elsewhere_core.h"
#include "core/tuning/engine_core.h"
#include "core/tuning/shared_model.h"

namespace pilotlight::tuning {
namespace {

// Sizes that are looked at: fine where cost usually turns, coarse above (Lambda: 128..10240 MB in steps of 1).
constexpr std::int32_t kGrid[] = {128, 192, 256, 384, 512, 640, 768, 1024, 1280, 1536, 1769, 2048, 2560, 3008, 4096, 5308, 7077, 10240};
constexpr std::size_t kQuantiles = 401;

std::vector<float> quantilesOf(std::vector<float> values) {
    std::sort(values.begin(), values.end());
    std::vector<float> out;
    for (std::size_t i = 0; i < kQuantiles; ++i)
        out.push_back(static_cast<float>(quantile(values, static_cast<double>(i) / static_cast<double>(kQuantiles - 1))));
    return out;
}

void chooseQualifiers(EngineCore& core) {
    const auto& qualifiers = core.evidence.function.qualifiers;
    const Qualifier* pool = nullptr;
    const Qualifier* alias = nullptr;
    for (const auto& q : qualifiers) {
        if (q.warm_pool.value_or(0) > 0 && (pool == nullptr || q.warm_pool.value_or(0) > pool->warm_pool.value_or(0))) pool = &q;
        if (q.kind == "alias" && alias == nullptr) alias = &q;
    }
    if (pool != nullptr && pool->kind == "alias") alias = pool;
    core.alias = alias != nullptr ? alias->name : "";
    core.pool_qualifier = pool != nullptr ? pool->name : alias != nullptr ? alias->name : "";
    core.pool_today = std::max(0, core.evidence.function.warmPool().value_or(0));
}

// What was measured under today's settings, where that was long enough to say something; else under all that were in force.
void measureToday(EngineCore& core) {
    auto& evidence = core.evidence;
    const auto whole = evidence.range;
    core.measured_is_today = evidence.history.size() <= 1 || evidence.history.back().since <= whole.begin;
    if (!core.measured_is_today) {
        evidence.range.begin = std::max(whole.begin, evidence.history.back().since);
        const auto recent = measure(evidence);
        if (recent.invocations.value_or(0) >= 100) {
            core.measured = recent;
            core.measured_is_today = true;
        }
        evidence.range = whole;
        if (core.measured_is_today) return;
    }
    core.measured = measure(evidence);
}

void calibrateKeepAlive(EngineCore& core) {
    std::vector<std::vector<model::InstanceUse>> stretches;
    std::vector<model::IdlePeriod> idle;
    std::size_t uses = 0, colds = 0;
    for (auto it = core.work.stretches.rbegin(); it != core.work.stretches.rend() && uses < 20000; ++it) {
        auto stretch = *it;
        if (stretch.size() > 20000) stretch.erase(stretch.begin(), stretch.end() - 20000);  // the newest
        uses += stretch.size();
        for (const auto& use : stretch) colds += use.cold;
        const auto periods = model::idlePeriods(stretch);
        idle.insert(idle.end(), periods.begin(), periods.end());
        stretches.push_back(std::move(stretch));
    }
    const auto fit = model::fitKeepAlive(idle, model::lambdaKeepAlivePrior());
    core.keep_alive = model::lambdaKeepAlivePrior();
    core.keep_alive_text = "keep-alive assumed 5 to 11 min (too few cold starts to calibrate it)";
    if (colds < 8) return;
    auto candidates = model::keepAliveCandidates();
    candidates.push_back(core.keep_alive);
    candidates.push_back(fit.law);
    const auto choice = model::chooseKeepAlive(stretches, candidates);
    core.keep_alive = candidates[choice.index];
    const auto kind = core.keep_alive.kind;
    const std::string law = kind == model::KeepAlive::Kind::fixed     ? fmt::format("fixed {:.0f} s", core.keep_alive.seconds)
                            : kind == model::KeepAlive::Kind::halving ? fmt::format("halving every {:.0f} s", core.keep_alive.period_s)
                            : kind == model::KeepAlive::Kind::uniform ? std::string("uniform 5 to 11 min")
                                                                      : fit.describe;
    core.keep_alive_text =
        fmt::format("keep-alive {} (replay predicts {:.0f} of {:.0f} logged cold starts)", law, choice.cold_predicted, choice.cold_actual);
}

Engine::Week weekOf(const EngineCore& core) {
    Engine::Week week;
    for (auto* part : {&week.mean, &week.peak, &week.cold}) part->assign(kWeekBins, 0.0F);
    if (core.work.arrivals.empty()) return week;
    const auto& surface = core.surfaces[core.today_index];
    const double weeks = std::max(1e-9, core.work.read_s / (7 * 86400.0));
    week.mean = core.bin_load[core.today_index];
    for (std::size_t b = 0; b < kWeekBins; ++b)
        for (std::size_t k = 0; k < surface.depth; ++k)
            week.cold[b] += static_cast<float>(surface.level_cold[b * surface.depth + k] / std::max(1.0, weeks));
    model::CompletionQueue queue(core.work.span_s / static_cast<double>(core.work.arrivals.size()), surface.busy_s / core.work.span_s + 1);
    std::int64_t busy = 0;
    for (std::size_t i = 0; i < core.work.arrivals.size(); ++i) {
        const double t = core.work.arrivals[i];
        queue.drain(t, [&](double, double) { --busy; });
        queue.push(t + core.work.warm_s[i], 0);
        ++busy;
        auto& peak = week.peak[static_cast<std::size_t>((t + core.work.week_offset_s) / 300) % kWeekBins];
        peak = std::max(peak, static_cast<float>(busy));
    }
    return week;
}

// Billed time against what was measured, and how the hours differ: the replay draws durations where there is no log.
void anchorDurations(EngineCore& core) {
    const auto& evidence = core.evidence;
    if (core.measured_is_today && core.today_point.usage.requests > 0) {
        double requests = 0, billed_ms = 0;
        for (const auto& segment : usageSegments(evidence, core.measured.period)) {
            requests += segment.usage.requests;
            billed_ms += segment.usage.duration_ms_billed + segment.usage.pool_duration_ms_billed;
        }
        const auto& usage = core.today_point.usage;
        const double modelled = (usage.duration_ms_billed + usage.pool_duration_ms_billed) / usage.requests;
        if (requests > 0 && billed_ms > 0 && modelled > 0) core.duration_anchor = std::clamp(billed_ms / requests / modelled, 0.8, 1.25);
    }
    // By window under today's memory: the metric's mean over the replayed one, both relative to their whole.
    const double window_s = std::chrono::duration<double>(kVerificationWindow).count();
    const auto windows = static_cast<std::size_t>(std::ceil(core.work.span_s / window_s));
    struct Mean {
        double sum = 0, n = 0;
        void add(double value, double weight) {
            sum += weight * value;
            n += weight;
        }
        [[nodiscard]] double value() const { return n > 0 ? sum / n : 0; }
    };
    std::vector<Mean> measured(windows), replayed(windows);
    Mean all_measured, all_replayed;
    std::size_t s = 0;
    const auto& samples = evidence.duration_samples.points;
    for (const auto& point : evidence.duration_average.points) {
        if (!core.work.period.contains(point.time) || memoryAt(evidence, point.time) != evidence.function.memory) continue;
        while (s < samples.size() && samples[s].time < point.time) ++s;
        if (s == samples.size() || samples[s].time != point.time) continue;
        const double at = std::chrono::duration<double>(point.time - core.work.period.begin).count();
        const auto w = std::min(windows - 1, static_cast<std::size_t>(at / window_s));
        measured[w].add(point.value, samples[s].value);
    }
    for (std::size_t i = 0; i < core.work.arrivals.size(); ++i) {
        const auto w = std::min(windows - 1, static_cast<std::size_t>(std::max(0.0, core.work.arrivals[i]) / window_s));
        replayed[w].add(core.work.warm_s[i], 1);
    }
    const auto both = [&](std::size_t w) { return measured[w].value() > 0 && replayed[w].value() > 0; };
    for (std::size_t w = 0; w < windows; ++w) {
        if (!both(w)) continue;
        all_measured.add(measured[w].value(), replayed[w].n);
        all_replayed.add(replayed[w].value(), replayed[w].n);
    }
    // INIT as it was logged, where every cold start was read.
    std::vector<double> init_ms(windows, 0.0);
    double all_init = 0, all_requests = 0;
    for (const auto& i : evidence.log.invocations) {
        if (!i.cold() || i.provisioned || !core.work.period.contains(i.time)) continue;
        const double at = std::chrono::duration<double>(i.time - core.work.period.begin).count();
        init_ms[std::min(windows - 1, static_cast<std::size_t>(at / window_s))] += i.init_ms;
    }
    core.init_seen.assign(windows, -1.0F);
    const auto read = [&](std::size_t w) {
        const Timestamp begin = core.work.period.begin + static_cast<std::int64_t>(w) * milliseconds(kVerificationWindow);
        return replayed[w].n > 0 && evidence.log.cold_only.covers({begin, std::min(begin + milliseconds(kVerificationWindow), core.work.period.end)});
    };
    for (std::size_t w = 0; w < windows; ++w) {
        if (!read(w)) continue;
        all_init += init_ms[w];
        all_requests += replayed[w].n;
    }
    for (std::size_t w = 0; w < windows && all_init > 0; ++w)
        if (read(w)) core.init_seen[w] = static_cast<float>(init_ms[w] / replayed[w].n / (all_init / all_requests));
    core.drift.assign(windows, 1.0F);
    core.mean_seen.assign(windows, -1.0F);
    for (std::size_t w = 0; w < windows; ++w)
        if (both(w)) core.mean_seen[w] = static_cast<float>(measured[w].value() / all_measured.value());
    for (std::size_t w = 0; w < windows; ++w)
        if (both(w))
            core.drift[w] = static_cast<float>(measured[w].value() / all_measured.value() / (replayed[w].value() / all_replayed.value()));
}

void describe(EngineCore& core) {
    auto& basis = core.basis;
    basis.evidence = core.work.description;
    basis.demand = demandAheadText(core.evidence, core.evidence.range);
    basis.model = (core.latency ? core.latency->describe() : std::string("no duration was measured")) + "; " + core.keep_alive_text;
    const auto& factors = core.evidence.price_factors;
    const std::string factor_words = factors.empty() ? "" : "; " + priceWords(factors, core.evidence.function.profile);
    basis.prices = core.evidence.prices ? pricing::describe(*core.evidence.prices) + factor_words
                                        : "price unknown: no price list of " + core.evidence.function.region + " has been read";
    if (!core.caution.empty()) basis.cautions.push_back(core.caution);
    if (!core.pool_levels.doubt.empty()) basis.cautions.push_back(core.pool_levels.doubt + ": what keeping it costs lies between those");
    if (core.latency)
        for (const auto& caution : core.latency->cautions()) basis.cautions.push_back(caution);
    if (core.work.init_assumed && core.work.arrivals.size() > 0)
        basis.cautions.push_back("no cold start was read: INIT time is an assumption (median 1.4 s)");
    if (core.work.logged_share < 0.999 && !core.work.arrivals.empty())
        basis.cautions.push_back(core.work.logged_share > 0
                                     ? "outside the logged windows arrivals are drawn from counts by period"
                                     : "no logs were read: arrivals are drawn from counts by period, durations from the mean");
    if (!core.measured_is_today)
        basis.cautions.push_back("settings changed within the period; today's are not measured for long enough yet");
    if (core.work.scale != 1) basis.cautions.push_back("a busy function: the newest days stand for the whole period");
}

}  // namespace

struct Engine::Impl {
    EngineCore core;
    std::unique_ptr<const SharedModel> shared;  // in place of `core` on platforms whose instances serve several requests at once
};

Engine::Engine(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::shared_ptr<const Engine>> Engine::build(Evidence evidence, Executor& executor, const JobContext& job) {
    if (evidence.function.platform != PlatformKind::aws) {  // instances serve several requests at once
        auto other = std::make_unique<Impl>();
        PILOTLIGHT_ASSIGN(other->shared, SharedModel::build(std::move(evidence), job));
        return std::shared_ptr<const Engine>(new Engine(std::move(other)));
    }
    auto impl = std::make_unique<Impl>();
    auto& core = impl->core;
    core.evidence = std::move(evidence);
    const auto& function = core.evidence.function;
    chooseQualifiers(core);
    core.limit_today = resolve(core, {}).limit;
    if (const auto& e = core.evidence; !e.history.empty() && !e.history.back().moving_pools.empty()) {
        const auto read = coverageOf(e).period;
        core.pool_levels = poolLevels(e, e.history.back(), read);
        if (auto week = poolScheduleToday(e, read.end); !week.empty()) core.schedule_today = std::move(week);
    }
    measureToday(core);
    const auto read = coverageOf(core.evidence);
    const auto period = read.period;
    PILOTLIGHT_TRY(job.check());

    const auto observations = observationsOf(core.evidence, period);
    model::FitOptions fit;
    fit.platform = function.platform;
    fit.architecture = function.architecture;
    if (auto latency = model::LatencyModel::fit(observations, fit)) core.latency = std::move(*latency);
    PILOTLIGHT_TRY(job.check());

    core.work = makeWorkload(core.evidence, read, core.latency);
    core.caution = read.caution();
    if (core.work.arrivals.empty() && core.pool_today == 0 && !core.schedule_today)
        return fail(ErrorCode::not_found,
                    function.name + " was not invoked between " + toIso8601(period.begin) + " and " + toIso8601(period.end),
                    "There is nothing to replay, so no what-if and no recommendation.", "Sync a longer range, or wait for traffic.");

    if (core.latency) core.floor = core.latency->floor();
    if (!core.floor && core.measured.max_memory_used_mb)
        core.floor = Megabytes{static_cast<std::int32_t>(std::ceil(*core.measured.max_memory_used_mb * 1.15))};

    // The grid, with today's size and what was measured.
    std::vector<std::int32_t> sizes(std::begin(kGrid), std::end(kGrid));
    sizes.push_back(std::max(1, function.memory.value));
    if (core.latency)
        for (const auto& m : core.latency->measured())
            if (m.memory.value >= 128 && m.memory.value <= 10240 && sizes.size() < 40) sizes.push_back(m.memory.value);
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    for (const auto s : sizes) core.grid.push_back({s});
    core.today_index = core.gridIndex(function.memory);

    const std::size_t n = core.grid.size();
    core.ratio.assign(n, 1.0);
    core.p95_lo.assign(n, 0.9);
    core.p95_hi.assign(n, 1.1);
    core.beyond.assign(n, false);
    core.known.assign(n, false);
    core.known[core.today_index] = true;
    core.ratio_draws.assign(kDraws, std::vector<double>(n, 1.0));
    if (core.latency) {
        const double now = core.latency->at(function.memory).mean_ms.value;
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = core.latency->at(core.grid[i]);
            if (now > 0) core.ratio[i] = at.mean_ms.value / now;
            if (at.p95_ms.value > 0) {
                core.p95_lo[i] = std::clamp(at.p95_ms.lo / at.p95_ms.value, 0.1, 1.0);
                core.p95_hi[i] = std::clamp(at.p95_ms.hi / at.p95_ms.value, 1.0, 10.0);
            }
            core.beyond[i] = at.beyond_evidence;
            core.known[i] = core.known[i] || at.measured;
        }
        const auto draws = core.latency->draws(core.grid, kDraws);
        for (std::size_t d = 0; d < std::min(kDraws, draws.draws); ++d) {
            const double today = draws.at(d, core.today_index);
            for (std::size_t i = 0; i < n && today > 0; ++i) {
                if (i == core.today_index) continue;
                const double sd = i < draws.measurement_sd.size() ? draws.measurement_sd[i] : 0;
                core.ratio_draws[d][i] = draws.at(d, i) / today * std::exp(sd * model::Random(0x72617469, d * 64 + i).normal());
            }
        }
    }
    PILOTLIGHT_TRY(job.check());

    calibrateKeepAlive(core);
    PILOTLIGHT_TRY(job.check());

    core.cold_quantiles.assign(kQuantiles, 0.0F);
    core.warm_quantiles.assign(kQuantiles, 0.0F);
    if (!core.work.arrivals.empty()) {
        core.warm_quantiles = quantilesOf(core.work.warm_s);
        std::vector<float> cold;
        for (std::size_t i = 0; i < 2048; ++i)
            cold.push_back(core.work.init_s[(i * 7919) % core.work.init_s.size()] +
                           core.work.cold_s[(i * 104729 + 13) % core.work.cold_s.size()]);
        core.cold_quantiles = quantilesOf(std::move(cold));

        const auto meanOf = [](const std::vector<float>& values) {
            return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
        };
        core.warm_mean_s = meanOf(core.work.warm_s);
        core.cold_mean_s = meanOf(core.work.cold_s);
        core.init_mean_s = meanOf(core.work.init_s);

        core.surfaces.resize(n);
        parallelFor(executor, n, [&](std::size_t i) {
            if (job.stopRequested()) return;
            std::vector<float> services(core.work.warm_s.size());
            const auto r = static_cast<float>(core.ratio[i]);
            for (std::size_t k = 0; k < services.size(); ++k) services[k] = core.work.warm_s[k] * r;
            model::SurfaceBins bins;
            bins.bin_s = 300;
            bins.bins = kWeekBins;
            bins.offset_s = core.work.week_offset_s;
            bins.depth = 48;
            bins.keep_alive = core.keep_alive;
            core.surfaces[i] = model::buildSurface(core.work.arrivals, services, core.work.span_s, bins);
        });
        PILOTLIGHT_TRY(job.check());
        const double weeks = std::max(1.0, core.work.read_s / (7 * 86400.0));
        core.bin_load.assign(n, std::vector<float>(kWeekBins, 0.0F));
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t b = 0; b < kWeekBins; ++b)
                for (std::size_t k = 0; k < core.surfaces[i].depth; ++k)
                    core.bin_load[i][b] += static_cast<float>(core.surfaces[i].slot_busy[b * core.surfaces[i].depth + k] / (300 * weeks));
        core.groupLoads();
        core.anchors.measure(core, executor, job);
        core.traffic.measure(core, executor, job);
        PILOTLIGHT_TRY(job.check());
        core.surge_begin_s = busiestQuarter(core.work);
    }
    core.week = weekOf(core);

    // Anchor on what was measured, then predict differences.
    const auto today = resolve(core, {});
    core.today_point = replayPoint(core, today);
    if (core.measured_is_today && core.measured.cold_start_share && !core.work.arrivals.empty()) {
        const auto& p = core.today_point;
        const double n_requests = static_cast<double>(core.work.arrivals.size());
        const double modelled = p.cold / std::max(1e-9, p.requests - p.throttled) * n_requests,
                     seen = *core.measured.cold_start_share * n_requests;
        core.cold_anchor = std::clamp((seen + 1) / (modelled + 1), 0.33, 3.0);
    }
    if (core.measured_is_today && core.measured.throttles && core.measured.invocations && *core.measured.throttles > 0) {
        const double seen =
            static_cast<double>(*core.measured.throttles) / static_cast<double>(*core.measured.throttles + *core.measured.invocations);
        const double modelled = core.today_point.requests > 0 ? core.today_point.throttled / core.today_point.requests : 0;
        if (modelled > 0) core.throttle_anchor = std::clamp(seen / modelled, 0.2, 5.0);
    }
    anchorDurations(core);
    core.today_point = replayPoint(core, today);
    compareHours(core);
    core.today_draws = costDraws(core, core.today_point);
    describe(core);
    core.today.today = core.today.whatif = outcomeOf(core, core.today_point, true, core.measured_is_today);
    core.today.basis = core.basis;
    PILOTLIGHT_TRY(job.check());
    return std::shared_ptr<const Engine>(new Engine(std::move(impl)));
}

WhatIfResult Engine::quick(const WhatIf& what) const {
    if (impl_->shared) return impl_->shared->quick(what);
    const auto& core = impl_->core;
    WhatIfResult result = core.today;
    if (what.settings.empty() && what.traffic == 1 && what.surge == 1) return result;
    result.whatif = outcomeOf(core, lookUpPoint(core, resolve(core, what)), false);
    return result;
}

Result<WhatIfResult> Engine::exact(const WhatIf& what, const JobContext& job) const {
    if (impl_->shared) return impl_->shared->exact(what, job);
    PILOTLIGHT_TRY(job.check());
    const auto& core = impl_->core;
    WhatIfResult result = core.today;
    if (what.settings.empty() && what.traffic == 1 && what.surge == 1) return result;
    result.whatif = outcomeOf(core, replayPoint(core, resolve(core, what)), true);
    const auto memory = what.settings.memory.value_or(core.evidence.function.memory);
    if (core.beyond[core.gridIndex(memory)] && memory != core.evidence.function.memory)
        result.basis.cautions.push_back(fmt::format("{} MB lies outside the sizes measured", memory.value));
    PILOTLIGHT_TRY(job.check());
    return result;
}

Result<Elsewhere> Engine::elsewhere(const BookSource& books, double traffic, const JobContext& job) const {
    PILOTLIGHT_ASSIGN(const auto now, exact({.traffic = traffic}, job));
    const Outcome& outcome = traffic == 1 ? now.today : now.whatif;
    if (impl_->shared) return placeElsewhere(requestsOf(impl_->shared->impl(), outcome), books, traffic, job);
    const auto& core = impl_->core;
    const Workload closed = withoutGaps(core.work);
    double init_s = 0;
    for (const float s : core.work.init_s) init_s += s / static_cast<double>(core.work.init_s.size());
    return placeElsewhere({.evidence = core.evidence,
                           .arrivals = closed.arrivals,
                           .service_s = closed.warm_s,
                           .latency = core.latency,
                           .keep_alive = core.keep_alive,
                           .usage = core.today_point.usage,
                           .today = outcome,
                           .floor = core.floor,
                           .span_s = closed.span_s,
                           .scale = core.work.scale,
                           .start_s = init_s,
                           .start_assumed = core.work.init_assumed},
                          books, traffic, job);
}

Result<Engine::SearchResult> Engine::search(const Slo& slo, const JobContext& job) const {
    if (!impl_->shared) return searchSettings(impl_->core, slo, job);
    PILOTLIGHT_ASSIGN(auto found, impl_->shared->search(slo, job));
    // What no setting can do, another plan may.
    const Evidence& known = evidence();
    if (known.function.untunedText(untuned_key::kKind) == "consumption" && known.prices) {
        const BookSource own = [&](PlatformKind platform, const std::string&) {
            return platform == PlatformKind::azure ? known.prices : std::nullopt;
        };
        PILOTLIGHT_ASSIGN(const auto places, elsewhere(own, 1, job));
        for (const auto& place : places.placements)
            if (auto advice = flexAdvice(place, places.placements.front()); !advice.empty()) found.recommendation.reasons.push_back(std::move(advice));
    }
    return found;
}

const Engine::Week& Engine::week() const { return impl_->shared ? impl_->shared->week() : impl_->core.week; }
const Evidence& Engine::evidence() const { return impl_->shared ? impl_->shared->evidence() : impl_->core.evidence; }
std::optional<Megabytes> Engine::memoryFloor() const { return impl_->shared ? impl_->shared->memoryFloor() : impl_->core.floor; }

}  // namespace pilotlight::tuning
