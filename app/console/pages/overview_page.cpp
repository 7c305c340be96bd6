#include "app/console/pages/overview_page.h"

#include <QHeaderView>
#include <QPushButton>
#include <QScrollArea>

#include "app/console/models/other_models.h"
#include "app/console/models/overview_figures.h"
#include "app/console/models/words.h"
#include "app/console/pages/stacked_costs.h"
#include "widgets/card.h"
#include "widgets/charts/time_chart.h"
#include "widgets/figure_tile.h"
#include "widgets/format.h"
#include "widgets/summary_tables.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
Role needRole(Need::Level level) {
    switch (level) {
        case Need::Level::bad:
            return Role::bad;
        case Need::Level::caution:
            return Role::warm;
        case Need::Level::watch:
            return Role::cold;
        case Need::Level::note:
            return Role::faint;
    }
    return Role::muted;
}
}  // namespace

OverviewPage::OverviewPage(Session& session) : Page(session, QStringLiteral("overview")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);

    compare_ = new QPushButton(this);
    compare_->setCheckable(true);
    compare_->setChecked(session_.compare());
    compare_->setToolTip(QStringLiteral("Costs of the range as long as this one that ended where it begins: a dashed line, and the difference"));
    connect(compare_, &QPushButton::toggled, &session_, &Session::setCompare);
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(space::gap);
    for (auto [tile, label] : {std::pair{&cost_, "Cost per month"}, std::pair{&available_, "Saving available"},
                               std::pair{&realised_, "Saving realised"}, std::pair{&cold_, "Cold starts"}}) {
        *tile = new FigureTile(QString::fromLatin1(label));
        tiles->addWidget(*tile, 1);
    }
    column->addLayout(tiles);

    auto* middle = new QHBoxLayout;
    middle->setSpacing(space::gap);
    chart_card_ = new Card(QStringLiteral("Cost by day"));
    chart_ = new TimeChart;
    chart_->setValueFormat([](double usd) { return format::moneyWhole(usd); });
    chart_->setExportName(QStringLiteral("cost-by-day"));
    chart_card_->body()->addWidget(chart_);
    needs_card_ = new Card(QStringLiteral("Needs you"));
    needs_ = new DotList;
    needs_->setAccessibleName(QStringLiteral("What needs you"));
    auto* needs_area = new QScrollArea;
    needs_area->setWidgetResizable(true);
    needs_area->setFrameShape(QFrame::NoFrame);
    needs_area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* needs_inner = new QWidget;
    needs_inner->setObjectName(QStringLiteral("page"));
    auto* needs_column = new QVBoxLayout(needs_inner);
    needs_column->setContentsMargins(0, 0, 0, 0);
    needs_column->addWidget(needs_);
    needs_column->addStretch(1);
    needs_area->setWidget(needs_inner);
    needs_card_->body()->addWidget(needs_area);
    middle->addWidget(chart_card_, 17);
    middle->addWidget(needs_card_, 10);
    column->addLayout(middle, 8);

    functions_card_ = new Card(QStringLiteral("Functions"));
    functions_ = new FunctionModel({"name", "platform", "cost", "saving", "p95", "cold", "trend"}, this);
    proxy_ = new FunctionProxy(this);
    proxy_->setSourceModel(functions_);
    table_ = new Table;
    table_->setModel(proxy_);
    auto* header = table_->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Stretch);
    header->setSectionResizeMode(1, QHeaderView::Fixed);
    header->resizeSection(1, 80);
    table_->sortByColumn(functions_->columnOf("cost"), Qt::DescendingOrder);
    table_->setAccessibleName(QStringLiteral("Functions by cost"));
    functions_card_->body()->addWidget(table_);
    column->addWidget(functions_card_, 9);

    const auto open = [this](const QModelIndex& index) { emit session_.openFunction(index.data(KeyRole).toString(), {}); };
    connect(table_, &Table::rowActivated, this, open);
    connect(table_, &QTableView::clicked, this, open);
    connect(needs_, &DotList::activated, this, [this](const QString& key) {
        for (const auto& need : needs_shown_) {
            if (qs(need.key) != key) continue;
            if (need.function_id.empty()) {
                emit session_.openPage(qs(need.page));
            } else {
                emit session_.openFunction(qs(need.function_id), QStringLiteral("metrics"));
            }
            return;
        }
    });
    connect(chart_, &TimeChart::annotationClicked, this, [this] { emit session_.openPage(QStringLiteral("changes")); });
    for (auto* card : {chart_card_, needs_card_, functions_card_}) {
        card->setState(PanelState::loading());
        connect(card, &Card::actionRequested, this, [this] {
            if (session_.fleet()->profiles.empty()) {
                emit session_.openPage(QStringLiteral("connections"));
            } else {
                session_.syncNow();
            }
        });
    }
    connect(&session_, &Session::fleetChanged, this, &OverviewPage::show);
    if (session_.loaded()) show();
}

Heading OverviewPage::heading() const {
    const auto count = session_.fleet()->profiles.size();
    return {{QStringLiteral("Overview")},
            {{count == 1 ? qs(session_.fleet()->profiles.front().profile.name) : QStringLiteral("all connections"), Role::muted}}};
}

QList<QWidget*> OverviewPage::tools() { return {compare_}; }

QAbstractItemModel* OverviewPage::exportModel() { return proxy_; }

void OverviewPage::show() {
    const auto& fleet = *session_.fleet();
    if (!session_.loaded()) {
        if (session_.loadError()) functions_card_->setState(PanelState::fromError(*session_.loadError()));
        return;
    }
    compare_->setText(QStringLiteral("compare: %1 before").arg(format::spanText(static_cast<double>(fleet.range.length().count()))));
    const auto figures = overviewFigures(fleet);
    cost_->setFigure(figures.cost);
    available_->setFigure(figures.available);
    realised_->setFigure(figures.realised);
    cold_->setFigure(figures.cold);
    showCosts();

    needs_shown_ = needsOf(fleet);
    std::vector<DotList::Item> items;
    for (const auto& need : needs_shown_) items.push_back({needRole(need.level), qs(need.text), qs(need.figure), qs(need.key)});
    needs_->setItems(std::move(items));
    needs_card_->setState(!needs_shown_.empty()
                              ? PanelState::content()
                              : PanelState::empty(QStringLiteral("Nothing needs you"),
                                                  QStringLiteral("Throttling, failures, idle pools and changes under watch appear here.")));
    functions_->setRows(functionItems(fleet));
    functions_card_->setCaption(QStringLiteral("by cost, %1 in %2 %3")
                                    .arg(fleet.functions.size())
                                    .arg(fleet.profiles.size())
                                    .arg(fleet.profiles.size() == 1 ? QStringLiteral("connection") : QStringLiteral("connections")));
    if (!fleet.functions.empty()) {
        functions_card_->setState(PanelState::content());
    } else if (fleet.profiles.empty()) {
        functions_card_->setState(
            PanelState::empty(QStringLiteral("Your functions will be listed here"),
                              QStringLiteral("Connect an account, read-only, or start the built-in sandbox with pilotlight --sandbox."),
                              QStringLiteral("Add a connection")));
    } else {
        functions_card_->setState(
            session_.syncing()
                ? PanelState::loading(QStringLiteral("Reading functions"))
                : PanelState::empty(QStringLiteral("No function was found"),
                                    QStringLiteral("The connections have been read, or not yet; they hold no function we could see."),
                                    QStringLiteral("Read now")));
    }
    emit headingChanged();
}

void OverviewPage::showCosts() {
    const auto& fleet = *session_.fleet();
    const auto forecast = forecastCosts(fleet, 7);
    if (!showStackedCosts(*chart_, fleet, CostGroup::function, 5, forecast)) {
        chart_card_->setCaption({});
        chart_card_->setState(
            session_.syncing() ? PanelState::loading(QStringLiteral("Reading usage"))
                               : PanelState::empty(QStringLiteral("Cost by day will be drawn here"),
                                                   QStringLiteral("It needs usage of at least one day and a price list for its region.")));
        return;
    }
    chart_card_->setCaption(QStringLiteral("computed at %1, UTC days; hatched: not complete").arg(pricesText(fleet)) +
                            (forecast ? QStringLiteral("; dashed: forecast, 90 %") : QString()));
    chart_card_->setToolTip(forecast ? QStringLiteral("Forecast: %1. On the last %2 days it was off by %3.")
                                           .arg(forecast->method)
                                           .arg(forecast->days_tested)
                                           .arg(format::percent(forecast->wape))
                                     : QString());
    chart_card_->setState(PanelState::content());
}

}  // namespace pilotlight::console
