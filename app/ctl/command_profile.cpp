// profile add | list | remove | test
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/ctl/context.h"
#include "app/ctl/numbers.h"
#include "app/ctl/json.h"
#include "app/ctl/table.h"
#include "core/domain/price_words.h"

namespace pilotlight::ctl {
namespace {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        if (!part.empty()) out.push_back(part);
    }
    return out;
}

struct AddOptions {
    std::string name, platform, region, project, subscription, endpoint_url, token_endpoint, environment, aws_profile;
    std::vector<std::string> price_factors;
    std::int64_t call_cap = Profile().daily_call_cap;
    double money_cap = Profile().daily_money_cap_usd;
    bool write = false;
};

Result<Profile> profileOf(const AddOptions& options) {
    Profile profile;
    profile.name = options.name;
    PILOTLIGHT_ASSIGN(profile.platform, parsePlatform(options.platform));
    profile.regions = split(options.region);
    profile.projects = split(options.project);
    profile.subscription = options.subscription;
    profile.endpoint_url = options.endpoint_url;
    while (!profile.endpoint_url.empty() && profile.endpoint_url.back() == '/') profile.endpoint_url.pop_back();
    profile.token_endpoint = options.token_endpoint;
    profile.aws_profile = options.aws_profile;
    profile.write = options.write;
    profile.daily_call_cap = options.call_cap;
    profile.daily_money_cap_usd = options.money_cap;
    profile.environment = profile.endpoint_url.empty() ? Environment::production : Environment::dev;
    if (!options.environment.empty()) {
        PILOTLIGHT_ASSIGN(profile.environment, parseEnvironment(options.environment));
    }
    for (const auto& text : options.price_factors) {
        const auto equals = text.find('=');
        double factor = 0;
        if (equals == std::string::npos || !CLI::detail::lexical_cast(text.substr(equals + 1), factor)) factor = 0;
        if (!(factor > 0 && factor <= 10))
            return fail(ErrorCode::invalid_argument, "\"" + text + "\" is not a price factor", {}, "Write METER=FACTOR, for example duration=0.88 or *=0.9");
        const std::string meter = text.substr(0, equals);
        if (const auto& names = meterNames(); meter != "*" && std::find(names.begin(), names.end(), meter) == names.end()) {
            std::string valid = "*";
            for (const auto& each : names) valid += ", " + each;
            return fail(ErrorCode::invalid_argument, "\"" + meter + "\" is not a meter", "No price would have been changed by it", "Use one of " + valid);
        }
        profile.price_factors[meter] = factor;
    }
    if (!profile.endpoint_url.empty() && !profile.endpoint_url.starts_with("http://") && !profile.endpoint_url.starts_with("https://"))
        return fail(ErrorCode::invalid_argument, "\"" + profile.endpoint_url + "\" is not an endpoint", {}, "Write http://host:port or https://host");
    return profile;
}

std::string join(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : ",") + part;
    return out;
}

void list(Context& context) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto profiles = (*workspace)->profiles();
    if (!profiles) return context.fail(profiles.error());
    if (context.json) {
        auto out = nlohmann::ordered_json::array();
        for (const auto& health : *profiles) out.push_back(toJson(health));
        return context.out(out.dump(2));
    }
    if (profiles->empty()) return context.out("No connection yet. Add one: pilotlightctl profile add NAME --platform aws --region us-east-1");
    std::vector<std::vector<std::string>> rows;
    for (const auto& health : *profiles) {
        const auto& p = health.profile;
        rows.push_back({p.name, name(p.platform), join(p.regions), name(p.environment), p.write ? "write" : "read-only",
                        health.data_as_of ? toIso8601(*health.data_as_of) : "never", count(health.today.calls), money(std::optional(health.today.money)), p.endpoint_url});
    }
    context.out(table({"Name", "Platform", "Regions", "Environment", "Mode", "Data as of", "Calls today", "Spent today", "Endpoint"}, rows, {6, 7}));
}

void test(Context& context, const std::string& profile) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto report = (*workspace)->testProfile(profile, context.job());
    if (!report) return context.fail(report.error());
    if (context.json) {
        auto missing = nlohmann::ordered_json::array();
        for (const auto& problem : report->missing) missing.push_back(toJson(problem));
        const nlohmann::ordered_json out{{"account", report->account},
                                         {"principal", report->principal},
                                         {"credentials", report->credentials_from},
                                         {"expires", report->expires ? nlohmann::ordered_json(toIso8601(*report->expires)) : nlohmann::ordered_json(nullptr)},
                                         {"sandbox_speed", report->sandbox_speed ? nlohmann::ordered_json(*report->sandbox_speed) : nlohmann::ordered_json(nullptr)},
                                         {"missing", missing}};
        return context.out(out.dump(2));
    }
    context.out("Account " + report->account + ", " + report->principal);
    context.out("Credentials from " + report->credentials_from + (report->expires ? ", valid until " + toIso8601(*report->expires) : ""));
    if (report->sandbox_speed) context.out("A sandbox: its time runs " + std::to_string(static_cast<int>(*report->sandbox_speed)) + " times as fast as the clock");
    for (const auto& problem : report->missing) context.out("Missing: " + problem.scope + ", " + problem.operation + ". " + problem.error.text());
    if (report->missing.empty()) context.out("Every permission for reading is there");
}

} // namespace

void addProfileCommands(CLI::App& app, Context& context) {
    auto* profile = app.add_subcommand("profile", "Connections to platforms");
    profile->require_subcommand(1);

    auto options = std::make_shared<AddOptions>();
    auto* add = profile->add_subcommand("add", "Add or replace a connection; read-only unless --write");
    add->add_option("name", options->name, "Name of the connection")->required();
    add->add_option("--platform", options->platform, "aws, gcp or azure")->required();
    add->add_option("--region", options->region, "Regions, separated by commas, or all");
    add->add_option("--project", options->project, "Google projects, separated by commas");
    add->add_option("--subscription", options->subscription, "Azure subscription");
    add->add_option("--endpoint-url", options->endpoint_url, "Replaces scheme://host[:port] of every API of that platform");
    add->add_option("--token-endpoint", options->token_endpoint, "Azure authority base");
    add->add_option("--environment", options->environment, "production, staging or dev (default: dev with --endpoint-url, else production)");
    add->add_option("--aws-profile", options->aws_profile, "Profile of the AWS files (default: environment, then default)");
    add->add_option("--price-factor", options->price_factors, "METER=FACTOR on list prices, for accounts with discounts; repeatable");
    add->add_option("--daily-call-cap", options->call_cap, "Calls a day after which reading stops")->check(finite(0, 1e9))->capture_default_str();
    add->add_option("--daily-money-cap", options->money_cap, "USD a day that reading may cost")->check(finite(0, 1e6))->capture_default_str();
    add->add_flag("--write", options->write, "Allow changes through this connection");
    add->callback([options, &context] {
        const auto made = profileOf(*options);
        if (!made) return context.fail(made.error());
        const auto workspace = context.workspace();
        if (!workspace) return context.fail(workspace.error());
        std::string verb = " added, ";
        if (const auto known = (*workspace)->profiles())
            for (const auto& each : *known)
                if (each.profile.name == made->name) verb = " replaced, ";
        if (const auto added = (*workspace)->addProfile(*made); !added) return context.fail(added.error());
        context.note("Connection " + made->name + verb + (made->write ? "with write access" : "read-only") + ", " + name(made->environment));
        if (context.json) context.out(toJson(ProfileHealth{.profile = *made}).dump(2));
    });

    profile->add_subcommand("list", "Show the connections")->callback([&context] { list(context); });

    auto name_of = std::make_shared<std::string>();
    auto* remove = profile->add_subcommand("remove", "Forget a connection and what was read through it");
    remove->add_option("name", *name_of)->required();
    remove->callback([name_of, &context] {
        const auto workspace = context.workspace();
        if (!workspace) return context.fail(workspace.error());
        if (const auto removed = (*workspace)->removeProfile(*name_of); !removed) return context.fail(removed.error());
        context.note("Connection " + *name_of + " removed");
        if (context.json) context.out(nlohmann::ordered_json{{"removed", *name_of}}.dump());
    });

    auto* check = profile->add_subcommand("test", "Who we are there, and which permissions are missing");
    check->add_option("name", *name_of)->required();
    check->callback([name_of, &context] { test(context, *name_of); });
}

} // namespace pilotlight::ctl
