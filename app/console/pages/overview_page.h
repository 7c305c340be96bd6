// What it costs, what could be saved, what was, what needs a person.
#pragma once

#include "app/console/models/function_model.h"
#include "app/console/pages/page.h"

namespace pilotlight::widgets {
class Card;
class FigureTile;
class Table;
class TimeChart;
} // namespace pilotlight::widgets

namespace pilotlight::console {

class NeedModel : public RowModel<Need> {
public:
    explicit NeedModel(QObject* parent = nullptr);
};

class OverviewPage : public Page {
    Q_OBJECT
public:
    explicit OverviewPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QAbstractItemModel* exportModel() override;

private:
    void show();
    void showCosts();
    widgets::FigureTile* cost_;
    widgets::FigureTile* available_;
    widgets::FigureTile* realised_;
    widgets::FigureTile* cold_;
    widgets::Card* chart_card_;
    widgets::TimeChart* chart_;
    widgets::Card* needs_card_;
    NeedModel* needs_;
    widgets::Table* needs_table_;
    widgets::Card* functions_card_;
    FunctionModel* functions_;
    FunctionProxy* proxy_;
    widgets::Table* table_;
};

} // namespace pilotlight::console
