#include "core/model/sim_scenario.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

namespace pilotlight::model {
namespace {

using Json = nlohmann::json;

tl::unexpected<Error> wrong(std::string what, std::string action = "Correct the scenario file.") {
    return fail(ErrorCode::invalid_argument, "Scenario: " + std::move(what), "Nothing was simulated.", std::move(action));
}

Status onlyKeys(const Json& object, const std::string& where, std::initializer_list<const char*> known) {
    if (!object.is_object()) return wrong(where + " is not an object");
    for (const auto& [key, value] : object.items()) {
        if (std::none_of(known.begin(), known.end(), [&key = key](const char* k) { return key == k; })) {
            std::string list;
            for (const char* k : known) list += (list.empty() ? "" : ", ") + std::string(k);
            return wrong("unknown key \"" + key + "\" in " + where, "Known keys there: " + list + ".");
        }
    }
    return {};
}

Result<double> number(const Json& object, const char* key, double min, double max) {
    const auto it = object.find(key);
    if (it == object.end()) return wrong("\"" + std::string(key) + "\" is missing");
    if (!it->is_number()) return wrong("\"" + std::string(key) + "\" is not a number");
    const double value = it->get<double>();
    if (!(value >= min && value <= max)) {
        std::ostringstream text;
        text << "\"" << key << "\" is " << value << ", outside " << min << " .. " << max;
        return wrong(text.str());
    }
    return value;
}

constexpr double kMaxSeconds = 1e12;
constexpr double kMostArrivals = 2e10;  // a quarter of an hour of computing
constexpr double kMostCounted = 1e8;    // requests drawn from counts, which are all held in memory
constexpr double kMostAtOnce = 1e7;     // requests in service, of which each takes memory

Result<Distribution> distribution(const Json& json, const std::string& where) {
    PILOTLIGHT_TRY(onlyKeys(json, where, {"distribution", "mean_s", "cv", "values_s"}));
    Distribution law;
    const auto kind = json.find("distribution");
    if (kind == json.end() || !kind->is_string()) return wrong("\"distribution\" of " + where + " is missing");
    const auto word = kind->get<std::string>();
    if (word == "empirical") {
        law.kind = Distribution::Kind::empirical;
        const auto values = json.find("values_s");
        if (values == json.end() || !values->is_array() || values->empty())
            return wrong("\"values_s\" of " + where + " is missing or empty");
        for (const auto& value : *values) {
            if (!value.is_number() || value.get<double>() < 0)
                return wrong("\"values_s\" of " + where + " holds something that is not a duration");
            law.values_s.push_back(value.get<double>());
        }
        return law;
    }
    PILOTLIGHT_ASSIGN(law.mean_s, number(json, "mean_s", 0, kMaxSeconds));
    if (word == "exponential") {
        law.kind = Distribution::Kind::exponential;
    } else if (word == "constant") {
        law.kind = Distribution::Kind::constant;
    } else if (word == "lognormal") {
        law.kind = Distribution::Kind::lognormal;
        PILOTLIGHT_ASSIGN(law.cv, number(json, "cv", 0, 1e6));
    } else {
        return wrong("distribution \"" + word + "\" of " + where + " is not known", "Known: exponential, lognormal, constant, empirical.");
    }
    return law;
}

Result<KeepAlive> keepAlive(const Json& json) {
    PILOTLIGHT_TRY(onlyKeys(json, "keep_alive", {"kind", "seconds", "from_s", "to_s", "period_s", "max_life_s", "cdf"}));
    KeepAlive keep;
    const auto kind = json.find("kind");
    if (kind == json.end() || !kind->is_string()) return wrong("\"kind\" of keep_alive is missing");
    const auto word = kind->get<std::string>();
    if (word == "fixed") {
        PILOTLIGHT_ASSIGN(keep.seconds, number(json, "seconds", 0, kMaxSeconds));
    } else if (word == "uniform") {
        keep.kind = KeepAlive::Kind::uniform;
        PILOTLIGHT_ASSIGN(keep.from_s, number(json, "from_s", 0, kMaxSeconds));
        PILOTLIGHT_ASSIGN(keep.to_s, number(json, "to_s", keep.from_s, kMaxSeconds));
    } else if (word == "halving") {
        keep.kind = KeepAlive::Kind::halving;
        PILOTLIGHT_ASSIGN(keep.period_s, number(json, "period_s", 1e-3, kMaxSeconds));
        if (json.contains("max_life_s")) {
            PILOTLIGHT_ASSIGN(keep.max_life_s, number(json, "max_life_s", 1e-3, kMaxSeconds));
        }
    } else if (word == "empirical") {
        keep.kind = KeepAlive::Kind::empirical;
        const auto cdf = json.find("cdf");
        if (cdf == json.end() || !cdf->is_array() || cdf->empty()) return wrong("\"cdf\" of keep_alive is missing or empty");
        for (const auto& point : *cdf) {
            if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_number())
                return wrong("\"cdf\" of keep_alive wants pairs [idle seconds, share gone by then]");
            keep.cdf.emplace_back(point[0].get<double>(), point[1].get<double>());
        }
        for (std::size_t i = 0; i < keep.cdf.size(); ++i) {
            const auto [x, y] = keep.cdf[i];
            if (x < 0 || y < 0 || y > 1 || (i > 0 && (x <= keep.cdf[i - 1].first || y < keep.cdf[i - 1].second)))
                return wrong("\"cdf\" of keep_alive does not ascend from 0 to 1");
        }
    } else {
        return wrong("keep_alive kind \"" + word + "\" is not known", "Known: fixed, uniform, halving, empirical.");
    }
    return keep;
}

// Splits one CSV line; quotes protect commas.
std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            out.emplace_back();
        } else if (c != '\r') {
            out.back() += c;
        }
    }
    return out;
}

std::optional<double> parsed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

// Named columns of a CSV file, every row a number. A file without the header of one column may consist of bare numbers.
Result<std::vector<std::vector<double>>> columns(const std::filesystem::path& path, const std::vector<std::string>& names) {
    std::ifstream file(path);
    if (!file)
        return fail(ErrorCode::invalid_argument, "Cannot read " + path.string(), "Nothing was simulated.",
                    "Check the path in the scenario; it is relative to the scenario file.");
    std::string line;
    std::getline(file, line);
    const auto header = cells(line);
    std::vector<std::size_t> index;
    for (const auto& name : names) {
        const auto it = std::find(header.begin(), header.end(), name);
        if (it == header.end()) return wrong("no column \"" + name + "\" in " + path.string());
        index.push_back(static_cast<std::size_t>(it - header.begin()));
    }
    std::vector<std::vector<double>> out(names.size());
    std::size_t row = 1;
    while (std::getline(file, line)) {
        ++row;
        if (line.find_first_not_of("\r ") == std::string::npos) continue;
        const auto parts = cells(line);
        for (std::size_t c = 0; c < names.size(); ++c) {
            const auto value = index[c] < parts.size() ? parsed(parts[index[c]]) : std::nullopt;
            if (!value) return wrong("line " + std::to_string(row) + " of " + path.string() + " has no number in \"" + names[c] + "\"");
            out[c].push_back(*value);
        }
    }
    if (out[0].empty()) return wrong(path.string() + " has no rows");
    return out;
}

Status arrivals(const Json& json, const std::string& base_dir, Scenario& scenario) {
    PILOTLIGHT_TRY(onlyKeys(json, "arrivals", {"poisson_rate", "trace_csv", "column", "unit", "service_column", "counts_csv", "bin_s"}));
    const auto text = [&](const char* key) {
        return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
    };
    const int kinds =
        (json.contains("poisson_rate") ? 1 : 0) + (json.contains("trace_csv") ? 1 : 0) + (json.contains("counts_csv") ? 1 : 0);
    if (kinds != 1) return wrong("arrivals wants exactly one of poisson_rate, trace_csv, counts_csv");
    if (json.contains("poisson_rate")) {
        PILOTLIGHT_ASSIGN(scenario.poisson_rate, number(json, "poisson_rate", 1e-12, 1e9));
        return {};
    }
    if (json.contains("trace_csv")) {
        const auto unit = text("unit").empty() ? std::string("s") : text("unit");
        if (unit != "s" && unit != "ms") return wrong("unit \"" + unit + "\" of the trace is not s or ms");
        if (text("column").empty()) return wrong("\"column\" of the trace is missing");
        std::vector<std::string> names{text("column")};
        if (json.contains("service_column")) names.push_back(text("service_column"));
        PILOTLIGHT_ASSIGN(auto table, columns(std::filesystem::path(base_dir) / text("trace_csv"), names));
        const double scale = unit == "ms" ? 1e-3 : 1.0;
        std::vector<std::size_t> order(table[0].size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return table[0][a] < table[0][b]; });
        const double first = table[0][order.front()];
        for (const std::size_t i : order) {
            scenario.trace_s.push_back((table[0][i] - first) * scale);
            if (names.size() > 1) scenario.trace_service_s.push_back(static_cast<float>(std::max(0.0, table[1][i] * scale)));
        }
        return {};
    }
    PILOTLIGHT_ASSIGN(scenario.counts_bin_s, number(json, "bin_s", 1e-6, 1e9));
    // The last column holds the counts; a header is optional.
    const auto path = std::filesystem::path(base_dir) / text("counts_csv");
    std::ifstream file(path);
    if (!file)
        return fail(ErrorCode::invalid_argument, "Cannot read " + path.string(), "Nothing was simulated.",
                    "Check the path in the scenario; it is relative to the scenario file.");
    std::string line;
    double all = 0;
    for (std::size_t row = 1; std::getline(file, line); ++row) {
        if (line.find_first_not_of("\r ") == std::string::npos) continue;
        const auto value = parsed(cells(line).back());
        if (!value && row == 1) continue;
        if (!value || *value < 0) return wrong("line " + std::to_string(row) + " of " + path.string() + " holds no count");
        all += *value;
        if (all > kMostCounted) return wrong("up to line " + std::to_string(row) + " of " + path.string() + " there are more than 1e8 requests");
        scenario.counts.push_back(*value);
    }
    if (scenario.counts.empty()) return wrong(path.string() + " has no rows");
    return {};
}

Result<std::int32_t> whole(const Json& json, const char* key, double min, double max) {
    PILOTLIGHT_ASSIGN(const double value, number(json, key, min, max));
    if (value != std::floor(value)) return wrong("\"" + std::string(key) + "\" is not a whole number");
    return static_cast<std::int32_t>(value);
}

}  // namespace

Result<Scenario> parseScenario(std::string_view text, const std::string& base_dir) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return wrong("not valid JSON");
    PILOTLIGHT_TRY(onlyKeys(
        json, "the scenario",
        {"platform", "arrivals", "duration_s", "warmup_s", "service_warm", "service_cold", "keep_alive", "provisioned", "concurrency",
         "instance_limit", "seed", "replications", "scale", "slowdown_alpha", "min_instances", "startup_s", "queue_s"}));
    Scenario scenario;
    if (json.contains("platform")) {
        scenario.platform = json["platform"].is_string() ? json["platform"].get<std::string>() : "";
        if (scenario.platform != "aws" && scenario.platform != "gcp" && scenario.platform != "azure")
            return wrong("platform is not aws, gcp or azure");
    }
    const auto has = [&](const char* key) { return json.contains(key) && !json[key].is_null(); };
    if (!has("arrivals")) return wrong("\"arrivals\" is missing");
    PILOTLIGHT_TRY(arrivals(json["arrivals"], base_dir, scenario));
    if (has("duration_s")) {
        PILOTLIGHT_ASSIGN(scenario.duration_s, number(json, "duration_s", 1e-9, kMaxSeconds));
    }
    if (has("warmup_s")) {
        PILOTLIGHT_ASSIGN(scenario.warmup_s, number(json, "warmup_s", 0, kMaxSeconds));
    }
    if (scenario.poisson_rate && !scenario.duration_s) return wrong("\"duration_s\" is missing (poisson_rate has no end of its own)");
    if (scenario.poisson_rate && *scenario.poisson_rate * (*scenario.duration_s + scenario.warmup_s) > kMostArrivals)
        return wrong("poisson_rate over duration_s and warmup_s makes more than 2e10 arrivals");
    if (has("service_warm")) {
        PILOTLIGHT_ASSIGN(scenario.service_warm, distribution(json["service_warm"], "service_warm"));
    } else if (scenario.trace_service_s.empty()) {
        return wrong("\"service_warm\" is missing");
    }
    if (scenario.poisson_rate && *scenario.poisson_rate * scenario.service_warm.mean() > kMostAtOnce)
        return wrong("poisson_rate times the mean of service_warm is more than 1e7 requests at once");
    if (has("service_cold")) {
        PILOTLIGHT_ASSIGN(scenario.service_cold, distribution(json["service_cold"], "service_cold"));
    }
    if (has("keep_alive")) {
        PILOTLIGHT_ASSIGN(scenario.keep_alive, keepAlive(json["keep_alive"]));
    }
    if (has("provisioned")) {
        PILOTLIGHT_ASSIGN(scenario.provisioned, whole(json, "provisioned", 0, 1e6));
    }
    if (has("concurrency")) {
        PILOTLIGHT_ASSIGN(scenario.concurrency, whole(json, "concurrency", 1, 1e5));
    }
    if (has("instance_limit")) {
        PILOTLIGHT_ASSIGN(scenario.instance_limit, whole(json, "instance_limit", 0, 1e9));
    }
    if (has("min_instances")) {
        PILOTLIGHT_ASSIGN(scenario.min_instances, whole(json, "min_instances", 0, 1e6));
    }
    if (scenario.instance_limit && std::max(scenario.provisioned, scenario.min_instances) > *scenario.instance_limit)
        return wrong("instance_limit is below the instances that are kept (provisioned, min_instances)");
    if (has("replications")) {
        PILOTLIGHT_ASSIGN(scenario.replications, whole(json, "replications", 1, 10000));
    }
    if (has("slowdown_alpha")) {
        PILOTLIGHT_ASSIGN(scenario.slowdown_alpha, number(json, "slowdown_alpha", 0, 1e3));
    }
    if (has("startup_s")) {
        PILOTLIGHT_ASSIGN(scenario.startup_s, number(json, "startup_s", 0, 1e6));
    }
    if (has("queue_s")) {
        PILOTLIGHT_ASSIGN(scenario.queue_s, number(json, "queue_s", 0, 1e6));
    }
    if (has("seed")) {
        if (!json["seed"].is_number_unsigned()) return wrong("\"seed\" is not a whole number from 0 up");
        scenario.seed = json["seed"].get<std::uint64_t>();
    }
    if (has("scale")) {
        PILOTLIGHT_TRY(onlyKeys(json["scale"], "scale", {"burst", "per_s"}));
        ScaleLimit scale;
        PILOTLIGHT_ASSIGN(scale.burst, number(json["scale"], "burst", 0, 1e9));
        PILOTLIGHT_ASSIGN(scale.per_s, number(json["scale"], "per_s", 0, 1e9));
        scenario.scale = scale;
    }
    return scenario;
}

Result<Scenario> readScenario(const std::string& path) {
    std::ifstream file(path);
    if (!file) return fail(ErrorCode::invalid_argument, "Cannot read the scenario " + path, "Nothing was simulated.", "Check the path.");
    std::stringstream text;
    text << file.rdbuf();
    return parseScenario(text.str(), std::filesystem::path(path).parent_path().string());
}

std::string toJson(const SimulationResult& r) {
    using Ordered = nlohmann::ordered_json;
    const auto leaf = [](const Interval& i) {
        return Ordered{
            {"value", std::isfinite(i.value) ? Ordered(i.value) : Ordered(nullptr)}, {"lo", i.lo ? Ordered(*i.lo) : Ordered(nullptr)}, {"hi", i.hi ? Ordered(*i.hi) : Ordered(nullptr)}};
    };
    Ordered json;
    json["cold_probability"] = leaf(r.cold_probability);
    json["throttled_probability"] = leaf(r.throttled_probability);
    json["spilled_probability"] = leaf(r.spilled_probability);
    json["instances"] = {{"mean", leaf(r.instances_mean)}, {"p95", leaf(r.instances_p95)}, {"max", leaf(r.instances_max)}};
    json["running"] = leaf(r.running);
    json["idle"] = leaf(r.idle);
    json["latency_ms"] = {
        {"p50", leaf(r.latency_p50_ms)}, {"p90", leaf(r.latency_p90_ms)}, {"p95", leaf(r.latency_p95_ms)}, {"p99", leaf(r.latency_p99_ms)}};
    json["arrivals"] = r.arrivals;
    json["engine_seconds"] = r.engine_seconds;
    return json.dump(2);
}

}  // namespace pilotlight::model
