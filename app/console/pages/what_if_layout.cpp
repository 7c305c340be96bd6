// What-if: the controls and what they are connected to.
#include "app/console/pages/what_if_tab.h"

#include <QComboBox>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTimer>
#include <QUndoStack>
#include <algorithm>
#include <cmath>

#include "app/console/models/words.h"
#include "app/console/pages/elsewhere_panel.h"
#include "app/console/pages/state_command.h"
#include "core/workspace.h"
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

namespace pilotlight::console {

using namespace widgets;

void WhatIfTab::buildLeft(QWidget*) {
    auto* body = left_->body();
    body->setSpacing(6);
    // Sliders and guardrails scroll where the window is low; the plan and its button stay in sight.
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* inner = new QWidget;
    inner->setObjectName(QStringLiteral("page"));
    auto* column = new QVBoxLayout(inner);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    area->setWidget(inner);
    body->addWidget(area, 1);
    memory_ = new SettingSlider(QStringLiteral("Memory"));
    vcpu_ = new SettingSlider(QStringLiteral("vCPU"));
    concurrency_ = new SettingSlider(QStringLiteral("Concurrency"));
    concurrency_->setUnitWord(QStringLiteral("requests an instance serves at once"));
    pool_ = new SettingSlider(QStringLiteral("Warm pool"));
    limit_ = new SettingSlider(QStringLiteral("Instance limit"));
    traffic_ = new SettingSlider(QStringLiteral("Traffic"));
    surge_ = new SettingSlider(QStringLiteral("Surge"));
    memory_->setFormat([](double v) { return format::megabytes(v); });
    memory_->setTypedStep(1);
    vcpu_->setFormat([](double v) { return format::significant(v); });
    concurrency_->setFormat([](double v) { return format::integer(v); });
    traffic_->setMap(ValueMap::logarithmic(0.25, 4, 0.05));
    traffic_->setFormat([](double v) { return format::times(v); });
    traffic_->setValue(1);
    traffic_->setToday(1.0);
    surge_->setMap(ValueMap::linear(1, 10, 0.5));
    surge_->setFormat([](double v) { return v <= 1 ? QStringLiteral("none") : format::times(v); },
                      [](const QString& text) -> std::optional<double> {
                          return text.trimmed() == QLatin1String("none") ? std::optional(1.0) : format::parseNumber(text);
                      });
    surge_->setEndTexts(QStringLiteral("none"), QStringLiteral("× 10 for 15 min a day"));
    surge_->setValue(1);
    surge_->setToday(1.0);
    limit_->setFormat([this](double v) { return v > ranges_.limit_hi ? QStringLiteral("unset") : format::integer(v); },
                      [this](const QString& text) -> std::optional<double> {
                          const QString word = text.trimmed();
                          if (word == QLatin1String("unset") || word == QLatin1String("none")) return ranges_.limit_hi + 1.0;
                          return format::parseNumber(text);
                      });
    for (auto* slider : {memory_, vcpu_, concurrency_, pool_, limit_, traffic_, surge_}) {
        slider->setUndoStack(undo_);
        column->addWidget(slider);
        connect(slider, &SettingSlider::valueChanged, this, [this, slider](double value) {
            if (updating_) return;
            if (slider == memory_) state_.memory.value = static_cast<std::int32_t>(std::lround(value));
            if (slider == vcpu_) {
                state_.vcpu = value;
                limitMemory();
            }
            if (slider == concurrency_) state_.concurrency = static_cast<int>(std::lround(value));
            if (slider == pool_) {
                // A schedule keeps its shape under the slider; a constant pool is just its level.
                const int level = static_cast<int>(std::lround(value));
                if (!state_.pool_by_hour.empty()) {
                    const int most = *std::max_element(state_.pool_by_hour.begin(), state_.pool_by_hour.end());
                    for (int& hour : state_.pool_by_hour)
                        hour = most > 0 ? static_cast<int>(std::lround(static_cast<double>(hour) * level / most)) : level;
                }
                state_.pool = level;
            }
            if (slider == limit_)
                state_.limit = value > ranges_.limit_hi ? InstanceLimit::unlimited()
                                                        : InstanceLimit::of(static_cast<std::int32_t>(std::lround(value)));
            if (slider == traffic_) state_.traffic = value;
            if (slider == surge_) state_.surge = value;
            updating_ = true;
            syncControls();
            updating_ = false;
            answer();
        });
    }
    chips_ = new ChipFlow;
    column->addWidget(chips_);
    column->addSpacing(2);
    column->addWidget(makeLabel(QStringLiteral("Guardrails"), Type::body, Role::text, 600));
    guardrails_ = new GuardrailList;
    column->addWidget(guardrails_);
    column->addStretch(1);
    auto* plan_head = new QHBoxLayout;
    plan_head->addWidget(makeLabel(QStringLiteral("Plan"), Type::body, Role::text, 600));
    plan_head->addStretch(1);
    through_ = new QComboBox;
    through_->setToolTip(
        QStringLiteral("What the change reaches: an alias (publish a version and move the alias to it), or $LATEST alone"));
    through_->setAccessibleName(QStringLiteral("Change through"));
    plan_head->addWidget(through_);
    body->addLayout(plan_head);
    plan_table_ = new CompareTable(CompareTable::Layout::columns);
    plan_table_->setHeaders({}, QStringLiteral("today"), QStringLiteral("plan"));
    body->addWidget(plan_table_);
    notice_ = makeLabel({}, Type::label, Role::muted);
    notice_->setWordWrap(true);
    notice_->hide();
    body->addWidget(notice_);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(space::s);
    review_ = new QPushButton(QStringLiteral("Review and apply…"));
    setButtonKind(review_, "primary");
    patch_ = new QPushButton(QStringLiteral("Take recommended"));
    patch_->setFixedHeight(kPrimaryHeight);
    buttons->addWidget(review_);
    buttons->addWidget(patch_);
    buttons->addStretch(1);
    body->addSpacing(4);
    body->addLayout(buttons);
    connect(review_, &QPushButton::clicked, this, &WhatIfTab::review);
    connect(patch_, &QPushButton::clicked, this, &WhatIfTab::takeRecommendation);
}

void WhatIfTab::buildRight(QVBoxLayout* column) {
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(space::gap);
    cost_ = new FigureTile(QStringLiteral("Cost per month"));
    p95_ = new FigureTile(QStringLiteral("Latency p95, with INIT"));
    cold_ = new FigureTile(QStringLiteral("Cold starts"));
    throttled_ = new FigureTile(QStringLiteral("Throttled"));
    for (auto* tile : {cost_, p95_, cold_, throttled_}) tiles->addWidget(tile, 1);
    column->addLayout(tiles);

    auto* middle = new QHBoxLayout;
    middle->setSpacing(space::gap);
    cdf_card_ = new Card(QStringLiteral("Latency"), QStringLiteral("share of requests faster than"));
    cdf_ = new CdfChart;
    cdf_card_->body()->addWidget(cdf_);
    pareto_card_ = new Card(QStringLiteral("Cost against p95"), QStringLiteral("drag the point"));
    pareto_ = new ParetoChart;
    pareto_card_->body()->addWidget(pareto_);
    middle->addWidget(cdf_card_, 1);
    middle->addWidget(pareto_card_, 1);
    column->addLayout(middle, 1);

    auto* lower = new QHBoxLayout;
    lower->setSpacing(space::gap);
    week_card_ = new Card(QStringLiteral("Week"), QStringLiteral("most requests at once in five minutes, against the warm pool; UTC; paint to edit"));
    week_ = new WeekChart;
    week_->setZoneName(QStringLiteral("UTC"));
    week_card_->body()->addWidget(week_);
    money_card_ = new Card(QStringLiteral("Where the money goes"));
    money_ = new CompareTable(CompareTable::Layout::columns);
    money_->setHeaders(QStringLiteral("USD a month"), QStringLiteral("today"), QStringLiteral("what-if"));
    money_->setEmphasis(false);
    stack_ = new StackBar;
    stack_->setValueFormat([](double usd) { return format::money(usd); });
    money_pages_ = new QStackedWidget;
    auto* meters = new QWidget;
    auto* meter_column = new QVBoxLayout(meters);
    meter_column->setContentsMargins(0, 0, 0, 0);
    meter_column->addWidget(money_);
    meter_column->addSpacing(4);
    meter_column->addWidget(stack_);
    meter_column->addStretch(1);
    elsewhere_ = new ElsewherePanel(session_);
    money_pages_->addWidget(meters);
    money_pages_->addWidget(elsewhere_);
    money_card_->body()->addWidget(money_pages_, 1);
    elsewhere_button_ = new QPushButton(QStringLiteral("Other clouds"));
    elsewhere_button_->setCheckable(true);
    setButtonKind(elsewhere_button_, "flat");
    elsewhere_button_->setToolTip(QStringLiteral("Cost and p95 of the same requests on Lambda, Cloud Run and Azure Flex Consumption"));
    money_card_->addTool(elsewhere_button_);
    connect(elsewhere_button_, &QPushButton::toggled, this, &WhatIfTab::showElsewhere);
    lower->addWidget(week_card_, 31);
    lower->addWidget(money_card_, 20);
    column->addLayout(lower, 1);

    connect(cdf_, &CdfChart::sloDragged, this, [this](double ms) { pareto_->setSlo(ms); });
    connect(cdf_, &CdfChart::sloCommitted, this, &WhatIfTab::commitSlo);
    const auto dragTo = [this](int index) {
        if (!search_ || index < 0 || static_cast<std::size_t>(index) >= search_->candidates.size() || !row_) return;
        if (!dragging_) drag_before_ = state_;
        dragging_ = true;
        auto next = todayOf(row_->function);
        next.traffic = state_.traffic;
        next.surge = state_.surge;
        applyState(withSettings(next, search_->candidates[static_cast<std::size_t>(index)].settings));
    };
    const auto commitDrag = [this](const QString& text) {
        if (!dragging_) return;
        dragging_ = false;
        undo_->push(new StateCommand(drag_before_, state_, [this](const WhatIfState& state) { applyState(state); }, text));
    };
    connect(pareto_, &ParetoChart::candidateDragged, this, dragTo);
    connect(pareto_, &ParetoChart::candidateCommitted, this, [dragTo, commitDrag](int index) {
        dragTo(index);
        commitDrag(QStringLiteral("Choose a setting"));
    });
    const auto paint = [this](const std::vector<int>& hours) {
        if (!dragging_) drag_before_ = state_;
        dragging_ = true;
        auto next = state_;
        const bool flat = std::adjacent_find(hours.begin(), hours.end(), std::not_equal_to<>()) == hours.end();
        next.pool = hours.empty() ? 0 : *std::max_element(hours.begin(), hours.end());
        next.pool_by_hour = flat ? std::vector<int>{} : hours;
        applyState(next);
    };
    connect(week_, &WeekChart::poolPainted, this, paint);
    connect(week_, &WeekChart::poolCommitted, this, [paint, commitDrag](const std::vector<int>& hours) {
        paint(hours);
        commitDrag(QStringLiteral("Paint the pool"));
    });
}

void WhatIfTab::showElsewhere(bool on) {
    elsewhere_button_->setChecked(on);
    elsewhere_button_->setText(on ? QStringLiteral("By meter") : QStringLiteral("Other clouds"));
    money_card_->setTitle(on ? QStringLiteral("On other clouds") : QStringLiteral("Where the money goes"));
    money_pages_->setCurrentIndex(on ? 1 : 0);
}

}  // namespace pilotlight::console
