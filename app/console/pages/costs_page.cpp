#include "app/console/pages/costs_page.h"

#include <QHeaderView>

#include "app/console/models/function_model.h"
#include "app/console/models/words.h"
#include "app/console/pages/stacked_costs.h"
#include "widgets/card.h"
#include "widgets/charts/legend_table.h"
#include "widgets/charts/time_chart.h"
#include "widgets/charts/tree_map.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

constexpr int kLayers = 7;  // of their own; the rest is "other"

// In the colours of the chart above; what it calls other is one area.
std::vector<TreeMap::Item> areas(const std::vector<CostRow>& rows) {
    std::vector<TreeMap::Item> items;
    double others = 0;
    for (const auto& row : rows) {
        if (!row.known || row.amount <= Money{}) continue;
        if (static_cast<int>(items.size()) == kLayers)
            others += row.amount.toDouble();
        else
            items.push_back({qs(row.key), row.label, row.amount.toDouble(), static_cast<int>(items.size())});
    }
    items.push_back({{}, QStringLiteral("other"), others, kSeriesCount - 1});
    return items;
}

}  // namespace

CostsPage::CostsPage(Session& session) : Page(session, QStringLiteral("costs")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);
    chart_card_ = new Card(QStringLiteral("Cost by day"));
    chart_ = new TimeChart;
    chart_->setValueFormat([](double usd) { return format::money(usd); });
    chart_->setExportName(QStringLiteral("costs"));
    auto* row = new QHBoxLayout;
    row->setSpacing(space::l);
    row->addWidget(chart_, 5);
    row->addWidget(new LegendTable(chart_, {LegendTable::Column::value, LegendTable::Column::mean, LegendTable::Column::sum}), 2);
    chart_card_->body()->addLayout(row);
    column->addWidget(chart_card_, 1);
    auto* below = new QHBoxLayout;
    below->setSpacing(space::gap);
    map_card_ = new Card(QStringLiteral("Share of the whole"));
    map_ = new TreeMap;
    map_->setValueFormat([](double usd) { return format::money(usd); });
    map_card_->body()->addWidget(map_, 1);
    below->addWidget(map_card_, 2);
    connect(map_, &TreeMap::activated, this, &CostsPage::open);
    table_card_ = new Card;
    model_ = new CostModel(this);
    auto* proxy = new SortProxy(this);
    proxy->setSourceModel(model_);
    proxy_ = proxy;
    table_ = new Table;
    table_->setModel(proxy_);
    table_->setAccessibleName(QStringLiteral("Costs"));
    auto* header = table_->horizontalHeader();
    header->resizeSection(0, 150);
    for (int c = 1; c < 4; ++c) header->resizeSection(c, 90);
    header->setSectionResizeMode(4, QHeaderView::Stretch);
    table_->sortByColumn(1, Qt::DescendingOrder);
    table_card_->body()->addWidget(table_);
    below->addWidget(table_card_, 3);
    column->addLayout(below, 1);
    connect(table_, &Table::rowActivated, this, [this](const QModelIndex& index) { open(index.data(KeyRole).toString()); });
    for (auto* card : {chart_card_, map_card_, table_card_}) {
        card->setState(PanelState::loading());
        connect(card, &Card::actionRequested, &session_, [this] { session_.syncNow(); });
    }
    connect(&session_, &Session::fleetChanged, this, &CostsPage::show);
    if (session_.loaded()) show();
}

Heading CostsPage::heading() const { return {{QStringLiteral("Costs")}, {{QStringLiteral("computed"), Role::muted}}}; }
QStringList CostsPage::views() const { return {QStringLiteral("Function"), QStringLiteral("Meter"), QStringLiteral("Connection")}; }

void CostsPage::open(const QString& key) {
    if (group_ == CostGroup::function && !key.isEmpty()) emit session_.openFunction(key, {});
}

void CostsPage::setView(int index) {
    group_ = static_cast<CostGroup>(index);
    show();
}

QAbstractItemModel* CostsPage::exportModel() { return proxy_; }

void CostsPage::show() {
    const auto& fleet = *session_.fleet();
    if (!session_.loaded()) return;
    const bool any = showStackedCosts(*chart_, fleet, group_, kLayers);
    auto rows = costRows(fleet, group_);
    map_->setItems(areas(rows));
    map_->setOpens(group_ == CostGroup::function);
    model_->setRows(std::move(rows));
    const QString caption = QStringLiteral("computed: usage at %1 before grants, UTC days").arg(pricesText(fleet));
    chart_card_->setCaption(caption);
    const char* by = group_ == CostGroup::function ? "By function" : group_ == CostGroup::meter ? "By meter" : "By connection";
    table_card_->setTitle(QString::fromLatin1(by));
    Money total, free;
    for (const auto& line : fleet.costs) total += line.amount;
    for (const auto& grant : fleet.grants) free -= grant.amount;
    table_card_->setCaption(
        QStringLiteral("%1 in the range, %2 a month").arg(format::money(total), format::money(perMonth(total, fleet.range))) +
        (free > Money{} ? QStringLiteral("; free grants take off %1 at most").arg(format::money(free)) : QString()));
    table_card_->setCaptionToolTip(grantsText(fleet));
    const auto nothing = session_.syncing()
                             ? PanelState::loading(QStringLiteral("Reading usage"))
                             : PanelState::empty(QStringLiteral("Costs will be shown here"),
                                                 QStringLiteral("They need usage of the range and a price list for the region."),
                                                 QStringLiteral("Read now"));
    chart_card_->setState(any ? PanelState::content() : nothing);
    map_card_->setState(any ? PanelState::content() : nothing);
    table_card_->setState(model_->rowCount() > 0 ? PanelState::content() : nothing);
}

}  // namespace pilotlight::console
