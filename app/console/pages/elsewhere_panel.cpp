#include "app/console/pages/elsewhere_panel.h"

#include <QLabel>
#include <QVBoxLayout>

#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/format.h"
#include "widgets/summary_tables.h"

namespace pilotlight::console {

using namespace widgets;

QString sizeText(const tuning::Placement& p) {
    QStringList parts{qs(p.service)};
    if (!p.region.empty()) parts << qs(p.region);
    if (p.platform == PlatformKind::gcp) parts << format::significant(p.vcpu) + QStringLiteral(" vCPU");
    parts << format::megabytes(p.memory.value);
    if (p.concurrency > 1) parts << QStringLiteral("%1 at once").arg(p.concurrency);
    if (p.warm_pool > 0) parts << QStringLiteral("%1 warm").arg(p.warm_pool);
    return parts.join(QStringLiteral(", "));
}

QString amountsText(const tuning::Placement& p) {
    QStringList lines{sizeText(p)};
    for (const auto& line : p.lines)
        lines << QStringLiteral("%1: %2 %3 × $%4 = %5")
                     .arg(meterLabel(line.meter), format::integer(line.quantity), qs(line.unit),
                          QString::number(line.unit_price.toDouble(), 'g', 8), format::money(line.amount.toDouble()));
    lines << qs(p.prices);
    return lines.join(QLatin1Char('\n'));
}

ElsewherePanel::ElsewherePanel(Session& session, QWidget* parent) : QWidget(parent), job_(session.jobs()) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    table_ = new KeyValueTable;
    column->addWidget(table_);
    note_ = makeLabel({}, Type::label, Role::muted);
    note_->setWordWrap(true);
    column->addWidget(note_);
    column->addStretch(1);
}

void ElsewherePanel::clear() {
    job_.cancel();
    engine_.reset();
    answer_.reset();
    stale_ = false;
    table_->setRows({});
    note_->clear();
}

void ElsewherePanel::ask(std::shared_ptr<const tuning::Engine> engine, double traffic) {
    if (engine == engine_ && traffic == traffic_) return;
    engine_ = std::move(engine);
    traffic_ = traffic;
    stale_ = engine_ != nullptr;
    if (isVisible()) load();
}

void ElsewherePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    load();
}

void ElsewherePanel::load() {
    if (!stale_) return;
    stale_ = false;
    if (!answer_) note_->setText(QStringLiteral("Replaying the requests there…"));
    job_.run<tuning::Elsewhere>({QStringLiteral("The same requests elsewhere"), Lane::compute, true},
                                [engine = engine_, traffic = traffic_](Workspace& workspace, const JobContext& job) {
                                    return workspace.elsewhere(*engine, traffic, job);
                                },
                                this, [this](Result<tuning::Elsewhere> answer) {
                                    if (answer)
                                        show(*answer);
                                    else if (answer.error().code != ErrorCode::cancelled)
                                        note_->setText(qs(answer.error().text()));
                                });
}

void ElsewherePanel::show(const tuning::Elsewhere& answer) {
    answer_ = answer;
    std::vector<KeyValueTable::Row> rows;
    for (const auto& p : answer.placements) {
        const QString cost = p.outcome.cost_month ? format::money(p.outcome.cost_month->value.toDouble()) : QStringLiteral("cost unknown");
        const QString p95 = p.outcome.p95_ms ? format::durationText(p.outcome.p95_ms->value) : QStringLiteral("p95 unknown");
        const bool surely = p.today || (p.outcome.p95_ms && answer.target_p95_ms && p.outcome.p95_ms->hi <= *answer.target_p95_ms);
        const bool missed = p.outcome.p95_ms && answer.target_p95_ms && !p.meets_target;
        QString service = qs(p.service);
        service.replace(QStringLiteral("Flex Consumption"), QStringLiteral("Flex"));  // the whole name is in the tooltip
        const QString hedge = p.meets_target && !surely ? QStringLiteral("~") : QString();
        rows.push_back({service + (p.today ? QStringLiteral(" (today)") : QStringLiteral(", ") + format::megabytes(p.memory.value)), cost + QStringLiteral(" · ") + hedge + p95,
                        missed ? Role::caution : Role::text, amountsText(p), p.today ? 600 : 400});
    }
    table_->setRows(std::move(rows));
    QString text = QStringLiteral("Per month, and p95");
    if (answer.target_p95_ms) text += QStringLiteral(" (target %1; ~ may miss it)").arg(format::durationText(*answer.target_p95_ms));
    if (!answer.placements.empty() && answer.placements.front().warm_pool > 0)
        text += QStringLiteral(", with %1 kept warm everywhere as today").arg(answer.placements.front().warm_pool);
    text += QStringLiteral(". Point at a row for each amount with its price and date. ");
    if (!answer.cautions.empty()) text += QString(qs(answer.cautions.front()).at(0).toUpper()) + qs(answer.cautions.front()).mid(1) + QLatin1Char('.');
    note_->setText(text);
}

}  // namespace pilotlight::console
