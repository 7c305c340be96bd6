// What it costs, what could be saved, what was, what needs a person.
#pragma once

#include "app/console/models/function_model.h"
#include "app/console/pages/page.h"

class QPushButton;

namespace pilotlight::widgets {
class Card;
class DotList;
class FigureTile;
class Table;
class TimeChart;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class OverviewPage : public Page {
    Q_OBJECT
public:
    explicit OverviewPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QAbstractItemModel* exportModel() override;
    [[nodiscard]] QList<QWidget*> tools() override;

private:
    void show();
    void showCosts();
    QPushButton* compare_;
    widgets::FigureTile* cost_;
    widgets::FigureTile* available_;
    widgets::FigureTile* realised_;
    widgets::FigureTile* cold_;
    widgets::Card* chart_card_;
    widgets::TimeChart* chart_;
    widgets::Card* needs_card_;
    widgets::DotList* needs_;
    std::vector<Need> needs_shown_;
    widgets::Card* functions_card_;
    FunctionModel* functions_;
    FunctionProxy* proxy_;
    widgets::Table* table_;
};

}  // namespace pilotlight::console
