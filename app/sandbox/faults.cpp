#include "app/sandbox/faults.h"

#include <map>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox {

using nlohmann::json;

Result<Faults> Faults::parse(std::string_view text) {
    const auto refuse = [](const std::string& what) {
        return fail(ErrorCode::invalid_argument, "The faults cannot be read: " + what, "The sandbox does not start.",
                    "Correct the file; resources/docs/sandbox.md lists the keys.");
    };
    static const std::map<std::string, Fault::Kind> kKinds{{"throttle", Fault::Kind::throttle},     {"error", Fault::Kind::error},
                                                           {"lost_reply", Fault::Kind::lost_reply}, {"truncate", Fault::Kind::truncate},
                                                           {"delay", Fault::Kind::delay},           {"slow", Fault::Kind::slow},
                                                           {"partial", Fault::Kind::partial},
                                                           {"denied", Fault::Kind::denied},         {"disabled", Fault::Kind::disabled},
                                                           {"quota", Fault::Kind::quota},           {"expired", Fault::Kind::expired}};
    const json value = json::parse(text.begin(), text.end(), nullptr, false, true);
    if (!value.is_object()) return refuse("it is not a JSON object");
    Faults faults;
    try {
        for (const auto& [key, unused] : value.items())
            if (key != "seed" && key != "rules") return refuse("unknown key \"" + key + "\"");
        faults.random_ = Random(value.value("seed", 1U));
        for (const auto& item : value.value("rules", json::array())) {
            Rule rule;
            for (const auto& [key, member] : item.items()) {
                if (key == "operation")
                    rule.pattern = member.get<std::string>();
                else if (key == "fault") {
                    const auto kind = kKinds.find(member.get<std::string>());
                    if (kind == kKinds.end()) return refuse("unknown fault \"" + member.get<std::string>() + "\"");
                    rule.fault.kind = kind->second;
                } else if (key == "probability")
                    rule.probability = member.get<double>();
                else if (key == "count")
                    rule.count = member.get<std::int64_t>();
                else if (key == "after")
                    rule.after = member.get<std::int64_t>();
                else if (key == "status")
                    rule.fault.status = member.get<int>();
                else if (key == "delay_ms")
                    rule.fault.delay_ms = member.get<int>();
                else if (key == "factor")
                    rule.fault.factor = member.get<double>();
                else
                    return refuse("unknown key \"rules[]." + key + "\"");
            }
            if (!item.contains("operation") || !item.contains("fault")) return refuse("a rule needs \"operation\" and \"fault\"");
            if (rule.fault.status < 500 || rule.fault.status > 599) return refuse("status must be 500 to 599");
            rule.operation = std::regex(rule.pattern);
            faults.rules_.push_back(std::move(rule));
        }
    } catch (const json::exception&) {
        return refuse("a value has the wrong type");
    } catch (const std::regex_error&) {
        return refuse("\"operation\" is not a regular expression");
    }
    return faults;
}

std::vector<Fault> Faults::befall(const std::string& operation) {
    std::vector<Fault> found;
    for (auto& rule : rules_) {
        if (rule.count == 0 || !std::regex_match(operation, rule.operation)) continue;
        if (rule.after > 0) {
            --rule.after;
            continue;
        }
        if (rule.probability < 1 && random_.uniform() >= rule.probability) continue;
        if (rule.count > 0) --rule.count;
        found.push_back(rule.fault);
    }
    return found;
}

}  // namespace pilotlight::sandbox
