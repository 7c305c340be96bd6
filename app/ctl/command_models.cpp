// predict memory, next-size, simulate, bench-model
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/common/campaigns.h"
#include "app/ctl/context.h"
#include "app/ctl/numbers.h"
#include "app/ctl/sizes.h"
#include "app/ctl/table.h"
#include "core/model/accuracy.h"
#include "core/model/memory_choice.h"
#include "core/model/observation_csv.h"
#include "core/model/sim_scenario.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct PredictCommand {
    std::string observations, platform = "aws", architecture = "x86_64", at, candidates, objective = "balanced";
    std::optional<double> slo_p95;
};

Result<std::string> readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) return fail(ErrorCode::invalid_argument, "The file " + path + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Fitted {
    model::LatencyModel model;
    model::PricePlan price;
    bool priced = false;
};

Result<Fitted> fitted(Context& context, const PredictCommand& command) {
    PILOTLIGHT_ASSIGN(const auto platform, parsePlatform(command.platform));
    PILOTLIGHT_ASSIGN(const auto architecture, parseArchitecture(command.architecture));
    PILOTLIGHT_ASSIGN(const auto text, readFile(command.observations));
    PILOTLIGHT_ASSIGN(const auto observations, model::parseObservationCsv(text));
    for (const auto& note : observations.notes) context.note(command.observations + ": " + note);
    PILOTLIGHT_ASSIGN(auto model, model::LatencyModel::fit(observations.observations, {.platform = platform, .architecture = architecture}));
    const auto price = common::pricePlan(platform, architecture);
    return Fitted{std::move(model), price.value_or(model::PricePlan{.usd_per_gb_second = 1e-5}), price.has_value()};
}

void predictMemory(Context& context, const PredictCommand& command) {
    const auto objective = model::parseObjective(command.objective);
    if (!objective) return context.fail(objective.error());
    const auto sizes = parseSizes(command.at);
    if (!sizes) return context.fail(sizes.error());
    const auto fit = fitted(context, command);
    if (!fit) return context.fail(fit.error());
    const auto choice = model::chooseMemory(fit->model, {.objective = *objective, .candidates = *sizes, .price = fit->price, .slo_p95_ms = command.slo_p95});
    if (!choice) return context.fail(choice.error());
    if (!fit->priced) context.note("No bundled prices for " + command.platform + ": costs are unknown, the choice is by memory x duration");
    auto curve = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& size : choice->outlook) {
        const auto& mean = size.duration.mean_ms;
        curve.push_back({{"memory_mb", size.memory.value},
                         {"duration_ms", mean.value},
                         {"lo_ms", mean.lo},
                         {"hi_ms", mean.hi},
                         {"p95_ms", size.duration.p95_ms.value},
                         {"cost_per_million_usd", fit->priced ? Json(size.cost_usd.value * 1e6) : Json(nullptr)}});
        rows.push_back({std::to_string(size.memory.value) + " MB", duration(std::optional(mean)), duration(std::optional(size.duration.p95_ms.value)),
                        fit->priced ? fmt::format("${:.2f}", size.cost_usd.value * 1e6) : "unknown",
                        size.memory == choice->recommended ? "recommended" : size.why_not});
    }
    const auto floor = fit->model.floor();
    if (context.json) {
        return context.out(Json{{"curve", curve},
                                {"recommended_memory_mb", choice->recommended.value},
                                {"flat_region_mb", {choice->flat_from.value, choice->flat_to.value}},
                                {"regime", fit->model.regime()},
                                {"floor_mb", floor ? Json(floor->value) : Json(nullptr)},
                                {"model", fit->model.describe()},
                                {"reason", choice->reason},
                                {"indistinguishable", choice->indistinguishable},
                                {"slo_met", choice->slo_met},
                                {"cautions", choice->cautions}}
                               .dump(2));
    }
    context.out(table({"Memory", "Mean duration", "p95", "Cost a million", ""}, rows, {0, 1, 2, 3}));
    context.out(fmt::format("{}. Flat from {} to {} MB. {}", choice->reason, choice->flat_from.value, choice->flat_to.value, fit->model.regime()));
    for (const auto& caution : choice->cautions) context.note("Caution: " + caution);
}

void nextSize(Context& context, const PredictCommand& command) {
    const auto candidates = parseSizes(command.candidates);
    if (!candidates) return context.fail(candidates.error());
    const auto fit = fitted(context, command);
    if (!fit) return context.fail(fit.error());
    const auto next = model::nextSize(fit->model, *candidates, fit->price);
    if (!next) return context.fail(next.error());
    if (context.json)
        return context.out(Json{{"next_memory_mb", next->memory ? Json(next->memory->value) : Json(nullptr)}, {"expected_regret", next->expected_regret}}.dump(2));
    if (next->memory) {
        context.out(fmt::format("Measure {} MB next: expected regret now {:.1f} %, {:.1f} % after", next->memory->value, next->expected_regret * 100, next->regret_after * 100));
    } else {
        context.out(fmt::format("Measuring on is not worth it: expected regret is {:.2f} %", next->expected_regret * 100));
    }
}

void simulateScenario(Context& context, const std::string& path) {
    const auto scenario = model::readScenario(path);
    if (!scenario) return context.fail(scenario.error());
    const auto result = model::simulate(*scenario, context.executor(), context.job());
    if (!result) return context.fail(result.error());
    context.out(model::toJson(*result));
}

void benchModel(Context& context, const std::string& folder) {
    const auto rows = model::measureAccuracy(folder);
    if (!rows) return context.fail(rows.error());
    if (!context.json) return context.out(model::accuracyTable(*rows));
    auto out = Json::array();
    for (const auto& row : *rows) {
        out.push_back({{"test", row.test},
                       {"measure", row.measure},
                       {"value", row.value},
                       {"target", row.target_set ? Json(row.target) : Json(nullptr)},
                       {"at_least", row.at_least},
                       {"met", row.met()}});
    }
    context.out(out.dump(2));
}

void addCurveOptions(CLI::App& command, PredictCommand& options) {
    command.add_option("--observations", options.observations, "CSV: memory_mb,duration_ms[,count][,p95_ms][,...]")->required();
    command.add_option("--platform", options.platform, "aws, gcp or azure")->capture_default_str();
    command.add_option("--arch", options.architecture, "x86_64 or arm64")->capture_default_str();
}

} // namespace

void addModelCommands(CLI::App& app, Context& context) {
    auto* predict = app.add_subcommand("predict", "What the model expects from measurements alone");
    predict->require_subcommand(1);
    auto options = std::make_shared<PredictCommand>();
    auto* memory = predict->add_subcommand("memory", "Duration and cost against memory from a few measured sizes");
    addCurveOptions(*memory, *options);
    memory->add_option("--at", options->at, "Sizes in MB, separated by commas; the choice is among them");
    memory->add_option("--slo-p95", options->slo_p95, "Milliseconds")->check(finite(0.001, 1e9));
    memory->add_option("--objective", options->objective, "cost, balanced or speed")->capture_default_str();
    memory->callback([options, &context] { predictMemory(context, *options); });

    auto* next = app.add_subcommand("next-size", "The size to measure next");
    addCurveOptions(*next, *options);
    next->add_option("--candidates", options->candidates, "Sizes in MB, separated by commas")->required();
    next->callback([options, &context] { nextSize(context, *options); });

    auto path = std::make_shared<std::string>();
    auto* simulate = app.add_subcommand("simulate", "Cold starts, instances and latency of a scenario");
    simulate->add_option("--scenario", *path, "JSON file (resources/docs/models.md)")->required();
    simulate->callback([path, &context] { simulateScenario(context, *path); });

    auto* bench = app.add_subcommand("bench-model", "Score the model on measured curves");
    bench->add_option("--data", *path, "Folder with the curves")->required();
    bench->callback([path, &context] { benchModel(context, *path); });
}

} // namespace pilotlight::ctl
