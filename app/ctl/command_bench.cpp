// bench run, list, show, compare, export, predict, cost, devices
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "app/common/campaigns.h"
#include "app/common/inference_cost.h"
#include "app/ctl/bench_output.h"
#include "app/ctl/context.h"
#include "app/ctl/sizes.h"
#include "app/ctl/table.h"
#include "core/bench/agent_client.h"
#include "core/bench/campaign_file.h"
#include "core/bench/campaign_run.h"
#include "core/bench/quota_prediction.h"
#include "core/bench/size_table.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;
using bench::Campaign;

struct BenchOptions {
    std::string model, handler, platform = "aws", sizes, threads = "1", budget, input, limiter = "auto", device = "cpu", path = "/", ready_path, resume, function, agent;
    std::vector<std::string> command, dimensions, cloud;
    std::string at, gpu_campaign;
    std::string batches, concurrencies;
    double gpu_ms = 0;
    std::vector<std::string> ids;
    std::string format = "csv", output;
    double vcpu = 0, timeout_s = 60, rate = 0;
    int colds = 0, warm = 0, tokens = 0;
    bool quick = false, spin = false, here = false, find_memory = false;
    std::uint32_t seed = 1;
};

std::string folderOf(const Context& context) { return common::benchFolder(context.workspace_dir); }

// "90", "90s", "10m", "1h"
Result<double> secondsOf(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    const double scale = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
    if (end == text.c_str() || scale == 0 || !(value > 0) || value * scale > 86'400) return fail(ErrorCode::invalid_argument, "\"" + text + "\" is not a time budget", {}, "Write 90s, 10m or 1h; at most 24h");
    return value * scale;
}

std::vector<std::string> wordsOf(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

Result<bench::Target> targetOf(const BenchOptions& o) {
    bench::Target target;
    if (o.handler.empty()) {
        if (o.model.empty()) return fail(ErrorCode::invalid_argument, "There is nothing to run", {}, "Name a model (bench run model.onnx) or a handler (bench run --handler lambda -- ./bootstrap)");
        target.kind = bench::Target::Kind::onnx;
        PILOTLIGHT_ASSIGN(target.model, common::targetFile(o.model, wordsOf(o.agent), "model"));
        target.device = o.device;
        target.tokens = o.tokens;
        for (const auto& text : o.dimensions) {
            const auto equals = text.rfind('=');
            const long size = equals == std::string::npos ? 0 : std::strtol(text.c_str() + equals + 1, nullptr, 10);
            if (size < 1 || size > 1'000'000) return fail(ErrorCode::invalid_argument, "\"" + text + "\" is not a dimension", {}, "Write --dimension batch=1 or --dimension input:2=224");
            target.dimensions[text.substr(0, equals)] = static_cast<std::int32_t>(size);
        }
    } else {
        for (const auto kind : {bench::Target::Kind::lambda, bench::Target::Kind::http, bench::Target::Kind::command})
            if (o.handler == bench::name(kind)) target.kind = kind;
        target.command = o.command;
        if (!o.model.empty()) target.command.insert(target.command.begin(), o.model);  // what follows -- fills the first free name
        if (target.command.empty()) return fail(ErrorCode::invalid_argument, "The handler's command is missing", {}, "Give it after --: bench run --handler lambda -- ./bootstrap");
        target.path = o.path;
        target.ready_path = o.ready_path;
    }
    PILOTLIGHT_ASSIGN(target.input, common::targetFile(o.input, wordsOf(o.agent), "input"));
    return target;
}

// "1,8" into `into`; untouched where nothing is given.
Status takeCounts(const std::string& text, std::vector<int>& into) {
    PILOTLIGHT_ASSIGN(const auto counts, parseSizes(text));
    if (counts.empty()) return {};
    into.clear();
    for (const auto count : counts) into.push_back(count.value);
    return {};
}

Result<bench::CampaignPlan> planOf(const BenchOptions& o) {
    bench::CampaignPlan plan;
    PILOTLIGHT_ASSIGN(plan.platform, parsePlatform(o.platform));
    PILOTLIGHT_ASSIGN(plan.trial.target, targetOf(o));
    PILOTLIGHT_ASSIGN(const auto sizes, parseSizes(o.sizes));
    for (const auto size : sizes) plan.sizes.push_back(size.value);
    plan.vcpu = o.vcpu;
    PILOTLIGHT_TRY(takeCounts(o.threads, plan.threads));
    PILOTLIGHT_TRY(takeCounts(o.batches, plan.batches));
    PILOTLIGHT_TRY(takeCounts(o.concurrencies, plan.concurrencies));
    plan.agent = wordsOf(o.agent);
    plan.trial.limiter = o.limiter;
    plan.trial.spin = o.spin;
    plan.trial.timeout_s = o.timeout_s;
    plan.trial.rate_per_s = o.rate;
    plan.find_memory = o.find_memory;
    plan.seed = o.seed;
    PILOTLIGHT_ASSIGN(plan, common::completed(std::move(plan), o.quick));
    if (!o.budget.empty()) {
        PILOTLIGHT_ASSIGN(plan.budget_s, secondsOf(o.budget));
    }
    if (o.colds > 0) plan.colds = o.colds;
    if (o.warm > 0) plan.warm = o.warm;
    return plan;
}

std::vector<std::string> agentCommand(const BenchOptions& options) {
    return options.agent.empty() ? std::vector<std::string>{bench::agentProgram()} : wordsOf(options.agent);
}

Status attach(Context& context, const Campaign& campaign, const std::string& function) {
    PILOTLIGHT_ASSIGN(auto* const workspace, context.workspace());
    PILOTLIGHT_ASSIGN(const auto found, workspace->function(function));
    const auto observations = bench::observationsOf(campaign);
    PILOTLIGHT_TRY(workspace->addObservations(found.id, observations));
    context.note(fmt::format("{} sizes of {} are now evidence for {}", observations.size(), campaign.plan.id, found.id));
    return {};
}

Status runBench(Context& context, const BenchOptions& options) {
    const std::string folder = folderOf(context);
    Campaign campaign;
    if (options.resume.empty()) {
        PILOTLIGHT_ASSIGN(campaign.plan, planOf(options));
    } else {
        PILOTLIGHT_ASSIGN(campaign, bench::readCampaign(folder, options.resume));
        if (!options.budget.empty()) {
            PILOTLIGHT_ASSIGN(campaign.plan.budget_s, secondsOf(options.budget));
        }
    }
    if (!options.agent.empty()) campaign.plan.agent = wordsOf(options.agent);  // of this session
    bool started = false;
    const Status done = common::runSession(folder, campaign, context.job(), [&](const bench::Hello& hello) {
        started = true;
        const auto able = bench::emulatedSizes(campaign.plan, hello.machine.cpus);
        if (able.size() < campaign.plan.sizes.size())
            context.note(fmt::format("{} of {} sizes need more than this machine's {} CPUs and are left out", campaign.plan.sizes.size() - able.size(), campaign.plan.sizes.size(), hello.machine.cpus));
        context.note(fmt::format("Campaign {}: {} sizes, at most {:.0f} s. Ctrl-C stops it; bench run --resume {} goes on.", campaign.plan.id, able.size(), campaign.plan.budget_s, campaign.plan.id));
    });
    if (!started) return done;
    if (context.json)
        context.out(toJson(campaign).dump(2));
    else
        context.out(describe(campaign));
    for (const auto& sentence : assumptionsOf(campaign.plan)) context.note("Assumed: " + sentence);
    if (!done && done.error().code != ErrorCode::cancelled) return done;
    if (!options.function.empty()) PILOTLIGHT_TRY(attach(context, campaign, options.function));
    const auto points = bench::pointsOf(campaign);
    const auto usable = std::count_if(points.begin(), points.end(), [](const auto& point) { return point.usable; });
    if (usable == 0) {
        context.exit_code = campaign.end == bench::CampaignEnd::complete ? kFailed : kPartial;
        if (!points.empty()) context.note("Nothing was measured: " + points.front().verdict);
    } else if (campaign.end != bench::CampaignEnd::complete) {
        context.exit_code = kPartial;
        context.note(fmt::format("Stopped ({}): bench run --resume {} goes on", bench::name(campaign.end), campaign.plan.id));
    }
    return {};
}

Status listBench(Context& context) {
    PILOTLIGHT_ASSIGN(const auto campaigns, bench::readCampaigns(folderOf(context)));
    auto json = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& campaign : campaigns) {
        const auto points = bench::pointsOf(campaign);
        json.push_back({{"campaign_id", campaign.plan.id}, {"created", campaign.plan.created}, {"platform", name(campaign.plan.platform)}, {"target", targetText(campaign.plan.trial.target)},
                        {"points", points.size()}, {"trials", campaign.trials.size()}, {"end", bench::name(campaign.end)}});
        rows.push_back({campaign.plan.id, name(campaign.plan.platform), targetText(campaign.plan.trial.target), std::to_string(points.size()), bench::name(campaign.end)});
    }
    context.out(context.json ? json.dump(2) : rows.empty() ? "No campaign yet: bench run makes one" : table({"Campaign", "Platform", "What", "Points", "End"}, rows, {3}));
    return {};
}

Status showBench(Context& context, const std::string& id) {
    PILOTLIGHT_ASSIGN(const auto campaign, bench::readCampaign(folderOf(context), id));
    context.out(context.json ? toJson(campaign).dump(2) : describe(campaign));
    if (campaign.passed_over > 0) context.note(fmt::format("{} lines of its file could not be read and are passed over", campaign.passed_over));
    return {};
}

// Points of one campaign and size that differ in one of threads, batch and concurrency, the lower first.
bool differInOne(const bench::BenchPoint& x, const bench::BenchPoint& y) {
    const int differ = (x.threads != y.threads) + (x.batch != y.batch) + (x.concurrency != y.concurrency);
    return x.memory_mb == y.memory_mb && differ == 1 && std::tie(x.threads, x.batch, x.concurrency) < std::tie(y.threads, y.batch, y.concurrency);
}

// Two campaigns size by size, or what one varies.
Status compareBench(Context& context, const std::vector<std::string>& ids) {
    PILOTLIGHT_ASSIGN(const auto first, bench::readCampaign(folderOf(context), ids[0]));
    const auto a = bench::pointsOf(first);
    auto b = a;
    Campaign second = first;
    if (ids.size() > 1) {
        PILOTLIGHT_ASSIGN(second, bench::readCampaign(folderOf(context), ids[1]));
        b = bench::pointsOf(second);
        if (first.agent && second.agent && first.agent->machine.cpu_model != second.agent->machine.cpu_model)
            context.note("They were measured on different machines: " + first.agent->machine.cpu_model + " and " + second.agent->machine.cpu_model);
    }
    auto json = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& x : a)
        for (const auto& y : b) {
            if (ids.size() > 1 ? !bench::sameSetting(first.plan, x, second.plan, y) : !differInOne(x, y)) continue;
            // Requests at once show in how many are served a second, not in the time of one that is alone.
            const bool at_once = ids.size() == 1 && x.concurrency != y.concurrency;
            const auto comparison = at_once ? std::nullopt : bench::compareItems(x, y);
            const auto served = at_once ? bench::compareThroughput(x, y) : std::nullopt;
            const std::string item = x.batch == y.batch ? "" : " per item";
            const std::string verdict = comparison ? !comparison->different ? "no difference shown" : (comparison->ratio < 1 ? "faster" : "slower") + item
                                        : served   ? served->more ? "more a second" : served->fewer ? "fewer a second" : "no difference shown"
                                                   : "not comparable";
            json.push_back({{"memory_mb", x.memory_mb}, {"threads", {x.threads, y.threads}}, {"batch", {x.batch, y.batch}}, {"concurrency", {x.concurrency, y.concurrency}}, {"mean_ms", {number(x.mean_ms), number(y.mean_ms)}}, {"throughput_per_s", {number(x.throughput_per_s), number(y.throughput_per_s)}},
                            {"ratio", comparison ? Json{{"value", comparison->ratio}, {"lo", comparison->lo}, {"hi", comparison->hi}} : Json(nullptr)}, {"verdict", verdict},
                            {"peak_mb", {number(x.peak_mb), number(y.peak_mb)}}, {"cold_ms", {number(x.cold_ms), number(y.cold_ms)}}});
            const auto one = bench::settingText(first.plan.trial.target.kind, bench::settingOf(x)), other = bench::settingText(second.plan.trial.target.kind, bench::settingOf(y));
            rows.push_back({std::to_string(x.memory_mb) + " MB", one == other ? one : one + " / " + other, duration(x.mean_ms), duration(y.mean_ms),
                            comparison ? fmt::format("{:+.1f} % ({:+.1f} to {:+.1f})", 100 * (comparison->ratio - 1), 100 * (comparison->lo - 1), 100 * (comparison->hi - 1))
                            : served   ? fmt::format("{:+.1f} % requests/s", 100 * (served->ratio - 1))
                                       : "unknown",
                            verdict});
        }
    if (rows.empty()) return fail(ErrorCode::not_found, "The campaigns have no size and setting in common", {}, "Measure the same --sizes in both");
    context.out(context.json ? json.dump(2) : table({"Memory", "Setting", "Mean", "Mean", "Second over first", ""}, rows, {0, 2, 3, 4}));
    return {};
}

Status exportBench(Context& context, const BenchOptions& options) {
    PILOTLIGHT_ASSIGN(const auto campaign, bench::readCampaign(folderOf(context), options.ids.front()));
    if (!options.function.empty()) return attach(context, campaign, options.function);
    const std::string text = options.format == "json" ? toJson(campaign).dump(2) + "\n" : options.format == "markdown" ? markdown(campaign) : options.format == "observations" ? bench::observationCsv(bench::observationsOf(campaign)) : csv(campaign);
    if (options.output.empty()) {
        context.out(text.substr(0, text.size() - 1));
        return {};
    }
    std::ofstream file(options.output, std::ios::binary);
    file << text;
    file.close();
    if (!file) return fail(ErrorCode::storage, options.output + " cannot be written");
    return {};
}

// "1024=85.2", or "512@0.5=120" where vCPU is set apart: a mean measured in the cloud.
Status calibrate(bench::QuotaPrediction& prediction, const bench::CampaignPlan& plan, const std::string& text) {
    const auto equals = text.find('='), at = text.find('@');
    char* end = nullptr;
    const double ms = equals == std::string::npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
    const long memory = std::strtol(text.c_str(), nullptr, 10);
    const double vcpu = at < equals ? std::strtod(text.c_str() + at + 1, nullptr) : plan.vcpu;
    if (!(ms > 0) || *end != 0 || memory < 1 || memory > 1'000'000 || !(vcpu >= 0))
        return fail(ErrorCode::invalid_argument, "\"" + text + "\" is not a measurement", {}, "Write the size in MB and the mean duration in ms: --cloud 1024=85.2, or --cloud 512@0.5=120 with a vCPU");
    PILOTLIGHT_ASSIGN(const auto rule, bench::emulate(plan.platform, static_cast<std::int32_t>(memory), vcpu));
    prediction.calibrate(rule.size.vcpu, ms);
    return {};
}

// --at and --vcpu, else the platform's default sizes.
Result<std::vector<bench::EmulatedSize>> predictedSizes(const BenchOptions& options, const Campaign& campaign) {
    PILOTLIGHT_ASSIGN(auto sizes, parseSizes(options.at));
    if (sizes.empty())
        for (const auto size : bench::defaultSizes(campaign.plan.platform, false)) sizes.push_back(Megabytes{size});
    std::vector<bench::EmulatedSize> out;
    for (const auto size : sizes) {
        PILOTLIGHT_ASSIGN(const auto rule, bench::emulate(campaign.plan.platform, size.value, options.vcpu > 0 ? options.vcpu : campaign.plan.vcpu));
        out.push_back(rule.size);
    }
    return out;
}

// At other sizes on this machine, as its kernel holds a CPU share.
Status predictHere(Context& context, const BenchOptions& options, const Campaign& campaign) {
    PILOTLIGHT_ASSIGN(const auto here, bench::LocalPrediction::of(campaign, bench::pointsOf(campaign)));
    PILOTLIGHT_ASSIGN(const auto sizes, predictedSizes(options, campaign));
    auto curve = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& size : sizes) {
        const double alone = here.isolatedMs(size.vcpu, size.period_ms), busy = here.saturatedMs(size.vcpu);
        curve.push_back({{"memory_mb", size.memory_mb}, {"vcpu", size.vcpu}, {"duration_ms", alone}, {"saturated_ms", busy}});
        rows.push_back({std::to_string(size.memory_mb) + " MB", fmt::format("{:.2f}", size.vcpu), duration(std::optional(alone)), duration(std::optional(busy))});
    }
    context.out(context.json ? Json{{"campaign_id", campaign.plan.id}, {"where", "here"}, {"curve", curve}}.dump(2) : table({"Memory", "vCPU", "Alone", "Back to back"}, rows, {0, 1, 2, 3}));
    return {};
}

Status predictBench(Context& context, const BenchOptions& options) {
    PILOTLIGHT_ASSIGN(const auto campaign, bench::readCampaign(folderOf(context), options.ids.front()));
    if (options.here) return predictHere(context, options, campaign);
    PILOTLIGHT_ASSIGN(const auto need, bench::cpuNeedOf(campaign));
    bench::QuotaPrediction prediction(campaign.plan.platform, need, campaign.plan.trial.target.kind);
    for (const auto& text : options.cloud) PILOTLIGHT_TRY(calibrate(prediction, campaign.plan, text));
    PILOTLIGHT_ASSIGN(const auto sizes, predictedSizes(options, campaign));
    auto curve = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& size : sizes) {
        const auto mean = prediction.meanAt(size.vcpu);
        curve.push_back({{"memory_mb", size.memory_mb}, {"vcpu", size.vcpu}, {"duration_ms", mean.value}, {"lo_ms", mean.lo}, {"hi_ms", mean.hi}});
        rows.push_back({std::to_string(size.memory_mb) + " MB", fmt::format("{:.2f}", size.vcpu), duration(std::optional(mean))});
    }
    const auto k = prediction.k();
    if (context.json) {
        context.out(Json{{"campaign_id", campaign.plan.id}, {"cpu_ms", need.cpu_ms}, {"other_ms", need.other_ms}, {"k", {{"value", k.value}, {"lo", k.lo}, {"hi", k.hi}}}, {"curve", curve}}.dump(2));
        return {};
    }
    context.out(table({"Memory", "vCPU", "Mean duration"}, rows, {0, 1, 2}));
    context.note(fmt::format("From {:.1f} ms of CPU time here; the cloud's CPU needs {:.2f} times that ({:.2f} to {:.2f}{})", need.cpu_ms, k.value, k.lo, k.hi,
                             options.cloud.empty() ? ", assumed: give a cloud measurement with --cloud" : ""));
    if (k.hi > 1.15 * k.lo) context.note("A mean measured in the cloud with one vCPU or more (1,769 MB on Lambda) narrows that best: no CPU quota hides the CPU time there");
    return {};
}

// What a campaign on a GPU measured: its mean back to back.
Result<common::GpuLatency> gpuLatency(const Context& context, const std::string& id) {
    PILOTLIGHT_ASSIGN(const auto campaign, bench::readCampaign(folderOf(context), id));
    const auto points = bench::pointsOf(campaign);
    const auto found = std::find_if(points.rbegin(), points.rend(), [](const auto& point) { return point.usable && point.device != "cpu" && point.saturated_mean_ms; });
    if (found == points.rend()) return fail(ErrorCode::invalid_argument, "Campaign " + campaign.plan.id + " has no usable point of a GPU", {}, "Run it with --device cuda on a machine with one, or give --gpu-ms");
    return common::GpuLatency{*found->saturated_mean_ms, "measured on " + found->device + " by " + campaign.plan.id};
}

Status costBench(Context& context, const BenchOptions& options) {
    PILOTLIGHT_ASSIGN(const auto campaign, bench::readCampaign(folderOf(context), options.ids.front()));
    std::optional<common::GpuLatency> gpu;
    if (options.gpu_ms > 0) gpu = common::GpuLatency{options.gpu_ms, "given"};
    if (!options.gpu_campaign.empty()) {
        PILOTLIGHT_ASSIGN(gpu, gpuLatency(context, options.gpu_campaign));
    }
    PILOTLIGHT_ASSIGN(const auto costs, common::inferenceCosts(campaign, gpu));
    auto json = Json::array();
    std::vector<std::vector<std::string>> rows;
    std::optional<double> cheapest_cpu;
    const auto estimate = [](const std::optional<Estimate>& e) { return e ? Json{{"value", e->value}, {"lo", e->lo}, {"hi", e->hi}} : Json(nullptr); };
    for (const auto& one : costs) {
        json.push_back({{"where", one.where}, {"setting", one.setting}, {"duration_ms", estimate(one.duration_ms)}, {"usd_per_1000", estimate(one.usd_per_thousand)}, {"basis", one.basis}, {"price_date", one.price_date}});
        rows.push_back({one.where, one.setting, duration(one.duration_ms), one.usd_per_thousand ? fmt::format("${:.5f} ({:.5f} to {:.5f})", one.usd_per_thousand->value, one.usd_per_thousand->lo, one.usd_per_thousand->hi) : "unknown", one.basis});
        if (one.usd_per_thousand && &one != &costs.back() && (!cheapest_cpu || one.usd_per_thousand->value < *cheapest_cpu)) cheapest_cpu = one.usd_per_thousand->value;
    }
    const auto even = common::gpuBreakEvenMs(cheapest_cpu.value_or(0));
    if (context.json) {
        context.out(Json{{"campaign_id", campaign.plan.id}, {"costs", json}, {"gpu_break_even_ms", even && cheapest_cpu ? Json(*even) : Json(nullptr)}}.dump(2));
        return {};
    }
    context.out(table({"Where", "Setting", "One inference", "1,000 inferences", "From"}, rows, {2, 3}));
    if (even && cheapest_cpu) context.note(fmt::format("A GPU that is busy all the time is cheaper than the cheapest CPU below {:.2f} ms an inference. List prices, warm, without free grants.", *even));
    return {};
}

Status devicesBench(Context& context, const BenchOptions& options) {
    PILOTLIGHT_ASSIGN(auto agent, bench::AgentClient::start(agentCommand(options)));
    PILOTLIGHT_ASSIGN(const auto devices, agent.devices(context.job()));
    const auto& hello = agent.hello();
    if (context.json) {
        auto list = Json::array(), limiters = Json::array();
        for (const auto& d : devices) list.push_back({{"name", d.name}, {"available", d.available}, {"detail", d.detail}});
        for (const auto& l : hello.limiters) limiters.push_back({{"name", l.name}, {"available", l.available}, {"why", l.why}});
        context.out(Json{{"devices", list}, {"limiters", limiters}, {"machine", toJson(hello.machine)}}.dump(2));
        return {};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& d : devices) rows.push_back({"device", d.name, d.available ? "works" : "does not work", d.detail});
    for (const auto& l : hello.limiters) rows.push_back({"limiter", l.name, l.available ? "works" : "does not work", l.why});
    context.out(table({"", "Name", "", "Detail"}, rows, {}));
    context.out(describe(hello.machine));
    return {};
}

}  // namespace

void addBenchCommands(CLI::App& app, Context& context) {
    auto options = std::make_shared<BenchOptions>();
    const auto act = [&context, options](auto what) {
        return [&context, options, what] {
            if (const Status done = what(context, *options); !done) context.fail(done.error());
        };
    };
    auto* bench = app.add_subcommand("bench", "Run a model or a handler on this machine at serverless sizes");
    bench->require_subcommand(1);
    const auto agent = [&](CLI::App* command) { command->add_option("--agent", options->agent, "Command that starts the agent, such as \"ssh host pilotlight-agent\" (default: here); files are then those of that machine"); };

    auto* run = bench->add_subcommand("run", "Measure latency, cold start, memory and throughput at several sizes");
    run->add_option("model", options->model, "ONNX model");
    run->add_option("command", options->command, "After --: the handler's program and arguments");
    run->add_option("--handler", options->handler, "lambda (a runtime that asks the Runtime API for work), http (a server on $PORT) or command (a program for each request)")
        ->check(CLI::IsMember({"lambda", "http", "command"}));
    run->add_option("--platform", options->platform, "aws, gcp or azure")->capture_default_str();
    run->add_option("--sizes", options->sizes, "Sizes in MB, separated by commas; default: chosen as the measurements come in");
    run->add_option("--vcpu", options->vcpu, "vCPU of every size, where the platform sets it apart (Cloud Run)")->check(CLI::PositiveNumber);
    run->add_option("--threads", options->threads, "Thread counts of a model, separated by commas")->capture_default_str();
    run->add_flag("--spin", options->spin, "A model's threads spin while they wait, as ONNX Runtime does by default");
    run->add_flag("--quick", options->quick, "Fewer sizes, 5 fresh starts and 64 requests each, 3 minutes");
    run->add_option("--budget", options->budget, "Time to spend: 90s, 10m, 1h (default 10m, quick 3m)");
    run->add_option("--input", options->input, "File with the payload; a model's input as .npy or .pb");
    run->add_option("--dimension", options->dimensions, "Size of a dimension that the model leaves open: name=N or input:index=N");
    run->add_option("--batch", options->batches, "A model's first dimension, where it is open; several separated by commas");
    run->add_option("--tokens", options->tokens, "Tokens that a generating model makes for each request")->check(CLI::Range(0, 100'000));
    run->add_option("--device", options->device, "Where a model runs; bench devices lists them")->capture_default_str();
    run->add_option("--limiter", options->limiter, "auto, none, systemd-scope, cgroup-v2, cgroup-v1 or duty-cycle")->capture_default_str();
    run->add_option("--path", options->path, "http: path of each request")->capture_default_str();
    run->add_option("--ready-path", options->ready_path, "http: path of the readiness probe (default: it is ready when it takes connections)");
    run->add_option("--colds", options->colds, "Fresh starts of each size")->check(CLI::Range(1, 1000));
    run->add_option("--warm", options->warm, "Requests of each size")->check(CLI::Range(2, bench::kMostSamples));
    run->add_option("--rate", options->rate, "Also requests at so many planned instants a second (Poisson), latency counted from the plan")->check(CLI::Range(0.001, 1e6));
    run->add_option("--concurrency", options->concurrencies, "A model or an http handler: requests that may be under way at once, back to back and at --rate; several separated by commas");
    run->add_flag("--find-memory", options->find_memory, "Also search the smallest memory that requests survive");
    run->add_option("--timeout", options->timeout_s, "Seconds for a start and for each answer")->check(CLI::Range(0.1, 3600.0))->capture_default_str();
    run->add_option("--seed", options->seed, "Of the order of trials and of pauses")->capture_default_str();
    run->add_option("--resume", options->resume, "Go on with a campaign: its id, a beginning of it, or last");
    run->add_option("--function", options->function, "Take the result as evidence for this function's what-ifs");
    agent(run);
    run->callback(act([](Context& c, const BenchOptions& o) { return runBench(c, o); }));

    bench->add_subcommand("list", "Campaigns, newest first")->callback(act([](Context& c, const BenchOptions&) { return listBench(c); }));
    auto* show = bench->add_subcommand("show", "The points of a campaign");
    show->add_option("campaign", options->ids, "Its id, a beginning of it, or last")->required()->expected(1);
    show->callback(act([](Context& c, const BenchOptions& o) { return showBench(c, o.ids.front()); }));
    auto* compare = bench->add_subcommand("compare", "Two campaigns size by size, or the thread counts, batches and concurrencies of one");
    compare->add_option("campaigns", options->ids, "One or two ids")->required()->expected(1, 2);
    compare->callback(act([](Context& c, const BenchOptions& o) { return compareBench(c, o.ids); }));
    auto* save = bench->add_subcommand("export", "A campaign as CSV, JSON, Markdown, or observations for predict memory");
    save->add_option("campaign", options->ids, "Its id, a beginning of it, or last")->required()->expected(1);
    save->add_option("--format", options->format, "csv, json, markdown or observations")->check(CLI::IsMember({"csv", "json", "markdown", "observations"}))->capture_default_str();
    save->add_option("--output", options->output, "File; default: stdout");
    save->add_option("--function", options->function, "Instead: take it as evidence for this function's what-ifs");
    save->callback(act([](Context& c, const BenchOptions& o) { return exportBench(c, o); }));
    auto* predict = bench->add_subcommand("predict", "Duration in the cloud at other sizes, from the CPU time of a campaign");
    predict->add_option("campaign", options->ids, "Its id, a beginning of it, or last")->required()->expected(1);
    predict->add_option("--cloud", options->cloud, "A mean measured in the cloud, MB=ms or MB@vCPU=ms; may be repeated");
    predict->add_flag("--here", options->here, "On this machine instead, from the campaign's sizes: requests alone and back to back");
    predict->add_option("--at", options->at, "Sizes in MB, separated by commas");
    predict->add_option("--vcpu", options->vcpu, "vCPU of every size, where the platform sets it apart")->check(CLI::PositiveNumber);
    predict->callback(act([](Context& c, const BenchOptions& o) { return predictBench(c, o); }));
    auto* cost = bench->add_subcommand("cost", "1,000 inferences on Lambda, on Cloud Run's CPUs and on a Cloud Run GPU");
    cost->add_option("campaign", options->ids, "Its id, a beginning of it, or last: a campaign on the CPU with one thread")->required()->expected(1);
    auto* given = cost->add_option("--gpu-ms", options->gpu_ms, "Duration of one inference on the GPU, where it is known")->check(CLI::PositiveNumber);
    cost->add_option("--gpu", options->gpu_campaign, "Campaign that measured it on a GPU")->excludes(given);
    cost->callback(act([](Context& c, const BenchOptions& o) { return costBench(c, o); }));
    auto* devices = bench->add_subcommand("devices", "Devices, limiters and the machine, each tried");
    agent(devices);
    devices->callback(act([](Context& c, const BenchOptions& o) { return devicesBench(c, o); }));
}

}  // namespace pilotlight::ctl
