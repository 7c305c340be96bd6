#include "app/console/pages/what_if_tab.h"

#include <QComboBox>
#include <QTimer>
#include <QUndoStack>
#include <algorithm>
#include <cmath>

#include "app/console/dialogs/plan_review_dialog.h"
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

namespace {

QPointF point(double cost, double p95) { return {cost, p95}; }

}  // namespace

WhatIfTab::WhatIfTab(Session& session)
    : FunctionTab(session),
      engine_job_(session.jobs()),
      exact_job_(session.jobs()),
      search_job_(session.jobs()),
      plan_job_(session.jobs()) {
    undo_ = new QUndoStack(this);
    undo_->setUndoLimit(500);
    exact_timer_ = new QTimer(this);
    exact_timer_->setSingleShot(true);
    exact_timer_->setInterval(40);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(space::page, space::page, space::page, space::page);
    row->setSpacing(space::gap);
    left_ = new Card(QStringLiteral("What if"));
    left_->setFixedWidth(372);
    buildLeft(left_);
    row->addWidget(left_);
    auto* right = new QVBoxLayout;
    right->setSpacing(space::gap);
    buildRight(right);
    row->addLayout(right, 1);

    connect(exact_timer_, &QTimer::timeout, this, [this] {
        if (!engine_ || !row_) return;
        elsewhere_->ask(engine_, state_.traffic);
        exact_job_.run<WhatIfResult>(
            {QStringLiteral("Exact what-if"), Lane::compute},
            [engine = engine_, what = whatIfOf(state_, row_->function)](Workspace&, const JobContext& job) {
                return engine->exact(what, job);
            },
            this,
            [this](Result<WhatIfResult> result) {
                if (result) showResult(*result);  // an error leaves the approximate answer, still drawn lighter
            });
    });
    connect(&session_, &Session::storeChanged, this, [this](StoreChange what) {
        // New measurements: the engine is rebuilt the next time nobody is dragging; settings that changed count at once.
        if (what.changes || what.functions) stale_ = true;
        if (active_ && stale_ && row_) load();
    });
    for (auto* card : {left_, cdf_card_, pareto_card_, week_card_, money_card_}) {
        connect(card, &Card::cancelRequested, this, [this] { cancel(); });
        connect(card, &Card::actionRequested, this, [this] {
            if (!engine_) load();
        });
    }
}

WhatIfTab::~WhatIfTab() = default;

SettingSlider* WhatIfTab::slider(const QString& name) const {
    if (name == QLatin1String("memory")) return memory_;
    if (name == QLatin1String("vcpu")) return vcpu_;
    if (name == QLatin1String("concurrency")) return concurrency_;
    if (name == QLatin1String("pool")) return pool_;
    if (name == QLatin1String("limit")) return limit_;
    if (name == QLatin1String("traffic")) return traffic_;
    return name == QLatin1String("surge") ? surge_ : nullptr;
}

void WhatIfTab::setPanels(const PanelState& state) {
    for (auto* card : {left_, cdf_card_, pareto_card_, week_card_, money_card_}) card->setState(state);
}

void WhatIfTab::setFunction(const FunctionRow& row) {
    const bool other = !row_ || row_->function.id != row.function.id;
    const bool settings_moved =
        row_ && !other && (row_->function.revision != row.function.revision || todayOf(row_->function) != todayOf(row.function));
    row_ = row;
    if (other) {
        engine_.reset();
        search_.reset();
        result_.reset();
        undo_->clear();
        elsewhere_->clear();
        exact_job_.cancel();
        search_job_.cancel();
        plan_job_.cancel();
        stale_ = true;
        setPanels(PanelState::loading(QStringLiteral("Replaying its arrivals"), -1, true));
        for (auto* tile : {cost_, p95_, cold_, throttled_}) tile->setFigure({});
    }
    if (settings_moved) stale_ = true;
    if (active_ && stale_) load();
}

void WhatIfTab::setActive(bool active) {
    active_ = active;
    if (active_ && stale_ && row_) load();
}

void WhatIfTab::load() {
    if (!row_ || dragging_) return;
    stale_ = false;
    if (!engine_) setPanels(PanelState::loading(QStringLiteral("Replaying its arrivals"), -1, true));
    engine_job_.run<std::shared_ptr<const tuning::Engine>>(
        {QStringLiteral("Replay %1").arg(qs(row_->function.name)), Lane::compute, true},
        [id = row_->function.id](Workspace& workspace, const JobContext& job) { return workspace.engine(id, job); }, this,
        [this](Result<std::shared_ptr<const tuning::Engine>> engine) {
            if (engine) {
                useEngine(std::move(*engine));
            } else if (engine.error().code == ErrorCode::cancelled) {
                if (!engine_) setPanels(PanelState::empty(QStringLiteral("Cancelled"), {}, QStringLiteral("Try again")));
            } else if (engine.error().code == ErrorCode::not_found) {
                setPanels(PanelState::inconclusive(qs(engine.error().what), qs(engine.error().action), QStringLiteral("Try again")));
            } else {
                setPanels(PanelState::fromError(engine.error(), QStringLiteral("Try again")));
            }
        });
}

void WhatIfTab::useEngine(std::shared_ptr<const tuning::Engine> engine) {
    const bool first = engine_ == nullptr || loaded_id_ != qs(row_->function.id);
    engine_ = std::move(engine);
    loaded_id_ = qs(row_->function.id);
    const auto& evidence = engine_->evidence();
    row_->function = evidence.function;
    const Function& function = row_->function;
    ranges_ = sliderRanges(function, engine_->week(), evidence.limits);
    const WhatIfState today = todayOf(function);
    if (first) state_ = today;

    updating_ = true;
    setMemoryMap();
    memory_->setToday(today.memory.value);
    memory_->setDisabledReason(ranges_.memory_disabled);
    vcpu_->setVisible(ranges_.vcpu_values.size() > 1);
    if (ranges_.vcpu_values.size() > 1) {
        auto values = ranges_.vcpu_values;
        if (today.vcpu) values.push_back(*today.vcpu);
        vcpu_->setMap(ValueMap::list(std::move(values)));
        vcpu_->setToday(today.vcpu);
        vcpu_->setToolTip(ranges_.vcpu_why);
    }
    concurrency_->setVisible(ranges_.concurrency_hi > 1);
    if (ranges_.concurrency_hi > 1) {
        concurrency_->setMap(ValueMap::logarithmic(1, ranges_.concurrency_hi, 1));
        concurrency_->setToday(today.concurrency);
        concurrency_->setToolTip(ranges_.concurrency_why);
    }
    pool_->setToolTip(ranges_.pool_why);
    limit_->setToolTip(ranges_.limit_why);
    limit_->setDisabledReason(ranges_.limit_disabled);
    pool_->setUnitWord(poolWord(function.platform));
    pool_->setMap(ValueMap::linear(0, ranges_.pool_hi, 1));
    pool_->setToday(function.warmPool() ? std::optional<double>(today.pool) : std::nullopt);
    pool_->setDisabledReason(ranges_.pool_disabled);
    limit_->setUnitWord(limitWord(function.platform));
    limit_->setMap(ValueMap::linear(1, ranges_.limit_hi + 1.0, 1));
    limit_->setEndTexts(QStringLiteral("1"), QStringLiteral("unset"));
    limit_->setToday(today.limit.kind == InstanceLimit::Kind::unknown ? std::nullopt
                                                                      : std::optional<double>(limitSliderValue(today.limit)));
    week_->setDemand(engine_->week().peak, engine_->week().cold);
    week_->setEditable(ranges_.pool_disabled.isEmpty() && ranges_.schedule);
    through_->clear();
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.kind == "alias") through_->addItem(QStringLiteral("alias %1").arg(qs(qualifier.name)), qs(qualifier.name));
    }
    through_->addItem(QStringLiteral("$LATEST"), QString());
    through_->setVisible(through_->count() > 1);
    syncControls();
    updating_ = false;

    // "replaying 14 days, 76,324 requests (every one from the logs)": the source stands in the tooltip.
    const QString evidence_text = qs(engine_->quick({}).basis.evidence);
    left_->setCaption(evidence_text.section(QStringLiteral(" ("), 0, 0));
    left_->setCaptionToolTip(evidence_text);
    showChips();
    setPanels(PanelState::content());
    const auto today_result = engine_->quick({});
    cdf_->setToday(today_result.today.latency_cdf);
    cdf_->setSlo(evidence.slo ? evidence.slo->p95_ms : std::nullopt);
    pareto_->setSlo(evidence.slo ? evidence.slo->p95_ms : std::nullopt);
    answer();
    search();
    emit basisChanged();
}

void WhatIfTab::showChips() {
    const Function& f = row_->function;
    QList<QPair<QString, Role>> chips{{QString::fromUtf8(name(f.architecture)), Role::muted}};
    if (f.platform == PlatformKind::aws)
        chips << QPair{f.snap_start ? QStringLiteral("SnapStart on") : QStringLiteral("SnapStart off"), Role::muted};
    chips << QPair{QStringLiteral("timeout ") + format::spanText(static_cast<double>(f.timeout.count()) * 1000), Role::muted};
    if (!f.runtime.empty()) chips << QPair{qs(f.runtime), Role::muted};
    const auto basis = engine_->quick({}).basis;
    chips << QPair{qs(basis.prices), Role::muted};
    for (const auto& caution : basis.cautions) chips << QPair{qs(caution), Role::caution};
    chips_->setChips(chips);
}

double WhatIfTab::limitSliderValue(const InstanceLimit& limit) const {
    return limit.kind == InstanceLimit::Kind::limited ? std::clamp<double>(limit.value, 1, ranges_.limit_hi) : ranges_.limit_hi + 1.0;
}

void WhatIfTab::syncControls() {
    memory_->setValue(state_.memory.value);
    memory_->setUnitWord(row_ && row_->function.platform == PlatformKind::aws ? format::vcpu(lambdaVcpu(state_.memory)) : QString());
    if (state_.vcpu) vcpu_->setValue(*state_.vcpu);
    concurrency_->setValue(state_.concurrency);
    pool_->setValue(state_.pool);
    pool_->setValueText(state_.pool_by_hour.empty() ? QString() : poolText(state_));
    limit_->setValue(limitSliderValue(state_.limit));
    traffic_->setValue(state_.traffic);
    surge_->setValue(state_.surge);
    week_->setMaximum(state_.limit.kind == InstanceLimit::Kind::limited ? state_.limit.value : 0);
    week_->setPool(state_.pool_by_hour.empty() ? std::vector<int>(WeekChart::kHours, state_.pool) : state_.pool_by_hour);
}

void WhatIfTab::setMemoryMap() {
    memory_->setMap(ranges_.memory_values.empty() ? ValueMap::logarithmic(ranges_.memory_lo, ranges_.memory_hi, ranges_.memory_step)
                                                  : ValueMap::list(ranges_.memory_values, true));
    memory_->setToolTip(ranges_.memory_why);
}

void WhatIfTab::limitMemory() {
    Function chosen = row_->function;
    chosen.vcpu = state_.vcpu;
    ranges_ = sliderRanges(chosen, engine_->week(), engine_->evidence().limits);
    setMemoryMap();
    const double fits = std::clamp<double>(state_.memory.value, ranges_.memory_lo, ranges_.memory_hi);
    state_.memory.value = static_cast<std::int32_t>(std::lround(fits));
}

void WhatIfTab::applyState(const WhatIfState& state) {
    state_ = state;
    updating_ = true;
    syncControls();
    updating_ = false;
    answer();
}

void WhatIfTab::setState(const WhatIfState& state, const QString& undo_text) {
    if (state == state_) return;
    undo_->push(new StateCommand(state_, state, [this](const WhatIfState& next) { applyState(next); }, undo_text));
}

void WhatIfTab::answer() {
    if (!engine_) return;
    const auto result = engine_->quick(whatIfOf(state_, row_->function));
    exact_job_.cancel();
    showResult(result);
    if (!result.whatif.exact) exact_timer_->start();
}

void WhatIfTab::showResult(const WhatIfResult& result) {
    result_ = result;
    const auto figures = whatIfFigures(result);
    cost_->setFigure(figures.cost);
    p95_->setFigure(figures.p95);
    cold_->setFigure(figures.cold);
    throttled_->setFigure(figures.throttled);
    const auto& then = result.whatif;
    const double spread = then.p95_ms && then.p95_ms->value > 0 ? (then.p95_ms->hi - then.p95_ms->lo) / 2 / then.p95_ms->value : 0;
    cdf_->setWhatIf(then.latency_cdf, spread, !then.exact);
    const auto at = [](const Outcome& outcome) -> std::optional<QPointF> {
        if (!outcome.cost_month || !outcome.p95_ms) return std::nullopt;
        return point(outcome.cost_month->value.toDouble(), outcome.p95_ms->value);
    };
    pareto_->setToday(at(result.today));
    pareto_->setWhatIf(at(then), !then.exact);
    plan_table_->setRows(planRows(state_, row_->function));
    money_->setRows(moneyRows(result));
    static const struct {
        const char* meter;
        int colour;
        double opacity;
    } parts[] = {{meter::kDuration, 0, 1}, {meter::kPoolDuration, 0, 0.6}, {meter::kVcpu, 0, 1},       {meter::kMemory, 0, 0.6},
                 {meter::kPoolKept, 1, 1}, {meter::kIdleVcpu, 1, 1},       {meter::kIdleMemory, 1, 0.6}, {meter::kInit, 3, 1},
                 {meter::kRequests, 7, 1}, {meter::kStorage, 5, 1},        {meter::kOther, 6, 1}};
    std::vector<StackBar::Part> names;
    StackBar::Row today{QStringLiteral("today"), {}, {}}, plan{QStringLiteral("what-if"), {}, {}};
    for (const auto& part : parts) {
        names.push_back({meterLabel(part.meter), part.colour, {}, part.opacity});
        const auto amount = [&](const Outcome& outcome) {
            const auto found = outcome.breakdown.find(part.meter);
            return found == outcome.breakdown.end() ? 0.0 : found->second.value.toDouble();
        };
        today.values.push_back(amount(result.today));
        plan.values.push_back(amount(then));
    }
    stack_->setParts(std::move(names));
    stack_->setRows({std::move(today), std::move(plan)});
    guardrails_->setItems(guardrailPreview(state_, engine_->evidence(), engine_->memoryFloor(), &result));

    const QString read_only = session_.readOnlyReason(row_->function.profile);
    const bool nothing = desiredOf(state_, row_->function).empty();
    review_->setEnabled(!nothing && read_only.isEmpty());
    const QString why = !read_only.isEmpty() ? read_only
                        : nothing            ? QStringLiteral("Move a slider first: nothing differs from today")
                                             : QString();
    review_->setToolTip(why);
    notice_->setVisible(!read_only.isEmpty());
    notice_->setText(read_only);
}

void WhatIfTab::search() {
    Slo slo = engine_->evidence().slo.value_or(Slo{});
    if (const auto ms = cdf_->slo()) slo.p95_ms = ms;
    search_job_.run<tuning::Engine::SearchResult>(
        {QStringLiteral("Search settings of %1").arg(qs(row_->function.name)), Lane::compute, true},
        [engine = engine_, slo](Workspace&, const JobContext& job) { return engine->search(slo, job); }, this,
        [this](Result<tuning::Engine::SearchResult> found) {
            if (!found) {
                if (found.error().code != ErrorCode::cancelled) pareto_card_->setCaption(qs(found.error().what));
                return;
            }
            search_ = std::move(*found);
            std::vector<ParetoChart::Candidate> candidates;
            candidates.reserve(search_->candidates.size());
            for (const auto& c : search_->candidates) candidates.push_back({c.cost_month_usd, c.p95_ms, c.feasible, c.on_front});
            pareto_->setCandidates(std::move(candidates));
            pareto_card_->setCaption(QStringLiteral("drag the point; %1 settings searched")
                                         .arg(format::integer(static_cast<double>(search_->candidates.size()))));
            const auto& recommendation = search_->recommendation;
            const bool any = recommendation.status == RecommendationStatus::recommended;
            const auto wanted = withSettings(todayOf(row_->function), recommendation.settings);
            memory_->setRecommended(any ? std::optional<double>(wanted.memory.value) : std::nullopt);
            pool_->setRecommended(any ? std::optional<double>(wanted.pool) : std::nullopt);
            limit_->setRecommended(any && recommendation.settings.instance_limit ? std::optional<double>(limitSliderValue(wanted.limit))
                                                                                 : std::nullopt);
            std::optional<QPointF> at;
            if (any) {
                const auto result = engine_->quick({recommendation.settings, 1, 1});
                if (result.whatif.cost_month && result.whatif.p95_ms)
                    at = point(result.whatif.cost_month->value.toDouble(), result.whatif.p95_ms->value);
            }
            pareto_->setRecommended(at);
            patch_->setEnabled(any);
            patch_->setToolTip(any ? savingText(recommendation)
                               : recommendation.status == RecommendationStatus::optimal
                                   ? QStringLiteral("Nothing to change: today's settings are as good as any")
                                   : QStringLiteral("Inconclusive: needs ") + qs(recommendation.needs));
        });
}

void WhatIfTab::takeRecommendation() {
    if (!search_ || !row_ || search_->recommendation.status != RecommendationStatus::recommended) return;
    auto next = todayOf(row_->function);
    next.traffic = state_.traffic;
    next.surge = state_.surge;
    setState(withSettings(next, search_->recommendation.settings), QStringLiteral("Take the recommendation"));
}

void WhatIfTab::commitSlo(double ms) {
    if (!row_) return;
    Slo slo = engine_ && engine_->evidence().slo ? *engine_->evidence().slo : Slo{};
    slo.function_id = row_->function.id;  // one by tag is overridden for this function alone
    slo.tag_key.clear();
    slo.tag_value.clear();
    slo.p95_ms = ms;
    pareto_->setSlo(ms);
    session_.makeWay();
    session_.jobs().run<void>(
        {QStringLiteral("Set the SLO of %1").arg(qs(row_->function.name)), Lane::write, false, true, true},
        [slo](Workspace& workspace, const JobContext&) { return workspace.setSlo(slo); }, this,
        [this](Status status) {
            if (!status) emit session_.reported(qs(status.error().what), qs(status.error().text()));
            if (engine_) search();
        });
}

void WhatIfTab::review() { plan({}); }

void WhatIfTab::plan(const QStringList& overrides) {
    if (!row_ || !engine_) return;
    const auto desired = desiredOf(state_, row_->function);
    if (desired.empty()) return;
    std::vector<std::string> names;
    for (const auto& name : overrides) names.push_back(name.toStdString());
    review_->setEnabled(false);
    review_->setText(QStringLiteral("Planning…"));
    session_.makeWay();
    plan_job_.run<Plan>(
        {QStringLiteral("Plan for %1").arg(qs(row_->function.name)), Lane::write, true, true, true},
        [id = row_->function.id, desired, alias = through_->currentData().toString().toStdString(), names](
            Workspace& workspace, const JobContext& job) { return workspace.plan(id, desired, alias, names, job); },
        this,
        [this](Result<Plan> plan) {
            review_->setText(QStringLiteral("Review and apply…"));
            review_->setEnabled(true);
            if (!plan) {
                if (plan.error().code != ErrorCode::cancelled) emit session_.reported(qs(plan.error().what), qs(plan.error().text()));
                return;
            }
            emit session_.reported({}, {});
            auto* dialog = new PlanReviewDialog(session_, std::move(*plan), window());
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &PlanReviewDialog::applied, this, [this](const QString& id) {
                stale_ = true;
                undo_->clear();
                engine_.reset();  // today is another today now
                emit session_.openChange(id);
            });
            connect(dialog, &PlanReviewDialog::planAgain, this, [this, dialog](const QStringList& names_again) {
                dialog->close();
                this->plan(names_again);
            });
            dialog->open();
            emit planReady(dialog);
        });
}

QString WhatIfTab::basis() const {
    if (!engine_ || !result_) return {};
    return QStringLiteral("model: %1, interval 90 %").arg(qs(result_->basis.model));
}

void WhatIfTab::undo() { undo_->undo(); }
void WhatIfTab::redo() { undo_->redo(); }

bool WhatIfTab::cancel() {
    if (engine_) return false;
    engine_job_.cancel();
    setPanels(PanelState::empty(QStringLiteral("Cancelled"), {}, QStringLiteral("Try again")));
    return true;
}

}  // namespace pilotlight::console
