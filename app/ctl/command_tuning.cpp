// whatif, recommend, elsewhere, slo
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/ctl/context.h"
#include "app/ctl/json.h"
#include "app/ctl/numbers.h"
#include "app/ctl/table.h"
#include "app/ctl/whatif_options.h"
#include "core/change/guardrails.h"
#include "core/change/settings.h"
#include "core/platform/make_platform.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

void whatIf(Context& context, const std::string& function, const WhatIfOptions& options) {
    const auto what = options.read();
    if (!what) return context.fail(what.error());
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto found = (*workspace)->function(function);
    if (!found) return context.fail(found.error());
    if (const auto& pool = what->settings.pool_qualifier; !pool.empty() && change::findQualifier(*found, pool) == nullptr)
        return context.fail({ErrorCode::invalid_argument, found->name + " has no alias or version " + pool, {}, "pilotlightctl functions --json names them."});
    const auto engine = (*workspace)->engine(found->id, context.job());
    if (!engine) return context.fail(engine.error());
    auto result = (*engine)->exact(*what, context.job());
    if (!result) return context.fail(result.error());
    for (const auto& each : change::misfits(*found, what->settings, platform::capabilitiesOf(*found, std::nullopt)))
        result->basis.cautions.push_back(each + "; a plan would be vetoed");
    if (context.json) return context.out(toJson(*result).dump(2));
    const auto& a = result->today;
    const auto& b = result->whatif;
    context.out(table({"", "Today", "What if"},
                      {{"Cost a month", money(a.cost_month), money(b.cost_month)},
                       {"p50", duration(a.p50_ms), duration(b.p50_ms)},
                       {"p95", duration(a.p95_ms), duration(b.p95_ms)},
                       {"p99", duration(a.p99_ms), duration(b.p99_ms)},
                       {"Cold starts", percent(a.cold_start_share), percent(b.cold_start_share)},
                       {"Throttled", percent(a.throttled_share), percent(b.throttled_share)}},
                      {1, 2}));
    context.note("Evidence: " + result->basis.evidence + ". Prices: " + result->basis.prices + ". Intervals: 90 %. The model: --verbose or --json.");
    context.notePrices(**workspace, found->profile);
    if (context.verbose) context.note("Model: " + result->basis.model);
    if (!result->basis.demand.empty()) context.note("Demand, " + result->basis.demand);
    for (const auto& caution : result->basis.cautions) context.note("Caution: " + caution);
}

void elsewhere(Context& context, const std::string& function, double traffic) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto found = (*workspace)->function(function);
    if (!found) return context.fail(found.error());
    const auto result = (*workspace)->elsewhere(found->id, traffic, context.job());
    if (!result) return context.fail(result.error());
    if (context.json) return context.out(toJson(*result).dump(2));
    std::vector<std::vector<std::string>> rows;
    for (const auto& p : result->placements) {
        std::string size = std::to_string(p.memory.value) + " MB";
        if (p.platform == PlatformKind::gcp) size += fmt::format(", {:g} vCPU", p.vcpu);
        if (p.concurrency > 1) size += fmt::format(", {} at once", p.concurrency);
        if (p.warm_pool > 0) size += fmt::format(", {} warm", p.warm_pool);
        rows.push_back({p.service + (p.today ? " (today)" : ""), p.region, size, money(p.outcome.cost_month), duration(p.outcome.p95_ms),
                        percent(p.outcome.cold_start_share), p.outcome.p95_ms ? p.meets_target ? "met" : "missed" : "unknown", p.prices});
    }
    context.out(table({"Where", "Region", "Size", "Cost a month", "p95", "Cold starts", "Target", "Prices"}, rows, {3, 4, 5}));
    for (const auto& caution : result->cautions) context.note("Caution: " + caution);
    context.note("Every amount with its quantity, unit price and source: --json. Intervals: 90 %.");
}

std::string describe(const std::vector<SettingChange>& changes) {
    std::string out;
    for (const auto& change : changes) out += (out.empty() ? "" : ", ") + change.setting + " " + change.before + " -> " + change.after;
    return out;
}

void recommend(Context& context, const std::string& function, const std::string& by) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    std::string id;
    if (!function.empty()) {
        const auto found = (*workspace)->function(function);
        if (!found) return context.fail(found.error());
        id = found->id;
    }
    auto recommendations = (*workspace)->recommend(id, context.job());
    if (!recommendations) return context.fail(recommendations.error());
    if (by == "latency") {
        const auto now = (*workspace)->now();
        const auto figures = (*workspace)->functions({now - hours(24 * 14), now}, Figures::kept);
        if (!figures) return context.fail(figures.error());
        std::map<std::string, double> requests;
        for (const auto& row : *figures) requests[row.function.id] = static_cast<double>(row.invocations.value_or(0));
        rank(*recommendations, RankBy::latency, requests);
        const bool any = std::any_of(recommendations->begin(), recommendations->end(), [](const Recommendation& r) {
            return r.status == RecommendationStatus::recommended && r.effect.p95_ms && r.effect.p95_ms->after < r.effect.p95_ms->before;
        });
        if (!any) context.note("No recommendation lowers a p95");
    }
    if (context.json) {
        auto out = Json::array();
        for (const auto& recommendation : *recommendations) out.push_back(toJson(recommendation));
        return context.out(out.dump(2));
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& r : *recommendations) {
        const auto found = (*workspace)->function(r.function_id);
        rows.push_back({r.id, found ? found->name : r.function_id, name(r.status), r.status == RecommendationStatus::recommended ? money(r.saving_month) : "",
                        r.status == RecommendationStatus::recommended && r.effect.p95_ms ? fmt::format("{:+.0f} ms", r.effect.p95_ms->after - r.effect.p95_ms->before) : "",
                        r.status == RecommendationStatus::inconclusive ? "needs " + r.needs : describe(r.changes), r.reasons.empty() ? "" : r.reasons.front()});
    }
    if (rows.empty()) return context.out("No functions yet. Read them: pilotlightctl sync");
    context.out(table({"Id", "Function", "Status", "Saving a month", "p95", "Change", "Why"}, rows, {3, 4}));
}

struct SloCommand {
    std::string function, tag;
    std::optional<double> p95, p99, cold_share;
};

void setSlo(Context& context, const SloCommand& command) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    Slo slo{.p95_ms = command.p95, .p99_ms = command.p99, .cold_share = command.cold_share};
    if (command.function.empty() == command.tag.empty())
        return context.fail({ErrorCode::invalid_argument, "A target belongs to one function or to one tag", {}, "Write slo set FUNCTION or slo set --tag KEY=VALUE"});
    if (!command.tag.empty()) {
        const auto equals = command.tag.find('=');
        if (equals == std::string::npos) return context.fail({ErrorCode::invalid_argument, "\"" + command.tag + "\" is not a tag", {}, "Write --tag KEY=VALUE"});
        slo.tag_key = command.tag.substr(0, equals);
        slo.tag_value = command.tag.substr(equals + 1);
    } else {
        const auto found = (*workspace)->function(command.function);
        if (!found) return context.fail(found.error());
        slo.function_id = found->id;
    }
    if (const auto set = (*workspace)->setSlo(slo); !set) return context.fail(set.error());
    context.note(slo.any() ? "Target set" : "Target removed: the cheapest within 5 % of today's p95 is sought");
    if (context.json) context.out(Json{{"set", slo.any()}}.dump());
}

void listSlos(Context& context) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto slos = (*workspace)->slos();
    if (!slos) return context.fail(slos.error());
    auto out = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& slo : *slos) {
        const auto scope = slo.tag_key.empty() ? slo.function_id : slo.tag_key + "=" + slo.tag_value;
        const auto orNull = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
        out.push_back({{"function_id", slo.tag_key.empty() ? Json(slo.function_id) : Json(nullptr)},
                       {"tag", slo.tag_key.empty() ? Json(nullptr) : Json(scope)},
                       {"p95_ms", orNull(slo.p95_ms)},
                       {"p99_ms", orNull(slo.p99_ms)},
                       {"cold_share", orNull(slo.cold_share)}});
        const auto cell = [](const std::optional<double>& value, std::string (*print)(const std::optional<double>&)) { return value ? print(value) : std::string("not set"); };
        rows.push_back({scope, cell(slo.p95_ms, &duration), cell(slo.p99_ms, &duration), cell(slo.cold_share, &percent)});
    }
    if (context.json) return context.out(out.dump(2));
    if (rows.empty()) return context.out("No target set: the cheapest within 5 % of today's p95 is sought. Set one: pilotlightctl slo set FUNCTION --p95 800");
    context.out(table({"For", "p95", "p99", "Cold starts"}, rows, {1, 2, 3}));
}

} // namespace

void addTuningCommands(CLI::App& app, Context& context) {
    auto function = std::make_shared<std::string>();
    auto options = std::make_shared<WhatIfOptions>();
    auto* whatif = app.add_subcommand("whatif", "Cost, latency and cold starts under other settings, beside today's");
    whatif->add_option("function", *function, "Id or unique name")->required();
    options->addTo(*whatif, true);
    whatif->callback([function, options, &context] { whatIf(context, *function, *options); });

    auto* recommend_command = app.add_subcommand("recommend", "Ranked settings to change, each with evidence and interval");
    recommend_command->add_option("function", *function, "Id or unique name; all functions where it is left out");
    auto by = std::make_shared<std::string>("saving");
    recommend_command->add_option("--by", *by, "Order: saving a month, or latency (fall of the p95 times requests)")->check(CLI::IsMember({"saving", "latency"}))->capture_default_str();
    recommend_command->callback([function, by, &context] { recommend(context, *function, *by); });

    auto traffic = std::make_shared<double>(1.0);
    auto* elsewhere_command = app.add_subcommand("elsewhere", "Cost and latency of the same requests on Lambda, Cloud Run and Azure Flex, side by side");
    elsewhere_command->add_option("function", *function, "Id or unique name")->required();
    elsewhere_command->add_option("--traffic", *traffic, "Multiplier of the traffic")->check(finite(0.01, 100))->capture_default_str();
    elsewhere_command->callback([function, traffic, &context] { elsewhere(context, *function, *traffic); });

    auto* slo = app.add_subcommand("slo", "Targets that recommendations must meet");
    slo->require_subcommand(1);
    auto command = std::make_shared<SloCommand>();
    auto* set = slo->add_subcommand("set", "Set a target; without any value it is removed");
    set->add_option("function", command->function, "Id or unique name");
    set->add_option("--tag", command->tag, "KEY=VALUE: for every function with this tag");
    set->add_option("--p95", command->p95, "Milliseconds")->check(finite(0.001, 1e9));
    set->add_option("--p99", command->p99, "Milliseconds")->check(finite(0.001, 1e9));
    set->add_option("--cold-share", command->cold_share, "Share of cold starts, 0 to 1")->check(finite(0, 1));
    set->callback([command, &context] { setSlo(context, *command); });
    slo->add_subcommand("list", "Show the targets")->callback([&context] { listSlos(context); });
}

} // namespace pilotlight::ctl
