#include "app/console/pages/change_view.h"

#include <QGridLayout>
#include <QScrollArea>

#include "app/console/dialogs/revert_dialog.h"
#include "app/console/models/journal_lines.h"
#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

ChangeView::ChangeView(Session& session, QWidget* parent) : QWidget(parent), session_(session), journal_job_(session.jobs()) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    card_ = new Card(QStringLiteral("Change"));
    revert_ = new QPushButton(icon(QStringLiteral("undo")), QStringLiteral("Revert…"));
    card_->addTool(revert_);
    connect(revert_, &QPushButton::clicked, this, &ChangeView::revert);
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* inner = new QWidget;
    inner->setObjectName(QStringLiteral("page"));
    content_ = new QVBoxLayout(inner);
    content_->setContentsMargins(0, 0, 6, 0);
    content_->setSpacing(space::s);
    area->setWidget(inner);
    card_->body()->addWidget(area);
    column->addWidget(card_);
    setChange({});
}

void ChangeView::setChange(const std::optional<Change>& change) {
    const bool other = !change || !change_ || change->id != change_->id;
    if (other) journal_.clear();
    change_ = change;
    if (change_) {
        journal_job_.run<std::vector<JournalEntry>>(
            {QStringLiteral("Read the journal")},
            [id = change_->id](Workspace& workspace, const JobContext&) { return workspace.journal(id); }, this,
            [this](Result<std::vector<JournalEntry>> journal) {
                if (!journal) return;
                journal_ = std::move(*journal);
                show();
            });
    } else {
        journal_job_.cancel();
    }
    show();
}

void ChangeView::show() {
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
    revert_->setVisible(change_.has_value());
    if (!change_) {
        card_->setTitle(QStringLiteral("Change"));
        card_->setCaption({});
        card_->setState(
            PanelState::empty(QStringLiteral("Choose a change"), QStringLiteral("Its settings, effect and journal appear here.")));
        return;
    }
    card_->setState(PanelState::content());
    const auto& change = *change_;
    const auto* row = session_.fleet()->function(change.function_id);
    const QString who = row ? qs(row->function.name) : qs(change.function_id).section(QLatin1Char(':'), -1);
    card_->setTitle(who);
    card_->setCaption(QStringLiteral("change %1, plan %2").arg(shortId(change.id), shortId(change.plan_id)));
    const QString read_only = session_.readOnlyReason(change.profile);
    const bool revertable = change.status == ChangeStatus::applied || change.status == ChangeStatus::watching ||
                            change.status == ChangeStatus::kept || change.status == ChangeStatus::inconclusive;
    revert_->setEnabled(revertable && read_only.isEmpty());
    revert_->setToolTip(!read_only.isEmpty() ? read_only
                        : revertable         ? QStringLiteral("Put back what was there before")
                                             : QStringLiteral("There is nothing to put back"));

    auto* status = new QHBoxLayout;
    status->setSpacing(space::s);
    status->addWidget(new Chip(statusLabel(change.status), statusRole(change.status)));
    QString when = format::dateTime(change.started, QTimeZone::utc());
    if (change.status == ChangeStatus::watching && change.watch_until != Timestamp{})
        when += QStringLiteral(", watched until ") + format::time(change.watch_until, QTimeZone::utc());
    if (change.decided != Timestamp{}) when += QStringLiteral(", decided ") + format::dateTime(change.decided, QTimeZone::utc());
    status->addWidget(makeLabel(when, Type::label, Role::muted));
    status->addStretch(1);
    content_->addLayout(status);
    if (!change.detail.empty()) {
        auto* detail = makeLabel(qs(change.detail), Type::body, Role::muted);
        detail->setWordWrap(true);
        content_->addWidget(detail);
    }

    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(space::l);
    grid->setVerticalSpacing(0);
    grid->setColumnStretch(0, 2);
    for (int c = 1; c < 4; ++c) grid->setColumnStretch(c, 1);
    int line = 0;
    const auto put = [&](const QString& text, int column, Role ink, int weight = 400) {
        auto* label = makeLabel(text, Type::body, ink, weight);
        label->setMinimumHeight(kRowHeight);
        label->setAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        grid->addWidget(label, line, column);
    };
    const auto rule = [&] { grid->addWidget(makeRule(), ++line, 0, 1, 4), ++line; };
    put(QStringLiteral("Setting"), 0, Role::muted, 500);
    put(QStringLiteral("before"), 1, Role::muted, 500);
    put(QStringLiteral("after"), 2, Role::muted, 500);
    rule();
    for (const auto& setting : change.changes) {
        put(settingLabel(setting.setting), 0, Role::text);
        put(settingValue(setting.setting, setting.before), 1, Role::muted);
        put(settingValue(setting.setting, setting.after), 2, Role::text, 600);
        rule();
    }
    content_->addLayout(grid);
    content_->addSpacing(space::s);

    auto* effect = new QGridLayout;
    effect->setHorizontalSpacing(space::l);
    effect->setVerticalSpacing(0);
    effect->setColumnStretch(0, 2);
    for (int c = 1; c < 4; ++c) effect->setColumnStretch(c, 1);
    grid = effect;
    line = 0;
    put(QStringLiteral("Effect"), 0, Role::muted, 500);
    put(QStringLiteral("before"), 1, Role::muted, 500);
    put(QStringLiteral("predicted"), 2, Role::muted, 500);
    put(QStringLiteral("measured"), 3, Role::muted, 500);
    rule();
    const auto effectRow = [&](const QString& name, const std::optional<EffectValue>& predicted, const std::optional<EffectValue>& realised,
                               const std::function<QString(double)>& text) {
        put(name, 0, Role::text);
        put(realised ? text(realised->before) : predicted ? text(predicted->before) : format::unknown(), 1, Role::muted);
        put(predicted ? text(predicted->after) : format::unknown(), 2, Role::text);
        if (realised) {
            const bool inside = predicted && realised->after >= predicted->lo && realised->after <= predicted->hi;
            put(text(realised->after), 3, inside ? Role::good : Role::text, 600);
        } else {
            put(change.status == ChangeStatus::watching ? QStringLiteral("watching") : QString(format::kEnDash), 3, Role::faint);
        }
        rule();
    };
    const auto realised = change.realised.value_or(Effect{});
    effectRow(QStringLiteral("Cost per month"), change.predicted.cost_usd_month, realised.cost_usd_month,
              [](double v) { return format::money(v); });
    effectRow(QStringLiteral("Latency p95"), change.predicted.p95_ms, realised.p95_ms, [](double v) { return format::durationText(v); });
    effectRow(QStringLiteral("Cold starts"), change.predicted.cold_start_share, realised.cold_start_share,
              [](double v) { return format::percent(v); });
    content_->addLayout(effect);

    content_->addSpacing(space::s);
    content_->addWidget(makeLabel(QStringLiteral("Journal"), Type::body, Role::text, 600));
    if (journal_.empty()) content_->addWidget(makeLabel(QStringLiteral("Nothing is written yet."), Type::label, Role::muted));
    for (const auto& line : journalLines(journal_)) {
        auto* row_layout = new QHBoxLayout;
        row_layout->setSpacing(space::m);
        auto* time = makeLabel(format::time(line.time, QTimeZone::utc()), Type::label, Role::faint);
        time->setFixedWidth(64);
        row_layout->addWidget(time, 0, Qt::AlignTop);
        const bool long_outcome = !line.call && line.outcome.size() > 14;
        auto* text = makeLabel(long_outcome ? line.text + QStringLiteral(": ") + line.outcome : line.text, Type::label, Role::text);
        if (line.call) text->setFont(Theme::instance().mono());
        text->setWordWrap(true);
        text->setToolTip(line.raw);
        row_layout->addWidget(text, 1, Qt::AlignTop);
        if (!long_outcome) row_layout->addWidget(makeLabel(line.outcome, Type::label, Role::muted), 0, Qt::AlignTop);
        content_->addLayout(row_layout);
    }
    content_->addStretch(1);
}

void ChangeView::revert() {
    if (!change_) return;
    auto* dialog = new RevertDialog(session_, *change_, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

}  // namespace pilotlight::console
