#include "app/console/pages/metrics_tab.h"

#include <QScrollArea>
#include <QTimeZone>
#include <algorithm>
#include <cmath>
#include <map>

#include "app/console/models/words.h"
#include "core/domain/price_words.h"
#include "core/tuning/engine.h"
#include "widgets/card.h"
#include "widgets/charts/heat_map_chart.h"
#include "widgets/charts/legend_table.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

double seconds1970(Timestamp t) { return static_cast<double>(t.time_since_epoch().count()) / 1000.0; }

TimeSeries series(const QString& name, const PlotSeries& data, TimeSeries::Style style, int colour, std::optional<Role> role = {}) {
    TimeSeries out;
    out.name = name;
    out.style = style;
    out.colour = colour;
    out.role = role;
    out.x = data.x ? data.x : makeValues({});
    out.y = data.y ? data.y : makeValues({});
    out.period_s = data.period_s;
    return out;
}

// Mean and p95 of the shares that are known; nullopt where none is.
std::optional<std::pair<double, double>> statisticsOfShare(const PlotSeries& data) {
    std::vector<double> known;
    if (data.y) std::copy_if(data.y->begin(), data.y->end(), std::back_inserter(known), [](double v) { return std::isfinite(v); });
    if (known.empty()) return std::nullopt;
    double sum = 0;
    for (const double v : known) sum += v;
    std::sort(known.begin(), known.end());
    return std::pair{sum / static_cast<double>(known.size()),
                     known[static_cast<std::size_t>(0.95 * static_cast<double>(known.size() - 1))]};
}

QString periodText(const PlotSeries& data) {
    return data.period_s > 0 ? QStringLiteral(" per ") + format::spanText(data.period_s * 1000) : QString();
}

}  // namespace

MetricsTab::MetricsTab(Session& session) : FunctionTab(session), job_(session.jobs()) {
    group_ = new ChartGroup(this);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* inner = new QWidget;
    inner->setObjectName(QStringLiteral("page"));
    auto* column = new QVBoxLayout(inner);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);
    area->setWidget(inner);
    outer->addWidget(area);
    // A sum only where adding up periods makes sense: neither percentiles nor maxima add.
    using Statistic = LegendTable::Column;
    const std::vector counted{Statistic::value, Statistic::min, Statistic::max, Statistic::mean, Statistic::p95, Statistic::sum};
    const std::vector level{Statistic::value, Statistic::min, Statistic::max, Statistic::mean, Statistic::p95};
    invocations_ = addPanel(column, QStringLiteral("Invocations and errors"), 176, counted);
    duration_ = addPanel(column, QStringLiteral("Duration"), 218, level);
    heat_map_ = new HeatMapChart;
    cold_ = addPanel(column, QStringLiteral("Cold starts"), 186, {Statistic::mean, Statistic::p95, Statistic::sum}, heat_map_);
    concurrency_ = addPanel(column, QStringLiteral("Concurrency"), 186, level);
    memory_ = addPanel(column, QStringLiteral("Memory"), 176, level);
    gpu_ = addPanel(column, QStringLiteral("GPU"), 176, level);
    gpu_.card->setVisible(false);  // most functions have none
    cost_ = addPanel(column, QStringLiteral("Cost"), 176, counted);
    column->addStretch(1);

    invocations_.chart->setValueFormat([](double v) { return format::compact(v); });
    duration_.chart->setValueFormat([](double v) { return format::durationText(v); });
    duration_.chart->setLogarithmic(true);
    concurrency_.chart->setValueFormat([](double v) { return format::significant(v); });
    memory_.chart->setValueFormat([](double v) { return format::megabytes(v); });
    gpu_.chart->setValueFormat([](double v) { return format::percent(v); });
    cost_.chart->setValueFormat([](double v) { return format::money(v); });
    connect(&session_, &Session::rangeChanged, this, [this] {
        stale_ = true;
        if (active_) read();
    });
    connect(&session_, &Session::storeChanged, this, [this](StoreChange what) {
        if (!what.metrics && !what.invocations && !what.changes && !what.functions) return;
        stale_ = true;
        if (active_) read();
    });
    connect(&session_, &Session::fleetChanged, this, [this] {
        if (active_) showCosts();
    });
}

MetricsTab::Panel MetricsTab::addPanel(QLayout* column, const QString& title, int height, std::vector<LegendTable::Column> statistics,
                                       TimeChart* chart) {
    Panel panel;
    panel.card = new Card(title);
    panel.chart = chart ? chart : new TimeChart;
    panel.chart->setGroup(group_);
    panel.chart->setReadout(false);
    panel.chart->setExportName(title.toLower().replace(QLatin1Char(' '), QLatin1Char('-')));
    panel.legend = new LegendTable(panel.chart, std::move(statistics));
    panel.legend->setFixedWidth(440);
    auto* row = new QHBoxLayout;
    row->setSpacing(space::l);
    row->addWidget(panel.chart, 1);
    row->addWidget(panel.legend);
    panel.card->body()->addLayout(row);
    panel.card->setFixedHeight(height);
    panel.card->setState(PanelState::loading());
    connect(panel.chart, &TimeChart::annotationClicked, this, [this] { emit tabRequested(QStringLiteral("history")); });
    connect(panel.card, &Card::actionRequested, &session_, [this] { session_.syncNow(); });
    connect(panel.card, &Card::cancelRequested, this, [this] { cancel(); });
    column->addWidget(panel.card);
    return panel;
}

void MetricsTab::setFunction(const FunctionRow& row) {
    const bool other = !row_ || row_->function.id != row.function.id;
    row_ = row;
    if (other) {
        stale_ = true;
        for (const auto& panel : {invocations_, duration_, cold_, concurrency_, memory_, gpu_, cost_})
            panel.card->setState(PanelState::loading({}, -1, true));
    }
    if (active_ && stale_) read();
}

void MetricsTab::setActive(bool active) {
    active_ = active;
    if (active_ && stale_ && row_) read();
}

bool MetricsTab::cancel() {
    job_.cancel();
    return false;
}

QString MetricsTab::basis() const { return QStringLiteral("hatched: not complete yet"); }

void MetricsTab::read() {
    if (!row_) return;
    stale_ = false;
    job_.run<std::shared_ptr<const FunctionMetrics>>(
        {QStringLiteral("Read metrics of %1").arg(qs(row_->function.name))},
        [function = row_->function, text = session_.range()](Workspace& workspace,
                                                             const JobContext& job) -> Result<std::shared_ptr<const FunctionMetrics>> {
            PILOTLIGHT_ASSIGN(const auto range, text.evaluate(workspace.clockOf(function.profile)->now()));
            return readFunctionMetrics(workspace, function, range, job);
        },
        this,
        [this](Result<std::shared_ptr<const FunctionMetrics>> metrics) {
            if (metrics) {
                show(**metrics);
            } else if (metrics.error().code != ErrorCode::cancelled) {
                for (const auto& panel : {invocations_, duration_, cold_, concurrency_, memory_, gpu_, cost_})
                    panel.card->setState(PanelState::fromError(metrics.error(), QStringLiteral("Read again")));
            }
        });
}

void MetricsTab::show(const FunctionMetrics& m) {
    shown_range_ = m.range;
    const bool zoomed = group_->isZoomed();
    const double from = group_->from(), to = group_->to();
    group_->setHome(seconds1970(m.range.begin), seconds1970(m.range.end));
    if (zoomed) group_->setVisible(from, to);
    const QTimeZone zone = session_.utc() ? QTimeZone::utc() : QTimeZone::systemTimeZone();
    std::vector<Annotation> flags;
    for (const auto& [time, text] : m.flags)
        flags.push_back({time, text + QStringLiteral(" applied"), Role::good, QStringLiteral("change")});
    // Points of the newest minutes still arrive.
    const double incomplete = seconds1970(m.range.end) - 900;
    for (const auto& panel : {invocations_, duration_, cold_, concurrency_, memory_, gpu_}) {
        panel.chart->setAnnotations(panel.chart == invocations_.chart ? flags : [&] {
            auto silent = flags;
            for (auto& flag : silent) flag.text.clear();
            return silent;
        }());
        panel.chart->setIncomplete({{incomplete, seconds1970(m.range.end)}});
        panel.chart->setZone(zone);
    }
    const auto state = [](const Panel& panel, bool known, const QString& title, const QString& detail) {
        panel.card->setState(known ? PanelState::content() : PanelState::empty(title, detail, QStringLiteral("Read now")));
    };

    invocations_.chart->setSeries({series(QStringLiteral("invocations"), m.invocations, TimeSeries::Style::area, 0),
                                   series(QStringLiteral("errors"), m.errors, TimeSeries::Style::bars, 3, Role::bad),
                                   series(QStringLiteral("throttles"), m.throttles, TimeSeries::Style::bars, 1, Role::warm)});
    invocations_.card->setCaption(QStringLiteral("sum") + periodText(m.invocations));
    state(invocations_, m.invocations.known, QStringLiteral("Invocations have not been read for this range"), {});

    std::vector<TimeSeries> durations{series(QStringLiteral("p50"), m.p50, TimeSeries::Style::line, 4),
                                      series(QStringLiteral("p95"), m.p95, TimeSeries::Style::line, 0),
                                      series(QStringLiteral("p99"), m.p99, TimeSeries::Style::line, 1)};
    if (m.latency_p95.any()) {
        auto waited = series(QStringLiteral("p95 with INIT"), m.latency_p95, TimeSeries::Style::line, 7);
        waited.dashed = true;
        durations.push_back(std::move(waited));
    }
    if (m.pending_p95.any()) {
        auto waited = series(QStringLiteral("p95 of waits"), m.pending_p95, TimeSeries::Style::line, 7);
        waited.dashed = true;
        durations.push_back(std::move(waited));
    }
    duration_.chart->setSeries(std::move(durations));
    duration_.card->setCaption(QStringLiteral("p50, p95, p99%1%2, log scale, INIT excluded unless named%3")
                                   .arg(periodText(m.p95), m.percentiles_from_logs ? QStringLiteral(" from log lines") : QString(),
                                        m.pending_p95.any() ? QStringLiteral("; waits for a slot or a new instance, of requests that waited") : QString()));
    std::vector<LimitLine> limits;
    if (row_) {
        if (const auto slo = tuning::sloFor(row_->function, session_.fleet()->slos); slo && slo->p95_ms) {
            limits.push_back(
                {*slo->p95_ms, QStringLiteral("SLO p95 %1, INIT included").arg(format::durationText(*slo->p95_ms)), Role::warm, false});
        }
    }
    duration_.chart->setLimits(limits);
    state(duration_, m.p95.any() || m.p50.any(), QStringLiteral("Duration percentiles have not been read for this range"),
          row_ && row_->function.platform == PlatformKind::azure
              ? QStringLiteral("They need Application Insights linked to the app; they are never made from averages.")
              : QStringLiteral("The platform's metrics keep them; they are never made from averages."));

    std::vector<std::vector<float>> counts = m.cold.counts;
    heat_map_->setCells(m.cold.buckets, m.cold.x, m.cold.period_s, std::move(counts));
    double cold = 0;
    for (const auto& bucket : m.cold.counts) {
        for (const float count : bucket) cold += std::isnan(count) ? 0.0 : static_cast<double>(count);
    }
    const auto& theme = Theme::instance();
    const auto share = statisticsOfShare(m.cold.share);
    cold_.legend->setExtraRows(
        {{theme.colour(Role::cold), QStringLiteral("cold starts"), {QString(), QString(), format::integer(cold)}},
         {theme.colour(Role::muted),
          QStringLiteral("share of requests"),
          {share ? format::percent(share->first) : format::unknown(), share ? format::percent(share->second) : QString(), QString()}}});
    if (m.cold.known && m.cold.lines == 0 && m.cold.buckets.size() == 1)
        cold_.card->setCaption(QStringLiteral("instances started, per %1, as the platform counts them").arg(format::spanText(m.cold.period_s * 1000)));
    else
        cold_.card->setCaption(QStringLiteral("by INIT duration%1, per %2, from %3 log lines")
                               .arg(cold > 0 ? QStringLiteral(" (median %1)").arg(format::durationText(m.cold.init_p50_ms)) : QString(),
                                    format::spanText(m.cold.period_s * 1000), format::integer(static_cast<double>(m.cold.lines))));
    state(cold_, m.cold.known, QStringLiteral("Cold starts have not been read for this range"),
          row_ && row_->function.platform == PlatformKind::azure ? QStringLiteral("They need Application Insights linked to the app.")
                                                                 : QStringLiteral("They come from the function's logs or metrics."));

    std::vector<TimeSeries> busy;
    if (m.pool_size.any()) busy.push_back(series(QStringLiteral("warm pool"), m.pool_size, TimeSeries::Style::step_area, 1, Role::warm));
    busy.push_back(series(m.instances_counted ? QStringLiteral("instances") : QStringLiteral("in use"), m.concurrency, TimeSeries::Style::line, 0));
    if (m.pool_in_use.any()) {
        auto used = series(QStringLiteral("pool in use"), m.pool_in_use, TimeSeries::Style::line, 2);
        used.dashed = true;
        busy.push_back(used);
    }
    concurrency_.chart->setSeries(std::move(busy));
    concurrency_.card->setCaption(QStringLiteral("%1%2, warm pool, instance limit")
                                      .arg(m.instances_counted ? QStringLiteral("mean of instances") : QStringLiteral("maximum"), periodText(m.concurrency)));
    limits.clear();
    if (row_ && row_->function.instance_limit.kind == InstanceLimit::Kind::limited) {
        limits.push_back({static_cast<double>(row_->function.instance_limit.value),
                          QStringLiteral("instance limit %1").arg(row_->function.instance_limit.value), Role::bad, false});
    }
    concurrency_.chart->setLimits(limits);
    state(concurrency_, m.concurrency.any(), QStringLiteral("Concurrency has not been read for this range"), {});

    memory_.chart->setSeries({series(QStringLiteral("used"), m.memory_used, TimeSeries::Style::line, 0),
                              series(QStringLiteral("size"), m.memory_size, TimeSeries::Style::step, 7)});
    memory_.chart->setFixedTop({});
    memory_.card->setCaption(QStringLiteral("%1%2 %3, configured size")
                                 .arg(row_ && row_->function.platform == PlatformKind::azure ? QStringLiteral("mean used") : QStringLiteral("largest used"),
                                      periodText(m.memory_used), m.memory_from_logs ? QStringLiteral("from log lines") : QStringLiteral("from metrics")));
    state(memory_, m.memory_used.any(), QStringLiteral("Memory use has not been read for this range"),
          QStringLiteral("It comes from the function's logs or metrics."));

    const bool has_gpu = row_ && !row_->function.untunedText(untuned_key::kAccelerator).empty();
    gpu_.card->setVisible(has_gpu);
    if (has_gpu) {
        auto most = series(QStringLiteral("busiest"), m.gpu_most, TimeSeries::Style::line, 1);
        gpu_.chart->setSeries({series(QStringLiteral("mean"), m.gpu_average, TimeSeries::Style::line, 0), std::move(most)});
        double memory = 0;
        if (m.gpu_memory.any()) memory = *std::max_element(m.gpu_memory.y->begin(), m.gpu_memory.y->end());
        gpu_.card->setCaption(QStringLiteral("utilisation of %1%2%3").arg(qs(std::string(row_->function.untunedText(untuned_key::kAccelerator))), periodText(m.gpu_average),
                                  memory > 0 ? QStringLiteral("; memory used at most %1").arg(format::megabytes(memory)) : QString()));
        state(gpu_, m.gpu_average.any(), QStringLiteral("GPU use has not been read for this range"), {});
    }
    showCosts();
    emit basisChanged();
}

void MetricsTab::showCosts() {
    if (!row_) return;
    std::map<double, double> by_day;
    for (const auto& line : session_.fleet()->costs) {
        if (line.function_id == row_->function.id)
            by_day[std::floor(seconds1970(line.period.begin) / 86'400) * 86'400] += line.amount.toDouble();
    }
    std::vector<double> x, y;
    for (const auto& [day, amount] : by_day) {
        x.push_back(day);
        y.push_back(amount);
    }
    PlotSeries data{makeValues(std::move(x)), makeValues(std::move(y)), 86'400, !by_day.empty()};
    cost_.chart->setSeries({series(QStringLiteral("cost"), data, TimeSeries::Style::bars, 0)});
    const auto* health = session_.fleet()->profile(row_->function.profile);
    cost_.card->setCaption(QStringLiteral("computed per UTC day, %1 before grants")
                               .arg(health ? qs(priceWords(health->profile)) : QStringLiteral("list price")));
    cost_.card->setState(!by_day.empty() ? PanelState::content()
                                         : PanelState::empty(QStringLiteral("The cost is unknown"), qs(row_->cost_note)));
}

}  // namespace pilotlight::console
