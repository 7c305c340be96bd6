// Workspace: figures of many functions. Computed on the executor, and kept in the store after each sync for the usual ranges, so that a
// table of a thousand functions reads none of their points.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/pricing/free_grants.h"
#include "core/store/plan_part.h"
#include "core/workspace_evidence.h"
#include "core/workspace_impl.h"

namespace pilotlight {
namespace {

using nlohmann::json;

// Lengths of the ranges that are kept; others are computed when asked for. Longest first: it is what is read.
constexpr hours kKept[] = {hours(24 * 30), hours(24 * 14), hours(24 * 7), hours(24)};
constexpr std::size_t kFunctionsATask = 32;

std::string kindOf(const char* what, milliseconds length) { return std::string(what) + "/" + std::to_string(length.count() / 1000); }

// Kept figures answer for a range of their length that has moved on a little: 29 minutes for a day, 7 hours for 14 days.
bool answersFor(TimeRange kept, TimeRange asked) {
    const auto moved = asked.begin - kept.begin;
    return asked.length() == kept.length() && moved >= -asked.length() / 50 && moved <= asked.length() / 50;
}

template <typename T>
json orNull(const std::optional<T>& value) {
    return value ? json(*value) : json(nullptr);
}
template <typename T>
std::optional<T> optionalOf(const json& value) {
    if (value.is_null()) return std::nullopt;
    return value.get<T>();
}

std::string encodeRow(const FunctionRow& row) {
    json meters = json::object();
    for (const auto& [meter, amount] : row.cost_by_meter) meters[meter] = amount.units();
    return json{{"period", {row.period.begin.time_since_epoch().count(), row.period.end.time_since_epoch().count()}},
                {"covered", row.covered.count()},
                {"counts", {orNull(row.invocations), orNull(row.errors), orNull(row.throttles)}},
                {"ms", {orNull(row.p50_ms), orNull(row.p95_ms), orNull(row.p99_ms)}},
                {"cold", orNull(row.cold_start_share)},
                {"memory", orNull(row.max_memory_used_mb)},
                {"cost", row.cost ? json(row.cost->units()) : json(nullptr)},
                {"note", row.cost_note},
                {"meters", meters},
                {"sparkline", row.sparkline}}
        .dump();
}

bool decodeRow(const std::string& text, FunctionRow& row) {
    try {
        const json body = json::parse(text);
        const auto time = [&](int i) { return Timestamp(milliseconds(body.at("period").at(i).get<std::int64_t>())); };
        row.period = {time(0), time(1)};
        row.covered = milliseconds(body.at("covered").get<std::int64_t>());
        const auto& counts = body.at("counts");
        row.invocations = optionalOf<std::int64_t>(counts.at(0));
        row.errors = optionalOf<std::int64_t>(counts.at(1));
        row.throttles = optionalOf<std::int64_t>(counts.at(2));
        const auto& ms = body.at("ms");
        row.p50_ms = optionalOf<double>(ms.at(0));
        row.p95_ms = optionalOf<double>(ms.at(1));
        row.p99_ms = optionalOf<double>(ms.at(2));
        row.cold_start_share = optionalOf<double>(body.at("cold"));
        row.max_memory_used_mb = optionalOf<double>(body.at("memory"));
        if (!body.at("cost").is_null()) row.cost = Money::fromUnits(body.at("cost").get<std::int64_t>());
        row.cost_note = body.at("note").get<std::string>();
        for (const auto& [meter, units] : body.at("meters").items()) row.cost_by_meter[meter] = Money::fromUnits(units.get<std::int64_t>());
        row.sparkline = body.at("sparkline").get<std::vector<float>>();
        return true;
    } catch (const json::exception&) {
        return false;  // computed anew
    }
}

// Nine digits: what is shown of a quantity, in half the text.
double shortened(double quantity) {
    if (!(quantity > 0)) return 0;
    const double step = std::pow(10.0, std::floor(std::log10(quantity)) - 8);
    return std::round(quantity / step) * step;
}

// [[begin, end, {meter: [units, quantity]}], ...]
std::string encodeCosts(const std::vector<CostLine>& lines) {
    json days = json::array();
    for (const auto& line : lines) {
        const auto begin = line.period.begin.time_since_epoch().count();
        if (days.empty() || days.back()[0] != begin) days.push_back({begin, line.period.end.time_since_epoch().count(), json::object()});
        days.back()[2][line.meter] = {line.amount.units(), shortened(line.quantity)};
    }
    return json{{"source", lines.empty() ? "" : lines.front().source}, {"days", days}}.dump();
}

bool decodeCosts(const std::string& text, const Function& function, std::vector<CostLine>& lines) {
    const std::size_t had = lines.size();
    try {
        const json body = json::parse(text);
        CostLine line{.function_id = function.id, .profile = function.profile, .service = serviceName(function), .region = function.region, .kind = CostKind::computed};
        line.source = body.at("source").get<std::string>();
        for (const auto& day : body.at("days")) {
            line.period = {Timestamp(milliseconds(day.at(0).get<std::int64_t>())), Timestamp(milliseconds(day.at(1).get<std::int64_t>()))};
            line.estimated = line.period.length() < hours(24);
            for (const auto& [meter, sum] : day.at(2).items()) {
                line.meter = meter;
                line.amount = Money::fromUnits(sum.at(0).get<std::int64_t>());
                line.quantity = sum.at(1).get<double>();
                lines.push_back(line);
            }
        }
        return true;
    } catch (const json::exception&) {
        lines.resize(had);
        return false;
    }
}

bool ofPlan(const CostLine& line) { return line.function_id.find("/microsoft.web/serverfarms/") != std::string::npos; }

// What a plan was billed for, divided among its apps by the instance time that each counted that day; by equal parts where none was counted.
// A plan without a known app stays attributable to none.
Result<std::vector<CostLine>> sharePlans(store::Store& store, std::vector<CostLine> lines) {
    if (std::none_of(lines.begin(), lines.end(), ofPlan)) return lines;
    std::map<std::string, std::vector<std::string>> plans;
    PILOTLIGHT_ASSIGN(const auto functions, store.functions());
    for (const auto& f : functions)
        if (const std::string plan(f.untunedText(untuned_key::kPlan)); !plan.empty()) plans[plan].push_back(f.id);
    std::map<std::pair<std::string, Timestamp>, std::vector<double>> weights;
    std::vector<CostLine> shared;
    for (auto& line : lines) {
        if (!ofPlan(line)) {
            shared.push_back(std::move(line));
            continue;
        }
        const std::string plan = std::exchange(line.function_id, {}), name = plan.substr(plan.rfind('/') + 1);
        const auto apps = plans.find(plan);
        if (apps == plans.end()) {
            line.source += ": plan " + name + ", of which no app is known";
            shared.push_back(std::move(line));
            continue;
        }
        auto& weight = weights[{plan, line.period.begin}];
        if (weight.empty()) {
            PILOTLIGHT_ASSIGN(weight, store::planWeights(store, apps->second, line.period));
        }
        double sum = 0;
        for (const double each : weight) sum += each;
        Money rest = line.amount;
        for (std::size_t i = 0; i < weight.size(); ++i) {
            const double share = sum > 0 ? weight[i] / sum : 1.0 / static_cast<double>(weight.size());
            CostLine part = line;
            part.function_id = apps->second[i];
            part.quantity = line.quantity * share;
            part.amount = i + 1 == weight.size() ? rest : line.amount.times(share);
            rest -= part.amount;
            if (weight.size() > 1) part.source += ": part of plan " + name + (sum > 0 ? ", by instance time" : ", in equal parts");
            shared.push_back(std::move(part));
        }
    }
    return shared;
}

}  // namespace

Status Workspace::Impl::forEachFunction(std::span<const Function> functions, const JobContext& job,
                                        const std::function<Status(EvidenceReader&, std::size_t)>& body) {
    const std::size_t tasks = (functions.size() + kFunctionsATask - 1) / kFunctionsATask;
    const auto part = [&](store::Store& store, std::size_t task) -> Status {
        EvidenceReader evidence(store);
        const std::size_t end = std::min(functions.size(), (task + 1) * kFunctionsATask);
        for (std::size_t i = task * kFunctionsATask; i < end; ++i) {
            PILOTLIGHT_TRY(job.check());
            PILOTLIGHT_TRY(body(evidence, i));
        }
        return {};
    };
    if (tasks <= 1) {
        PILOTLIGHT_ASSIGN(auto* const store, reader());
        return tasks == 0 ? Status{} : part(*store, 0);
    }
    std::mutex mutex;
    Status failed;
    std::size_t done = 0;
    parallelFor(executor, tasks, [&](std::size_t task) {
        {
            const std::lock_guard lock(mutex);
            if (!failed) return;
        }
        auto store = store::Store::open(options.directory, {.access = store::Access::read, .holder = options.program});
        Status status = store ? part(*store, task) : Status(fail(store.error()));
        const std::lock_guard lock(mutex);
        if (!status && failed) failed = std::move(status);
        job.report({"Figures of the functions", static_cast<double>(++done) / static_cast<double>(tasks), 0, 0});
    });
    return failed;
}

Status Workspace::Impl::summarise(store::Store& writer, const std::string& profile, Timestamp now, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto outdated, writer.outdatedSummaries(profile));
    PILOTLIGHT_ASSIGN(auto functions, writer.functions());
    std::erase_if(functions, [&](const Function& each) { return !std::binary_search(outdated.begin(), outdated.end(), each.id); });
    std::vector<std::vector<store::Store::Summary>> made(functions.size());
    PILOTLIGHT_TRY(forEachFunction(functions, job, [&](EvidenceReader& reader, std::size_t i) -> Status {
        PILOTLIGHT_ASSIGN(auto gathered, reader.gather(functions[i], {now - kKept[0], now}));
        for (const hours length : kKept) {
            const TimeRange range{now - length, now};
            if (length != kKept[0]) PILOTLIGHT_TRY(reader.narrow(gathered, range));
            PILOTLIGHT_ASSIGN(const auto lines, dailyCosts(gathered.evidence));
            made[i].push_back({functions[i].id, kindOf("row", length), range, encodeRow(rowOf(gathered.evidence))});
            made[i].push_back({functions[i].id, kindOf("cost", length), range, encodeCosts(lines)});
        }
        return {};
    }));
    return writer.transaction([&]() -> Status {
        for (const auto& each : made) PILOTLIGHT_TRY(writer.putSummaries(each));
        return {};
    });
}

Status Workspace::summarise(const JobContext& job) {
    return impl_->write<void>([&](store::Store& store) -> Status {
        PILOTLIGHT_ASSIGN(const auto profiles, store.profiles());
        for (const auto& profile : profiles) PILOTLIGHT_TRY(impl_->summarise(store, profile.name, impl_->clockOf(profile.name)->now(), job));
        return {};
    });
}

Result<std::vector<FunctionRow>> Workspace::functions(TimeRange range, Figures figures) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto all, store->functions());
    std::unordered_map<std::string, store::Store::Summary> kept;
    if (figures == Figures::kept) {
        PILOTLIGHT_ASSIGN(auto found, store->summaries(kindOf("row", range.length())));
        for (auto& each : found) {
            if (answersFor(each.range, range)) kept.emplace(each.function_id, std::move(each));
        }
    }
    std::vector<FunctionRow> rows(all.size());
    std::vector<Function> missing;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto found = kept.find(all[i].id);
        if (found != kept.end() && decodeRow(found->second.body, rows[i])) {
            rows[i].function = all[i];
        } else {
            missing.push_back(all[i]);
            places.push_back(i);
        }
    }
    PILOTLIGHT_TRY(impl_->forEachFunction(missing, JobContext(), [&](EvidenceReader& reader, std::size_t i) -> Status {
        PILOTLIGHT_ASSIGN(const auto gathered, reader.gather(missing[i], range));
        rows[places[i]] = rowOf(gathered.evidence);
        return {};
    }));
    return rows;
}

Result<std::vector<CostLine>> Workspace::costs(TimeRange range, CostKind kind, Figures figures) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    std::vector<CostLine> lines;
    if (kind != CostKind::computed) {
        PILOTLIGHT_ASSIGN(lines, store->costs(range));
        std::erase_if(lines, [&](const CostLine& line) { return line.kind != kind; });
        return sharePlans(*store, std::move(lines));
    }
    PILOTLIGHT_ASSIGN(const auto all, store->functions());
    std::unordered_map<std::string, store::Store::Summary> kept;
    if (figures == Figures::kept) {
        PILOTLIGHT_ASSIGN(auto found, store->summaries(kindOf("cost", range.length())));
        for (auto& each : found) {
            if (answersFor(each.range, range)) kept.emplace(each.function_id, std::move(each));
        }
    }
    std::vector<Function> missing;
    for (const auto& function : all) {
        const auto found = kept.find(function.id);
        if (found == kept.end() || !decodeCosts(found->second.body, function, lines)) missing.push_back(function);
    }
    std::vector<std::vector<CostLine>> computed(missing.size());
    PILOTLIGHT_TRY(impl_->forEachFunction(missing, JobContext(), [&](EvidenceReader& reader, std::size_t i) -> Status {
        PILOTLIGHT_ASSIGN(const auto gathered, reader.gather(missing[i], range));
        PILOTLIGHT_ASSIGN(computed[i], dailyCosts(gathered.evidence));
        return {};
    }));
    for (auto& each : computed) std::move(each.begin(), each.end(), std::back_inserter(lines));
    return lines;
}

Result<std::vector<CostLine>> Workspace::freeGrants(std::span<const CostLine> computed) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto all, store->functions());
    std::unordered_map<std::string_view, const Function*> by_id;
    for (const auto& function : all) by_id.emplace(function.id, &function);
    return pricing::freeGrants(computed, [&](const std::string& id) {
        const auto found = by_id.find(id);
        return found == by_id.end() ? nullptr : found->second;
    });
}

}  // namespace pilotlight
