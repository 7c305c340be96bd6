#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>

#include "pages.h"
#include "pages_frame.h"
#include "samples.h"
#include "widgets/card.h"
#include "widgets/charts/cdf_chart.h"
#include "widgets/charts/pareto_chart.h"
#include "widgets/charts/stack_bar.h"
#include "widgets/charts/week_chart.h"
#include "widgets/chip.h"
#include "widgets/figure_tile.h"
#include "widgets/format.h"
#include "widgets/setting_slider.h"
#include "widgets/summary_tables.h"
#include "widgets/time_range_button.h"

namespace pilotlight::test {
using namespace widgets;

namespace {

QWidget* makeSliders() {
    auto* card = new Card(QStringLiteral("What if"), QStringLiteral("replaying 14 days, 1,204,118 requests"));
    card->setFixedWidth(372);
    auto* body = card->body();
    const auto add = [&](const char* name, const char* unit, const ValueMap& map, double value, std::optional<double> today,
                         std::optional<double> best, SettingSlider::Formatter text) {
        auto* slider = new SettingSlider(QLatin1String(name), QString::fromUtf8(unit));
        slider->setMap(map);
        slider->setFormat(std::move(text));
        slider->setValue(value);
        slider->setToday(today);
        slider->setRecommended(best);
        body->addWidget(slider);
        body->addSpacing(4);
        return slider;
    };
    body->setSpacing(8);
    add("Memory", "1.16 vCPU", ValueMap::logarithmic(128, 10240, 1), 2048, 1024, 1792, [](double v) { return format::megabytes(v); });
    auto* pool = add("Warm pool", "provisioned", ValueMap::linear(0, 20, 1), 6, 0, 5, [](double v) { return format::integer(v); });
    pool->setValueText(QStringLiteral("6 · weekdays 08–19"));
    add("Instance limit", "reserved concurrency", ValueMap::linear(1, 100, 1), 40, 100, std::nullopt,
        [](double v) { return format::integer(v); });
    add("Traffic", "", ValueMap::logarithmic(0.25, 4, 0.05), 1, std::nullopt, std::nullopt, [](double v) { return format::times(v); });
    auto* surge = add("Surge", "", ValueMap::linear(1, 10, 0.5), 1, std::nullopt, std::nullopt,
                      [](double v) { return v <= 1 ? QStringLiteral("none") : format::times(v) + QStringLiteral(" for 15 min"); });
    surge->setEndTexts(QStringLiteral("none"), QStringLiteral("× 10 for 15 min"));
    auto* chips = new ChipFlow;
    chips->setChips({{QStringLiteral("x86_64"), Role::muted},
                     {QStringLiteral("SnapStart off"), Role::muted},
                     {QStringLiteral("timeout 30 s"), Role::muted},
                     {QStringLiteral("us-east-1 prices, 2026-11-20"), Role::muted}});
    body->addWidget(chips);
    body->addWidget(makeLabel(QStringLiteral("Guardrails"), Type::body, Role::text, 600));
    auto* guards = new GuardrailList;
    guards->setItems({{GuardrailList::Verdict::pass, QStringLiteral("memory floor 890 MB (max used 774 × 1.15)"), {}},
                      {GuardrailList::Verdict::pass, QStringLiteral("372 unreserved concurrency stay free"), {}},
                      {GuardrailList::Verdict::veto, QStringLiteral("the pool has a scheduled action of its own (nightly-scale)"), {}}});
    body->addWidget(guards);
    body->addStretch(1);
    body->addWidget(makeLabel(QStringLiteral("Plan"), Type::body, Role::text, 600));
    auto* plan = new CompareTable(CompareTable::Layout::columns);
    plan->setHeaders({}, QStringLiteral("today"), QStringLiteral("plan"));
    plan->setRows({{QStringLiteral("Memory"), QStringLiteral("1,024 MB"), QStringLiteral("2,048 MB"), {}, Role::text, true},
                   {QStringLiteral("Provisioned (live)"), QStringLiteral("0"), QStringLiteral("6 / 2 / 0"), {}, Role::text, true},
                   {QStringLiteral("Reserved"), QStringLiteral("unset"), QStringLiteral("40"), {}, Role::text, true}});
    body->addWidget(plan);
    auto* buttons = new QHBoxLayout;
    auto* apply = new QPushButton(QStringLiteral("Review and apply..."));
    setButtonKind(apply, "primary");
    auto* patch = new QPushButton(QStringLiteral("Export patch"));
    patch->setMinimumHeight(kPrimaryHeight);
    buttons->addWidget(apply);
    buttons->addWidget(patch);
    buttons->addStretch(1);
    body->addLayout(buttons);
    return card;
}

}  // namespace

QWidget* makeWhatIfPage() {
    Frame frame = makeFrame(QStringLiteral("functions"), ColourBand::Environment::production, false);
    frame.top->breadcrumb()->setPath({QStringLiteral("Functions"), QStringLiteral("chat-inference")});
    frame.top->setFacts({{QStringLiteral("AWS Lambda · us-east-1 · live"), Role::muted}, {QStringLiteral("production"), Role::bad}});
    frame.top->views()->setViews(
        {QStringLiteral("Metrics"), QStringLiteral("What-if"), QStringLiteral("Recommendations"), QStringLiteral("History")});
    frame.top->views()->setCurrent(1);
    frame.top->addTool(new TimeRangeButton);
    frame.status->setItem(QStringLiteral("profile"), StatusStrip::Side::left, QStringLiteral("prod-eu (write)"));
    frame.status->setItem(QStringLiteral("asof"), StatusStrip::Side::left, QStringLiteral("data as of 14:05 UTC"));
    frame.status->setItem(QStringLiteral("model"), StatusStrip::Side::right,
                          QStringLiteral("model: 4 observed sizes + local bench, interval 90 %"));
    frame.status->setItem(QStringLiteral("api"), StatusStrip::Side::right, QStringLiteral("API today: 312 calls, $0.02"));
    frame.status->setItem(QStringLiteral("key"), StatusStrip::Side::right, QStringLiteral("Ctrl+K"), true);
    auto* layout = new QHBoxLayout(frame.page);
    layout->setContentsMargins(space::page, space::page, space::page, space::page);
    layout->setSpacing(space::gap);
    layout->addWidget(makeSliders());
    auto* right = new QVBoxLayout;
    right->setSpacing(space::gap);
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(space::gap);
    const Figure figures[] = {{QStringLiteral("$412"),
                               {},
                               QStringLiteral("± 18"),
                               QStringLiteral("−$96 (−19 %)"),
                               Role::good,
                               QStringLiteral("today $508"),
                               false,
                               {}},
                              {QStringLiteral("640"),
                               QStringLiteral("ms"),
                               QStringLiteral("590–690"),
                               QStringLiteral("−71 %"),
                               Role::good,
                               QStringLiteral("today 2.21 s"),
                               false,
                               {}},
                              {QStringLiteral("0.4"),
                               QStringLiteral("%"),
                               QStringLiteral("0.2–0.8"),
                               QStringLiteral("−5.7 points"),
                               Role::good,
                               QStringLiteral("today 6.1 %"),
                               true,
                               {}},
                              {QStringLiteral("0.00"),
                               QStringLiteral("%"),
                               {},
                               QStringLiteral("unchanged"),
                               Role::muted,
                               QStringLiteral("today 0.00 %"),
                               false,
                               {}}};
    const char* labels[] = {"Cost per month", "Latency p95", "Cold starts", "Throttled"};
    for (int i = 0; i < 4; ++i) {
        auto* tile = new FigureTile(QLatin1String(labels[i]));
        tile->setFigure(figures[i]);
        tiles->addWidget(tile);
    }
    right->addLayout(tiles);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(space::gap);
    auto* latency = new Card(QStringLiteral("Latency"), QStringLiteral("share of requests faster than"));
    auto* cdf = new CdfChart;
    cdf->setToday(latencyCurve(640, 0.34, 0.06, 5200));
    cdf->setWhatIf(latencyCurve(400, 0.26, 0.004, 3000), 0.08, false);
    cdf->setSlo(800, 0.95);
    latency->body()->addWidget(cdf, 1);
    middle->addWidget(latency, 1);
    auto* pareto_card = new Card(QStringLiteral("Cost against p95"), QStringLiteral("drag the point; 3,120 settings searched"));
    auto* pareto = new ParetoChart;
    Noise random(7);
    std::vector<ParetoChart::Candidate> candidates;
    for (int i = 0; i < 40; ++i) {
        const double cost = 340 + i * 8.5;
        candidates.push_back({cost, 400 + 820 * std::exp(-(cost - 340) / 130), true, true});
    }
    for (int i = 0; i < 600; ++i) {
        const double cost = 345 + random.next() * 340;
        const double front = 400 + 820 * std::exp(-(cost - 340) / 130);
        const double p95 = front + 30 + random.next() * random.next() * 900;
        candidates.push_back({cost, p95, p95 <= 800, false});
    }
    pareto->setCandidates(candidates);
    pareto->setToday(QPointF(508, 1400));
    pareto->setRecommended(QPointF(408, 880));
    pareto->setWhatIf(QPointF(441, 765), false);
    pareto->setSlo(800);
    pareto_card->body()->addWidget(pareto, 1);
    middle->addWidget(pareto_card, 1);
    right->addLayout(middle, 1);
    auto* lower = new QHBoxLayout;
    lower->setSpacing(space::gap);
    auto* week_card = new Card(QStringLiteral("Week"), QStringLiteral("concurrency needed against warm pool; paint to edit; UTC"));
    auto* week = new WeekChart;
    std::vector<float> demand, cold;
    Noise noise(3);
    for (int i = 0; i < 2016; ++i) {
        const int day = i / 288;
        const double hour = std::fmod(i / 12.0, 24);
        const double high = day < 5 ? 7.6 : 3.2;
        const double v = 0.6 + high * std::exp(-std::pow((hour - 14.5) / 3.4, 2)) + noise.next() * 1.6;
        demand.push_back(static_cast<float>(v));
        cold.push_back(noise.next() > 0.985 && hour > 12 && hour < 22 ? 1.0F : 0.0F);
    }
    std::vector<int> schedule(168, 0);
    for (int day = 0; day < 7; ++day) {
        for (int hour = 8; hour < 22; ++hour) schedule[static_cast<std::size_t>(day * 24 + hour)] = day < 5 ? (hour < 19 ? 6 : 2) : 2;
    }
    week->setDemand(demand, cold);
    week->setPool(schedule);
    week_card->body()->addWidget(week, 1);
    lower->addWidget(week_card, 3);
    auto* money_card = new Card(QStringLiteral("Where the money goes"), QStringLiteral("per month"));
    auto* money = new CompareTable(CompareTable::Layout::columns);
    money->setEmphasis(false);
    money->setHeaders({}, QStringLiteral("today"), QStringLiteral("what-if"));
    money->setRows({{QStringLiteral("Duration, on demand"), QStringLiteral("$431.20"), QStringLiteral("$122.90"), {}, Role::text, true},
                    {QStringLiteral("Duration, provisioned"), QStringLiteral("–"), QStringLiteral("$183.40"), {}, Role::text, true},
                    {QStringLiteral("Warm pool kept"), QStringLiteral("–"), QStringLiteral("$89.10"), {}, Role::warm, true},
                    {QStringLiteral("INIT of cold starts"), QStringLiteral("$60.30"), QStringLiteral("$2.70"), {}, Role::text, true},
                    {QStringLiteral("Requests"), QStringLiteral("$16.50"), QStringLiteral("$13.90"), {}, Role::text, true}});
    money_card->body()->addWidget(money);
    auto* bar = new StackBar;
    bar->setParts({{QStringLiteral("Duration, on demand"), 0, std::nullopt, 0.9},
                   {QStringLiteral("Duration, provisioned"), 0, std::nullopt, 0.55},
                   {QStringLiteral("Warm pool kept"), 1, std::nullopt, 0.9},
                   {QStringLiteral("INIT of cold starts"), 7, std::nullopt, 0.9},
                   {QStringLiteral("Requests"), 7, std::nullopt, 0.6}});
    bar->setRows(
        {{QStringLiteral("today"), {431.2, 0, 0, 60.3, 16.5}, {}}, {QStringLiteral("what-if"), {122.9, 183.4, 89.1, 2.7, 13.9}, {}}});
    money_card->body()->addSpacing(4);
    money_card->body()->addWidget(bar);
    money_card->body()->addStretch(1);
    money_card->setFixedWidth(318);
    lower->addWidget(money_card);
    right->addLayout(lower, 1);
    layout->addLayout(right, 1);
    return frame.window;
}

QWidget* makePlanDialog() {
    auto* window = new Canvas;
    window->resize(740, 640);
    auto* outer = new QVBoxLayout(window);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* band = new ColourBand(window);
    band->setEnvironment(ColourBand::Environment::production, false);
    outer->addWidget(band);
    auto* layout = new QVBoxLayout;
    layout->setContentsMargins(24, 16, 24, 16);
    layout->setSpacing(space::m);
    outer->addLayout(layout);
    layout->addWidget(makeLabel(QStringLiteral("Apply to chat-inference"), Type::title, Role::text, 600));
    layout->addWidget(makeLabel(QStringLiteral("AWS Lambda · us-east-1 · alias live · profile prod-eu · plan 7f3a9c, expires 14:21 UTC"),
                                Type::body, Role::muted));
    auto* table = new CompareTable(CompareTable::Layout::arrow);
    table->setHeaders(QStringLiteral("Setting"), QStringLiteral("Now"), QStringLiteral("After"));
    table->setRows(
        {{QStringLiteral("Memory"), QStringLiteral("1,024 MB"), QStringLiteral("2,048 MB"), QStringLiteral("0.58 → 1.16 vCPU"), Role::text,
          true},
         {QStringLiteral("Warm pool on live"),
          QStringLiteral("0"),
          QStringLiteral("6 Mon–Fri 08–19, 2 until 22, else 0"),
          {},
          Role::text,
          true},
         {QStringLiteral("Instance limit"), QStringLiteral("unset"), QStringLiteral("40"), QStringLiteral("reserved"), Role::text, true}});
    layout->addWidget(table);
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(space::gap);
    const Figure figures[] = {
        {QStringLiteral("−$96"), {}, QStringLiteral("78 to 114"), {}, Role::muted, QStringLiteral("$508 → $412"), false, {}},
        {QStringLiteral("−1.57"), QStringLiteral("s"), {}, {}, Role::muted, QStringLiteral("2.21 s → 640 ms (590–690)"), false, {}},
        {QStringLiteral("−5.7"), QStringLiteral("points"), {}, {}, Role::muted, QStringLiteral("6.1 % → 0.4 % (0.2–0.8)"), false, {}}};
    const char* labels[] = {"Cost per month", "Latency p95", "Cold starts"};
    for (int i = 0; i < 3; ++i) {
        auto* tile = new FigureTile(QLatin1String(labels[i]));
        tile->setFigure(figures[i]);
        tiles->addWidget(tile);
    }
    layout->addLayout(tiles);
    auto* columns = new QHBoxLayout;
    auto* left = new QVBoxLayout;
    left->setSpacing(4);
    left->addWidget(makeLabel(QStringLiteral("What will be called"), Type::body, Role::text, 600));
    for (const char* call : {"UpdateFunctionConfiguration rev 41", "PublishVersion $LATEST = live code", "UpdateAlias live",
                             "PutFunctionConcurrency 40", "PutScheduledAction 3 actions"}) {
        auto* label = makeLabel(QLatin1String(call), Type::label, Role::muted);
        label->setFont(Theme::instance().mono());
        label->setProperty("mono", true);
        left->addWidget(label);
    }
    left->addStretch(1);
    auto* right = new QVBoxLayout;
    right->setSpacing(4);
    right->addWidget(makeLabel(QStringLiteral("Guardrails"), Type::body, Role::text, 600));
    auto* guards = new GuardrailList;
    guards->setItems({{GuardrailList::Verdict::pass, QStringLiteral("memory floor 890 MB"), {}},
                      {GuardrailList::Verdict::pass, QStringLiteral("372 unreserved concurrency stay free"), {}},
                      {GuardrailList::Verdict::pass, QStringLiteral("pool 6 ≤ reserved 40"), {}},
                      {GuardrailList::Verdict::caution, QStringLiteral("adds a fixed $89 a month if traffic stops"), {}}});
    right->addWidget(guards);
    right->addStretch(1);
    columns->addLayout(left, 1);
    columns->addLayout(right, 1);
    layout->addLayout(columns);
    layout->addStretch(1);
    auto* foot = new QHBoxLayout;
    foot->addWidget(makeLabel(QStringLiteral("Type chat-inference to apply"), Type::body, Role::muted));
    auto* edit = new QLineEdit(QStringLiteral("chat-inference"));
    edit->setFixedSize(170, kPrimaryHeight);
    foot->addWidget(edit);
    foot->addStretch(1);
    foot->addWidget(new QPushButton(QStringLiteral("Export patch")));
    foot->addWidget(new QPushButton(QStringLiteral("Cancel")));
    auto* apply = new QPushButton(QStringLiteral("Apply"));
    setButtonKind(apply, "danger");
    foot->addWidget(apply);
    layout->addLayout(foot);
    return window;
}

}  // namespace pilotlight::test
