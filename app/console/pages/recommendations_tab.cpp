#include "app/console/pages/recommendations_tab.h"

#include "app/console/dialogs/plan_review_dialog.h"
#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/figure_tile.h"
#include "widgets/format.h"
#include "widgets/summary_tables.h"

namespace pilotlight::console {

using namespace widgets;

RecommendationsTab::RecommendationsTab(Session& session) : FunctionTab(session), plan_job_(session.jobs()) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    card_ = new Card(QStringLiteral("Recommendation"));
    auto* again = new QPushButton(icon(QStringLiteral("refresh")), QStringLiteral("Judge again"));
    card_->addTool(again);
    connect(again, &QPushButton::clicked, &session_, &Session::recommendNow);
    connect(card_, &Card::actionRequested, &session_, &Session::recommendNow);
    content_ = new QVBoxLayout;
    content_->setSpacing(space::s);
    card_->body()->addLayout(content_);
    column->addWidget(card_);
}

void RecommendationsTab::setFunction(const FunctionRow& row) {
    const bool other = !row_ || row_->function.id != row.function.id;
    row_ = row;
    const auto* found = session_.fleet()->recommendation(row.function.id);
    const bool same =
        !other && shown_.has_value() == (found != nullptr) && (!found || (shown_->id == found->id && shown_->made_at == found->made_at));
    if (same) return;
    shown_ = found ? std::optional<Recommendation>(*found) : std::nullopt;
    show();
}

void RecommendationsTab::show() {
    const std::function<void(QLayout*)> clear = [&](QLayout* layout) {
        while (auto* item = layout->takeAt(0)) {
            if (item->widget()) {
                item->widget()->hide();
                item->widget()->deleteLater();
            }
            if (item->layout()) clear(item->layout());
            delete item;
        }
    };
    clear(content_);
    if (!shown_) {
        card_->setCaption({});
        card_->setState(
            PanelState::empty(QStringLiteral("Not judged yet"),
                              QStringLiteral("Pilotlight searches memory, warm pool and limits for settings that keep your SLO for less."),
                              QStringLiteral("Judge all functions")));
        return;
    }
    const auto& r = *shown_;
    card_->setCaption(QStringLiteral("judged %1, at the traffic of the last 14 days").arg(format::dateTime(r.made_at, QTimeZone::utc())));
    if (r.status == RecommendationStatus::inconclusive) {
        QString reasons;
        for (const auto& reason : r.reasons) reasons += qs(reason) + QLatin1Char('\n');
        card_->setState(PanelState::inconclusive(
            QStringLiteral("Inconclusive: needs %1").arg(qs(r.needs.empty() ? std::string("more data") : r.needs)), reasons.trimmed()));
        return;
    }
    card_->setState(PanelState::content());
    auto* head = new QHBoxLayout;
    head->setSpacing(space::s);
    head->addWidget(makeLabel(
        savingText(r), Type::title,
        r.status == RecommendationStatus::recommended && r.saving_month && r.saving_month->value.units() > 0 ? Role::good : Role::text,
        600));
    if (!r.effort.empty() && r.status == RecommendationStatus::recommended)
        head->addWidget(new Chip(QStringLiteral("effort %1").arg(qs(r.effort))));
    if (!r.risk.empty() && r.status == RecommendationStatus::recommended)
        head->addWidget(new Chip(QStringLiteral("risk %1").arg(qs(r.risk)), r.risk == "high"     ? Role::bad
                                                                            : r.risk == "medium" ? Role::caution
                                                                                                 : Role::muted));
    head->addStretch(1);
    content_->addLayout(head);
    if (r.status == RecommendationStatus::recommended) {
        auto* table = new CompareTable(CompareTable::Layout::columns);
        table->setHeaders({}, QStringLiteral("today"), QStringLiteral("recommended"));
        std::vector<CompareTable::Row> rows;
        for (const auto& change : r.changes)
            rows.push_back({settingLabel(change.setting),
                            settingValue(change.setting, change.before),
                            settingValue(change.setting, change.after),
                            {},
                            Role::text,
                            true});
        const auto effect = [&](const char* name, const std::optional<EffectValue>& value, const std::function<QString(double)>& text) {
            if (!value) return;
            rows.push_back({QString::fromLatin1(name),
                            text(value->before),
                            QStringLiteral("%1  (%2)").arg(text(value->after), format::range(text(value->lo), text(value->hi))),
                            {},
                            Role::text,
                            false});
        };
        effect("Cost per month", r.effect.cost_usd_month, [](double v) { return format::money(v); });
        effect("Latency p95", r.effect.p95_ms, [](double v) { return format::durationText(v); });
        effect("Cold starts", r.effect.cold_start_share, [](double v) { return format::percent(v); });
        table->setRows(std::move(rows));
        table->setMaximumWidth(640);
        content_->addWidget(table);
        content_->addSpacing(space::s);
    }
    if (!r.reasons.empty()) content_->addWidget(makeLabel(QStringLiteral("Why"), Type::body, Role::text, 600));
    for (const auto& reason : r.reasons) {
        auto* line = makeLabel(QStringLiteral("•  ") + qs(reason), Type::body, Role::muted);
        line->setWordWrap(true);
        content_->addWidget(line);
    }
    content_->addSpacing(space::s);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(space::s);
    if (r.status == RecommendationStatus::recommended) {
        auto* review = new QPushButton(planning_ ? QStringLiteral("Planning…") : QStringLiteral("Review and apply…"));
        setButtonKind(review, "primary");
        const QString read_only = row_ ? session_.readOnlyReason(row_->function.profile) : QString();
        review->setEnabled(read_only.isEmpty() && !planning_);
        review->setToolTip(read_only);
        connect(review, &QPushButton::clicked, this, [this, id = r.id] { plan(id, {}); });
        buttons->addWidget(review);
    }
    auto* what_if = new QPushButton(QStringLiteral("Open in What-if"));
    what_if->setFixedHeight(kPrimaryHeight);
    connect(what_if, &QPushButton::clicked, this, [this] { emit tabRequested(QStringLiteral("whatif")); });
    buttons->addWidget(what_if);
    buttons->addStretch(1);
    content_->addLayout(buttons);
    content_->addStretch(1);
}

void RecommendationsTab::plan(const std::string& recommendation_id, const QStringList& overrides) {
    std::vector<std::string> names;
    for (const auto& name : overrides) names.push_back(name.toStdString());
    planning_ = true;
    show();
    session_.makeWay();
    plan_job_.run<Plan>(
        {QStringLiteral("Plan for %1").arg(row_ ? qs(row_->function.name) : QString()), Lane::write, true, true, true},
        [recommendation_id, names](Workspace& workspace, const JobContext& job) {
            return workspace.planRecommendation(recommendation_id, names, job);
        },
        this,
        [this, recommendation_id](Result<Plan> plan) {
            planning_ = false;
            show();
            if (!plan) {
                if (plan.error().code != ErrorCode::cancelled) emit session_.reported(qs(plan.error().what), qs(plan.error().text()));
                return;
            }
            auto* dialog = new PlanReviewDialog(session_, std::move(*plan), window());
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &PlanReviewDialog::applied, &session_, &Session::openChange);
            connect(dialog, &PlanReviewDialog::planAgain, this, [this, dialog, recommendation_id](const QStringList& again) {
                dialog->close();
                this->plan(recommendation_id, again);
            });
            dialog->open();
        });
}

}  // namespace pilotlight::console
