// The functions inside of apps, read for show: names, triggers, whether they are disabled.
#include "core/platform/azure/app_functions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/azure/azure_platform.h"
#include "core/platform/azure/site_parse.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {

constexpr int kMaxPages = 100;
constexpr std::size_t kParallelCalls = 8;

std::string triggerOf(const json& config) {
    for (const auto& binding : arrayField(config, "bindings"))
        if (const std::string type = textField(binding, "type"); lowered(type).ends_with("trigger")) return type;
    return {};
}

}  // namespace

Result<AppFunctionPage> parseAppFunctions(std::string_view body) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, info(Operation::list_app_functions).name));
    AppFunctionPage page;
    page.next_link = textField(root, "nextLink");
    for (const auto& item : arrayField(root, "value")) {
        const json& properties = objectField(item, "properties");
        AppFunction one;
        const std::string full = textField(item, "name");  // "app/function"
        one.name = textField(properties, "name").empty() ? full.substr(full.rfind('/') + 1) : textField(properties, "name");
        if (one.name.empty()) continue;
        one.trigger = triggerOf(objectField(properties, "config"));
        const auto disabled = properties.find("isDisabled");
        one.disabled = disabled != properties.end() && disabled->is_boolean() && disabled->get<bool>();
        page.functions.push_back(std::move(one));
    }
    return page;
}

Status AzurePlatform::readAppFunctions(const std::string& subscription, std::span<Function> apps, Inventory& inventory, const JobContext& job) {
    std::vector<AzureRequest> requests;
    for (const auto& app : apps) requests.push_back({Operation::list_app_functions, "GET", app.id + "/functions", {}});
    auto answers = client_.callAll(requests, kParallelCalls, job);
    std::map<ErrorCode, std::pair<Error, std::vector<const Function*>>> refused;
    for (std::size_t i = 0; i < apps.size(); ++i) {
        std::vector<AppFunction> all;
        const auto read = [&]() -> Status {
            auto answer = std::move(answers[i]);
            AzureRequest request = requests[i];
            for (int number = 0; number < kMaxPages; ++number) {
                if (!answer) return fail(std::move(answer).error());
                PILOTLIGHT_ASSIGN(AppFunctionPage page, parseAppFunctions(answer->body));
                std::move(page.functions.begin(), page.functions.end(), std::back_inserter(all));
                if (page.next_link.empty()) return {};
                PILOTLIGHT_ASSIGN(request, client_.followed(request, page.next_link));
                answer = client_.call(request, job);
            }
            return fail(ErrorCode::protocol, "The list of functions of " + apps[i].name + " does not come to an end", "Reading was stopped.", {});
        };
        if (Status done = read(); done) {
            apps[i].app_functions = std::move(all);
        } else {
            if (endsAll(done.error().code)) return done;
            auto& [error, whose] = refused[done.error().code];
            error = done.error();
            whose.push_back(&apps[i]);
        }
    }
    // What refuses one app mostly refuses all: told once.
    for (auto& [code, each] : refused) {
        auto& [error, whose] = each;
        error.meaning = "Which functions are in " + (whose.size() == 1 ? "it" : fmt::format("{} apps", whose.size())) +
                        " is as it was last read; nothing else is affected.";
        inventory.problems.push_back(problem(whose.size() == 1 ? whose.front()->region + "/" + whose.front()->name : subscription,
                                             Operation::list_app_functions, std::move(error), subscription));
    }
    return {};
}

}  // namespace pilotlight::platform::azure
