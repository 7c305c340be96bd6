#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QStandardItemModel>

#include "pages.h"
#include "pages_frame.h"
#include "samples.h"
#include "widgets/card.h"
#include "widgets/charts/heat_map_chart.h"
#include "widgets/charts/legend_table.h"
#include "widgets/charts/stack_bar.h"
#include "widgets/charts/tree_map.h"
#include "widgets/chip.h"
#include "widgets/command_palette.h"
#include "widgets/figure_tile.h"
#include "widgets/format.h"
#include "widgets/jobs_panel.h"
#include "widgets/summary_tables.h"
#include "widgets/table_delegates.h"
#include "widgets/time_range_button.h"

namespace pilotlight::test {
using namespace widgets;

namespace {

TimeSeries line(const char* name, int ink, TimeSeries::Style style, std::vector<double> x, std::vector<double> y, double period) {
    TimeSeries series;
    series.name = QLatin1String(name);
    series.colour = ink;
    series.style = style;
    series.x = makeValues(std::move(x));
    series.y = makeValues(std::move(y));
    series.period_s = period;
    return series;
}

QWidget* chartCard(QVBoxLayout* into, const char* title, const char* caption, TimeChart* chart, int stretch) {
    auto* card = new Card(QLatin1String(title), QLatin1String(caption));
    auto* row = new QHBoxLayout;
    row->setSpacing(24);
    row->addWidget(chart, 1);
    auto* legend = new LegendTable(chart);
    legend->setFixedWidth(372);
    row->addWidget(legend, 0, Qt::AlignTop);
    card->body()->addLayout(row, 1);
    into->addWidget(card, stretch);
    return card;
}

}  // namespace

QWidget* makeMetricsPage() {
    Frame frame = makeFrame(QStringLiteral("functions"), ColourBand::Environment::production, true);
    frame.top->breadcrumb()->setPath({QStringLiteral("Functions"), QStringLiteral("chat-inference")});
    frame.top->setFacts({{QStringLiteral("AWS Lambda · us-east-1 · live"), Role::muted}, {QStringLiteral("production"), Role::bad}});
    frame.top->views()->setViews(
        {QStringLiteral("Metrics"), QStringLiteral("What-if"), QStringLiteral("Recommendations"), QStringLiteral("History")});
    frame.top->views()->setCurrent(0);
    auto* range = new TimeRangeButton;
    range->setChoice({QStringLiteral("now-3d"), QStringLiteral("now"), true});
    frame.top->addTool(range);
    frame.status->setItem(QStringLiteral("profile"), StatusStrip::Side::left, QStringLiteral("prod-eu (read-only)"));
    frame.status->setItem(QStringLiteral("asof"), StatusStrip::Side::left, QStringLiteral("data as of 14:05 UTC"));
    frame.status->setItem(QStringLiteral("jobs"), StatusStrip::Side::left, QStringLiteral("2 jobs"), true);
    frame.status->setProgress(QStringLiteral("jobs"), 0.4);
    frame.status->setItem(QStringLiteral("hatched"), StatusStrip::Side::right, QStringLiteral("hatched: not complete yet"));
    frame.status->setItem(QStringLiteral("api"), StatusStrip::Side::right, QStringLiteral("API today: 312 calls, $0.02"));
    auto* layout = new QVBoxLayout(frame.page);
    layout->setContentsMargins(space::page, space::page, space::page, space::page);
    layout->setSpacing(space::gap);
    auto* group = new ChartGroup(frame.window);
    const int count = 288;
    const double period = 900, end = kStart + count * period, applied = kStart + 1.25 * 86400;
    group->setHome(kStart, end);
    const auto prepare = [&](TimeChart* chart) {
        chart->setGroup(group);
        chart->setIncomplete({{end - 8 * period, end}});
        chart->setMargins({46, 4, 16, 22});
        return chart;
    };
    const Annotation flag{applied, QStringLiteral("1,024 → 2,048 MB applied"), Role::good, QStringLiteral("c1")};
    const Annotation bare{applied, {}, Role::good, QStringLiteral("c1")};

    auto* invocations = prepare(new TimeChart);
    std::vector<double> errors(count, 0.0);
    errors[190] = 64, errors[191] = 58, errors[192] = 30;
    auto count_series =
        line("invocations", 0, TimeSeries::Style::area, times(count, period), daily(count, period, 45, 350, 0.12, 1), period);
    auto error_series = line("errors", 3, TimeSeries::Style::bars, times(count, period), errors, period);
    error_series.role = Role::bad;
    auto throttle_series = line("throttles", 3, TimeSeries::Style::bars, times(count, period), std::vector<double>(count, 0), period);
    throttle_series.role = Role::caution;
    invocations->setSeries({count_series, error_series, throttle_series});
    invocations->setAnnotations({flag});
    chartCard(layout, "Invocations and errors", "sum per 15 min", invocations, 10);

    auto* duration = prepare(new TimeChart);
    duration->setLogarithmic(true);
    duration->setValueFormat([](double v) { return format::durationText(v); });
    const auto latency = [&](double before, double after, std::uint32_t seed) {
        Noise random(seed);
        std::vector<double> y;
        for (int i = 0; i < count; ++i) y.push_back((kStart + i * period < applied ? before : after) * (1 + 0.16 * (random.next() - 0.5)));
        for (int i = 120; i < 128; ++i) y[static_cast<std::size_t>(i) + 40] = std::numeric_limits<double>::quiet_NaN();  // a gap
        return y;
    };
    duration->setSeries({line("p50", 0, TimeSeries::Style::line, times(count, period), latency(720, 412, 4), period),
                         line("p95", 6, TimeSeries::Style::line, times(count, period), latency(2150, 655, 5), period),
                         line("p99", 1, TimeSeries::Style::line, times(count, period), latency(3900, 1280, 6), period)});
    duration->setLimits({{800, QStringLiteral("SLO p95 800 ms"), Role::warm, true}});
    duration->setAnnotations({bare});
    chartCard(layout, "Duration", "p50, p95, p99 per 15 min, log scale, INIT excluded", duration, 13);

    auto* cold = new HeatMapChart;
    prepare(cold);
    std::vector<std::vector<float>> cells(5, std::vector<float>(count, 0));
    Noise random(9);
    for (int i = 0; i < count; ++i) {
        for (int row = 0; row < 5; ++row) {
            const double weight = row == 3 ? 0.5 : row == 2 ? 0.35 : 0.14;
            const double after = kStart + i * period < applied ? 1 : 0.3;
            if (random.next() < weight * after)
                cells[static_cast<std::size_t>(row)][static_cast<std::size_t>(i)] = static_cast<float>(1 + std::floor(random.next() * 8));
        }
    }
    cold->setCells(
        {QStringLiteral("<0.5 s"), QStringLiteral("0.5–1"), QStringLiteral("1–2 s"), QStringLiteral("2–4 s"), QStringLiteral(">4 s")},
        makeValues(times(count, period)), period, cells);
    auto share = line("share", 0, TimeSeries::Style::line, times(count, period), daily(count, period, 0.004, 0.06, 0.5, 11), period);
    cold->setAnnotations({bare});
    auto* cold_card = new Card(QStringLiteral("Cold starts"), QStringLiteral("requests by INIT duration per 15 min, from 4,812 log lines"));
    auto* row = new QHBoxLayout;
    row->setSpacing(24);
    row->addWidget(cold, 1);
    auto* legend = new LegendTable(cold);
    legend->setFixedWidth(372);
    legend->setExtraRows(
        {{colour(Role::cold), QStringLiteral("share"), {QStringLiteral("0.4 %"), QStringLiteral("2.9 %"), QStringLiteral("7.1 %")}},
         {colour(Role::cold), QStringLiteral("INIT p50"), {QStringLiteral("2.6 s"), QStringLiteral("2.7 s"), QStringLiteral("3.9 s")}},
         {colour(Role::muted), QStringLiteral("cost of INIT"), {QStringLiteral("$0.02"), QStringLiteral("$1.10/d"), QStringLiteral("–")}}});
    row->addWidget(legend, 0, Qt::AlignTop);
    cold_card->body()->addLayout(row, 1);
    layout->addWidget(cold_card, 12);

    auto* concurrency = prepare(new TimeChart);
    std::vector<double> pool(count, 0.0);
    for (int i = 130; i < count; ++i) {
        const double hour = std::fmod(i * period / 3600, 24);
        pool[static_cast<std::size_t>(i)] = hour >= 8 && hour < 19 ? 6 : 0;
    }
    auto pool_series = line("warm pool", 1, TimeSeries::Style::step_area, times(count, period), pool, period);
    pool_series.role = Role::warm;
    concurrency->setSeries(
        {line("in use", 0, TimeSeries::Style::line, times(count, period), daily(count, period, 4, 19, 0.18, 8), period), pool_series});
    concurrency->setLimits({{40, QStringLiteral("instance limit 40"), Role::bad, false}});
    concurrency->setAnnotations({bare});
    chartCard(layout, "Concurrency", "maximum per 15 min, warm pool, instance limit", concurrency, 11);
    group->setCursor(kStart + 1.84 * 86400);
    return frame.window;
}

QWidget* makeOverviewPage() {
    Frame frame = makeFrame(QStringLiteral("overview"), ColourBand::Environment::staging, false);
    frame.top->breadcrumb()->setPath({QStringLiteral("Overview")});
    frame.top->setFacts({{QStringLiteral("all connections"), Role::muted}});
    frame.top->addTool(new QPushButton(QStringLiteral("compare: previous month")));
    frame.top->addTool(new TimeRangeButton);
    frame.status->setItem(QStringLiteral("profile"), StatusStrip::Side::left, QStringLiteral("sandbox, prod-eu (read-only), azure-dev"));
    frame.status->setItem(QStringLiteral("jobs"), StatusStrip::Side::right, QStringLiteral("2 jobs"), true);
    auto* layout = new QVBoxLayout(frame.page);
    layout->setContentsMargins(space::page, space::page, space::page, space::page);
    layout->setSpacing(space::gap);
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(space::gap);
    const std::pair<const char*, Figure> figures[] = {
        {"Month to date",
         {QStringLiteral("$1,061"),
          QStringLiteral("of $1,500 budget"),
          {},
          {},
          Role::muted,
          QStringLiteral("forecast $1,396 (1,310–1,480)"),
          false,
          {}}},
        {"Saving available",
         {QStringLiteral("$214"),
          QStringLiteral("/ month"),
          QStringLiteral("± 41"),
          {},
          Role::muted,
          QStringLiteral("7 recommendations, 2 inconclusive"),
          false,
          {}}},
        {"Saving realised",
         {QStringLiteral("$74"),
          QStringLiteral("/ month"),
          {},
          QStringLiteral("predicted $81, inside the interval"),
          Role::good,
          {},
          false,
          {}}},
        {"Cold starts", {QStringLiteral("unknown"), {}, {}, {}, Role::muted, QStringLiteral("no logs read yet"), false, {}}}};
    for (const auto& [label, figure] : figures) {
        auto* tile = new FigureTile(QLatin1String(label));
        tile->setFigure(figure);
        tiles->addWidget(tile);
    }
    layout->addLayout(tiles);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(space::gap);
    auto* cost_card = new Card(QStringLiteral("Cost by day"), QStringLiteral("billed, unblended, UTC; last two days incomplete"));
    auto* cost = new TimeChart;
    cost->setValueFormat([](double v) { return v == 0 ? QStringLiteral("$0") : format::moneyWhole(v); });
    const int days = 29;
    const double start = kStart - 20 * 86400;
    std::vector<double> x;
    for (int i = 0; i < days; ++i) x.push_back(start + i * 86400.0);
    std::vector<TimeSeries> stack;
    const char* names[] = {"chat-inference", "ocr-page", "embed-batch", "others"};
    const int inks[] = {0, 1, 2, 7};
    for (int s = 0; s < 4; ++s) {
        std::vector<double> y;
        for (int i = 0; i < 23; ++i) y.push_back((20 - 4 * s) * (0.85 + 0.25 * std::sin(i * 0.9)));
        while (y.size() < x.size()) y.push_back(std::numeric_limits<double>::quiet_NaN());
        stack.push_back(line(names[s], inks[s], TimeSeries::Style::stacked, std::vector<double>(x.begin(), x.begin() + 23),
                             std::vector<double>(y.begin(), y.begin() + 23), 86400));
    }
    std::vector<double> fx(x.begin() + 22, x.end()), mid, lo, hi;
    for (std::size_t i = 0; i < fx.size(); ++i) {
        mid.push_back(52 - 3 * std::sin(static_cast<double>(i)));
        lo.push_back(mid.back() - 2 - static_cast<double>(i));
        hi.push_back(mid.back() + 2 + static_cast<double>(i));
    }
    auto forecast = line("forecast", 0, TimeSeries::Style::line, fx, mid, 86400);
    forecast.dashed = true;
    stack.push_back(forecast);
    cost->setSeries(stack);
    cost->setBands({{makeValues(fx), makeValues(lo), makeValues(hi), 0}});
    cost->setIncomplete({{x[21], 1e18}});
    cost->setAnnotations({{x[13], QStringLiteral("applied: ocr-page 3,008 → 1,792 MB"), Role::text, QStringLiteral("c")}});
    cost->setTimeRange(x.front(), x.back());
    cost_card->body()->addWidget(cost, 1);
    middle->addWidget(cost_card, 5);
    auto* needs = new Card(QStringLiteral("Needs you"));
    auto* dots = new DotList;
    dots->setItems(
        {{Role::bad, QStringLiteral("speech-to-text throttled 214 times, 13:10–13:25"), QStringLiteral("14 min"), QStringLiteral("a")},
         {Role::warm, QStringLiteral("thumbnailer keeps 8 warm, uses 1"), QStringLiteral("$41/mo"), QStringLiteral("b")},
         {Role::warm, QStringLiteral("chat-inference: cost 38 % above its Tuesday"), QStringLiteral("+$6.20"), QStringLiteral("c")},
         {Role::accent, QStringLiteral("ocr-page change watched: 41 min left"), QStringLiteral("good so far"), QStringLiteral("d")},
         {Role::muted, QStringLiteral("Azure bill 22 Nov not in yet"), QStringLiteral("late 19 h"), QStringLiteral("e")}});
    needs->body()->addWidget(dots);
    needs->body()->addStretch(1);
    middle->addWidget(needs, 3);
    layout->addLayout(middle, 4);
    auto* table_card = new Card(QStringLiteral("Functions"), QStringLiteral("by cost, 12 in 3 connections"));
    auto* table = new Table;
    auto* model = new QStandardItemModel(0, 7, table);
    model->setHorizontalHeaderLabels({QStringLiteral("Function"), QString(), QStringLiteral("Cost / month"),
                                      QStringLiteral("Saving available"), QStringLiteral("p95"), QStringLiteral("Cold"),
                                      QStringLiteral("24 h")});
    struct Entry {
        const char *name, *platform, *cost, *saving, *p95, *cold;
        Role ink;
    };
    int seed = 20;
    for (const Entry& entry : {Entry{"chat-inference", "AWS", "$508", "−$96 ± 18", "2.21 s", "6.1 %", Role::good},
                               Entry{"ocr-page", "AWS", "$301", "kept −$74", "0.92 s", "1.2 %", Role::good},
                               Entry{"embed-batch", "GCP", "$214", "−$61 ± 25", "1.40 s", "0.3 %", Role::good},
                               Entry{"speech-to-text", "Azure", "$188", "inconclusive", "3.90 s", "9.8 %", Role::muted},
                               Entry{"image-classify", "GCP", "$121", "−$12 ± 9", "0.31 s", "2.0 %", Role::good},
                               Entry{"thumbnailer", "AWS", "$64", "idle pool −$41", "0.12 s", "0.1 %", Role::good}}) {
        QList<QStandardItem*> items;
        for (const char* text : {entry.name, entry.platform, entry.cost, entry.saving, entry.p95, entry.cold, ""})
            items << new QStandardItem(QString::fromUtf8(text));
        items[1]->setData(true, ChipRole);
        for (int c = 2; c < 7; ++c) items[c]->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        items[3]->setData(static_cast<int>(entry.ink), InkRole);
        QVector<float> spark;
        Noise random(static_cast<std::uint32_t>(++seed));
        for (int i = 0; i < 48; ++i) spark << static_cast<float>(5 + 3 * std::sin(i / 7.0 + seed) + random.next());
        items[6]->setData(QVariant::fromValue(spark), SparklineRole);
        model->appendRow(items);
    }
    for (int c = 2; c < 7; ++c)
        model->setHeaderData(c, Qt::Horizontal, static_cast<int>(Qt::AlignRight | Qt::AlignVCenter), Qt::TextAlignmentRole);
    table->setModel(model);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table->selectRow(2);
    table_card->body()->addWidget(table, 1);
    layout->addWidget(table_card, 5);
    return frame.window;
}

QWidget* makePartsPage() {
    auto* window = new Canvas;
    window->resize(1320, 980);
    auto* grid = new QGridLayout(window);
    grid->setContentsMargins(16, 16, 16, 16);
    grid->setSpacing(12);
    const std::pair<const char*, PanelState> states[] = {
        {"Empty", PanelState::empty(QStringLiteral("No functions yet"), QStringLiteral("Functions of your connections appear here."),
                                    QStringLiteral("Open the sandbox"))},
        {"Loading", PanelState::loading(QStringLiteral("Reading metrics, page 4 of 12"), 0.36, true)},
        {"Skeleton", PanelState::loading()},
        {"Error", PanelState::fromError({ErrorCode::network, "GetMetricData timed out.",
                                         "Metrics of us-east-1 are missing; nothing else is affected.", "Try again in a minute."},
                                        QStringLiteral("Retry"))},
        {"Permission",
         PanelState::fromError({ErrorCode::permission_denied, "GetMetricData was refused (403).", "Metrics of us-east-1 are missing.",
                                "Allow cloudwatch:GetMetricData.", "cloudwatch:GetMetricData"})},
        {"Inconclusive", PanelState::inconclusive(QStringLiteral("312 more invocations needed"),
                                                  QStringLiteral("At today's traffic about 26 Nov. Until then nothing is recommended."))},
        {"Partial", PanelState::partial(QStringLiteral("2 of 3 regions"), QStringLiteral("eu-west-1 refused cloudwatch:GetMetricData"))},
        {"Stale", PanelState::stale(QStringLiteral("Data as of 13:20 UTC"), QStringLiteral("The last three refreshes failed"),
                                    QStringLiteral("Refresh"))}};
    int at = 0;
    for (const auto& [title, state] : states) {
        auto* card = new Card(QLatin1String(title));
        card->body()->addWidget(makeLabel(QStringLiteral("content"), Type::body, Role::muted));
        card->body()->addStretch(1);
        card->setState(state);
        if (QLatin1String(title) == QLatin1String("Loading")) card->stateView()->showAtOnce();
        if (QLatin1String(title) == QLatin1String("Skeleton")) card->stateView()->showAtOnce(false);
        grid->addWidget(card, at / 4, at % 4);
        ++at;
    }
    auto* tools = new Card(QStringLiteral("Controls"), QStringLiteral("buttons, fields, chips"));
    auto* row = new QHBoxLayout;
    for (const auto& [text, kind] : std::initializer_list<std::pair<const char*, const char*>>{
             {"Primary", "primary"}, {"Danger", "danger"}, {"Normal", ""}, {"Flat", "flat"}, {"Link", "link"}}) {
        auto* button = new QPushButton(QLatin1String(text));
        setButtonKind(button, kind);
        row->addWidget(button);
    }
    auto* off = new QPushButton(QStringLiteral("Disabled"));
    off->setEnabled(false);
    row->addWidget(off);
    row->addWidget(new Chip(QStringLiteral("eu-west-1"), Role::muted));
    auto* filter = new Chip(QStringLiteral("memory > 1,024"), Role::text);
    filter->setRemovable(true);
    row->addWidget(filter);
    row->addWidget(new Badge(12));
    row->addStretch(1);
    tools->body()->addLayout(row);
    auto* field = new QLineEdit(QStringLiteral("cost > $50 and platform = aws"));
    field->setProperty("validity", "good");
    auto* wrong = new QLineEdit(QStringLiteral("cost >> 50"));
    wrong->setProperty("validity", "bad");
    tools->body()->addWidget(field);
    tools->body()->addWidget(wrong);
    auto* keys = new KeyValueTable;
    keys->setRows({{QStringLiteral("Runtime"), QStringLiteral("python3.12"), Role::text, {}, 400},
                   {QStringLiteral("Owner"), QStringLiteral("terraform"), Role::caution, {}, 500}});
    tools->body()->addWidget(keys);
    tools->body()->addStretch(1);
    grid->addWidget(tools, 2, 0, 1, 2);
    auto* stages = new Card(QStringLiteral("Cold start by stage"), QStringLiteral("median of 10 fresh processes, page cache cold"));
    auto* bars = new StackBar;
    bars->setBarHeight(22);
    bars->setLegend(true);
    bars->setValueFormat([](double v) { return format::durationText(v); });
    bars->setParts({{QStringLiteral("exec"), 7, std::nullopt, 0.6},
                    {QStringLiteral("environment"), 2, std::nullopt, 0.85},
                    {QStringLiteral("session"), 0, std::nullopt, 0.85},
                    {QStringLiteral("first run"), 1, std::nullopt, 0.85}});
    bars->setRows({{QStringLiteral("512"), {14, 200, 660, 298}, QStringLiteral("1,172 ms")},
                   {QStringLiteral("1,024"), {14, 90, 370, 180}, QStringLiteral("654 ms")},
                   {QStringLiteral("2,048"), {14, 60, 180, 84}, QStringLiteral("338 ms")}});
    stages->body()->addWidget(bars);
    stages->body()->addStretch(1);
    grid->addWidget(stages, 2, 2);
    auto* map_card = new Card(QStringLiteral("By function"), QStringLiteral("computed, 14 days"));
    auto* map = new TreeMap;
    map->setItems({{QStringLiteral("a"), QStringLiteral("chat-inference"), 508, 0},
                   {QStringLiteral("b"), QStringLiteral("ocr-page"), 301, 1},
                   {QStringLiteral("c"), QStringLiteral("embed-batch"), 214, 2},
                   {QStringLiteral("d"), QStringLiteral("speech-to-text"), 188, 3},
                   {QStringLiteral("e"), QStringLiteral("image-classify"), 121, 4},
                   {QStringLiteral("f"), QStringLiteral("thumbnailer"), 64, 5},
                   {QStringLiteral("g"), QStringLiteral("zombie"), 9, 6}});
    map_card->body()->addWidget(map, 1);
    grid->addWidget(map_card, 2, 3);
    auto* jobs = new JobsPanel;
    auto* model = new QStandardItemModel(jobs);
    const auto job = [&](const char* title, const char* detail, double progress, JobState state) {
        auto* item = new QStandardItem;
        item->setData(QString::fromUtf8(title), JobTitleRole);
        item->setData(QString::fromUtf8(detail), JobDetailRole);
        item->setData(progress, JobProgressRole);
        item->setData(static_cast<int>(state), JobStateRole);
        item->setData(true, JobCancellableRole);
        model->appendRow(item);
    };
    job("Sync prod-eu", "metrics, page 4 of 12 · 2.1 MB · $0.02", 0.36, JobState::running);
    job("Build surface of chat-inference", "replaying 1,204,118 requests", -1, JobState::running);
    job("Sync azure-dev", "401: sign in again with az login", 0, JobState::failed);
    jobs->setModel(model);
    auto* palette = new CommandPalette;
    palette->setWindowFlags(Qt::Widget);
    palette->setFixedSize(420, 190);
    palette->setCommands(
        {{QStringLiteral("1"), QStringLiteral("Go to chat-inference"), QStringLiteral("Function"), {}, {}},
         {QStringLiteral("2"), QStringLiteral("Go to Costs"), QStringLiteral("Page"), QStringLiteral("Ctrl+3"), {}},
         {QStringLiteral("3"), QStringLiteral("Refresh all connections"), QStringLiteral("Data"), QStringLiteral("Ctrl+Shift+R"), {}}});
    auto* popup = new TimeRangePopup;
    popup->setWindowFlags(Qt::Widget);
    const auto now = *parseIso8601("2026-11-24T14:05:00Z");
    popup->setChoice({QStringLiteral("now-14d"), QStringLiteral("now"), true}, now);
    auto* foot = new QHBoxLayout;
    foot->addWidget(jobs);
    foot->addWidget(palette);
    foot->addWidget(popup);
    grid->addLayout(foot, 3, 0, 1, 4);
    for (int r = 0; r < 2; ++r) grid->setRowMinimumHeight(r, 176);
    return window;
}

}  // namespace pilotlight::test
