#include "app/console/models/benchmark_model.h"

#include <QFileInfo>
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;

namespace {

using CampaignPtr = std::shared_ptr<const BenchCampaign>;

QString sizeText(std::int32_t mb) { return format::integer(mb); }

// Of each size the base point: what lines and predictions rest on.
std::vector<const bench::BenchPoint*> basePoints(const BenchCampaign& campaign) {
    std::vector<const bench::BenchPoint*> out;
    for (const auto& point : campaign.points) {
        if (bench::isBase(campaign.campaign.plan, point)) out.push_back(&point);
    }
    return out;
}

QString settingWords(const BenchCampaign& campaign, const bench::Setting& setting) { return qs(bench::settingText(campaign.campaign.plan.trial.target.kind, setting)); }

int sizesDone(const BenchCampaign& campaign) { return static_cast<int>(basePoints(campaign).size()); }

Cell durationCell(const std::optional<double>& ms, bool predicted, const char* why) {
    if (!ms) return unknownCell(QString::fromLatin1(why));
    return numberCell(format::durationText(*ms), *ms, predicted ? Role::muted : Role::text);
}

Role verdictRole(const BenchRow& row) {
    if (row.predicted) return Role::caution;
    if (row.point.killed_for_memory) return Role::bad;
    return row.point.verdict == "stable" ? Role::good : Role::caution;
}

// Ascending, each size once: measured, predicted and still planned ones.
std::vector<std::int32_t> allSizes(const BenchCampaign& campaign) {
    std::vector<std::int32_t> out;
    for (const auto& point : campaign.points) out.push_back(point.memory_mb);
    for (const auto& point : campaign.predicted) out.push_back(point.memory_mb);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

int indexOf(const std::vector<std::int32_t>& sizes, std::int32_t mb) {
    return static_cast<int>(std::lower_bound(sizes.begin(), sizes.end(), mb) - sizes.begin());
}

QStringList labelsOf(const std::vector<std::int32_t>& sizes) {
    QStringList out;
    for (const auto mb : sizes) out << sizeText(mb);
    return out;
}

}  // namespace

BenchCampaign workedOut(bench::Campaign campaign) {
    BenchCampaign out;
    out.points = bench::pointsOf(campaign);
    out.predicted = bench::predictedPoints(campaign, out.points);
    out.findings = bench::findingsOf(campaign, out.points);
    out.observations = bench::observationsOf(campaign);
    out.campaign = std::move(campaign);
    return out;
}

QString targetName(const bench::Target& target) {
    if (target.kind == bench::Target::Kind::onnx) return QFileInfo(qs(target.model)).fileName();
    QStringList words;
    for (const auto& word : target.command) words << (words.isEmpty() ? QFileInfo(qs(word)).fileName() : qs(word));
    return words.join(QLatin1Char(' '));
}

QString targetKind(const bench::Target& target) {
    switch (target.kind) {
        case bench::Target::Kind::onnx: return QStringLiteral("ONNX · %1").arg(target.device == "cpu" ? QStringLiteral("CPU") : qs(target.device));
        case bench::Target::Kind::lambda: return QStringLiteral("Lambda runtime");
        case bench::Target::Kind::http: return QStringLiteral("HTTP handler");
        case bench::Target::Kind::command: return QStringLiteral("Command");
    }
    return {};
}

QString machineText(const bench::Machine& machine) {
    QStringList parts{qs(machine.cpu_model), QStringLiteral("%1 %2").arg(machine.cpus).arg(machine.cpus == 1 ? QStringLiteral("CPU") : QStringLiteral("CPUs"))};
    if (!machine.governor.empty()) parts << QStringLiteral("governor ") + qs(machine.governor);
    return parts.join(QStringLiteral(" · "));
}

QString campaignState(const BenchCampaign& campaign, RunState now) {
    if (now == RunState::pausing) return QStringLiteral("pauses after this trial");
    if (now == RunState::paused) return QStringLiteral("paused, size %1 of %2").arg(std::max(1, sizesDone(campaign))).arg(campaign.campaign.plan.sizes.size());
    if (now == RunState::running) return QStringLiteral("running, size %1 of %2").arg(std::max(1, sizesDone(campaign))).arg(campaign.campaign.plan.sizes.size());
    switch (campaign.campaign.end) {
        case bench::CampaignEnd::complete: return QStringLiteral("done");
        case bench::CampaignEnd::budget: return QStringLiteral("time is up");
        case bench::CampaignEnd::cancelled: return QStringLiteral("stopped");
        case bench::CampaignEnd::unfinished: return QStringLiteral("interrupted");
    }
    return {};
}

CampaignModel::CampaignModel(QObject* parent) : CampaignModel(std::make_shared<QString>(), std::make_shared<bool>(false), parent) {}

CampaignModel::CampaignModel(std::shared_ptr<QString> running, std::shared_ptr<bool> held, QObject* parent)
    : RowModel<CampaignPtr>(
          {
              {"what", "What",
               [](const CampaignPtr& c) {
                   auto cell = textCell(targetName(c->campaign.plan.trial.target));
                   cell.secondary = platformShort(c->campaign.plan.platform);
                   cell.tooltip = targetKind(c->campaign.plan.trial.target) + QStringLiteral(", ") + qs(c->campaign.plan.id);
                   return cell;
               }},
              {"state", "State",
               [running, held](const CampaignPtr& c) {
                   const bool now = qs(c->campaign.plan.id) == *running;
                   auto cell = textCell(now ? (*held ? QStringLiteral("paused") : QStringLiteral("%1 of %2").arg(std::max(1, sizesDone(*c))).arg(c->campaign.plan.sizes.size())) : campaignState(*c, RunState::no),
                                        now ? Role::accent : c->campaign.end == bench::CampaignEnd::complete ? Role::muted : Role::caution);
                   cell.sort = qs(c->campaign.plan.created);
                   cell.tooltip = qs(c->campaign.plan.created);
                   return cell;
               },
               true},
          },
          [](const CampaignPtr& c) { return qs(c->campaign.plan.id); }, parent),
      running_(std::move(running)), held_(std::move(held)) {}

BenchPointModel::BenchPointModel(QObject* parent)
    : RowModel<BenchRow>(
          {
              {"size", "Size", [](const BenchRow& r) { return numberCell(sizeText(r.point.memory_mb) + QStringLiteral(" MB"), r.point.memory_mb); }},
              {"vcpu", "vCPU", [](const BenchRow& r) { return numberCell(QString::number(r.point.vcpu, 'f', 2), r.point.vcpu); }, true},
              {"threads", "Setting",
               [](const BenchRow& r) {
                   auto cell = textCell(r.setting);
                   cell.sort = QStringLiteral("%1/%2/%3").arg(r.point.threads, 5).arg(r.point.batch, 7).arg(r.point.concurrency, 4);
                   return cell;
               },
               false, "threads and batch of a model, requests under way at once"},
              {"mean", "Mean",
               [](const BenchRow& r) {
                   auto cell = durationCell(r.point.mean_ms, r.predicted, "not measured");
                   if (r.point.mean_lo && r.point.mean_hi)
                       cell.tooltip = QStringLiteral("%1 to %2, %3 samples").arg(format::durationText(*r.point.mean_lo), format::durationText(*r.point.mean_hi)).arg(r.point.samples);
                   return cell;
               },
               true, "of requests one at a time; its interval in the tooltip"},
              {"p95", "p95", [](const BenchRow& r) { return durationCell(r.point.p95_ms, r.predicted, "not enough samples"); }, true},
              {"cold", "Cold start", [](const BenchRow& r) { return durationCell(r.point.cold_ms, r.predicted, "not measured"); }, true, "start of the process to its first answer, median of fresh starts"},
              {"peak", "Peak",
               [](const BenchRow& r) {
                   return r.point.peak_mb ? numberCell(format::integer(std::ceil(*r.point.peak_mb)) + QStringLiteral(" MB"), *r.point.peak_mb) : unknownCell(QStringLiteral("not measured"));
               },
               true, "largest memory of the process"},
              {"thousand", "Per 1,000",
               [](const BenchRow& r) {
                   return r.usd_per_thousand ? numberCell(QStringLiteral("$") + QString::number(*r.usd_per_thousand, 'f', *r.usd_per_thousand < 0.01 ? 6 : 4), *r.usd_per_thousand, r.predicted ? Role::muted : Role::text)
                                             : unknownCell(QStringLiteral("no price, or no latency"));
               },
               true, "1,000 warm requests at list price, request fee included"},
              {"verdict", "Verdict",
               [](const BenchRow& r) {
                   auto cell = textCell(r.verdict, verdictRole(r));
                   QStringList notes{r.verdict};
                   for (const auto& note : r.point.notes) notes << qs(note);
                   if (!r.point.limiter.empty()) notes << QStringLiteral("limited by ") + qs(r.point.limiter);
                   cell.tooltip = notes.join(QLatin1Char('\n'));
                   return cell;
               }},
          },
          [](const BenchRow& r) { return QStringLiteral("%1/%2").arg(r.point.memory_mb).arg(r.setting); }, parent) {}

std::vector<BenchRow> benchRows(const BenchCampaign& campaign) {
    std::vector<BenchRow> rows;
    const auto base = bench::baseOf(campaign.campaign.plan);
    for (const auto& point : campaign.points)
        rows.push_back({point, bench::costOfThousand(campaign.campaign.plan, point), false, qs(point.verdict), settingWords(campaign, bench::settingOf(point))});
    for (const auto& predicted : campaign.predicted) {
        bench::BenchPoint point;
        point.memory_mb = predicted.memory_mb;
        point.vcpu = predicted.vcpu;
        point.threads = base.threads;
        point.batch = base.batch;
        point.concurrency = base.concurrency;
        point.mean_ms = predicted.mean_ms;
        point.mean_lo = predicted.mean_lo;
        point.mean_hi = predicted.mean_hi;
        point.p95_ms = predicted.p95_ms;
        const auto cost = bench::costOfThousand(campaign.campaign.plan, point);
        rows.push_back({std::move(point), cost, true,
                        predicted.beyond_machine ? QStringLiteral("predicted; %1 CPUs here").arg(campaign.campaign.agent->machine.cpus) : QStringLiteral("predicted"),
                        settingWords(campaign, base)});
    }
    std::sort(rows.begin(), rows.end(), [](const BenchRow& a, const BenchRow& b) {
        const auto key = [](const bench::BenchPoint& p) { return std::tuple(p.memory_mb, p.threads, p.batch, p.concurrency); };
        return key(a.point) < key(b.point);
    });
    return rows;
}

SizeLines latencyLines(const BenchCampaign& campaign, const BenchCampaign* other) {
    auto sizes = allSizes(campaign);
    if (other != nullptr) {
        for (const auto mb : allSizes(*other)) sizes.push_back(mb);
        std::sort(sizes.begin(), sizes.end());
        sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    }
    widgets::SizeChart::Series mean{QStringLiteral("mean"), 0, {}}, p95{QStringLiteral("p95"), 1, {}};
    for (const auto& row : benchRows(campaign)) {
        const auto& point = row.point;
        const int at = indexOf(sizes, point.memory_mb);
        if (!point.mean_ms || !bench::isBase(campaign.campaign.plan, point)) continue;
        mean.points.push_back({at, *point.mean_ms, point.mean_lo, point.mean_hi, row.predicted, row.setting});
        if (point.p95_ms) p95.points.push_back({at, *point.p95_ms, {}, {}, row.predicted, {}});
    }
    SizeLines out{labelsOf(sizes), {}};
    if (!mean.points.empty()) out.series.push_back(std::move(mean));
    if (other != nullptr) {
        widgets::SizeChart::Series second{targetName(other->campaign.plan.trial.target), 2, {}};
        for (const auto* point : basePoints(*other)) {
            if (point->mean_ms) second.points.push_back({indexOf(sizes, point->memory_mb), *point->mean_ms, point->mean_lo, point->mean_hi, false, settingWords(*other, bench::settingOf(*point))});
        }
        if (!second.points.empty()) out.series.push_back(std::move(second));
    } else if (!p95.points.empty()) {
        out.series.push_back(std::move(p95));
    }
    return out;
}

SizeLines costLines(const BenchCampaign& campaign) {
    const auto sizes = allSizes(campaign);
    widgets::SizeChart::Series line{QStringLiteral("per 1,000"), 0, {}};
    for (const auto& row : benchRows(campaign)) {
        const int at = indexOf(sizes, row.point.memory_mb);
        if (!row.usd_per_thousand || !bench::isBase(campaign.campaign.plan, row.point)) continue;
        line.points.push_back({at, *row.usd_per_thousand, {}, {}, row.predicted, row.point.mean_ms ? format::durationText(*row.point.mean_ms) : QString()});
    }
    SizeLines out{labelsOf(sizes), {}};
    if (!line.points.empty()) out.series.push_back(std::move(line));
    return out;
}

ColdBars coldBars(const BenchCampaign& campaign) {
    using Stage = std::optional<double> bench::ColdStages::*;
    constexpr std::array<std::pair<const char*, Stage>, 5> stages{{{"exec", &bench::ColdStages::exec_ms},
                                                                   {"load", &bench::ColdStages::load_ms},
                                                                   {"environment", &bench::ColdStages::environment_ms},
                                                                   {"session", &bench::ColdStages::session_ms},
                                                                   {"first run", &bench::ColdStages::first_ms}}};
    constexpr std::array<int, 5> colours{7, 6, 2, 0, 1};
    ColdBars out;
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        const bool any = std::any_of(campaign.points.begin(), campaign.points.end(), [&](const auto& point) { return (point.cold_stages.*stages[i].second).has_value(); });
        if (!any) continue;
        used.push_back(i);
        out.parts.push_back({QString::fromLatin1(stages[i].first), colours[i], {}, 1});
    }
    for (const auto* point : basePoints(campaign)) {
        if (!point->cold_ms) continue;
        widgets::StackBar::Row row{sizeText(point->memory_mb), {}, format::durationText(*point->cold_ms)};
        for (const auto i : used) row.values.push_back((point->cold_stages.*stages[i].second).value_or(0));
        out.rows.push_back(std::move(row));
    }
    return out;
}

std::vector<widgets::DotList::Item> findingItems(const BenchCampaign& campaign, const BenchCampaign* other) {
    std::vector<widgets::DotList::Item> out;
    for (const auto& finding : campaign.findings) {
        const Role role = finding.kind == bench::Finding::Kind::good      ? Role::good
                          : finding.kind == bench::Finding::Kind::caution ? Role::warm
                          : finding.kind == bench::Finding::Kind::fact    ? Role::accent
                                                                          : Role::muted;
        out.push_back({role, qs(finding.text), {}, {}});
    }
    if (other == nullptr) return out;
    for (const auto& mine : campaign.points) {
        for (const auto& theirs : other->points) {
            if (!bench::sameSetting(campaign.campaign.plan, mine, other->campaign.plan, theirs)) continue;
            const auto difference = bench::compare(mine, theirs);
            if (!difference) continue;
            const QString range = QStringLiteral("%1 to %2").arg(format::percentSigned(difference->lo - 1, 1), format::percentSigned(difference->hi - 1, 1));
            out.push_back({difference->different ? (difference->ratio < 1 ? Role::good : Role::warm) : Role::muted,
                           QStringLiteral("%1 MB: %2 takes %3 of the time").arg(sizeText(mine.memory_mb), targetName(other->campaign.plan.trial.target), format::percent(difference->ratio, 0)),
                           difference->different ? range : QStringLiteral("no difference shown (%1)").arg(range), {}});
        }
    }
    if (campaign.campaign.agent && other->campaign.agent && campaign.campaign.agent->machine.cpu_model != other->campaign.agent->machine.cpu_model) {
        out.push_back({Role::caution, QStringLiteral("They were measured on different machines."), {}, {}});
    }
    return out;
}

}  // namespace pilotlight::console
