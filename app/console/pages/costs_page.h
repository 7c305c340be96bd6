// Where the money goes: stacked by day, as areas and as a table, sharing one grouping.
#pragma once

#include "app/console/models/other_models.h"
#include "app/console/pages/page.h"

class QPushButton;

namespace pilotlight::widgets {
class Card;
class Table;
class TimeChart;
class TreeMap;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class CostsPage : public Page {
    Q_OBJECT
public:
    explicit CostsPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QStringList views() const override;
    [[nodiscard]] int view() const override { return static_cast<int>(group_); }
    void setView(int index) override;
    [[nodiscard]] QAbstractItemModel* exportModel() override;

private:
    void show();
    void open(const QString& key);
    CostGroup group_ = CostGroup::function;
    widgets::Card* chart_card_;
    widgets::TimeChart* chart_;
    widgets::Card* map_card_;
    widgets::TreeMap* map_;
    widgets::Card* table_card_;
    CostModel* model_;
    QAbstractItemModel* proxy_;
    widgets::Table* table_;
};

}  // namespace pilotlight::console
