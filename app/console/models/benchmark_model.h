// Campaigns of the bench as rows, lines and bars.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "app/console/models/row_model.h"
#include "core/bench/campaign.h"
#include "core/bench/findings.h"
#include "widgets/charts/size_chart.h"
#include "widgets/charts/stack_bar.h"
#include "widgets/summary_tables.h"

namespace pilotlight::console {

// A campaign as read from its file, with everything that takes time worked out.
struct BenchCampaign {
    bench::Campaign campaign;
    std::vector<bench::BenchPoint> points;
    std::vector<bench::PredictedPoint> predicted;
    std::vector<bench::Finding> findings;
    std::vector<Observation> observations;  // what a function is given as evidence
};
[[nodiscard]] BenchCampaign workedOut(bench::Campaign campaign);

[[nodiscard]] QString targetName(const bench::Target& target);  // "PP-OCRv4.onnx", "bootstrap"
[[nodiscard]] QString targetKind(const bench::Target& target);  // "ONNX · 4.7 MB", "Lambda runtime"
[[nodiscard]] QString machineText(const bench::Machine& machine);
enum class RunState { no, running, pausing, paused };  // by this program, now; pausing: a trial is still under way
// "done", "running, size 4 of 6", "paused, size 4 of 6", "stopped", "interrupted"
[[nodiscard]] QString campaignState(const BenchCampaign& campaign, RunState now);

class CampaignModel : public RowModel<std::shared_ptr<const BenchCampaign>> {
public:
    explicit CampaignModel(QObject* parent = nullptr);
    // The campaign that this program runs; empty = none. Takes effect with the next setRows.
    void setRunning(const QString& id, bool held) {
        *running_ = id;
        *held_ = held;
    }

private:
    CampaignModel(std::shared_ptr<QString> running, std::shared_ptr<bool> held, QObject* parent);
    std::shared_ptr<QString> running_;
    std::shared_ptr<bool> held_;
};

struct BenchRow {
    bench::BenchPoint point;  // of a predicted size: what is predicted
    std::optional<double> usd_per_thousand;
    bool predicted = false;
    QString verdict, setting;
};
class BenchPointModel : public RowModel<BenchRow> {
public:
    explicit BenchPointModel(QObject* parent = nullptr);
};
[[nodiscard]] std::vector<BenchRow> benchRows(const BenchCampaign& campaign);

// Mean with its interval and p95 against size, of base points; `other`: a second campaign's mean beside it.
struct SizeLines {
    QStringList sizes;
    std::vector<widgets::SizeChart::Series> series;
};
[[nodiscard]] SizeLines latencyLines(const BenchCampaign& campaign, const BenchCampaign* other);
[[nodiscard]] SizeLines costLines(const BenchCampaign& campaign);  // USD per 1,000

struct ColdBars {
    std::vector<widgets::StackBar::Part> parts;
    std::vector<widgets::StackBar::Row> rows;
};
[[nodiscard]] ColdBars coldBars(const BenchCampaign& campaign);

// Findings, after them how the other campaign differs.
[[nodiscard]] std::vector<widgets::DotList::Item> findingItems(const BenchCampaign& campaign, const BenchCampaign* other);

}  // namespace pilotlight::console
