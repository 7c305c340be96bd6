#include "core/tuning/schedules.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/time_zone.h"
#include "core/model/sim_schedule.h"

namespace pilotlight::tuning {

double unitPrice(const EngineCore& core, const char* meter) {
    if (!core.evidence.prices) return 0;
    const auto* price = core.evidence.prices->find(meter);
    return price != nullptr && !price->tiers.empty() ? price->tiers.front().price.toDouble() : 0;
}

namespace {

constexpr std::size_t kScheduleBins = 336;  // half hours of a week
constexpr double kWeekSeconds = 7 * 86400.0;
constexpr double kSwitchShare = 0.0001;  // of the weekly cost: what a switch has to bring in, against fussy schedules; it costs no money
constexpr double kHoldsUp = 0.99;

struct Rates {
    double gb = 0, on_demand = 0, kept = 0, run = 0;  // USD a GB-second
    [[nodiscard]] bool known() const { return on_demand > 0 && kept > 0; }
};
Rates ratesAt(const EngineCore& core, Megabytes memory) {
    return {memory.gigabytes(), unitPrice(core, meter::kDuration), unitPrice(core, meter::kPoolKept), unitPrice(core, meter::kPoolDuration)};
}

// Levels of half hours as entries: equal switches of several days in one.
WarmSchedule toSchedule(const std::vector<std::int32_t>& levels) {
    WarmSchedule schedule;
    std::map<std::pair<std::int32_t, std::int32_t>, std::uint8_t> entries;
    for (std::size_t b = 0; b < levels.size(); ++b) {
        if (levels[b] == levels[(b + levels.size() - 1) % levels.size()]) continue;
        const auto minute = static_cast<std::int32_t>(b % 48) * 30;
        entries[{minute, levels[b]}] |= static_cast<std::uint8_t>(1U << (b / 48));
    }
    for (const auto& [key, days] : entries) schedule.entries.push_back({days, key.first, key.second});
    return schedule;
}

// What slot k gains in each half hour of the week (USD): by itself, and in cold starts avoided.
struct SlotGains {
    std::size_t depth = 0;
    std::vector<double> usd, cold;  // [half hour * depth + slot]
    // Level of every half hour, where an avoided cold start is worth `cold_value`.
    [[nodiscard]] std::vector<std::int32_t> levels(double weekly_cost, double cold_value) const {
        std::vector<double> gains(usd.size());
        for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = usd[i] + cold[i] * cold_value;
        return model::bestSchedule(gains, kScheduleBins, depth, kSwitchShare * weekly_cost);
    }
};

// `surface` over `span_s` in week bins of five minutes.
SlotGains slotGains(const EngineCore& core, const model::Surface& surface, double span_s, Megabytes memory) {
    const Rates rates = ratesAt(core, memory);
    const double init_s = core.init_mean_s * core.initRatioAt(memory);
    const double weeks = std::max(1.0, span_s / kWeekSeconds);
    SlotGains out;
    out.depth = std::min<std::size_t>(surface.depth, surface.slots.size());
    out.usd.assign(kScheduleBins * out.depth, 0.0);
    out.cold.assign(kScheduleBins * out.depth, 0.0);
    for (std::size_t b = 0; b < kWeekBins; ++b)
        for (std::size_t k = 0; k < out.depth; ++k) {
            const std::size_t at = (b / 6) * out.depth + k;
            out.usd[at] += surface.slot_busy[b * surface.depth + k];
            out.cold[at] += surface.level_cold[b * surface.depth + k];
        }
    for (std::size_t k = 0; k < out.depth; ++k) {
        const double factor = core.anchors.coldFactor(memory, static_cast<double>(k)) * core.cold_anchor / weeks;
        for (std::size_t b = 0; b < kScheduleBins; ++b) {
            double &usd = out.usd[b * out.depth + k], &cold = out.cold[b * out.depth + k];
            cold *= factor;
            usd = rates.gb * (usd / weeks * (rates.on_demand - rates.run) - 1800 * rates.kept + cold * init_s * rates.on_demand);
        }
    }
    return out;
}

bool constant(const std::vector<std::int32_t>& levels) {
    return std::all_of(levels.begin(), levels.end(), [&](auto level) { return level == levels.front(); });
}

// The requests from `begin` to `end`, as a workload of its own.
Workload partOf(const Workload& work, double begin, double end) {
    Workload part;
    part.span_s = end - begin;
    part.week_offset_s = std::fmod(work.week_offset_s + begin, kWeekSeconds);
    part.cold_s = work.cold_s;
    part.init_s = work.init_s;
    for (std::size_t i = 0; i < work.arrivals.size(); ++i) {
        if (work.arrivals[i] < begin || work.arrivals[i] >= end) continue;
        part.arrivals.push_back(work.arrivals[i] - begin);
        part.warm_s.push_back(work.warm_s[i]);
    }
    return part;
}

// USD over the part, cold starts at their value included.
double costOver(const EngineCore& core, const Workload& part, Megabytes memory, const std::vector<std::int32_t>& levels, double cold_value) {
    const Rates rates = ratesAt(core, memory);
    ReplaySettings settings;
    settings.duration_ratio = core.ratioAt(memory);
    settings.init_ratio = core.initRatioAt(memory);
    settings.keep_alive = core.keep_alive;
    const double bin_s = kWeekSeconds / static_cast<double>(levels.size());
    double kept = 0;
    for (double at = 0; at < part.span_s;) {
        const double place = (part.week_offset_s + at) / bin_s;
        const auto level = levels[static_cast<std::size_t>(place) % levels.size()];
        const double next = std::min(part.span_s, at + (std::floor(place) + 1 - place) * bin_s + 1e-6);
        if (settings.pool.empty() || settings.pool.back().second != level) settings.pool.emplace_back(at, level);
        kept += level * (next - at);
        at = next;
    }
    const auto totals = replayWorkload(part, settings);
    return rates.gb * ((totals.on_demand_ms + totals.init_ms * core.cold_anchor) / 1000 * rates.on_demand + totals.pool_ms / 1000 * rates.run +
                       kept * rates.kept) +
           totals.cold * core.cold_anchor * cold_value;
}

}  // namespace

WarmSchedule inUtc(const WarmSchedule& schedule, Timestamp at) {
    const auto zone = TimeZone::named(schedule.time_zone);
    const auto offset = zone ? static_cast<std::int32_t>(zone->offsetAt(at).count() / 60) : 0;  // minutes
    WarmSchedule out;
    for (auto entry : schedule.entries) {
        std::int32_t minute = entry.minute_of_day - offset;
        for (; minute < 0; minute += 1440) entry.weekdays = static_cast<std::uint8_t>(((entry.weekdays >> 1) | (entry.weekdays << 6)) & 0x7F);
        for (; minute >= 1440; minute -= 1440) entry.weekdays = static_cast<std::uint8_t>(((entry.weekdays << 1) | (entry.weekdays >> 6)) & 0x7F);
        entry.minute_of_day = minute;
        out.entries.push_back(entry);
    }
    return out;
}

void addSchedules(const EngineCore& core, std::size_t size, double weekly_cost, std::vector<Trial>& trials) {
    const auto& surface = core.surfaces[size];
    if (surface.bins != kWeekBins || core.work.read_s < 13 * 86400.0 || surface.slots.empty()) return;
    if (!ratesAt(core, core.grid[size]).known()) return;
    const auto gains = slotGains(core, surface, core.work.span_s, core.grid[size]);
    for (const double value : {0.0, 1e-4, 1e-3, 1e-2}) {
        const auto levels = gains.levels(weekly_cost, value);
        if (constant(levels)) continue;
        Trial trial;
        trial.size = size;
        trial.cold_value = value;
        trial.settings.memory = core.grid[size];
        trial.settings.schedule = toSchedule(levels);
        trials.push_back(std::move(trial));
    }
}

bool scheduleHoldsUp(const EngineCore& core, const Trial& trial) {
    const double cut = core.work.span_s - kWeekSeconds;
    const Megabytes memory = trial.settings.memory;
    if (cut < 5 * 86400.0 || !ratesAt(core, memory).known()) return false;
    const Workload before = partOf(core.work, 0, cut), last = partOf(core.work, cut, core.work.span_s);
    if (before.arrivals.empty() || last.arrivals.empty()) return false;
    std::vector<float> services(before.warm_s.size());
    const auto ratio = static_cast<float>(core.ratioAt(memory));
    for (std::size_t i = 0; i < services.size(); ++i) services[i] = before.warm_s[i] * ratio;
    model::SurfaceBins bins;
    bins.bin_s = 300;
    bins.bins = kWeekBins;
    bins.offset_s = before.week_offset_s;
    bins.depth = 48;
    bins.keep_alive = core.keep_alive;
    const auto surface = model::buildSurface(before.arrivals, services, before.span_s, bins);
    if (surface.slots.empty()) return false;
    const double weekly = costOver(core, before, memory, {0}, 0) * kWeekSeconds / before.span_s;
    const auto levels = slotGains(core, surface, before.span_s, memory).levels(weekly, trial.cold_value);
    std::int32_t level = 0;
    double least = INFINITY;
    for (std::int32_t k = 0; k <= *std::max_element(levels.begin(), levels.end()); ++k) {
        const double cost = costOver(core, before, memory, {k}, trial.cold_value);
        if (cost >= least) continue;
        least = cost;
        level = k;
    }
    return costOver(core, last, memory, levels, trial.cold_value) < kHoldsUp * costOver(core, last, memory, {level}, trial.cold_value);
}

}  // namespace pilotlight::tuning
