// sync, functions, metrics, costs
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/ctl/context.h"
#include "app/ctl/numbers.h"
#include "app/ctl/json.h"
#include "app/ctl/table.h"
#include "core/change/settings.h"
#include "core/platform/make_platform.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct SyncCommand {
    RangeOptions range;
    std::string profile;
    std::int64_t log_lines = sync::SyncOptions().log_lines_per_function;
    bool no_logs = false, no_costs = false, estimate = false;
};

void runSync(Context& context, const SyncCommand& command) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    auto& workspace = **opened;
    const auto profiles = workspace.profiles();
    if (!profiles) return context.fail(profiles.error());
    auto out = Json::array();
    bool partial = false, any = false;
    for (const auto& health : *profiles) {
        if (!command.profile.empty() && health.profile.name != command.profile) continue;
        any = true;
        // A sandbox lives on a clock of its own, which only it can tell.
        if (!health.profile.endpoint_url.empty()) {
            const auto tested = workspace.testProfile(health.profile.name, context.job());
            const auto is = [&](ErrorCode code) { return !tested && tested.error().code == code; };
            if (is(ErrorCode::locked) || is(ErrorCode::cancelled)) return context.fail(tested.error());
            // An endpoint that is away now will not answer the rest either, and each of its calls would wait in vain.
            if (is(ErrorCode::network)) {
                if (profiles->size() == 1 || !command.profile.empty()) return context.fail(tested.error());
                context.note(health.profile.name + ": " + tested.error().text());
                partial = true;
                continue;
            }
        }
        const auto range = context.range(command.range.from, command.range.to, workspace.clockOf(health.profile.name)->now());
        if (!range) return context.fail(range.error());
        sync::SyncOptions options{.range = *range, .logs = !command.no_logs, .costs = !command.no_costs, .log_lines_per_function = command.log_lines};
        if (command.estimate) {
            const auto estimate = workspace.estimateSync(health.profile.name, options, context.job());
            if (!estimate) return context.fail(estimate.error());
            if (context.json) {
                out.push_back({{"profile", health.profile.name}, {"calls", estimate->calls}, {"money_usd", estimate->money.toDouble()}});
            } else {
                context.out(health.profile.name + ": " + estimate->text);
            }
            continue;
        }
        const auto reports = workspace.sync(health.profile.name, options, context.job());
        if (!reports) {
            if (profiles->size() == 1 || !command.profile.empty()) return context.fail(reports.error());
            context.note(health.profile.name + ": " + reports.error().text());
            partial = true;
            continue;
        }
        for (const auto& report : *reports) {
            partial = partial || !report.problems.empty();
            out.push_back(toJson(report));
            context.note(fmt::format("{}: {} functions, {} points, {} invocations, {} cost lines; {} calls, {}", report.profile, report.functions, report.points,
                                     report.invocations, report.cost_lines, report.calls, money(std::optional(report.money))));
            for (const auto& problem : report.problems) {
                context.note("  " + problem.scope + ": " + problem.error.text());
                if (!problem.error.permission.empty()) context.note("    missing permission " + problem.error.permission);
            }
        }
    }
    if (!any)
        return context.fail({ErrorCode::not_found, command.profile.empty() ? "There is no connection yet" : "There is no connection named " + command.profile,
                             "Nothing can be read", "Add one: pilotlightctl profile add NAME --platform aws --region us-east-1"});
    if (context.json) context.out(out.dump(2));
    if (partial) context.exit_code = kPartial;
}

void listFunctions(Context& context, const RangeOptions& range_options) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    auto& workspace = **opened;
    const auto range = context.range(range_options.from, range_options.to, workspace.now());
    if (!range) return context.fail(range.error());
    const auto rows = workspace.functions(*range);
    if (!rows) return context.fail(rows.error());
    if (context.json) {
        auto out = Json::array();
        for (const auto& row : *rows) out.push_back(toJson(row));
        return context.out(out.dump(2));
    }
    if (rows->empty()) return context.out("No functions yet. Read them: pilotlightctl sync");
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : *rows) {
        const auto& f = row.function;
        cells.push_back({f.name, f.profile, f.region, std::to_string(f.memory.value) + " MB", count(row.invocations), duration(row.p50_ms), duration(row.p95_ms),
                         percent(row.cold_start_share), count(row.errors), count(row.throttles), money(row.cost)});
    }
    context.out(table({"Function", "Connection", "Region", "Memory", "Invocations", "p50", "p95", "Cold", "Errors", "Throttles", "Cost"}, cells, {3, 4, 5, 6, 7, 8, 9, 10}));
    context.notePrices(workspace);
}

struct MetricsCommand {
    RangeOptions range;
    std::string function, metric, statistic, qualifier;
    std::int64_t period = 0;
    bool csv = false;
};

void printMetrics(Context& context, const MetricsCommand& command) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    auto& workspace = **opened;
    const auto function = workspace.function(command.function);
    if (!function) return context.fail(function.error());
    const auto metric = parseMetric(command.metric);
    if (!metric) return context.fail(metric.error());
    const auto statistic = parseStatistic(command.statistic);
    if (!statistic) return context.fail(statistic.error());
    const auto range = context.range(command.range.from, command.range.to, workspace.clockOf(function->profile)->now());
    if (!range) return context.fail(range.error());
    const auto series =
        workspace.metrics({.function_id = function->id, .qualifier = command.qualifier, .metric = *metric, .statistic = *statistic}, *range, seconds(command.period));
    if (!series) return context.fail(series.error());
    if (context.json) {
        auto points = Json::array();
        for (const auto& point : series->points) points.push_back({{"time", toIso8601(point.time)}, {"value", point.value}});
        auto coverage = Json::array();
        for (const auto& part : series->coverage.ranges()) coverage.push_back({{"from", toIso8601(part.begin)}, {"to", toIso8601(part.end)}});
        return context.out(Json{{"function_id", function->id},
                                {"metric", name(*metric)},
                                {"statistic", name(*statistic)},
                                {"unit", unit(*metric)},
                                {"period_s", series->key.period.count()},
                                {"coverage", coverage},
                                {"points", points}}
                               .dump(2));
    }
    std::string text = "time,value";
    for (const auto& point : series->points) text += "\n" + toIso8601(point.time) + "," + fmt::format("{}", point.value);
    context.out(text);
    if (!command.csv) context.note(fmt::format("{} {} per {} s{}{}", name(*statistic), name(*metric), series->key.period.count(), *unit(*metric) != 0 ? ", " : "", unit(*metric)));
}

// Current value of a setting, as plans write it; "unknown" where the platform does not show it.
std::string valueOf(const Function& f, const std::string& setting) {
    if (setting == "vcpu") return fmt::format("{:g}", f.vcpuShare());
    if ((setting == "concurrency" && !f.concurrencyKnown()) || (setting == "timeout_s" && f.timeout.count() == 0)) return "unknown";
    if (setting == "concurrency") return std::to_string(f.concurrency);
    if (setting == "warm_pool") return f.warmPool() ? std::to_string(*f.warmPool()) : "unknown";
    if (setting == "warm_schedule") return "none";
    return change::currentValue(f, setting, {});
}

std::string rangeOf(const SettingRange& range) {
    std::string out;
    for (const double value : range.values) out += (out.empty() ? "" : ", ") + fmt::format("{:g}", value);
    return out.empty() ? fmt::format("{:g} to {:g}", range.min, range.max) : out;
}

void printSettings(Context& context, const std::string& name_or_id) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    const auto function = (*opened)->function(name_or_id);
    if (!function) return context.fail(function.error());
    const auto capabilities = platform::capabilitiesOf(*function, std::nullopt);
    if (context.json) {
        auto settings = Json::array();
        for (const auto& each : capabilities.settings)
            settings.push_back({{"setting", each.setting}, {"label", each.label}, {"value", valueOf(*function, each.setting)}, {"settable", each.settable},
                                {"min", each.min}, {"max", each.max}, {"step", each.step}, {"values", each.values}, {"why", each.why}});
        Json out{{"function_id", function->id}, {"settings", settings}, {"shown_only", function->untuned}};
        if (function->platform == PlatformKind::azure) {
            out["functions"] = function->app_functions ? Json::array() : Json(nullptr);
            for (const auto& each : function->app_functions.value_or(std::vector<AppFunction>()))
                out["functions"].push_back({{"name", each.name}, {"trigger", each.trigger.empty() ? Json(nullptr) : Json(each.trigger)}, {"disabled", each.disabled}});
        }
        out["as_of"] = toIso8601(function->settings_as_of);
        return context.out(out.dump(2));
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& each : capabilities.settings)
        rows.push_back({each.setting, valueOf(*function, each.setting), each.settable ? rangeOf(each) : "cannot be set", each.why});
    for (const auto& [key, value] : function->untuned) rows.push_back({key, value, "shown only", ""});
    for (const auto& each : function->app_functions.value_or(std::vector<AppFunction>()))
        rows.push_back({"function " + each.name, (each.trigger.empty() ? "trigger unknown" : each.trigger) + (each.disabled ? ", disabled" : ""), "shown only",
                        "part of the app, which is what has settings and a cost"});
    context.out(table({"Setting", "Value", "Range", "Why"}, rows, {}));
}

struct CostsCommand {
    RangeOptions range;
    std::string by = "function", metric = "computed";
    bool after_grants = false;
};

void printCosts(Context& context, const CostsCommand& command) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    auto& workspace = **opened;
    const auto kind = parseCostKind(command.metric);
    if (!kind) return context.fail(kind.error());
    std::vector<std::string> dimensions;
    for (std::size_t at = 0; at <= command.by.size();) {
        const auto comma = std::min(command.by.find(',', at), command.by.size());
        dimensions.push_back(command.by.substr(at, comma - at));
        at = comma + 1;
    }
    for (const auto& dimension : dimensions) {
        if (dimension != "platform" && dimension != "function" && dimension != "meter" && dimension != "day")
            return context.fail({ErrorCode::invalid_argument, "Costs cannot be grouped by \"" + dimension + "\"", {}, "Use platform, function, meter and day"});
    }
    const auto range = context.range(command.range.from, command.range.to, workspace.now());
    if (!range) return context.fail(range.error());
    auto lines = workspace.costs(*range, *kind);
    if (!lines) return context.fail(lines.error());
    if (*kind == CostKind::computed) {
        auto grants = workspace.freeGrants(*lines);
        if (!grants) return context.fail(grants.error());
        Money off;
        for (const auto& grant : *grants) off -= grant.amount;
        if (command.after_grants)
            std::move(grants->begin(), grants->end(), std::back_inserter(*lines));
        else if (off > Money{} && !context.json)
            context.note("Costs: before free grants, which take off " + money(std::optional(off)) + " of this range at most (once an account and month; --after-grants)");
    } else if (command.after_grants) {
        return context.fail({ErrorCode::invalid_argument, "--after-grants is for computed costs", {}, "What was billed has its grants taken off in --metric effective"});
    }
    const auto profiles = workspace.profiles();
    std::map<std::string, std::string> platform_of;
    if (profiles) {
        for (const auto& health : *profiles) platform_of[health.profile.name] = name(health.profile.platform);
    }
    std::map<std::vector<std::string>, Money> sums;
    for (const auto& line : *lines) {
        std::vector<std::string> key;
        for (const auto& dimension : dimensions) {
            if (dimension == "platform") key.push_back(platform_of[line.profile]);
            if (dimension == "function") key.push_back(line.function_id);
            if (dimension == "meter") key.push_back(line.meter);
            if (dimension == "day") key.push_back(toIso8601(line.period.begin).substr(0, 10));
        }
        sums[key] += line.amount;
    }
    if (context.json) {
        auto out = Json::array();
        for (const auto& [key, amount] : sums) {
            Json row;
            for (std::size_t i = 0; i < dimensions.size(); ++i) row[dimensions[i]] = key[i].empty() ? Json(nullptr) : Json(key[i]);
            row["cost_usd"] = amount.toDouble();
            row["metric"] = name(*kind);
            out.push_back(row);
        }
        return context.out(out.dump(2));
    }
    if (sums.empty()) return context.out(std::string("No ") + name(*kind) + " costs in this range. Read them: pilotlightctl sync");
    auto header = dimensions;
    header.push_back("cost (" + command.metric + ")");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [key, amount] : sums) {
        auto row = key;
        for (auto& cell : row) cell = cell.empty() ? "not attributable" : cell;
        row.push_back(money(std::optional(amount)));
        rows.push_back(row);
    }
    context.out(table(header, rows, {dimensions.size()}));
    if (*kind == CostKind::computed) context.notePrices(workspace);
}

void printBillCheck(Context& context, const CostsCommand& command) {
    const auto opened = context.workspace();
    if (!opened) return context.fail(opened.error());
    const bool by_function = command.by == "function", by_meter = command.by == "meter";
    if (!by_function && !by_meter && command.by != "connection")
        return context.fail({ErrorCode::invalid_argument, "The bill cannot be compared by \"" + command.by + "\"", {}, "Use function, meter or connection"});
    const auto range = context.range(command.range.from, command.range.to, (*opened)->now());
    if (!range) return context.fail(range.error());
    const auto check = (*opened)->billCheck(*range);
    if (!check) return context.fail(check.error());
    const auto rows = grouped(check->rows, by_function, by_meter);
    const auto orNull = [](const std::optional<Money>& amount) { return amount ? Json(amount->toDouble()) : Json(nullptr); };
    const auto difference = [](const BilledAndComputed& row) -> std::optional<Money> {
        if (!row.billed || !row.computed) return std::nullopt;
        return *row.billed - *row.computed;
    };
    if (context.json) {
        auto out = Json::array();
        for (const auto& row : rows) {
            Json one{{"profile", row.profile}};
            if (by_function) one["function"] = row.function_id.empty() ? Json(nullptr) : Json(row.function_id);
            if (by_meter) one["meter"] = row.meter;
            one.update(Json{{"days", check->days.at(row.profile).size()}, {"billed_usd", orNull(row.billed)}, {"computed_usd", orNull(row.computed)},
                            {"difference_usd", orNull(difference(row))}, {"usage_types", row.usage_types}});
            out.push_back(std::move(one));
        }
        return context.out(out.dump(2));
    }
    if (rows.empty()) return context.out("No closed day of a bill has been read for this range. Read it: pilotlightctl sync");
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : rows) {
        std::string usage_types;
        for (const auto& each : row.usage_types) usage_types += (usage_types.empty() ? "" : ", ") + each;
        cells.push_back({row.profile, by_function ? row.function_id.empty() ? "of no one function" : row.function_id : by_meter ? row.meter : "all", money(row.billed),
                         money(row.computed), money(difference(row)), usage_types});
    }
    context.out(table({"Connection", by_function ? "Function" : "Meter", "Billed", "Computed", "Difference", "The bill's words"}, cells, {2, 3, 4}));
    for (const auto& [profile, days] : check->days) context.note(fmt::format("{}: {} whole days that are billed", profile, days.size()));
}

} // namespace

void addReadingCommands(CLI::App& app, Context& context) {
    auto sync_options = std::make_shared<SyncCommand>();
    auto* sync = app.add_subcommand("sync", "Read what is missing: functions, metrics, logs, costs, prices");
    sync_options->range.addTo(*sync);
    sync->add_option("--profile", sync_options->profile, "Only this connection");
    sync->add_option("--log-lines", sync_options->log_lines, "Full log lines to read per function; cold starts are always read")->check(finite(0, 1e9))->capture_default_str();
    sync->add_flag("--no-logs", sync_options->no_logs, "Do not read logs");
    sync->add_flag("--no-costs", sync_options->no_costs, "Do not read the bill (each request costs money)");
    sync->add_flag("--estimate", sync_options->estimate, "Only say what it would cost");
    sync->callback([sync_options, &context] { runSync(context, *sync_options); });

    auto range = std::make_shared<RangeOptions>();
    auto* functions = app.add_subcommand("functions", "List the functions with what they did and cost");
    range->addTo(*functions);
    functions->callback([range, &context] { listFunctions(context, *range); });

    auto metrics_options = std::make_shared<MetricsCommand>();
    auto* metrics = app.add_subcommand("metrics", "Print one series of a function");
    metrics->add_option("function", metrics_options->function, "Id or unique name")->required();
    metrics->add_option("--metric", metrics_options->metric, "invocations, errors, throttles, duration, pending_latency, concurrency, gpu_utilization, ...")->required();
    metrics->add_option("--stat", metrics_options->statistic, "sum, average, minimum, maximum, sample_count, p50, p90, p95, p99")->required();
    metrics->add_option("--period", metrics_options->period, "Seconds; longer than stored rolls up (percentiles refuse)");
    metrics->add_option("--qualifier", metrics_options->qualifier, "Alias or version");
    metrics->add_flag("--csv", metrics_options->csv, "CSV (the default without --json)");
    metrics_options->range.addTo(*metrics);
    metrics->callback([metrics_options, &context] { printMetrics(context, *metrics_options); });

    auto settings_function = std::make_shared<std::string>();
    auto* settings = app.add_subcommand("settings", "Settings of a function: values, ranges, and why one cannot be set");
    settings->add_option("function", *settings_function, "Id or unique name")->required();
    settings->callback([settings_function, &context] { printSettings(context, *settings_function); });

    auto bill_options = std::make_shared<CostsCommand>();
    bill_options->by = "meter";
    auto* bill = app.add_subcommand("bill", "What was billed beside what was computed, over the whole days that are billed");
    bill->add_option("--by", bill_options->by, "meter, function or connection")->capture_default_str();
    bill_options->range.addTo(*bill);
    bill->callback([bill_options, &context] { printBillCheck(context, *bill_options); });

    auto costs_options = std::make_shared<CostsCommand>();
    auto* costs = app.add_subcommand("costs", "Sum costs; computed from usage, or as billed");
    costs->add_option("--by", costs_options->by, "platform, function, meter, day; several separated by commas")->capture_default_str();
    costs->add_option("--metric", costs_options->metric, "computed, billed or effective")->capture_default_str();
    costs->add_flag("--after-grants", costs_options->after_grants, "Take off what free grants are worth at most, once an account and month (lines of no function)");
    costs_options->range.addTo(*costs);
    costs->callback([costs_options, &context] { printCosts(context, *costs_options); });
}

} // namespace pilotlight::ctl
