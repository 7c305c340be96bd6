#include "core/bench/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace pilotlight::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKinds[] = {"onnx", "command", "lambda", "http"};
constexpr const char* kStatuses[] = {"ok", "failed", "out_of_memory", "killed", "timeout", "cancelled", "unsupported", "wrong_output"};
constexpr const char* kLimiters[] = {"auto", "none", "systemd-scope", "cgroup-v2", "cgroup-v1", "duty-cycle"};

// Reads the fields of one object and remembers the first thing that is wrong. Strict: every key of the object must have been asked for.
class Fields {
public:
    Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
        if (!object.is_object()) problem(where_ + " is not an object");
    }

    const Json* find(const char* key) {
        known_.emplace_back(key);
        if (!object_.is_object()) return nullptr;
        const auto it = object_.find(key);
        return it == object_.end() || it->is_null() ? nullptr : &*it;
    }
    void text(const char* key, std::string& into, std::size_t most = 4096) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_string()) return problem(where_ + "." + key + " is not a text");
        into = value->get<std::string>();
        if (into.size() > most) problem(fmt::format("{}.{} is longer than {} bytes", where_, key, most));
        if (into.find('\0') != std::string::npos) problem(where_ + "." + key + " holds a zero byte");
    }
    template <typename T>
    void number(const char* key, T& into, double least, double most) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_number()) return problem(where_ + "." + key + " is not a number");
        const double number = value->get<double>();
        if (!std::isfinite(number) || number < least || number > most)
            return problem(fmt::format("{}.{} = {} is outside {} to {}", where_, key, number, least, most));
        if constexpr (std::is_integral_v<T>) {
            if (number != std::floor(number)) return problem(where_ + "." + key + " is not a whole number");
        }
        into = static_cast<T>(number);
    }
    void number(const char* key, std::optional<double>& into) {
        double value = 0;
        known_.emplace_back(key);
        if (!object_.is_object() || !object_.contains(key) || object_.at(key).is_null()) return;
        number(key, value, -1e18, 1e18);
        into = value;
    }
    void flag(const char* key, bool& into) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_boolean()) return problem(where_ + "." + key + " is not true or false");
        into = value->get<bool>();
    }
    void numbers(const char* key, std::vector<double>& into) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_array() || value->size() > kMostSamples) return problem(where_ + "." + key + " is not an array of numbers");
        for (const auto& one : *value) {
            if (!one.is_number()) return problem(where_ + "." + key + " is not an array of numbers");
            into.push_back(one.get<double>());
        }
    }
    void texts(const char* key, std::vector<std::string>& into) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_array() || value->size() > 1024) return problem(where_ + "." + key + " is not an array of at most 1,024 texts");
        for (const auto& one : *value) {
            if (!one.is_string()) return problem(where_ + "." + key + " is not an array of texts");
            into.push_back(one.get<std::string>());
            if (into.back().find('\0') != std::string::npos) return problem(where_ + "." + key + " holds a zero byte");
        }
    }
    // Index of the text within `names`.
    template <std::size_t N>
    std::size_t choice(const char* key, const char* const (&names)[N], std::size_t otherwise) {
        std::string given;
        text(key, given);
        if (given.empty()) return otherwise;
        for (std::size_t i = 0; i < N; ++i)
            if (given == names[i]) return i;
        problem(fmt::format("{}.{} = \"{}\" is not known", where_, key, given));
        return otherwise;
    }
    void refuseOthers() {
        if (!object_.is_object()) return;
        for (const auto& [key, value] : object_.items()) {
            if (std::find(known_.begin(), known_.end(), key) == known_.end()) problem(fmt::format("{}.{} is not known", where_, key));
        }
    }
    void problem(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }
    // Takes over what went wrong in a part.
    void include(const Fields& part) {
        if (!part.problem_.empty()) problem(part.problem_);
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    const Json& object_;
    std::string where_, problem_;
    std::vector<std::string> known_;
};

bool isIdentifier(const std::string& id) {
    return !id.empty() && id.size() <= 64 && id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
}

Target readTarget(Fields& outer, const Json& object) {
    Target target;
    Fields fields(object, "target");
    target.kind = static_cast<Target::Kind>(fields.choice("kind", kKinds, 1));
    fields.text("model", target.model);
    fields.text("device", target.device, 64);
    fields.texts("command", target.command);
    fields.text("input", target.input);
    if (const Json* dimensions = fields.find("dimensions"); dimensions != nullptr) {
        Fields sizes(*dimensions, "target.dimensions");
        if (dimensions->size() > 64) sizes.problem("target.dimensions holds more than 64 sizes");
        else if (dimensions->is_object())
            for (const auto& [key, unused] : dimensions->items()) sizes.number(key.c_str(), target.dimensions[key], 0, 1e9);
        fields.include(sizes);
    }
    fields.number("batch", target.batch, 1, 100'000);
    fields.number("tokens", target.tokens, 0, 100'000);
    fields.text("path", target.path);
    fields.text("ready_path", target.ready_path);
    for (const auto* path : {&target.path, &target.ready_path})
        if ((path == &target.path ? !path->starts_with('/') : !path->empty() && !path->starts_with('/')) || path->find_first_of(" \r\n") != std::string::npos) fields.problem("target: a path starts with / and holds no space");
    fields.refuseOthers();
    if (target.kind == Target::Kind::onnx ? target.model.empty() : target.command.empty() || target.command.front().empty())
        fields.problem(target.kind == Target::Kind::onnx ? "target.model is missing" : "target.command is missing");
    outer.include(fields);
    return target;
}

EmulatedSize readSize(Fields& outer, const Json& object) {
    EmulatedSize size;
    Fields fields(object, "size");
    fields.number("memory_mb", size.memory_mb, 1, 1'000'000);
    fields.number("vcpu", size.vcpu, 0.01, 1024);
    fields.number("init_vcpu", size.init_vcpu, 0, 1024);
    fields.number("period_ms", size.period_ms, 1, 1000);
    fields.number("visible_cores", size.visible_cores, 0, 1024);
    fields.refuseOthers();
    if (size.memory_mb == 0 || size.vcpu == 0) fields.problem("size needs memory_mb and vcpu");
    outer.include(fields);
    return size;
}

TrialRequest readTrial(Fields& fields) {
    TrialRequest trial;
    fields.text("id", trial.id, 64);
    if (const Json* target = fields.find("target"))
        trial.target = readTarget(fields, *target);
    else
        fields.problem("target is missing");
    if (const Json* size = fields.find("size"))
        trial.size = readSize(fields, *size);
    else
        fields.problem("size is missing");
    trial.limiter = kLimiters[fields.choice("limiter", kLimiters, 0)];
    fields.number("threads", trial.threads, 1, 1024);
    fields.flag("spin", trial.spin);
    fields.flag("huge_pages", trial.huge_pages);
    fields.flag("drop_page_cache", trial.drop_page_cache);
    fields.number("isolated", trial.isolated, 0, kMostSamples);
    fields.number("pause_ms", trial.pause_ms, 0, 60'000);
    fields.number("saturated", trial.saturated, 0, kMostSamples);
    fields.number("open_loop", trial.open_loop, 0, kMostSamples);
    fields.number("rate_per_s", trial.rate_per_s, 0, 1e6);
    fields.number("concurrency", trial.concurrency, 1, 256);
    fields.number("seed", trial.seed, 0, 4'294'967'295.0);
    fields.number("most_s", trial.most_s, 0, 86'400);
    fields.number("timeout_s", trial.timeout_s, 0.1, 3600);
    if (!isIdentifier(trial.id)) fields.problem("id is missing, or holds other than letters, digits, dots, underscores and dashes");
    const bool one_by_one = trial.target.kind == Target::Kind::lambda || trial.target.kind == Target::Kind::command;
    if (trial.concurrency > 1 && one_by_one) fields.problem("concurrency above 1 is for onnx and http: Lambda hands its handler one request at a time, a command takes one");
    if (trial.concurrency > 1 && trial.target.tokens > 0) fields.problem("tokens are timed one request at a time: concurrency must be 1");
    if (trial.open_loop > 0 && trial.rate_per_s <= 0) fields.problem("open_loop needs rate_per_s");
    return trial;
}

Json writeMachine(const Machine& m) {
    return {{"cpu_model", m.cpu_model},   {"cpus", m.cpus},         {"memory_mb", m.memory_mb},           {"kernel", m.kernel},
            {"architecture", m.architecture}, {"features", m.features}, {"governor", m.governor},         {"huge_pages", m.huge_pages},
            {"control_groups", m.control_groups}, {"calibration_ms", m.calibration_ms}, {"page_fault_us", m.page_fault_us}};
}

Machine readMachine(Fields& outer, const Json& object) {
    Machine m;
    Fields fields(object, "machine");
    fields.text("cpu_model", m.cpu_model);
    fields.number("cpus", m.cpus, 0, 1e6);
    fields.number("memory_mb", m.memory_mb, 0, 1e12);
    fields.text("kernel", m.kernel);
    fields.text("architecture", m.architecture);
    fields.text("features", m.features);
    fields.text("governor", m.governor);
    fields.text("huge_pages", m.huge_pages);
    fields.text("control_groups", m.control_groups);
    fields.number("calibration_ms", m.calibration_ms, 0, 1e9);
    fields.number("page_fault_us", m.page_fault_us, 0, 1e9);
    outer.include(fields);
    return m;
}

// A list of what an agent has or lacks, each with a text on why.
template <typename Offer>
void readOffers(Fields& outer, const char* key, const char* text_key, std::string Offer::*text, std::vector<Offer>& into) {
    const Json* list = outer.find(key);
    if (list == nullptr || !list->is_array()) return;
    for (const auto& one : *list) {
        Fields fields(one, key);
        auto& offer = into.emplace_back();
        fields.text("name", offer.name);
        fields.flag("available", offer.available);
        fields.text(text_key, offer.*text);
        outer.include(fields);
    }
}

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

TrialResult readResult(Fields& fields) {
    TrialResult r;
    fields.text("id", r.id, 64);
    r.status = static_cast<TrialStatus>(fields.choice("status", kStatuses, 1));
    fields.text("detail", r.detail, 65536);
    fields.text("limiter", r.limiter);
    fields.flag("memory_limited", r.memory_limited);
    if (const Json* cold = fields.find("cold")) {
        Fields stages(*cold, "cold");
        stages.number("exec_ms", r.cold.exec_ms);
        stages.number("load_ms", r.cold.load_ms);
        stages.number("environment_ms", r.cold.environment_ms);
        stages.number("session_ms", r.cold.session_ms);
        stages.number("first_ms", r.cold.first_ms);
        stages.number("total_ms", r.cold.total_ms);
        fields.include(stages);
    }
    fields.numbers("isolated_ms", r.isolated_ms);
    fields.numbers("saturated_ms", r.saturated_ms);
    fields.numbers("open_loop_ms", r.open_loop_ms);
    fields.numbers("open_loop_service_ms", r.open_loop_service_ms);
    fields.number("saturated_wall_ms", r.saturated_wall_ms, 0, 1e12);
    fields.number("cpu_ms", r.cpu_ms);
    fields.number("cpu_share", r.cpu_share);
    fields.number("peak_mb", r.peak_mb);
    fields.number("peak_group_mb", r.peak_group_mb);
    fields.number("other_cpu_share", r.other_cpu_share, 0, 1);
    fields.number("pressure_ms", r.pressure_ms);
    fields.text("engine", r.engine);
    fields.number("largest_difference", r.largest_difference);
    fields.number("device_nodes", r.device_nodes);
    fields.number("nodes", r.nodes);
    fields.number("gpu_mb", r.gpu_mb);
    fields.number("gpu_busy", r.gpu_busy);
    fields.numbers("first_token_ms", r.first_token_ms);
    fields.numbers("tokens_per_s", r.tokens_per_s);
    return r;
}

Json write(const TrialRequest& t) {
    Json target{{"kind", name(t.target.kind)}};
    if (t.target.kind == Target::Kind::onnx) {
        target["model"] = t.target.model;
        target["device"] = t.target.device;
        if (!t.target.dimensions.empty()) target["dimensions"] = t.target.dimensions;
        target["batch"] = t.target.batch;
        target["tokens"] = t.target.tokens;
    } else {
        target["command"] = t.target.command;
    }
    if (!t.target.input.empty()) target["input"] = t.target.input;
    if (t.target.kind == Target::Kind::http) {
        target["path"] = t.target.path;
        target["ready_path"] = t.target.ready_path;
    }
    return {{"v", kProtocolVersion}, {"type", "trial"},           {"id", t.id},           {"target", target},
            {"size", {{"memory_mb", t.size.memory_mb}, {"vcpu", t.size.vcpu}, {"init_vcpu", t.size.init_vcpu}, {"period_ms", t.size.period_ms}, {"visible_cores", t.size.visible_cores}}},
            {"limiter", t.limiter},  {"threads", t.threads},      {"spin", t.spin},       {"huge_pages", t.huge_pages}, {"drop_page_cache", t.drop_page_cache},
            {"isolated", t.isolated}, {"pause_ms", t.pause_ms},   {"saturated", t.saturated}, {"open_loop", t.open_loop},
            {"rate_per_s", t.rate_per_s}, {"concurrency", t.concurrency}, {"seed", t.seed},       {"most_s", t.most_s}, {"timeout_s", t.timeout_s}};
}
Json write(const CancelRequest& r) { return {{"v", kProtocolVersion}, {"type", "cancel"}, {"id", r.id}}; }
Json write(const QuitRequest&) { return {{"v", kProtocolVersion}, {"type", "quit"}}; }
Json write(const DevicesRequest&) { return {{"v", kProtocolVersion}, {"type", "devices"}}; }

Json write(const Hello& h) {
    auto limiters = Json::array();
    for (const auto& l : h.limiters) limiters.push_back({{"name", l.name}, {"available", l.available}, {"why", l.why}});
    return {{"v", h.protocol}, {"type", "hello"}, {"version", h.version}, {"machine", writeMachine(h.machine)}, {"limiters", limiters}};
}
Json write(const ProgressEvent& p) {
    return {{"v", kProtocolVersion}, {"type", "progress"}, {"id", p.id}, {"stage", p.stage}, {"done", p.done}, {"of", p.of}};
}
Json write(const TrialResult& r) {
    return {{"v", kProtocolVersion},
            {"type", "result"},
            {"id", r.id},
            {"status", name(r.status)},
            {"detail", r.detail},
            {"limiter", r.limiter},
            {"memory_limited", r.memory_limited},
            {"cold",
             {{"exec_ms", optional(r.cold.exec_ms)},
              {"load_ms", optional(r.cold.load_ms)},
              {"environment_ms", optional(r.cold.environment_ms)},
              {"session_ms", optional(r.cold.session_ms)},
              {"first_ms", optional(r.cold.first_ms)},
              {"total_ms", optional(r.cold.total_ms)}}},
            {"isolated_ms", r.isolated_ms},
            {"saturated_ms", r.saturated_ms},
            {"open_loop_ms", r.open_loop_ms},
            {"open_loop_service_ms", r.open_loop_service_ms},
            {"saturated_wall_ms", r.saturated_wall_ms},
            {"cpu_ms", optional(r.cpu_ms)},
            {"cpu_share", optional(r.cpu_share)},
            {"peak_mb", optional(r.peak_mb)},
            {"peak_group_mb", optional(r.peak_group_mb)},
            {"other_cpu_share", r.other_cpu_share},
            {"pressure_ms", optional(r.pressure_ms)},
            {"engine", r.engine},
            {"largest_difference", optional(r.largest_difference)},
            {"device_nodes", optional(r.device_nodes)},
            {"nodes", optional(r.nodes)},
            {"gpu_mb", optional(r.gpu_mb)},
            {"gpu_busy", optional(r.gpu_busy)},
            {"first_token_ms", r.first_token_ms},
            {"tokens_per_s", r.tokens_per_s}};
}
Json write(const DevicesEvent& d) {
    auto devices = Json::array();
    for (const auto& one : d.devices) devices.push_back({{"name", one.name}, {"available", one.available}, {"detail", one.detail}});
    return {{"v", kProtocolVersion}, {"type", "devices"}, {"devices", devices}};
}
Json write(const ErrorEvent& e) { return {{"v", kProtocolVersion}, {"type", "error"}, {"code", e.code}, {"what", e.what}}; }

// Handlers may print any bytes: what is not UTF-8 is replaced.
std::string line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// The object and its type, or what is wrong.
Result<std::pair<Json, std::string>> open(std::string_view text, std::size_t most, ErrorCode code) {
    if (text.size() > most) return fail(code, fmt::format("The line is longer than {} bytes", most));
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return fail(code, "The line is not a JSON object");
    const auto version = json.find("v");
    if (version == json.end() || !version->is_number_integer() || *version != kProtocolVersion)
        return fail(code, fmt::format("The line is not of protocol version {}", kProtocolVersion), {}, "Use a front end and an agent of the same release");
    const auto type = json.find("type");
    if (type == json.end() || !type->is_string()) return fail(code, "The line has no type");
    std::string kind = type->get<std::string>();
    return std::pair{std::move(json), std::move(kind)};
}

}  // namespace

const char* name(Target::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
const char* name(TrialStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

Result<Request> parseRequest(std::string_view text) {
    PILOTLIGHT_ASSIGN(const auto opened, open(text, kMostRequestBytes, ErrorCode::invalid_argument));
    Fields fields(opened.first, "request");
    fields.find("v");
    fields.find("type");
    Request request;
    if (opened.second == "trial") {
        request = readTrial(fields);
    } else if (opened.second == "cancel") {
        CancelRequest cancel;
        fields.text("id", cancel.id, 64);
        request = cancel;
    } else if (opened.second == "quit") {
        request = QuitRequest{};
    } else if (opened.second == "devices") {
        request = DevicesRequest{};
    } else {
        fields.problem("The type \"" + opened.second.substr(0, 64) + "\" is not known");
    }
    if (fields.problem().empty()) fields.refuseOthers();
    if (!fields.problem().empty()) return fail(ErrorCode::invalid_argument, fields.problem());
    return request;
}

Result<Event> parseEvent(std::string_view text) {
    PILOTLIGHT_ASSIGN(const auto opened, open(text, kMostEventBytes, ErrorCode::protocol));
    const auto& [json, type] = opened;
    Fields fields(json, "event");
    Event event;
    if (type == "hello") {
        Hello hello;
        fields.text("version", hello.version);
        if (const Json* machine = fields.find("machine")) hello.machine = readMachine(fields, *machine);
        readOffers(fields, "limiters", "why", &Hello::Limiter::why, hello.limiters);
        event = std::move(hello);
    } else if (type == "progress") {
        ProgressEvent progress;
        fields.text("id", progress.id);
        fields.text("stage", progress.stage);
        fields.number("done", progress.done, 0, 1e9);
        fields.number("of", progress.of, 0, 1e9);
        event = std::move(progress);
    } else if (type == "result") {
        event = readResult(fields);
    } else if (type == "devices") {
        DevicesEvent devices;
        readOffers(fields, "devices", "detail", &Device::detail, devices.devices);
        event = std::move(devices);
    } else if (type == "error") {
        ErrorEvent error;
        fields.text("code", error.code);
        fields.text("what", error.what);
        event = std::move(error);
    } else {
        fields.problem("The type \"" + type.substr(0, 64) + "\" is not known");
    }
    if (!fields.problem().empty()) return fail(ErrorCode::protocol, fields.problem());
    return event;
}

std::string toLine(const Request& request) {
    return std::visit([](const auto& one) { return line(write(one)); }, request);
}
std::string toLine(const Event& event) {
    return std::visit([](const auto& one) { return line(write(one)); }, event);
}

}  // namespace pilotlight::bench
