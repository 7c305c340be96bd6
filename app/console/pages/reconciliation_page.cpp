#include "app/console/pages/reconciliation_page.h"

#include <QHeaderView>
#include <QVBoxLayout>

#include "app/console/models/function_model.h"
#include "app/console/models/words.h"
#include "widgets/card.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

ReconciliationPage::ReconciliationPage(Session& session) : Page(session, QStringLiteral("reconciliation")), job_(session.jobs()) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    card_ = new Card(QStringLiteral("Billed and computed"));
    model_ = new BillModel(this);
    auto* proxy = new SortProxy(this);
    proxy->setSourceModel(model_);
    proxy_ = proxy;
    table_ = new Table;
    table_->setModel(proxy_);
    table_->setAccessibleName(QStringLiteral("Billed and computed"));
    auto* header = table_->horizontalHeader();
    header->setSectionResizeMode(0, QHeaderView::Stretch);
    for (int c = 1; c < 5; ++c) header->resizeSection(c, 130);
    header->setSectionResizeMode(5, QHeaderView::Stretch);
    card_->body()->addWidget(table_);
    card_->setState(PanelState::loading());
    column->addWidget(card_, 1);
    connect(card_, &Card::actionRequested, &session_, [this] { session_.syncNow(); });
    connect(card_, &Card::cancelRequested, this, [this] { cancel(); });
    connect(table_, &Table::rowActivated, this, [this](const QModelIndex& index) {
        const QString id = index.data(KeyRole).toString().section(QLatin1Char('\n'), 1, 1);
        if (!id.isEmpty()) emit session_.openFunction(id, {});
    });
    connect(&session_, &Session::fleetChanged, this, [this] {
        stale_ = true;
        if (isVisible()) read();
    });
}

Heading ReconciliationPage::heading() const { return {{QStringLiteral("Reconciliation")}, {}}; }
QStringList ReconciliationPage::views() const { return {QStringLiteral("Meter"), QStringLiteral("Function"), QStringLiteral("Connection")}; }

void ReconciliationPage::setView(int index) {
    group_ = static_cast<BillGroup>(index);
    show();
}

bool ReconciliationPage::cancel() {
    job_.cancel();
    return false;
}

void ReconciliationPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    if (stale_ && session_.loaded()) read();
}

void ReconciliationPage::read() {
    stale_ = false;
    job_.run<BillCheck>(
        {QStringLiteral("Compare the bill")},
        [range = session_.fleet()->range](Workspace& workspace, const JobContext&) { return workspace.billCheck(range); }, this,
        [this](Result<BillCheck> check) {
            if (!check) {
                if (check.error().code != ErrorCode::cancelled) card_->setState(PanelState::fromError(check.error(), QStringLiteral("Read again")));
                return;
            }
            check_ = std::move(*check);
            show();
        });
}

void ReconciliationPage::show() {
    model_->setRows(billRows(check_, group_, *session_.fleet()));
    card_->setCaption(check_.days.empty() ? QString()
                                          : QStringLiteral("whole UTC days that are billed (%1); computed at %2 before grants; newest days may still grow")
                                                .arg(billedDaysText(check_), pricesText(*session_.fleet())));
    card_->setState(model_->rowCount() > 0
                        ? PanelState::content()
                        : PanelState::empty(QStringLiteral("No closed day of a bill has been read for this range"),
                                            QStringLiteral("Bills come from Cost Explorer, the BigQuery billing export and Cost Management, hours to days after the day."),
                                            QStringLiteral("Read now")));
}

}  // namespace pilotlight::console
