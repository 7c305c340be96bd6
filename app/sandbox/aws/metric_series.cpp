#include "app/sandbox/aws/metric_series.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace pilotlight::sandbox {
namespace {

constexpr Micros kPublicationDelay = 15 * kSecond;

enum class Kind {
    invocations,
    errors,
    throttles,
    duration,
    concurrency,
    unreserved,
    claimed,
    pool_used,
    pool_share,
    pool_served,
    pool_spilled
};

const std::map<std::string, std::pair<Kind, const char*>>& catalogue() {
    static const std::map<std::string, std::pair<Kind, const char*>> all{
        {"Invocations", {Kind::invocations, "Count"}},
        {"Errors", {Kind::errors, "Count"}},
        {"Throttles", {Kind::throttles, "Count"}},
        {"Duration", {Kind::duration, "Milliseconds"}},
        {"ConcurrentExecutions", {Kind::concurrency, "Count"}},
        {"UnreservedConcurrentExecutions", {Kind::unreserved, "Count"}},
        {"ClaimedAccountConcurrency", {Kind::claimed, "Count"}},
        {"ProvisionedConcurrentExecutions", {Kind::pool_used, "Count"}},
        {"ProvisionedConcurrencyUtilization", {Kind::pool_share, "None"}},
        {"ProvisionedConcurrencyInvocations", {Kind::pool_served, "Count"}},
        {"ProvisionedConcurrencySpilloverInvocations", {Kind::pool_spilled, "Count"}},
    };
    return all;
}

// Which requests of one function a set of dimensions covers.
struct Selection {
    const FunctionState* function = nullptr;
    int route = -1;    // -1 = all
    int version = -1;  // -1 = all
    std::string qualifier;
};

class Collector {
public:
    Collector(std::int64_t from_s, std::int64_t to_s, std::int64_t period_s) : from_(from_s), period_(period_s) {
        const std::int64_t n = to_s > from_s ? (to_s - from_s + period_s - 1) / period_s : 0;
        buckets_.resize(static_cast<std::size_t>(std::min<std::int64_t>(n, 2'000'000)));
    }
    void add(std::int64_t at_s, double value) {
        if (at_s < from_) return;
        const auto i = static_cast<std::size_t>((at_s - from_) / period_);
        if (i >= buckets_.size()) return;
        buckets_[i].values.push_back(value);
        buckets_[i].sum += value;
    }
    std::vector<Bucket> finish() {
        std::vector<Bucket> kept;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            if (buckets_[i].values.empty()) continue;
            buckets_[i].start_s = from_ + static_cast<std::int64_t>(i) * period_;
            std::sort(buckets_[i].values.begin(), buckets_[i].values.end());
            kept.push_back(std::move(buckets_[i]));
        }
        return kept;
    }

private:
    std::int64_t from_, period_;
    std::vector<Bucket> buckets_;
};

std::optional<Selection> select(World& world, const std::string& region, const MetricId& metric) {
    Selection s;
    const auto name = metric.dimensions.find("FunctionName");
    if (name == metric.dimensions.end()) return std::nullopt;
    s.function = world.find(region, name->second);
    if (s.function == nullptr) return std::nullopt;
    const auto resource = metric.dimensions.find("Resource");
    if (resource != metric.dimensions.end()) {
        if (resource->second != name->second && !resource->second.starts_with(name->second + ":")) return std::nullopt;
        s.qualifier = resource->second.size() > name->second.size() ? resource->second.substr(name->second.size() + 1) : "";
        const auto& routes = s.function->engine->routes();
        for (std::size_t i = 0; i < routes.size(); ++i)
            if (routes[i].qualifier == s.qualifier) s.route = static_cast<int>(i);
        if (s.route < 0) return std::nullopt;
    }
    if (const auto version = metric.dimensions.find("ExecutedVersion"); version != metric.dimensions.end()) {
        if (resource == metric.dimensions.end()) return std::nullopt;
        s.version = version->second == "$LATEST" ? 0 : std::atoi(version->second.c_str());
    }
    return s;
}

void collectInvocations(const Selection& s, Kind kind, std::int64_t from_s, std::int64_t to_s, Micros now, Collector& out) {
    const auto& rows = s.function->engine->invocations();
    const auto begin = std::partition_point(rows.begin(), rows.end(), [&](const Invocation& i) { return i.start_ms < from_s * 1000; });
    const std::int64_t published = (now - kPublicationDelay) / 1000;
    for (auto i = begin; i != rows.end() && i->start_ms < to_s * 1000; ++i) {
        if ((s.route >= 0 && i->route != s.route) || (s.version >= 0 && i->version != s.version) || i->endMs() > published) continue;
        switch (kind) {
            case Kind::duration:
                out.add(i->start_ms / 1000, i->duration_cms / 100.0);
                break;
            case Kind::errors:
                out.add(i->start_ms / 1000, i->is(Invocation::failed) ? 1 : 0);
                break;
            case Kind::pool_served:
                if (i->is(Invocation::pooled)) out.add(i->start_ms / 1000, 1);
                break;
            case Kind::pool_spilled:
                if (i->is(Invocation::spilled)) out.add(i->start_ms / 1000, 1);
                break;
            case Kind::throttles:
                out.add(i->start_ms / 1000, 0);
                break;
            default:
                out.add(i->start_ms / 1000, 1);
        }
    }
    if (kind != Kind::throttles || s.version > 0) return;
    for (const auto& t : s.function->engine->throttles())
        if ((s.route < 0 || t.route == s.route) && t.at_ms <= published) out.add(t.at_ms / 1000, 1);
}

template <typename Value>
void collectMinutes(std::int64_t from_s, std::int64_t to_s, Micros now, Collector& out, Value value) {
    const std::int64_t last = std::min(to_s, (now - kPublicationDelay) / kSecond);
    for (std::int64_t minute = from_s / 60; minute * 60 < last; ++minute)
        if (const std::optional<double> v = value(minute)) out.add(minute * 60, *v);
}

std::optional<double> positive(double value) { return value > 0 ? std::optional(value) : std::nullopt; }

}  // namespace

std::optional<double> Bucket::statistic(const std::string& name) const {
    const auto n = static_cast<double>(values.size());
    if (name == "Sum") return sum;
    if (name == "Average") return sum / n;
    if (name == "Minimum") return values.front();
    if (name == "Maximum") return values.back();
    if (name == "SampleCount") return n;
    if (!knownStatistic(name)) return std::nullopt;
    const double at = std::atof(name.c_str() + 1) / 100.0 * (n - 1);
    const auto low = static_cast<std::size_t>(at);
    const auto high = std::min(values.size() - 1, low + 1);
    return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

bool knownStatistic(const std::string& name) {
    for (const char* plain : {"Sum", "Average", "Minimum", "Maximum", "SampleCount"})
        if (name == plain) return true;
    if (name.size() < 2 || name.size() > 14 || name[0] != 'p' || name.find_first_not_of("0123456789.", 1) != std::string::npos)
        return false;
    const double p = std::atof(name.c_str() + 1);
    return p >= 0 && p <= 100 && name[1] != '.';
}

bool knownMetric(const std::string& name) { return catalogue().contains(name); }

const char* unitOf(const std::string& metric) {
    const auto found = catalogue().find(metric);
    return found == catalogue().end() ? "None" : found->second.second;
}

std::vector<Bucket> computeSeries(World& world, const std::string& region, const MetricId& metric, std::int64_t from_s, std::int64_t to_s,
                                  std::int64_t period_s, Micros now) {
    const auto entry = catalogue().find(metric.name);
    if (entry == catalogue().end()) return {};
    const Kind kind = entry->second.first;
    from_s = std::max(from_s, from_s + (world.start() / kSecond - from_s) / period_s * period_s);
    to_s = std::min(to_s, now / kSecond + period_s);
    Collector out(from_s, to_s, period_s);
    const bool by_request = kind == Kind::invocations || kind == Kind::errors || kind == Kind::throttles || kind == Kind::duration ||
                            kind == Kind::pool_served || kind == Kind::pool_spilled;
    if (metric.dimensions.empty()) {
        const PeakTrack* track = kind == Kind::concurrency ? world.busy(region) : world.unreserved(region);
        if (track == nullptr) return {};
        if (by_request) {
            if (kind == Kind::pool_served || kind == Kind::pool_spilled) return {};
            for (const auto* f : world.functions(region)) collectInvocations({f, -1, -1, ""}, kind, from_s, to_s, now, out);
        } else if (kind == Kind::claimed) {
            double kept = world.reservedTotal(region);
            for (const auto* f : world.functions(region))
                if (!f->reserved)
                    for (const auto& [qualifier, pool] : f->engine->pools()) kept += pool.requested;
            collectMinutes(from_s, to_s, now, out, [&](std::int64_t m) { return positive(track->peak(m) + kept); });
        } else if (kind == Kind::concurrency || kind == Kind::unreserved) {
            collectMinutes(from_s, to_s, now, out, [&](std::int64_t m) { return positive(track->peak(m)); });
        }
        return out.finish();
    }
    const auto s = select(world, region, metric);
    if (!s) return {};
    const FunctionEngine& engine = *s->function->engine;
    if (by_request) {
        if ((kind == Kind::pool_served || kind == Kind::pool_spilled) && engine.pools().empty()) return {};
        collectInvocations(*s, kind, from_s, to_s, now, out);
        return out.finish();
    }
    if (kind == Kind::concurrency) {
        const PeakTrack& track = s->route < 0 ? engine.concurrency() : engine.routes()[static_cast<std::size_t>(s->route)].busy;
        collectMinutes(from_s, to_s, now, out, [&](std::int64_t m) { return positive(track.peak(m)); });
    } else if (kind == Kind::pool_used || kind == Kind::pool_share) {
        collectMinutes(from_s, to_s, now, out, [&](std::int64_t m) -> std::optional<double> {
            int used = 0, size = 0;
            for (const auto& [qualifier, pool] : engine.pools())
                if (s->route < 0 || qualifier == s->qualifier) {
                    used += pool.used.peak(m);
                    size += pool.size.peak(m);
                }
            if (used == 0 || size == 0) return std::nullopt;
            return kind == Kind::pool_used ? used : std::min(1.0, static_cast<double>(used) / size);
        });
    }
    return out.finish();
}

std::vector<MetricId> listMetrics(World& world, const std::string& region, Micros since) {
    std::vector<MetricId> all;
    bool any = false;
    for (const auto* f : world.functions(region)) {
        const auto& rows = f->engine->invocations();
        if (rows.empty() || rows.back().start_ms < since / 1000) continue;
        any = true;
        std::vector<std::map<std::string, std::string>> sets{{{"FunctionName", f->spec.name}}};
        for (const auto& route : f->engine->routes())
            if (route.share > 0)
                sets.push_back(
                    {{"FunctionName", f->spec.name}, {"Resource", f->spec.name + (route.qualifier.empty() ? "" : ":" + route.qualifier)}});
        for (const auto& dimensions : sets)
            for (const auto& [name, entry] : catalogue()) {
                const Kind kind = entry.first;
                if (kind == Kind::unreserved || kind == Kind::claimed) continue;
                const bool pooled =
                    kind == Kind::pool_used || kind == Kind::pool_share || kind == Kind::pool_served || kind == Kind::pool_spilled;
                if (pooled && f->engine->pools().empty()) continue;
                all.push_back({name, dimensions});
            }
    }
    if (any)
        for (const char* name : {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "UnreservedConcurrentExecutions",
                                 "ClaimedAccountConcurrency"})
            all.push_back({name, {}});
    return all;
}

}  // namespace pilotlight::sandbox
