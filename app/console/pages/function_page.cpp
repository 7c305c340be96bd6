#include "app/console/pages/function_page.h"

#include <QStackedWidget>

#include "app/console/models/words.h"
#include "app/console/pages/changes_page.h"
#include "app/console/pages/metrics_tab.h"
#include "app/console/pages/recommendations_tab.h"
#include "app/console/pages/what_if_tab.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

class HistoryTab : public FunctionTab {
public:
    explicit HistoryTab(Session& session) : FunctionTab(session), panel_(new ChangesPanel(session, false)) {
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(space::page, space::page, space::page, space::page);
        column->addWidget(panel_);
    }
    void setFunction(const FunctionRow& row) override { panel_->setFunction(row.function.id); }
    [[nodiscard]] QAbstractItemModel* exportModel() override { return panel_->model(); }

private:
    ChangesPanel* panel_;
};

}  // namespace

FunctionPage::FunctionPage(Session& session) : Page(session, QStringLiteral("function")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    stack_ = new QStackedWidget;
    column->addWidget(stack_);
    add(QStringLiteral("metrics"), QStringLiteral("Metrics"), new MetricsTab(session));
    add(QStringLiteral("whatif"), QStringLiteral("What-if"), new WhatIfTab(session));
    add(QStringLiteral("recommendations"), QStringLiteral("Recommendations"), new RecommendationsTab(session));
    add(QStringLiteral("history"), QStringLiteral("History"), new HistoryTab(session));
    choose(current_);
    connect(&session_, &Session::fleetChanged, this, &FunctionPage::show);
}

void FunctionPage::add(const QString& name, const QString& title, FunctionTab* tab) {
    tabs_.insert(name, tab);
    stack_->addWidget(tab);
    connect(tab, &FunctionTab::basisChanged, this, &Page::headingChanged);
    connect(tab, &FunctionTab::tabRequested, this, &FunctionPage::choose);
    names_ << name;
    titles_ << title;
}

void FunctionPage::open(const QString& id, const QString& tab) {
    id_ = id;
    if (tabs_.contains(tab)) {
        choose(tab);
    } else {
        choose(current_);
    }
}

void FunctionPage::choose(const QString& tab) {
    if (!tabs_.contains(tab)) return;
    current_ = tab;
    stack_->setCurrentWidget(tabs_.value(tab));
    for (auto it = tabs_.begin(); it != tabs_.end(); ++it) it.value()->setActive(it.key() == tab);
    show();
}

void FunctionPage::show() {
    if (const auto* row = session_.fleet()->function(id_.toStdString())) tabs_.value(current_)->setFunction(*row);
    emit headingChanged();
}

Heading FunctionPage::heading() const {
    const auto* row = session_.fleet()->function(id_.toStdString());
    if (row == nullptr) return {{QStringLiteral("Functions"), id_.section(QLatin1Char(':'), -1)}, {}};
    const auto& function = row->function;
    QString what = platformService(function.platform) + QStringLiteral(" · ") + qs(function.region);
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.kind != "alias") continue;
        what += QStringLiteral(" · ") + qs(qualifier.name);
        break;
    }
    const auto environment = session_.environmentOf(function.profile);
    Heading heading{{QStringLiteral("Functions"), qs(function.name)},
                    {{what, Role::muted}, {environmentLabel(environment), environmentRole(environment)}}};
    if (const QString shown = shownOnlyText(function); !shown.isEmpty()) heading.chips << QPair{shown, Role::muted};
    if (const QString inside = appFunctionsText(function); !inside.isEmpty()) heading.chips << QPair{inside, Role::muted};
    if (!session_.readOnlyReason(function.profile).isEmpty()) heading.chips << QPair{QStringLiteral("read-only"), Role::muted};
    return heading;
}

QString FunctionPage::basis() const { return tabs_.value(current_)->basis(); }
void FunctionPage::undo() { tabs_.value(current_)->undo(); }
void FunctionPage::redo() { tabs_.value(current_)->redo(); }
bool FunctionPage::cancel() { return tabs_.value(current_)->cancel(); }
QAbstractItemModel* FunctionPage::exportModel() { return tabs_.value(current_)->exportModel(); }

}  // namespace pilotlight::console
