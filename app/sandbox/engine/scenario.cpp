#include "app/sandbox/engine/scenario.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace pilotlight::sandbox {
namespace {

using nlohmann::json;

struct Bad {
    std::string what;
};

// Reads members of one object and refuses what nobody asked for.
class Reader {
public:
    Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {
        if (!object_.is_object()) throw Bad{where_ + " must be an object"};
    }
    template <typename T>
    void read(const char* key, T& value) {
        known_.insert(key);
        if (!object_.contains(key)) return;
        try {
            value = object_.at(key).get<T>();
        } catch (const json::exception&) {
            throw Bad{where_ + "." + key + " has the wrong type"};
        }
    }
    template <typename T>
    void read(const char* key, std::optional<T>& value) {
        known_.insert(key);
        if (!object_.contains(key) || object_.at(key).is_null()) return;
        T plain{};
        read(key, plain);
        value = plain;
    }
    const json* child(const char* key) {
        known_.insert(key);
        return object_.contains(key) ? &object_.at(key) : nullptr;
    }
    void finish() const {
        for (const auto& [key, unused] : object_.items())
            if (!known_.contains(key)) throw Bad{where_ + " has the unknown key \"" + key + "\""};
    }
    [[nodiscard]] const std::string& where() const { return where_; }

private:
    const json& object_;
    std::string where_;
    std::set<std::string> known_;
};

Curve curveOf(const json& value, const std::string& where, double scale, double io) {
    Curve curve;
    if (!value.is_array() || value.empty()) throw Bad{where + " must be a list of [memory_mb, ms]"};
    for (const auto& row : value) {
        if (!row.is_array() || row.size() != 2 || !row[0].is_number() || !row[1].is_number())
            throw Bad{where + " must be a list of [memory_mb, ms]"};
        const CurvePoint point{row[0].get<double>(), row[1].get<double>() * scale + io};
        if (point.memory_mb <= 0 || point.ms <= 0) throw Bad{where + " holds a value that is not positive"};
        if (!curve.points.empty() && curve.points.back().memory_mb >= point.memory_mb) throw Bad{where + " must ascend in memory"};
        curve.points.push_back(point);
    }
    return curve;
}

void readArrivals(const json& value, const std::string& where, ArrivalSpec& out) {
    Reader r(value, where);
    r.read("per_day", out.per_day);
    r.read("peak_hour", out.peak_hour);
    r.read("swing", out.swing);
    r.read("weekend", out.weekend);
    r.read("restless", out.restless);
    r.read("growth_week", out.growth_week);
    if (const auto* child = r.child("bursts")) {
        Reader b(*child, where + ".bursts");
        b.read("per_day", out.bursts.per_day);
        b.read("mean_size", out.bursts.mean_size);
        b.read("spacing_ms", out.bursts.spacing_ms);
        b.finish();
    }
    if (const auto* child = r.child("batches"))
        for (const auto& item : *child) {
            Reader b(item, where + ".batches");
            BatchSpec batch;
            b.read("hour", batch.hour);
            b.read("minute", batch.minute);
            b.read("count", batch.count);
            b.read("spread_s", batch.spread_s);
            b.finish();
            out.batches.push_back(batch);
        }
    r.finish();
    if (out.per_day < 0 || out.per_day > 5e6) throw Bad{where + ".per_day must be 0 to 5,000,000"};
}

void readHidden(Reader& r, FunctionSpec& f) {
    if (const auto* child = r.child("memory")) {
        Reader m(*child, f.name + ".memory");
        m.read("base_mb", f.memory.base_mb);
        m.read("request_mb", f.memory.request_mb);
        m.read("sigma", f.memory.sigma);
        m.read("squeeze", f.memory.squeeze);
        m.finish();
    }
    if (const auto* child = r.child("keep_alive")) {
        Reader k(*child, f.name + ".keep_alive");
        std::string kind = "window";
        k.read("kind", kind);
        if (kind != "window" && kind != "halving") throw Bad{f.name + ".keep_alive.kind must be window or halving"};
        f.keep_alive.kind = kind == "halving" ? KeepAliveSpec::Kind::halving : KeepAliveSpec::Kind::window;
        k.read("from_s", f.keep_alive.from_s);
        k.read("to_s", f.keep_alive.to_s);
        k.read("period_s", f.keep_alive.period_s);
        k.read("max_life_s", f.keep_alive.max_life_s);
        k.finish();
        if (f.keep_alive.period_s < 1 || f.keep_alive.from_s < 0 || f.keep_alive.to_s < f.keep_alive.from_s)
            throw Bad{f.name + ".keep_alive holds times that cannot be"};
    }
}

void readControl(Reader& r, FunctionSpec& f) {
    if (const auto* child = r.child("aliases"))
        for (const auto& item : *child) {
            Reader a(item, f.name + ".aliases");
            AliasSpec alias;
            a.read("name", alias.name);
            a.read("version", alias.version);
            a.finish();
            if (alias.version < 1 || alias.version > f.versions) throw Bad{f.name + ".aliases names a version that is not published"};
            f.aliases.push_back(alias);
        }
    if (const auto* child = r.child("pools"))
        for (const auto& item : *child) {
            Reader p(item, f.name + ".pools");
            PoolSpec pool;
            p.read("qualifier", pool.qualifier);
            p.read("count", pool.count);
            p.finish();
            f.pools.push_back(pool);
        }
    if (const auto* child = r.child("schedules"))
        for (const auto& item : *child) {
            Reader s(item, f.name + ".schedules");
            ScheduleSpec schedule;
            s.read("qualifier", schedule.qualifier);
            s.read("name", schedule.name);
            s.read("expression", schedule.expression);
            s.read("timezone", schedule.timezone);
            s.read("min", schedule.min);
            s.read("max", schedule.max);
            s.finish();
            f.schedules.push_back(schedule);
        }
    if (const auto* child = r.child("history"))
        for (const auto& item : *child) {
            Reader h(item, f.name + ".history");
            MemoryChange change;
            h.read("days_ago", change.days_ago);
            h.read("memory_mb", change.memory_mb);
            h.finish();
            f.history.push_back(change);
        }
}

void readShared(Reader& r, FunctionSpec& f) {
    if (f.platform == "aws") return;
    r.read("kind", f.kind);
    r.read("vcpu", f.vcpu);
    r.read("concurrency", f.concurrency);
    r.read("min_instances", f.min_instances);
    r.read("max_instances", f.max_instances);
    r.read("instance_billed", f.instance_billed);
    r.read("slowdown", f.slowdown);
    r.read("accelerator", f.accelerator);
    r.read("gpu_redundant", f.gpu_redundant);
    r.read("plan", f.plan);
    r.read("insights_denied", f.insights_denied);
    r.read("functions", f.functions);
    const bool gcp = f.platform == "gcp" && (f.kind == "service" || f.kind == "gen2" || f.kind == "gen1");
    const bool azure = f.platform == "azure" && (f.kind == "flex" || f.kind == "premium" || f.kind == "consumption");
    if (!gcp && !azure) throw Bad{f.name + ".platform and .kind do not go together"};
    if (f.concurrency < 1 || f.concurrency > 1000 || f.vcpu <= 0 || f.vcpu > 8 || f.min_instances < 0 || f.max_instances < 1)
        throw Bad{f.name + " has settings that cannot be"};
    if (!f.accelerator.empty() && (f.kind != "service" || !f.instance_billed || (f.accelerator != "nvidia-l4" && f.accelerator != "nvidia-rtx-pro-6000")))
        throw Bad{f.name + ".accelerator must be nvidia-l4 or nvidia-rtx-pro-6000, of an instance_billed service"};
    if (f.functions.empty() && azure) f.functions[f.name] = "httpTrigger";
    if (!f.functions.empty() && !azure) throw Bad{f.name + ".functions: only Azure apps hold several"};
    for (const auto& [name, trigger] : f.functions)
        if (name.empty() || !trigger.ends_with("Trigger")) throw Bad{f.name + ".functions: a trigger is \"httpTrigger\", \"timerTrigger\", ..."};
    if (!f.plan.empty() && f.kind != "premium") throw Bad{f.name + ".plan: only premium apps can share one"};
}

FunctionSpec readFunction(const json& value, const std::map<std::string, json>& profiles) {
    FunctionSpec f;
    {
        Reader named(value, "functions[]");
        named.read("name", f.name);
        if (f.name.empty() || f.name.size() > 64) throw Bad{"functions[].name must have 1 to 64 characters"};
    }
    Reader r(value, f.name);
    r.read("name", f.name);
    r.read("region", f.region);
    r.read("runtime", f.runtime);
    r.read("architecture", f.architecture);
    r.read("description", f.description);
    r.read("handler", f.handler);
    r.read("package", f.package);
    r.read("memory_mb", f.memory_mb);
    r.read("timeout_s", f.timeout_s);
    r.read("storage_mb", f.storage_mb);
    r.read("json_logs", f.json_logs);
    r.read("tags", f.tags);
    r.read("insights", f.insights);
    r.read("reserved", f.reserved);
    r.read("versions", f.versions);
    r.read("traffic", f.traffic);
    r.read("io_ms", f.io_ms);
    r.read("jitter", f.jitter);
    r.read("instance_jitter", f.instance_jitter);
    r.read("drift", f.drift);
    r.read("init_jitter", f.init_jitter);
    r.read("first_call_factor", f.first_call_factor);
    r.read("error_rate", f.error_rate);
    r.read("event_source", f.event_source);
    r.read("platform", f.platform);
    readShared(r, f);
    readControl(r, f);
    readHidden(r, f);
    if (const auto* child = r.child("arrivals")) readArrivals(*child, f.name + ".arrivals", f.arrivals);
    std::string profile;
    double scale = 1;
    r.read("profile", profile);
    r.read("scale", scale);
    const auto found = profiles.find(profile);
    if (found == profiles.end()) throw Bad{f.name + ".profile names no profile of this scenario: \"" + profile + "\""};
    f.warm_ms = curveOf(found->second, "profiles." + profile, scale, f.io_ms);
    if (const auto* child = r.child("init_ms"))
        f.init_ms = curveOf(*child, f.name + ".init_ms", 1, 0);
    else
        f.init_ms = Curve{{{128, 110}}};
    r.finish();
    const int most_memory = f.platform == "aws" ? 10240 : 32768, most_timeout = f.platform == "aws" ? 900 : 3600;
    if (f.memory_mb < 128 || f.memory_mb > most_memory) throw Bad{f.name + ".memory_mb must be 128 to " + std::to_string(most_memory)};
    if (f.timeout_s < 1 || f.timeout_s > most_timeout) throw Bad{f.name + ".timeout_s must be 1 to " + std::to_string(most_timeout)};
    if (f.architecture != "x86_64" && f.architecture != "arm64") throw Bad{f.name + ".architecture must be x86_64 or arm64"};
    if (f.traffic.empty()) f.traffic[""] = 1;
    return f;
}

}  // namespace

double Curve::at(double memory_mb) const {
    if (points.size() == 1 || memory_mb >= points.back().memory_mb) return points.back().ms;
    std::size_t i = 1;
    while (i + 1 < points.size() && points[i].memory_mb < memory_mb) ++i;
    const auto& a = points[i - 1];
    const auto& b = points[i];
    const double t = (std::log(memory_mb) - std::log(a.memory_mb)) / (std::log(b.memory_mb) - std::log(a.memory_mb));
    return std::exp(std::log(a.ms) + t * (std::log(b.ms) - std::log(a.ms)));
}

std::vector<FunctionSpec> Scenario::of(std::string_view platform) const {
    std::vector<FunctionSpec> found;
    for (const auto& f : functions)
        if (f.platform == platform) found.push_back(f);
    return found;
}

Result<Scenario> parseScenario(std::string_view text) {
    const auto refuse = [](std::string what) {
        return fail(ErrorCode::invalid_argument, "The scenario cannot be read: " + std::move(what), "The sandbox does not start.",
                    "Correct the file; resources/docs/sandbox.md lists the keys.");
    };
    json value = json::parse(text.begin(), text.end(), nullptr, false, true);
    if (value.is_discarded()) return refuse("it is not JSON");
    try {
        Scenario scenario;
        Reader r(value, "scenario");
        r.read("name", scenario.name);
        r.read("account", scenario.account);
        r.read("concurrency_limit", scenario.concurrency_limit);
        r.read("project", scenario.project);
        r.read("subscription", scenario.subscription);
        std::map<std::string, json> profiles;
        if (const auto* child = r.child("profiles")) {
            if (!child->is_object()) throw Bad{"profiles must be an object"};
            for (const auto& [name, profile] : child->items()) {
                Reader p(profile, "profiles." + name);
                std::string source;
                p.read("source", source);
                const auto* points = p.child("points");
                if (!points) throw Bad{"profiles." + name + " has no points"};
                p.finish();
                profiles[name] = *points;
            }
        }
        std::set<std::string> names;
        if (const auto* child = r.child("functions"))
            for (const auto& item : *child) {
                scenario.functions.push_back(readFunction(item, profiles));
                if (!names.insert(scenario.functions.back().platform + "/" + scenario.functions.back().name).second)
                    throw Bad{"the function " + scenario.functions.back().name + " is there twice"};
            }
        r.finish();
        if (scenario.functions.empty()) throw Bad{"it has no functions"};
        return scenario;
    } catch (const Bad& bad) {
        return refuse(bad.what);
    } catch (const json::exception&) {
        return refuse("a value has the wrong type");
    }
}

}  // namespace pilotlight::sandbox
