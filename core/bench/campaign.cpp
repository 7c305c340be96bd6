#include "core/bench/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/bench/quantiles.h"

namespace pilotlight::bench {
namespace {

// Others may use so much of what the trial leaves them before its latencies are doubted: without a control group they take turns with it.
constexpr double kMostOthers = 0.25;

// What a trial's key says, else what the plan's trial does.
int own(int of_key, int of_plan) { return of_key > 0 ? of_key : of_plan; }

std::optional<double> medianOf(const std::vector<double>& values) { return values.empty() ? std::nullopt : std::optional(median(values)); }

struct Gathered {
    std::map<std::string, std::vector<double>> stages;
    std::vector<double> colds, colds_disk, colds_huge, peaks;
};

void gatherCold(const TrialRecord& record, Gathered& into) {
    const auto& cold = record.result.cold;
    if (!cold.total_ms) return;
    if (record.key.role == TrialKey::Role::cold_disk) {
        into.colds_disk.push_back(*cold.total_ms);
        return;
    }
    into.colds.push_back(*cold.total_ms);
    const std::pair<const char*, std::optional<double>> stages[] = {{"exec", cold.exec_ms},       {"load", cold.load_ms},   {"environment", cold.environment_ms},
                                                                    {"session", cold.session_ms}, {"first", cold.first_ms}, {"total", cold.total_ms}};
    for (const auto& [stage, ms] : stages)
        if (ms) into.stages[stage].push_back(*ms);
}

// A percentile without enough samples is a note.
void setPercentiles(const std::vector<double>& samples, const char* of, std::optional<double>& p50, std::optional<double>& p95, std::optional<double>& p99, std::vector<std::string>& notes) {
    for (const auto& [p, label, into] : {std::tuple{0.5, "p50", &p50}, {0.95, "p95", &p95}, {0.99, "p99", &p99}}) {
        if (const auto value = percentile(samples, p))
            *into = value->value;
        else
            notes.push_back(fmt::format("{}{}: not enough samples ({} of {})", of, label, samples.size(), neededSamples(p)));
    }
}

void setWarm(const TrialResult& result, BenchPoint& point) {
    const auto& samples = result.isolated_ms;
    point.samples = static_cast<int>(samples.size());
    point.cpu_ms = result.cpu_ms;
    point.cpu_share = result.cpu_share;
    if (!result.saturated_ms.empty() && result.saturated_wall_ms > 0) {
        point.throughput_per_s = static_cast<double>(result.saturated_ms.size()) * 1000 / result.saturated_wall_ms;
        point.saturated_mean_ms = mean(result.saturated_ms);
    }
    if (!result.open_loop_ms.empty()) {
        point.open_mean_ms = mean(result.open_loop_ms);
        point.open_service_mean_ms = mean(result.open_loop_service_ms);
        setPercentiles(result.open_loop_ms, "open loop ", point.open_p50_ms, point.open_p95_ms, point.open_p99_ms, point.notes);
    }
    point.first_token_ms = medianOf(result.first_token_ms);
    point.tokens_per_s = medianOf(result.tokens_per_s);
    if (samples.size() < 2) return;
    const double middle = mean(samples);
    double squares = 0;
    for (const double ms : samples) squares += (ms - middle) * (ms - middle);
    const double half = 1.96 * std::sqrt(squares / static_cast<double>(samples.size() - 1) / static_cast<double>(samples.size()));
    point.mean_ms = middle;
    point.mean_lo = middle - half;
    point.mean_hi = middle + half;
    setPercentiles(samples, "", point.p50_ms, point.p95_ms, point.p99_ms, point.notes);
}

// What may be acted on; the first doubt is the verdict.
void judge(const TrialRecord* warm, BenchPoint& point) {
    if (warm == nullptr) {
        point.verdict = "not measured";
        return;
    }
    const auto& result = warm->result;
    if (result.status != TrialStatus::ok) {
        std::string words = name(result.status);
        std::replace(words.begin(), words.end(), '_', ' ');
        point.verdict = result.detail.empty() ? words : words + ": " + result.detail;
        return;
    }
    point.usable = point.mean_ms.has_value();
    const bool group = result.limiter != "duty-cycle" && result.limiter != "none";
    if (!point.usable)
        point.verdict = "not enough samples";
    else if (point.other_cpu_share > kMostOthers && !group)
        point.verdict = fmt::format("noisy: other programs used {:.0f} % of this machine", 100 * point.other_cpu_share);
    else if (point.cpu_share && group && *point.cpu_share < 0.9 * std::min(point.vcpu, 1.0) && point.saturated_mean_ms && point.cpu_ms && *point.cpu_ms > 0.9 * *point.saturated_mean_ms * point.vcpu)
        point.verdict = fmt::format("noisy: it got {:.2f} of {:.2f} vCPU", *point.cpu_share, point.vcpu);
    else if (!isStable(result.isolated_ms))
        point.verdict = "not stable: parts differ by more than 10 %";
    else
        point.verdict = "stable";
}

}  // namespace

const char* name(CampaignEnd end) {
    switch (end) {
        case CampaignEnd::complete: return "complete";
        case CampaignEnd::budget: return "budget";
        case CampaignEnd::cancelled: return "cancelled";
        default: return "unfinished";
    }
}

std::vector<BenchPoint> pointsOf(const Campaign& campaign) {
    std::map<std::tuple<std::int32_t, int, int, int>, std::vector<const TrialRecord*>> groups;
    for (const auto& record : campaign.trials) {
        const auto& key = record.key;
        if (key.role != TrialKey::Role::memory) groups[{key.memory_mb, key.threads, own(key.batch, campaign.plan.trial.target.batch), own(key.concurrency, campaign.plan.trial.concurrency)}].push_back(&record);
    }
    std::vector<BenchPoint> out;
    for (const auto& [key, records] : groups) {
        BenchPoint point;
        std::tie(point.memory_mb, point.threads, point.batch, point.concurrency) = key;
        point.device = campaign.plan.trial.target.device;
        Gathered gathered;
        const TrialRecord* warm = nullptr;
        for (const auto* record : records) {
            point.vcpu = record->vcpu;
            if (record->key.role == TrialKey::Role::cold_huge) {  // another setting of the same size: nothing of it is the size's own
                if (record->result.status == TrialStatus::ok && record->result.cold.total_ms) gathered.colds_huge.push_back(*record->result.cold.total_ms);
                continue;
            }
            if (!record->result.limiter.empty()) point.limiter = record->result.limiter;
            point.memory_limited = record->result.memory_limited;
            point.killed_for_memory = point.killed_for_memory || record->result.status == TrialStatus::out_of_memory;
            point.other_cpu_share = std::max(point.other_cpu_share, record->result.other_cpu_share);
            if (record->result.status == TrialStatus::ok) gatherCold(*record, gathered);
            if (record->result.peak_mb) gathered.peaks.push_back(*record->result.peak_mb);
            if (record->key.role == TrialKey::Role::warm) warm = record;
        }
        point.colds = static_cast<int>(gathered.colds.size());
        point.cold_ms = medianOf(gathered.colds);
        if (gathered.colds.size() > 1) point.cold_deviation_ms = medianDeviation(gathered.colds);
        point.cold_disk_ms = medianOf(gathered.colds_disk);
        point.cold_huge_ms = medianOf(gathered.colds_huge);
        if (gathered.colds_huge.size() > 1) point.cold_huge_deviation_ms = medianDeviation(gathered.colds_huge);
        point.cold_stages = {medianOf(gathered.stages["exec"]),    medianOf(gathered.stages["load"]),  medianOf(gathered.stages["environment"]),
                             medianOf(gathered.stages["session"]), medianOf(gathered.stages["first"]), medianOf(gathered.stages["total"])};
        if (!gathered.peaks.empty()) point.peak_mb = *std::max_element(gathered.peaks.begin(), gathered.peaks.end());
        if (warm != nullptr && warm->result.status == TrialStatus::ok) setWarm(warm->result, point);
        judge(warm, point);
        out.push_back(std::move(point));
    }
    return out;
}

Setting baseOf(const CampaignPlan& plan) {
    const auto least = [](const std::vector<int>& values, int otherwise) { return values.empty() ? otherwise : *std::min_element(values.begin(), values.end()); };
    return {least(plan.threads, 1), least(plan.batches, plan.trial.target.batch), least(plan.concurrencies, plan.trial.concurrency)};
}

bool sameSetting(const CampaignPlan& a_plan, const BenchPoint& a, const CampaignPlan& b_plan, const BenchPoint& b) {
    const auto varied = [](const std::vector<int>& x, const std::vector<int>& y) { return x.size() > 1 || y.size() > 1; };
    return a.memory_mb == b.memory_mb && a.threads == b.threads && (a.batch == b.batch || !varied(a_plan.batches, b_plan.batches)) &&
           (a.concurrency == b.concurrency || !varied(a_plan.concurrencies, b_plan.concurrencies));
}

std::string settingText(Target::Kind kind, const Setting& setting) {
    if (kind != Target::Kind::onnx) return fmt::format("{} at once", setting.concurrency);
    std::string out = fmt::format("{} {}", setting.threads, setting.threads == 1 ? "thread" : "threads");
    if (setting.batch > 1) out += fmt::format(", batch {}", setting.batch);
    if (setting.concurrency > 1) out += fmt::format(", {} at once", setting.concurrency);
    return out;
}

std::vector<Observation> observationsOf(const Campaign& campaign) {
    std::vector<Observation> out;
    for (const auto& point : pointsOf(campaign)) {
        if (!isBase(campaign.plan, point) || !(point.usable || point.killed_for_memory)) continue;
        Observation o;
        o.memory = Megabytes{point.memory_mb};
        o.vcpu = point.vcpu;  // isolated requests: one at a time, whatever the saturated ones' concurrency
        o.source = Observation::Source::bench;
        o.provenance = campaign.plan.id;
        o.out_of_memory = point.killed_for_memory;
        if (point.usable) {
            o.mean_ms = *point.mean_ms;
            o.count = point.samples;
            o.p50_ms = point.p50_ms;
            o.p95_ms = point.p95_ms;
            o.p99_ms = point.p99_ms;
        }
        o.max_memory_used_mb = point.peak_mb;
        out.push_back(std::move(o));
    }
    return out;
}

std::string observationCsv(const std::vector<Observation>& observations) {
    const auto text = [](const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : std::string(); };
    std::string out = "memory_mb,duration_ms,count,p50_ms,p95_ms,p99_ms,max_memory_used_mb,source,vcpu,out_of_memory\n";
    for (const auto& o : observations) {
        out += fmt::format("{},{},{},{},{},{},{},bench,{},{}\n", o.memory.value, o.mean_ms > 0 ? fmt::format("{:.6g}", o.mean_ms) : "", o.count, text(o.p50_ms), text(o.p95_ms),
                           text(o.p99_ms), text(o.max_memory_used_mb), text(o.vcpu), o.out_of_memory ? 1 : 0);
    }
    return out;
}

SmallestMemory smallestMemoryOf(const Campaign& campaign) {
    constexpr double kLeastMb = 4, kStep = 1.25;
    SmallestMemory out;
    double peak = 0;
    bool worked = false;
    for (const auto& record : campaign.trials) {
        if (record.key.role == TrialKey::Role::cold_huge) continue;  // takes more memory than the model needs
        const auto& result = record.result;
        worked = worked || result.status == TrialStatus::ok || result.status == TrialStatus::out_of_memory;
        if (result.peak_mb && record.key.role != TrialKey::Role::memory) peak = std::max(peak, *result.peak_mb);
        if (result.status == TrialStatus::cancelled) continue;
        if (record.key.role == TrialKey::Role::memory && !result.memory_limited) {
            out.why_not = "the limiter " + (result.limiter.empty() ? std::string("here") : result.limiter) + " does not limit memory";
            return out;
        }
        if (!result.memory_limited) continue;
        // A size that was measured counts too.
        const bool survived = result.status == TrialStatus::ok;
        const bool starved = record.key.role == TrialKey::Role::memory ? !survived : result.status == TrialStatus::out_of_memory;
        auto& bound = survived ? out.survives_mb : out.fails_mb;
        if (survived && (!bound || record.key.memory_mb < *bound)) bound = record.key.memory_mb;
        if (starved && (!bound || record.key.memory_mb > *bound)) bound = record.key.memory_mb;
    }
    if (!worked) {
        out.why_not = "nothing ran at any size";
        return out;
    }
    const auto up = [](double mb) { return static_cast<std::int32_t>(std::ceil(mb)); };
    const bool searched = std::any_of(campaign.trials.begin(), campaign.trials.end(), [](const auto& record) { return record.key.role == TrialKey::Role::memory; });
    if (out.survives_mb && out.fails_mb) {
        const int gap = *out.survives_mb - *out.fails_mb;
        if (gap > std::max(kLeastMb, 0.04 * *out.survives_mb)) out.next_mb = *out.fails_mb + gap / 2;
    } else if (out.survives_mb) {
        // The largest resident memory is where it most likely ends; from there downwards.
        const auto first = up(peak);
        out.next_mb = !searched && first >= kLeastMb && first < *out.survives_mb ? first : static_cast<std::int32_t>(*out.survives_mb / kStep);
        if (*out.next_mb < kLeastMb) out.next_mb.reset();
    } else if (out.fails_mb) {
        out.next_mb = up(*out.fails_mb * kStep);
        if (*out.next_mb > 262'144) out.next_mb.reset();
    } else {
        out.next_mb = up(std::max(kLeastMb, peak));
    }
    return out;
}

namespace {

std::optional<Comparison> compareScaled(const BenchPoint& a, const BenchPoint& b, double scale) {
    if (!a.usable || !b.usable || *a.mean_ms <= 0 || *b.mean_ms <= 0) return std::nullopt;
    const auto relative = [](const BenchPoint& p) { return (*p.mean_hi - *p.mean_lo) / (2 * *p.mean_ms); };
    const double half = std::hypot(relative(a), relative(b)), ratio = scale * *b.mean_ms / *a.mean_ms;
    Comparison out{ratio, ratio * std::exp(-half), ratio * std::exp(half), false};
    out.different = out.lo > 1.02 || out.hi < 1 / 1.02;
    return out;
}

}  // namespace

std::optional<Comparison> compare(const BenchPoint& a, const BenchPoint& b) { return compareScaled(a, b, 1); }
std::optional<Comparison> compareItems(const BenchPoint& a, const BenchPoint& b) { return compareScaled(a, b, static_cast<double>(a.batch) / b.batch); }

std::optional<ThroughputComparison> compareThroughput(const BenchPoint& a, const BenchPoint& b) {
    constexpr double kNoise = 1.1;  // as isStable's
    if (!a.usable || !b.usable || a.throughput_per_s.value_or(0) <= 0 || b.throughput_per_s.value_or(0) <= 0) return std::nullopt;
    const double ratio = *b.throughput_per_s / *a.throughput_per_s;
    return ThroughputComparison{ratio, ratio > kNoise, ratio < 1 / kNoise};
}

}  // namespace pilotlight::bench
