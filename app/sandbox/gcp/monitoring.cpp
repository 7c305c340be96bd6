// Cloud Monitoring v3: projects.timeSeries.list over what the engines left behind. Points of a minute are visible 120 s later.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/gcp/google.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

constexpr Micros kDelay = 120 * kSecond;
constexpr Micros kRetention = 42 * kDay;

// Buckets as the services define them; all three kinds of google.api.Distribution occur.
struct Buckets {
    enum class Kind { exponential, linear, explicit_bounds } kind;
    int finite;
    double growth_or_width, scale_or_offset;
    std::vector<double> bounds;
    [[nodiscard]] std::size_t index(double value) const {
        if (kind == Kind::explicit_bounds)
            return static_cast<std::size_t>(std::upper_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
        double at = kind == Kind::linear      ? (value - scale_or_offset) / growth_or_width
                    : value < scale_or_offset ? -1
                                              : std::log(value / scale_or_offset) / std::log(growth_or_width);
        at = std::floor(at + 1e-12);
        return at < 0 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(at) + 1, static_cast<std::size_t>(finite) + 1);
    }
    [[nodiscard]] json options() const {
        if (kind == Kind::explicit_bounds) return {{"explicitBuckets", {{"bounds", bounds}}}};
        if (kind == Kind::linear) {
            json linear = {{"numFiniteBuckets", finite}, {"width", growth_or_width}};
            if (scale_or_offset != 0) linear["offset"] = scale_or_offset;
            return {{"linearBuckets", linear}};
        }
        return {{"exponentialBuckets", {{"numFiniteBuckets", finite}, {"growthFactor", growth_or_width}, {"scale", scale_or_offset}}}};
    }
};

class Distribution {
public:
    explicit Distribution(const Buckets& buckets) : buckets_(&buckets) {}
    void add(double value) {
        ++count_;
        const double delta = value - mean_;
        mean_ += delta / static_cast<double>(count_);
        squares_ += delta * (value - mean_);
        const auto i = buckets_->index(value);
        if (counts_.size() <= i) counts_.resize(i + 1);
        ++counts_[i];
    }
    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] json show() const {
        json out = {{"count", std::to_string(count_)}, {"bucketOptions", buckets_->options()}};
        if (mean_ != 0) out["mean"] = mean_;
        if (squares_ > 0) out["sumOfSquaredDeviation"] = squares_;
        json counts = json::array();
        for (const auto c : counts_) counts.push_back(std::to_string(c));
        out["bucketCounts"] = std::move(counts);
        return out;
    }
    [[nodiscard]] double percentile(double p) const {
        const double wanted = p * static_cast<double>(count_);
        double below = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            below += static_cast<double>(counts_[i]);
            if (below >= wanted && counts_[i] > 0) return upper(i);
        }
        return 0;
    }

private:
    [[nodiscard]] double upper(std::size_t i) const {
        if (buckets_->kind == Buckets::Kind::explicit_bounds) return buckets_->bounds[std::min(i, buckets_->bounds.size() - 1)];
        return buckets_->kind == Buckets::Kind::linear
                   ? buckets_->scale_or_offset + buckets_->growth_or_width * static_cast<double>(i)
                   : buckets_->scale_or_offset * std::pow(buckets_->growth_or_width, static_cast<double>(i));
    }
    const Buckets* buckets_;
    std::int64_t count_ = 0;
    double mean_ = 0, squares_ = 0;
    std::vector<std::int64_t> counts_;
};

const Buckets kLatency{Buckets::Kind::exponential, 160, 1.08, 1, {}};
const Buckets kNanoseconds{Buckets::Kind::exponential, 200, 1.15, 1000, {}};
const Buckets kStartup{
    Buckets::Kind::explicit_bounds, 0, 0, 0, {50,   100,  200,  400,  600,  800,   1000,  1250,  1500,  1750,  2000,   2500,  3000,
                                              3500, 4000, 5000, 6000, 8000, 10000, 15000, 20000, 30000, 60000, 120000, 240000}};
const Buckets kShare{Buckets::Kind::linear, 100, 0.01, 0, {}};
const Buckets kBytes{Buckets::Kind::linear, 512, 16.0 * 1048576, 0, {}};
const Buckets kGpuBytes{Buckets::Kind::linear, 256, 512.0 * 1048576, 0, {}};

enum class What { count, distribution, gauge, gauge_distribution, seconds };

struct Descriptor {
    const char* type;
    const char* resource;
    What what;
    const char* unit;
    const Buckets* buckets;
    std::vector<const char*> labels;  // of the metric
};

const std::vector<Descriptor>& descriptors() {
    static const std::vector<Descriptor> all{
        {"run.googleapis.com/request_count", "cloud_run_revision", What::count, "1", nullptr, {"response_code", "response_code_class"}},
        {"run.googleapis.com/request_latencies",
         "cloud_run_revision",
         What::distribution,
         "ms",
         &kLatency,
         {"response_code", "response_code_class"}},
        {"run.googleapis.com/request_latency/e2e_latencies",
         "cloud_run_revision",
         What::distribution,
         "ms",
         &kLatency,
         {"response_code", "response_code_class"}},
        {"run.googleapis.com/request_latency/pending", "cloud_run_revision", What::distribution, "ms", &kLatency, {}},
        {"run.googleapis.com/container/startup_latencies", "cloud_run_revision", What::distribution, "ms", &kStartup, {}},
        {"run.googleapis.com/container/instance_count", "cloud_run_revision", What::gauge, "1", nullptr, {"state"}},
        {"run.googleapis.com/container/billable_instance_time", "cloud_run_revision", What::seconds, "s", nullptr, {}},
        {"run.googleapis.com/container/cpu/utilizations", "cloud_run_revision", What::distribution, "10^2.%", &kShare, {}},
        {"run.googleapis.com/container/memory/utilizations", "cloud_run_revision", What::distribution, "10^2.%", &kShare, {}},
        {"run.googleapis.com/container/gpu/utilizations", "cloud_run_revision", What::gauge_distribution, "10^2.%", &kShare,
         {"container_name", "gpu_number"}},
        {"run.googleapis.com/container/gpu/memory_utilizations", "cloud_run_revision", What::gauge_distribution, "10^2.%", &kShare,
         {"container_name", "gpu_number"}},
        {"run.googleapis.com/container/gpu/memory_usages", "cloud_run_revision", What::gauge_distribution, "By", &kGpuBytes,
         {"container_name", "gpu_number"}},
        {"run.googleapis.com/container/max_request_concurrencies", "cloud_run_revision", What::distribution, "1", &kShare, {"state"}},
        {"cloudfunctions.googleapis.com/function/execution_count", "cloud_function", What::count, "1", nullptr, {"status"}},
        {"cloudfunctions.googleapis.com/function/execution_times", "cloud_function", What::distribution, "ns", &kNanoseconds, {"status"}},
        {"cloudfunctions.googleapis.com/function/user_memory_bytes", "cloud_function", What::distribution, "By", &kBytes, {}},
        {"cloudfunctions.googleapis.com/function/instance_count", "cloud_function", What::gauge, "1", nullptr, {"state"}},
        {"cloudfunctions.googleapis.com/function/active_instances", "cloud_function", What::gauge, "1", nullptr, {}},
    };
    return all;
}

// `metric.type="x" AND resource.labels.service_name="y"`: comparisons with =, or one_of(), joined by AND.
using Filter = std::map<std::string, std::set<std::string>>;
Answer<Filter> parseFilter(const std::string& text) {
    Filter filter;
    std::size_t i = 0;
    const auto skip = [&] {
        while (i < text.size() && (text[i] == ' ' || text[i] == '\n')) ++i;
    };
    const auto quoted = [&]() -> std::optional<std::string> {
        skip();
        if (i >= text.size() || text[i] != '"') return std::nullopt;
        const auto end = text.find('"', i + 1);
        if (end == std::string::npos) return std::nullopt;
        std::string value = text.substr(i + 1, end - i - 1);
        i = end + 1;
        return value;
    };
    const auto bad = [&] {
        return badRequest("Field filter had an invalid value of \"" + text + "\": syntax error near position " + std::to_string(i));
    };
    while (true) {
        skip();
        const auto begin = i;
        while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '.' || text[i] == '_')) ++i;
        std::string name = text.substr(begin, i - begin);
        if (name.starts_with("metric.label.")) name = "metric.labels." + name.substr(13);
        if (name.starts_with("resource.label.")) name = "resource.labels." + name.substr(15);
        if (name != "metric.type" && name != "resource.type" && !name.starts_with("metric.labels.") &&
            !name.starts_with("resource.labels."))
            return bad();
        skip();
        if (i >= text.size() || text[i] != '=') return bad();
        ++i;
        skip();
        if (text.compare(i, 7, "one_of(") == 0) {
            i += 7;
            while (true) {
                auto value = quoted();
                if (!value) return bad();
                filter[name].insert(*value);
                skip();
                if (i < text.size() && text[i] == ',') {
                    ++i;
                    continue;
                }
                if (i >= text.size() || text[i] != ')') return bad();
                ++i;
                break;
            }
        } else {
            auto value = quoted();
            if (!value) return bad();
            filter[name].insert(*value);
        }
        skip();
        if (i == text.size()) return filter;
        if (text.compare(i, 4, "AND ") != 0) return bad();
        i += 4;
    }
}

struct Query {
    const Descriptor* metric = nullptr;
    Filter filter;
    Micros begin = 0, end = 0, period = 0;
    std::string aligner, reducer;
    std::vector<std::string> group_by;
    bool headers = false;
};

Answer<Query> parseQuery(const Call& call) {
    GOOGLE_TRY(checkParameters(call, {"filter", "interval.startTime", "interval.endTime", "interval.start_time", "interval.end_time",
                                      "view", "pageSize", "pageToken", "orderBy", "aggregation.alignmentPeriod",
                                      "aggregation.perSeriesAligner", "aggregation.crossSeriesReducer", "aggregation.groupByFields"}));
    Query q;
    auto filter = parseFilter(call.parameter("filter"));
    if (!filter) return tl::unexpected(filter.error());
    q.filter = std::move(*filter);
    if (q.filter["metric.type"].size() != 1) return badRequest("The supplied filter does not specify exactly one metric.type; it must.");
    for (const auto& each : descriptors())
        if (each.type == *q.filter["metric.type"].begin()) q.metric = &each;
    if (q.metric == nullptr)
        return refuse(404, "NOT_FOUND", "Cannot find metric(s) that match type = \"" + *q.filter["metric.type"].begin() + "\".");
    const auto start = parseInstant(call.parameter("interval.startTime")), end = parseInstant(call.parameter("interval.endTime"));
    if (!end) return badRequest("Field interval.endTime had an invalid value: it is required.");
    q.end = *end;
    q.begin = start.value_or(*end);
    if (q.begin > q.end) return badRequest("Field interval.startTime had an invalid value: it is after the end.");
    if (!call.parameter("orderBy").empty()) return badRequest("Field orderBy had an invalid value: it must be empty.");
    const std::string view = call.parameter("view");
    if (!view.empty() && view != "FULL" && view != "HEADERS") return badRequest("Invalid value at 'view'.");
    q.headers = view == "HEADERS";
    q.aligner = call.parameter("aggregation.perSeriesAligner");
    q.reducer = call.parameter("aggregation.crossSeriesReducer");
    if (const auto at = call.query.find("aggregation.groupByFields"); at != call.query.end()) q.group_by = at->second;
    if (!q.group_by.empty() && (q.reducer.empty() || q.reducer == "REDUCE_NONE"))
        return badRequest("Field aggregation.groupByFields had an invalid value: a reducer is required.");
    if (const std::string period = call.parameter("aggregation.alignmentPeriod"); !period.empty()) {
        const double s = std::strtod(period.c_str(), nullptr);
        if (period.back() != 's' || s < 60)
            return badRequest("Field aggregation.alignmentPeriod had an invalid value of \"" + period + "\": must be at least 60 seconds.");
        q.period = static_cast<Micros>(s) * kSecond;
    }
    if (q.aligner.empty() || q.aligner == "ALIGN_NONE")
        return badRequest("The sandbox answers aligned queries only: set aggregation.perSeriesAligner.");
    if (q.period == 0) return badRequest("Field aggregation.alignmentPeriod is required with an aligner.");
    static const std::map<What, std::set<std::string>> kAligners{
        {What::count, {"ALIGN_DELTA", "ALIGN_SUM", "ALIGN_RATE"}},
        {What::seconds, {"ALIGN_DELTA", "ALIGN_SUM", "ALIGN_RATE"}},
        {What::gauge, {"ALIGN_MAX", "ALIGN_MEAN", "ALIGN_MIN"}},
        {What::gauge_distribution, {"ALIGN_SUM", "ALIGN_PERCENTILE_50", "ALIGN_PERCENTILE_95", "ALIGN_PERCENTILE_99"}},
        {What::distribution, {"ALIGN_DELTA", "ALIGN_SUM", "ALIGN_PERCENTILE_50", "ALIGN_PERCENTILE_95", "ALIGN_PERCENTILE_99"}}};
    if (!kAligners.at(q.metric->what).contains(q.aligner))
        return badRequest("Field aggregation.perSeriesAligner had an invalid value of \"" + q.aligner +
                          "\": The aligner cannot be applied to metrics of this kind and value type.");
    if (q.reducer != "" && q.reducer != "REDUCE_NONE" && q.reducer != "REDUCE_SUM" && q.reducer != "REDUCE_MAX")
        return badRequest("Field aggregation.crossSeriesReducer had an invalid value of \"" + q.reducer + "\".");
    return q;
}

// One raw series before reduction.
struct Part {
    std::string label_value;  // response_code_class, status or state; "" = none
    std::function<bool(const Invocation&)> takes = [](const Invocation&) { return true; };
};

std::vector<Part> partsOf(const Query& q) {
    const std::string type = q.metric->type;
    const auto failed = [](const Invocation& i) { return i.is(Invocation::failed); };
    const auto fine = [](const Invocation& i) { return !i.is(Invocation::failed); };
    if (type.find("instance_count") != std::string::npos) return {{"active"}, {"idle"}};
    if (type.find("max_request") != std::string::npos) return {{"active"}};
    if (q.metric->labels.empty() || q.metric->what == What::gauge_distribution) return {{""}};
    return q.metric->labels[0] == std::string("status") ? std::vector<Part>{{"ok", fine}, {"error", failed}}
                                                        : std::vector<Part>{{"2xx", fine}, {"5xx", failed}};
}

json labelsOf(const Query& q, const Part& part) {
    json labels = json::object();
    for (const char* label : q.metric->labels) {
        const std::string name = label;
        labels[name] = name == "response_code"    ? (part.label_value == "2xx" ? "200" : "500")
                       : name == "gpu_number"     ? "0"
                       : name == "container_name" ? "server"
                                                  : part.label_value;
    }
    return labels;
}

json resourceLabels(const Query& q, const Resource& r, const std::string& project) {
    if (q.metric->resource == std::string("cloud_function"))
        return {{"project_id", project}, {"region", r.spec.region}, {"function_name", r.spec.name}};
    const std::string revision = r.service["latestReadyRevision"].get<std::string>();
    return {{"project_id", project},
            {"location", r.spec.region},
            {"service_name", r.spec.name},
            {"configuration_name", r.spec.name},
            {"revision_name", revision.substr(revision.rfind('/') + 1)}};
}

// Values of one function and part, one for each period; nullopt = no point.
class Reader {
public:
    Reader(const Query& q, const Resource& r, Micros now) : q_(q), r_(r) {
        visible_ = std::min(q.end, now - kDelay);
        const auto n =
            static_cast<std::size_t>(std::max<Micros>(0, (q.end - std::max(q.begin, now - kRetention) + q.period - 1) / q.period));
        periods_ = std::min<std::size_t>(n, 100'000);
    }
    [[nodiscard]] std::size_t periods() const { return periods_; }
    // The period number that holds `t`, counted backwards from the end; SIZE_MAX outside.
    [[nodiscard]] std::size_t slot(Micros t) const {
        if (t >= visible_ || t < q_.end - static_cast<Micros>(periods_) * q_.period) return SIZE_MAX;
        return static_cast<std::size_t>((q_.end - 1 - t) / q_.period);
    }
    void requests(const Part& part, const std::function<void(std::size_t, const Invocation&)>& take) const {
        for (const auto& row : r_.engine->rows()) {
            const auto at = slot(row.endMs() * 1000);
            if (at != SIZE_MAX && part.takes(row)) take(at, row);
        }
    }
    void minutes(const std::function<void(std::size_t, const SharedMinute&)>& take) const {
        const Micros from = q_.end - static_cast<Micros>(periods_) * q_.period;
        for (Micros m = from / kMinute; m * kMinute < visible_; ++m) {
            const auto at = slot(m * kMinute);
            const auto* minute = r_.engine->minute(m);
            if (at != SIZE_MAX && minute != nullptr) take(at, *minute);
        }
    }

private:
    const Query& q_;
    const Resource& r_;
    Micros visible_ = 0;
    std::size_t periods_ = 0;
};

struct Values {
    std::map<std::size_t, double> numbers;  // by slot
    std::map<std::size_t, Distribution> distributions;
    std::map<std::size_t, std::pair<double, int>> means;
};

void read(const Query& q, const Resource& r, const Part& part, Micros now, Values& out) {
    const std::string type = q.metric->type;
    const Reader reader(q, r, now);
    const auto sample = [&](std::size_t at, double value) {
        out.distributions.try_emplace(at, *q.metric->buckets).first->second.add(value);
    };
    const auto gauge = [&](std::size_t at, double value) {
        if (q.aligner == "ALIGN_MEAN") {
            auto& [sum, n] = out.means[at];
            sum += value;
            ++n;
        } else {
            const auto [it, fresh] = out.numbers.try_emplace(at, value);
            if (!fresh) it->second = q.aligner == "ALIGN_MIN" ? std::min(it->second, value) : std::max(it->second, value);
        }
    };
    if (q.metric->what == What::count) {
        reader.requests(part, [&](std::size_t at, const Invocation&) { out.numbers[at] += 1; });
    } else if (type.ends_with("request_latencies")) {
        reader.requests(part, [&](std::size_t at, const Invocation& i) { sample(at, i.duration_cms / 100.0); });
    } else if (type.ends_with("e2e_latencies")) {
        reader.requests(part, [&](std::size_t at, const Invocation& i) { sample(at, (i.duration_cms + i.init_cms) / 100.0 + 3); });
    } else if (type.ends_with("/pending")) {
        reader.requests(part, [&](std::size_t at, const Invocation& i) {
            if (i.init_cms > 0) sample(at, i.init_cms / 100.0);
        });
    } else if (type.ends_with("execution_times")) {
        reader.requests(part, [&](std::size_t at, const Invocation& i) { sample(at, i.duration_cms * 1e4); });
    } else if (type.ends_with("user_memory_bytes")) {
        reader.requests(part, [&](std::size_t at, const Invocation& i) { sample(at, i.used_mb * 1048576.0); });
    } else if (type.ends_with("startup_latencies")) {
        for (const auto& start : r.engine->starts())
            if (const auto at = reader.slot((start.at_ms + start.took_ms) * 1000); at != SIZE_MAX) sample(at, start.took_ms);
    } else if (type.find("instance_count") != std::string::npos) {
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.alive_ms > 0) gauge(at, part.label_value == "active" ? m.peak_active : std::max(0, m.peak_alive - m.peak_active));
        });
    } else if (type.ends_with("active_instances")) {
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.alive_ms > 0) gauge(at, m.peak_alive);
        });
    } else if (type.ends_with("billable_instance_time")) {
        const bool whole = instanceBilled(r);
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            const auto ms = whole ? m.alive_ms : m.active_ms + m.rounding_ms;
            if (ms > 0) out.numbers[at] += static_cast<double>(ms) / 1000.0;
        });
    } else if (type.ends_with("cpu/utilizations")) {
        const double cpu = r.engine->deployment().vcpu;
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.alive_ms > 0)
                sample(at, std::clamp(0.75 * static_cast<double>(m.request_ms) / (static_cast<double>(m.alive_ms) * cpu), 0.001, 1.0));
        });
    } else if (type.ends_with("memory/utilizations")) {
        const double limit = r.engine->deployment().memory_mb;
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.peak_used_mb > 0) sample(at, std::min(1.0, m.peak_used_mb / limit));
        });
    } else if (q.metric->what == What::gauge_distribution) {
        // The model lies in the GPU's memory from the start; each request at once takes some more.
        const double memory = (r.spec.accelerator == "nvidia-l4" ? 24.0 : 96.0) * 1073741824.0;
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.alive_ms <= 0 || r.spec.accelerator.empty()) return;
            const double used = std::min(0.98, 0.6 + 0.02 * m.peak_load);
            const double busy = std::clamp(0.9 * static_cast<double>(m.request_ms) / static_cast<double>(m.alive_ms), 0.0, 1.0);
            sample(at, type.ends_with("gpu/utilizations") ? busy : type.ends_with("memory_usages") ? used * memory : used);
        });
    } else if (type.ends_with("max_request_concurrencies")) {
        reader.minutes([&](std::size_t at, const SharedMinute& m) {
            if (m.peak_load > 0) sample(at, m.peak_load);
        });
    }
}

bool allowed(const Filter& filter, const std::string& prefix, const json& labels) {
    for (const auto& [name, values] : filter) {
        if (!name.starts_with(prefix)) continue;
        const auto at = labels.find(name.substr(prefix.size()));
        if (at == labels.end() || !values.contains(at->get<std::string>())) return false;
    }
    return true;
}

struct Series {
    json metric_labels = json::object(), resource_labels = json::object();
    Values values;
};

json pointOf(const Query& q, std::size_t slot, json value) {
    const Micros end = q.end - static_cast<Micros>(slot) * q.period;
    const bool delta = (q.aligner == "ALIGN_DELTA" || q.aligner == "ALIGN_SUM") && q.metric->what != What::gauge_distribution;
    return {{"interval", {{"startTime", isoMillis(delta ? end - q.period : end)}, {"endTime", isoMillis(end)}}},
            {"value", std::move(value)}};
}

void addPoints(const Query& q, const Series& s, json& points) {
    // Newest first: slot 0 is the last period.
    const bool integer = q.metric->what == What::count && q.aligner != "ALIGN_RATE";
    for (const auto& [slot, number] : s.values.numbers) {
        const double value = q.aligner == "ALIGN_RATE" ? number * 1e6 / static_cast<double>(q.period) : number;
        points.push_back(pointOf(q, slot,
                                 integer || (q.metric->what == What::gauge) ? json{{"int64Value", std::to_string(std::llround(value))}}
                                                                            : json{{"doubleValue", value}}));
    }
    for (const auto& [slot, mean] : s.values.means) points.push_back(pointOf(q, slot, {{"doubleValue", mean.first / mean.second}}));
    for (const auto& [slot, distribution] : s.values.distributions) {
        if (q.aligner.starts_with("ALIGN_PERCENTILE_"))
            points.push_back(pointOf(q, slot, {{"doubleValue", distribution.percentile(std::stoi(q.aligner.substr(17)) / 100.0)}}));
        else
            points.push_back(pointOf(q, slot, {{"distributionValue", distribution.show()}}));
    }
}

}  // namespace

Answer<HttpResponse> handleMonitoring(Call& call) {
    if (call.request.method != "GET" || call.path.size() != 4) return refuse(501, "UNIMPLEMENTED", "The sandbox lists time series only.");
    auto query = parseQuery(call);
    if (!query) return tl::unexpected(query.error());
    const Query& q = *query;
    const bool reduced = q.reducer == "REDUCE_SUM" || q.reducer == "REDUCE_MAX";
    const bool of_values = q.metric->what == What::distribution || q.metric->what == What::gauge_distribution;
    if (reduced && of_values && q.aligner.starts_with("ALIGN_PERCENTILE"))
        return badRequest("The sandbox does not reduce percentiles.");
    if (const auto wanted = q.filter.find("resource.type"); wanted != q.filter.end() && !wanted->second.contains(q.metric->resource))
        return reply(json::object());
    std::map<std::string, Series> found;
    for (const auto& r : call.project.resources()) {
        if (r->isGen1() != (q.metric->resource == std::string("cloud_function"))) continue;
        const json resource = resourceLabels(q, *r, call.project.id());
        if (!allowed(q.filter, "resource.labels.", resource)) continue;
        for (const auto& part : partsOf(q)) {
            const json labels = labelsOf(q, part);
            if (!allowed(q.filter, "metric.labels.", labels)) continue;
            Series one;
            for (const auto& [name, value] : labels.items())
                if (!reduced || std::find(q.group_by.begin(), q.group_by.end(), "metric.labels." + name) != q.group_by.end())
                    one.metric_labels[name] = value;
            for (const auto& [name, value] : resource.items())
                if (!reduced || std::find(q.group_by.begin(), q.group_by.end(), "resource.labels." + name) != q.group_by.end())
                    one.resource_labels[name] = value;
            Series& into = found.try_emplace(one.metric_labels.dump() + one.resource_labels.dump(), std::move(one)).first->second;
            if (into.values.numbers.empty() || q.metric->what == What::count || q.metric->what == What::seconds ||
                q.metric->what == What::distribution || q.metric->what == What::gauge_distribution) {
                read(q, *r, part, call.project.now(), into.values);
            } else {  // gauges of two parts: added up, or the larger of them
                Values more;
                read(q, *r, part, call.project.now(), more);
                for (const auto& [slot, value] : more.numbers) {
                    auto& sum = into.values.numbers[slot];
                    sum = q.reducer == "REDUCE_SUM" ? sum + value : std::max(sum, value);
                }
            }
        }
    }
    // Pages by points; a series may be split between two.
    json body = json::object();
    std::vector<std::pair<const Series*, json>> all;
    std::size_t size = 0;
    for (const auto& [key, series] : found) {
        json points = json::array();
        addPoints(q, series, points);
        if (points.empty()) continue;
        size += points.size();
        all.emplace_back(&series, std::move(points));
    }
    const auto page = pageOf(call, size, 100'000, 100'000, call.parameter("filter") + call.parameter("interval.endTime"));
    if (!page) return tl::unexpected(page.error());
    std::size_t at = 0;
    const bool merged = q.aligner == "ALIGN_DELTA" || q.aligner == "ALIGN_SUM", delta = merged && q.metric->what != What::gauge_distribution;
    for (auto& [series, points] : all) {
        json shown = json::array();
        for (auto& point : points) {
            if (at >= page->first && at < page->last) shown.push_back(std::move(point));
            ++at;
        }
        if (shown.empty()) continue;
        json one = {{"metric", {{"type", q.metric->type}}},
                    {"resource", {{"type", q.metric->resource}}},
                    {"metricKind", delta ? "DELTA" : "GAUGE"},
                    {"valueType", of_values && merged                                          ? "DISTRIBUTION"
                                  : q.metric->what == What::count && delta                     ? "INT64"
                                  : q.metric->what == What::gauge && q.aligner != "ALIGN_MEAN" ? "INT64"
                                                                                               : "DOUBLE"},
                    {"unit", q.metric->unit}};
        if (!series->metric_labels.empty()) one["metric"]["labels"] = series->metric_labels;
        if (!series->resource_labels.empty()) one["resource"]["labels"] = series->resource_labels;
        if (!q.headers) one["points"] = std::move(shown);
        body["timeSeries"].push_back(std::move(one));
    }
    if (!page->next.empty()) body["nextPageToken"] = page->next;
    if (size > 0) body["unit"] = q.metric->unit;
    return reply(body);
}

}  // namespace pilotlight::sandbox::gcp
