// Stable names of enumerators: JSON, CLI and store use them.
#include <array>
#include <utility>

#include "core/domain/change.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight {
namespace {

template <typename Enum>
struct Named {
    Enum value;
    const char* text;
};

template <typename Enum, std::size_t N>
const char* find(const std::array<Named<Enum>, N>& table, Enum value) {
    for (const auto& row : table) {
        if (row.value == value) return row.text;
    }
    return "";
}

template <typename Enum, std::size_t N>
Result<Enum> parse(const std::array<Named<Enum>, N>& table, std::string_view text, const char* what) {
    std::string choices;
    for (const auto& row : table) {
        if (text == row.text) return row.value;
        choices += choices.empty() ? row.text : std::string(", ") + row.text;
    }
    return fail(ErrorCode::invalid_argument, "\"" + std::string(text.substr(0, 64)) + "\" is not " + what, {}, "Use one of: " + choices);
}

constexpr std::array kPlatforms{Named{PlatformKind::aws, "aws"}, Named{PlatformKind::gcp, "gcp"}, Named{PlatformKind::azure, "azure"}};
constexpr std::array kArchitectures{Named{Architecture::x86_64, "x86_64"}, Named{Architecture::arm64, "arm64"}};
constexpr std::array kEnvironments{Named{Environment::dev, "dev"}, Named{Environment::staging, "staging"},
                                   Named{Environment::production, "production"}};
constexpr std::array kMetrics{Named{Metric::invocations, "invocations"},
                              Named{Metric::errors, "errors"},
                              Named{Metric::throttles, "throttles"},
                              Named{Metric::duration, "duration"},
                              Named{Metric::concurrency, "concurrency"},
                              Named{Metric::pool_concurrency, "pool_concurrency"},
                              Named{Metric::pool_utilization, "pool_utilization"},
                              Named{Metric::pool_invocations, "pool_invocations"},
                              Named{Metric::pool_spillover, "pool_spillover"},
                              Named{Metric::cold_starts, "cold_starts"},
                              Named{Metric::init_duration, "init_duration"},
                              Named{Metric::memory_used, "memory_used"},
                              Named{Metric::instances, "instances"},
                              Named{Metric::cpu_utilization, "cpu_utilization"},
                              Named{Metric::cost, "cost"},
                              Named{Metric::billable_time, "billable_time"},
                              Named{Metric::pending_latency, "pending_latency"},
                              Named{Metric::gpu_utilization, "gpu_utilization"},
                              Named{Metric::gpu_memory_used, "gpu_memory_used"},
                              Named{Metric::pool_billable_time, "pool_billable_time"}};
constexpr std::array kStatistics{Named{Statistic::sum, "sum"},         Named{Statistic::average, "average"},
                                 Named{Statistic::minimum, "minimum"}, Named{Statistic::maximum, "maximum"},
                                 Named{Statistic::sample_count, "sample_count"}, Named{Statistic::p50, "p50"},
                                 Named{Statistic::p90, "p90"},         Named{Statistic::p95, "p95"},
                                 Named{Statistic::p99, "p99"}};
constexpr std::array kCostKinds{Named{CostKind::computed, "computed"}, Named{CostKind::billed, "billed"}, Named{CostKind::effective, "effective"}};
constexpr std::array kRecommendations{Named{RecommendationStatus::recommended, "recommended"}, Named{RecommendationStatus::optimal, "optimal"},
                                      Named{RecommendationStatus::inconclusive, "inconclusive"}};
constexpr std::array kVerdicts{Named{Verdict::pass, "pass"}, Named{Verdict::veto, "veto"}, Named{Verdict::overridden, "overridden"}};
constexpr std::array kChangeStatuses{Named{ChangeStatus::pending, "pending"},   Named{ChangeStatus::applied, "applied"},
                                     Named{ChangeStatus::failed, "failed"},     Named{ChangeStatus::refused, "refused"},
                                     Named{ChangeStatus::watching, "watching"}, Named{ChangeStatus::kept, "kept"},
                                     Named{ChangeStatus::reverted, "reverted"}, Named{ChangeStatus::inconclusive, "inconclusive"}};

} // namespace

const char* name(PlatformKind kind) { return find(kPlatforms, kind); }
Result<PlatformKind> parsePlatform(std::string_view text) { return parse(kPlatforms, text, "a platform"); }
const char* name(Architecture architecture) { return find(kArchitectures, architecture); }
Result<Architecture> parseArchitecture(std::string_view text) { return parse(kArchitectures, text, "an architecture"); }
const char* name(Environment environment) { return find(kEnvironments, environment); }
Result<Environment> parseEnvironment(std::string_view text) { return parse(kEnvironments, text, "an environment"); }
const char* name(Metric metric) { return find(kMetrics, metric); }
Result<Metric> parseMetric(std::string_view text) { return parse(kMetrics, text, "a metric"); }
const char* name(Statistic statistic) { return find(kStatistics, statistic); }
Result<Statistic> parseStatistic(std::string_view text) { return parse(kStatistics, text, "a statistic"); }
const char* name(CostKind kind) { return find(kCostKinds, kind); }
Result<CostKind> parseCostKind(std::string_view text) { return parse(kCostKinds, text, "a cost metric"); }
const char* name(RecommendationStatus status) { return find(kRecommendations, status); }
const char* name(Verdict verdict) { return find(kVerdicts, verdict); }
const char* name(ChangeStatus status) { return find(kChangeStatuses, status); }
Result<ChangeStatus> parseChangeStatus(std::string_view text) { return parse(kChangeStatuses, text, "a change status"); }

const char* unit(Metric metric) {
    switch (metric) {
        case Metric::duration:
        case Metric::init_duration:
        case Metric::pending_latency: return "ms";
        case Metric::memory_used:
        case Metric::gpu_memory_used: return "MB";
        case Metric::cost: return "USD";
        case Metric::billable_time:
        case Metric::pool_billable_time: return "s";
        default: return "";
    }
}

} // namespace pilotlight
