// A campaign: trials of one target at several sizes, and what they say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bench/protocol.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/model/memory_choice.h"

namespace pilotlight::bench {

struct CampaignPlan {
    std::string id;                      // "20261124-134501-3f2a"
    std::string created;                 // ISO 8601
    PlatformKind platform = PlatformKind::aws;
    double vcpu = 0;                     // 0 = what the platform gives each size
    TrialRequest trial;                  // target, limiter, spin, time-out; its size, threads and counts are set for each trial
    std::vector<std::int32_t> sizes;     // MB, ascending
    bool all_sizes = false;              // measure every size; else the least, the middle and the largest, then what next-size asks for
    // Each size is measured with every combination of these three.
    std::vector<int> threads = {1};
    std::vector<int> batches, concurrencies; // empty = the trial's own
    int colds = 10;                      // fresh starts of each size, its warm trial's own included
    int warm = 200;                      // isolated requests of each size, and half as many saturated ones; less where the budget asks for it
    bool find_memory = false;            // after the sizes: search the smallest memory that a few requests survive, at 1 vCPU
    double budget_s = 600;               // of one session; pauses do not count
    std::vector<std::string> agent;      // command that starts the agent; empty = the one beside this program
    std::uint32_t seed = 1;              // of the order of trials
    model::PricePlan price;              // for next-size
};

struct TrialKey {
    // cold_disk: after the page cache was asked to forget the model; memory: of the search; cold_huge: with huge pages
    enum class Role { warm, cold, cold_disk, memory, cold_huge };
    std::int32_t memory_mb = 0;
    int threads = 1;
    Role role = Role::warm;
    int index = 0;
    int batch = 0, concurrency = 0;      // 0 = the trial's own
    friend auto operator<=>(const TrialKey&, const TrialKey&) = default;
};

struct TrialRecord {
    TrialKey key;
    double vcpu = 0;
    TrialResult result;
};

enum class CampaignEnd { unfinished, complete, budget, cancelled };
[[nodiscard]] const char* name(CampaignEnd end);

struct Campaign {
    CampaignPlan plan;
    std::optional<Hello> agent;          // of the latest session
    std::vector<TrialRecord> trials;     // in the order in which they were made
    CampaignEnd end = CampaignEnd::unfinished;
    int passed_over = 0;                 // lines of its file that could not be read
};

// One size at one thread count, batch and concurrency.
struct BenchPoint {
    std::int32_t memory_mb = 0;
    double vcpu = 0;
    int threads = 1;
    std::string device, limiter;
    bool memory_limited = false;
    int batch = 1;
    int concurrency = 1;                 // requests that were under way at once while saturated and in the open loop
    std::optional<double> mean_ms;       // of isolated requests, as all latencies here
    std::optional<double> mean_lo, mean_hi; // 95 %, from the spread of the samples
    std::optional<double> p50_ms, p95_ms, p99_ms; // unset: not enough samples
    std::optional<double> cold_ms, cold_deviation_ms, cold_disk_ms; // median of fresh starts to the first answer, MAD
    std::optional<double> cold_huge_ms, cold_huge_deviation_ms;     // with huge pages, where that was tried
    ColdStages cold_stages;              // medians
    std::optional<double> peak_mb, throughput_per_s, cpu_ms, saturated_mean_ms, cpu_share;
    // Of requests at planned instants (rate_per_s of the plan's trial), waiting included; service: the request alone.
    std::optional<double> open_mean_ms, open_p50_ms, open_p95_ms, open_p99_ms, open_service_mean_ms;
    std::optional<double> first_token_ms, tokens_per_s; // medians, of models that make tokens
    double other_cpu_share = 0;          // the most of its trials
    int colds = 0, samples = 0;
    bool killed_for_memory = false, usable = false; // usable: its latencies may be acted on
    std::string verdict;                 // "stable", or why its figures are missing or doubtful
    std::vector<std::string> notes;      // "p99: not enough samples (200 of 662)"
};

// Ascending size, then threads, batch and concurrency. A size that failed is a point too.
[[nodiscard]] std::vector<BenchPoint> pointsOf(const Campaign& campaign);
// What a campaign varies beside the size.
struct Setting {
    int threads = 1, batch = 1, concurrency = 1;
    friend bool operator==(const Setting&, const Setting&) = default;
};
[[nodiscard]] inline Setting settingOf(const BenchPoint& point) { return {point.threads, point.batch, point.concurrency}; }
// The campaign's lowest of each: what curves, prices and predictions rest on.
[[nodiscard]] Setting baseOf(const CampaignPlan& plan);
[[nodiscard]] inline bool isBase(const CampaignPlan& plan, const BenchPoint& point) { return settingOf(point) == baseOf(plan); }
// Points of two campaigns, or of one, that differ in nothing that a campaign varies: same size and threads, and the same batch and concurrency
// where either campaign varies it.
[[nodiscard]] bool sameSetting(const CampaignPlan& a_plan, const BenchPoint& a, const CampaignPlan& b_plan, const BenchPoint& b);
// "1 thread", "2 threads, batch 8, 4 at once"; of a handler "1 at once"
[[nodiscard]] std::string settingText(Target::Kind kind, const Setting& setting);
// What `predict` and What-if read, source bench, provenance the campaign's id: usable base points, and sizes that were
// killed for want of memory.
[[nodiscard]] std::vector<Observation> observationsOf(const Campaign& campaign);
// In the CSV that `predict memory --observations` reads.
[[nodiscard]] std::string observationCsv(const std::vector<Observation>& observations);

// What the search for the smallest memory has found so far, MB of 2^20 bytes.
struct SmallestMemory {
    std::optional<std::int32_t> survives_mb, fails_mb;  // the least that was survived, the most that was not
    std::optional<std::int32_t> next_mb;                // what to try next; unset: settled to 4 % or 4 MB, or nothing can be found
    std::string why_not;                                // where nothing can be found
};
[[nodiscard]] SmallestMemory smallestMemoryOf(const Campaign& campaign);

// How two settings differ in mean latency: b over a, with a 95 % interval from the spread of the samples (delta method on the logarithm).
struct Comparison {
    double ratio = 1, lo = 1, hi = 1;
    bool different = false;              // the interval holds no difference below 2 %
};
[[nodiscard]] std::optional<Comparison> compare(const BenchPoint& a, const BenchPoint& b);
// The same for the time of one item of a batch: of requests, where the batches are the same.
[[nodiscard]] std::optional<Comparison> compareItems(const BenchPoint& a, const BenchPoint& b);
// Requests a second of b over those of a; beyond 10 % either way more than noise. Unset where either has none.
struct ThroughputComparison {
    double ratio = 1;
    bool more = false, fewer = false;
};
[[nodiscard]] std::optional<ThroughputComparison> compareThroughput(const BenchPoint& a, const BenchPoint& b);

}  // namespace pilotlight::bench
