#include "app/ctl/whatif_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/ctl/numbers.h"
#include "core/base/time_zone.h"

namespace pilotlight::ctl {
namespace {

constexpr const char* kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::optional<int> dayIndex(const std::string& text) {
    for (int i = 0; i < 7; ++i) {
        if (text == kDays[i]) return i;
    }
    return std::nullopt;
}

// "mon-fri", "sat,sun", "daily"
Result<std::uint8_t> parseDays(const std::string& text) {
    if (text == "daily") return std::uint8_t{0x7F};
    std::uint8_t mask = 0;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto dash = part.find('-');
        const auto first = dayIndex(part.substr(0, dash));
        const auto last = dash == std::string::npos ? first : dayIndex(part.substr(dash + 1));
        if (!first || !last) return fail(ErrorCode::invalid_argument, "\"" + part + "\" is not a day or a range of days", {}, "Write mon-fri, sat,sun or daily");
        for (int day = *first;; day = (day + 1) % 7) {
            mask = static_cast<std::uint8_t>(mask | (1u << day));
            if (day == *last) break;
        }
    }
    if (mask == 0) return fail(ErrorCode::invalid_argument, "The schedule entry names no day", {}, "Write mon-fri, sat,sun or daily");
    return mask;
}

std::optional<std::int32_t> integer(const std::string& text) {
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

} // namespace

Result<WarmSchedule> parseWarmSchedule(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto wrong = [](const std::string& what) {
        return fail(ErrorCode::invalid_argument, "The warm schedule cannot be read: " + what, {},
                    R"(Write {"time_zone":"UTC","entries":[{"days":"mon-fri","at":"08:00","level":6},{"days":"mon-fri","at":"19:00","level":0}]})");
    };
    if (!json.is_object() || !json.contains("entries") || !json["entries"].is_array()) return wrong("no list \"entries\"");
    WarmSchedule out;
    for (const auto& [key, value] : json.items()) {
        if (key == "time_zone" && value.is_string()) {
            out.time_zone = value.get<std::string>();
            if (!TimeZone::named(out.time_zone)) return wrong("the time zone \"" + out.time_zone + "\" is not known (IANA names: Europe/Paris)");
        } else if (key != "entries") return wrong("unexpected \"" + key + "\"");
    }
    for (const auto& entry : json["entries"]) {
        if (!entry.is_object() || !entry.contains("days") || !entry["days"].is_string() || !entry.contains("at") || !entry["at"].is_string() ||
            !entry.contains("level") || !entry["level"].is_number_integer())
            return wrong("an entry needs \"days\", \"at\" and \"level\"");
        WarmSchedule::Entry made;
        PILOTLIGHT_ASSIGN(made.weekdays, parseDays(entry["days"].get<std::string>()));
        const auto at = entry["at"].get<std::string>();
        const auto colon = at.find(':');
        const auto hour = integer(at.substr(0, colon)), minute = colon == std::string::npos ? std::nullopt : integer(at.substr(colon + 1));
        if (!hour || !minute || *hour > 23 || *minute > 59) return wrong("\"" + at + "\" is not a time of day");
        made.minute_of_day = *hour * 60 + *minute;
        const auto level = entry["level"].get<double>();
        if (level < 0 || level > 1e6) return wrong(fmt::format("{:g} instances cannot be kept", level));
        made.level = static_cast<std::int32_t>(level);
        out.entries.push_back(made);
    }
    if (out.entries.empty()) return wrong("it has no entries");
    return out;
}

void WhatIfOptions::addTo(CLI::App& command, bool with_traffic) {
    command.add_option("--memory", memory, "Memory in MB")->check(finite(1, 1e6));
    command.add_option("--vcpu", vcpu, "vCPU, where the platform sets it apart from memory")->check(finite(0.001, 1000));
    command.add_option("--concurrency", concurrency, "Requests an instance serves at once")->check(finite(1, 1e6));
    command.add_option("--warm-pool", warm_pool, "Instances kept warm: N or N@QUALIFIER");
    command.add_option("--warm-schedule", warm_schedule, "JSON file with a weekly schedule of the pool: FILE or FILE@QUALIFIER");
    command.add_option("--instance-limit", instance_limit, "Most instances at once, or none");
    if (with_traffic) {
        command.add_option("--traffic", traffic, "Multiplier of the traffic")->check(finite(0.01, 100))->capture_default_str();
        command.add_option("--surge", surge, "Multiplier during one 15-minute burst a day")->check(finite(1, 100))->capture_default_str();
    }
}

Result<WhatIf> WhatIfOptions::read() const {
    WhatIf out;
    out.traffic = traffic;
    out.surge = surge;
    auto& settings = out.settings;
    if (memory) settings.memory = Megabytes{*memory};
    settings.vcpu = vcpu;
    settings.concurrency = concurrency;
    if (!warm_pool.empty() && !warm_schedule.empty()) return fail(ErrorCode::invalid_argument, "A pool is either constant or scheduled", {}, "Give --warm-pool or --warm-schedule");
    if (!warm_pool.empty()) {
        const auto at = warm_pool.find('@');
        const auto level = integer(warm_pool.substr(0, at));
        if (!level) return fail(ErrorCode::invalid_argument, "\"" + warm_pool + "\" is not a warm pool", {}, "Write --warm-pool 6 or --warm-pool 6@live");
        settings.warm_pool = *level;
        if (at != std::string::npos) settings.pool_qualifier = warm_pool.substr(at + 1);
    }
    if (!warm_schedule.empty()) {
        const auto at = warm_schedule.rfind('@');
        const auto path = warm_schedule.substr(0, at);
        if (at != std::string::npos) settings.pool_qualifier = warm_schedule.substr(at + 1);
        std::ifstream file(path);
        if (!file) return fail(ErrorCode::invalid_argument, "The file " + path + " cannot be read");
        PILOTLIGHT_ASSIGN(settings.warm_schedule, parseWarmSchedule({std::istreambuf_iterator<char>(file), {}}));
    }
    if (!instance_limit.empty()) {
        if (instance_limit == "none") {
            settings.instance_limit = InstanceLimit::unlimited();
        } else if (const auto n = integer(instance_limit)) {
            settings.instance_limit = InstanceLimit::of(*n);
        } else {
            return fail(ErrorCode::invalid_argument, "\"" + instance_limit + "\" is not an instance limit", {}, "Write a number, or none");
        }
    }
    return out;
}

} // namespace pilotlight::ctl
