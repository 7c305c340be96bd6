// What an Engine holds after build, shared by look-up, replay and search. Internal to core/tuning.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/model/latency_model.h"
#include "core/model/sim_surface.h"
#include "core/pricing/price_book.h"
#include "core/tuning/anchors.h"
#include "core/tuning/engine.h"
#include "core/tuning/measured.h"
#include "core/tuning/pool_levels.h"
#include "core/tuning/replay.h"
#include "core/tuning/traffic_anchors.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

inline constexpr std::size_t kDraws = 200;  // joint draws of everything uncertain
inline constexpr double kMonthSeconds = 30 * 86400.0;
inline constexpr std::size_t kWeekBins = 2016;  // of five minutes

// What a request used in one window of kVerificationWindow over what it uses on average.
struct WindowShare {
    float on_demand = 1, init = 1, pool = 1;
    float requests = 0;
    std::uint8_t hour = 0;  // of the day, from the hour at which the replay begins
};

// Everything billed or felt under one setting, for a month; the mean, before uncertainty.
struct Point {
    Megabytes memory;
    double requests = 0, cold = 0, throttled = 0;  // a month; requests = demand, throttled ones included
    pricing::Usage usage;
    double p50_s = 0, p95_s = 0, p99_s = 0;
    std::vector<std::pair<double, double>> cdf;  // (ms, share)
    bool pool_as_today = false;
    bool same_cold_starts = false;               // nothing changes that decides about them
    std::vector<double> cold_by_hour;            // share of requests, by UTC hour of the day; empty for a look-up
    std::vector<WindowShare> windows;            // busy enough to judge a change by; empty for a look-up
};

struct EngineCore {
    [[nodiscard]] static constexpr std::array<double, 24> filled(double value) {
        std::array<double, 24> out{};
        out.fill(value);
        return out;
    }
    Evidence evidence;
    Measured measured;               // since the last change of settings where that is long enough, else of the whole range
    bool measured_is_today = false;  // `measured` saw nothing but today's settings
    Workload work;
    std::string caution;             // what of the range was not read
    std::optional<model::LatencyModel> latency;
    std::optional<Megabytes> floor;

    std::vector<Megabytes> grid;  // memory sizes looked at, ascending, today's among them
    std::size_t today_index = 0;
    std::vector<double> ratio;                          // mean duration over today's, for each size of the grid
    std::vector<double> p95_lo, p95_hi;                 // 90 % interval of the 95th percentile, relative to its value
    std::vector<bool> known;                            // this very size was measured
    std::vector<bool> beyond;                           // outside the measured range
    std::vector<std::vector<double>> ratio_draws;       // [draw][size]
    std::vector<model::Surface> surfaces;               // one for each size
    std::vector<std::vector<float>> bin_load;           // for each size: requests in service, mean over each bin of the week
    struct LoadCell {
        double load = 0, bins = 0;
    };
    std::vector<std::vector<LoadCell>> load_cells;      // the same in up to 256 cells by load: mean of a cell and bins in it; ascending
    ReplayAnchors anchors;                              // what replays say that the surfaces do not
    TrafficAnchors traffic;                             // and what changes with traffic
    double warm_mean_s = 0, cold_mean_s = 0, init_mean_s = 0;  // handler on a warm and on a new instance, INIT; at today's memory
    std::vector<float> warm_quantiles, cold_quantiles;  // seconds at today's memory: 401 each; cold = INIT + handler
    model::KeepAlive keep_alive;
    std::string keep_alive_text;
    double cold_anchor = 1;  // measured cold starts over modelled ones, today
    double throttle_anchor = 1;
    double duration_anchor = 1;      // measured billed time a request over the modelled one, today
    std::array<double, 24> hour_factor = filled(1.0);  // today's cost a request over that in this hour, as WindowShare counts hours
    // By window, over the whole; below 0 = not known: logged INIT a request, measured mean duration (first calls included).
    std::vector<float> init_seen, mean_seen;
    std::vector<float> drift;        // by window: measured mean duration over the replayed one, relative to the whole
    double surge_begin_s = 0;              // busiest quarter hour, second of the day
    Engine::Week week;
    std::int32_t pool_today = 0;              // as last seen; where it moves, schedule_today says how
    std::optional<WarmSchedule> schedule_today;  // what scheduled actions or the load make of the pool in a week
    PoolLevels pool_levels;                   // under today's settings; where it is in doubt, how much the pool costs is too
    std::optional<std::int32_t> limit_today;  // of requests at once, its own or the account's
    std::string pool_qualifier;  // where a pool is or would be; empty = there is nowhere to put one
    std::string alias;           // through which a change of memory would go; empty = $LATEST
    Point today_point;
    std::vector<double> today_draws;  // costDraws of it
    WhatIfResult today;  // exact, for the empty what-if
    Basis basis;

    [[nodiscard]] double ratioAt(Megabytes memory) const;
    [[nodiscard]] double initRatioAt(Megabytes memory) const;
    [[nodiscard]] std::size_t gridIndex(Megabytes memory) const;  // nearest
    // Share of the requests throttled under an instance limit. Today's limit: by replay where there is one. Any other: Erlang B at the
    // load of each bin of the week, scaled so that it agrees with that replay.
    // `refused`: erlangShare of the size and limit, where it is known already.
    [[nodiscard]] double throttledShare(Megabytes memory, double pool, std::int32_t limit, double traffic,
                                        std::optional<double> refused = std::nullopt) const;
    [[nodiscard]] double erlangShare(std::size_t size, std::int32_t limit, double traffic) const;
    std::vector<double> refused_today;  // for each size: erlangShare under today's limit
    void groupLoads();                  // fills load_cells from bin_load, and refused_today
};

// Settings of a what-if, made whole by today's.
struct Resolved {
    Megabytes memory;
    std::int32_t pool = 0;  // constant level
    std::optional<WarmSchedule> schedule;
    std::optional<std::int32_t> limit;  // nullopt = none of its own; the account's may still bind
    double traffic = 1, surge = 1;
    std::optional<double> refused;      // EngineCore::erlangShare at this size and limit, where it is known
    [[nodiscard]] double meanPool() const;  // over a week
};
[[nodiscard]] bool poolAsToday(const EngineCore& core, const Resolved& settings);
// A schedule that would be new.
[[nodiscard]] inline bool newSchedule(const EngineCore& core, const Resolved& settings) {
    return settings.schedule && settings.schedule != core.schedule_today;
}
[[nodiscard]] Resolved resolve(const EngineCore& core, const WhatIf& what);

// By replay, and by look-up in the surfaces.
[[nodiscard]] Point replayPoint(const EngineCore& core, const Resolved& settings);
[[nodiscard]] Point lookUpPoint(const EngineCore& core, const Resolved& settings, bool with_cdf = true);

// Fills core.hour_factor from today's point.
void compareHours(EngineCore& core);
[[nodiscard]] std::optional<double> costOf(const EngineCore& core, const Point& point);
// Today's cost minus the point's, a month. `usd`: value and 90 % interval of what will be measured; `chance_positive`: that the saving
// itself is above zero, whatever an hour's measurement shows.
struct Saving {
    Estimate usd;
    double chance_positive = 0;
};
[[nodiscard]] std::optional<Saving> savingOf(const EngineCore& core, const Point& point);
// Of a point's cost a month, over what is uncertain of the setting itself; empty without prices.
[[nodiscard]] std::vector<double> costDraws(const EngineCore& core, const Point& point);
// `measured`: the point is today's, and its cost was measured.
[[nodiscard]] Outcome outcomeOf(const EngineCore& core, const Point& point, bool exact, bool measured = false);

// Search and recommendation.
[[nodiscard]] Result<Engine::SearchResult> searchSettings(const EngineCore& core, const Slo& slo, const JobContext& job);

}  // namespace pilotlight::tuning
