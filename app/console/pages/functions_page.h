// Every function in one table, with filter, columns and a selection bar.
#pragma once

#include "app/console/models/function_model.h"
#include "app/console/pages/page.h"

class QLineEdit;
class QPushButton;

namespace pilotlight::widgets {
class Card;
class Table;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class FunctionsPage : public Page {
    Q_OBJECT
public:
    explicit FunctionsPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    void focusFilter() override;
    bool cancel() override;
    [[nodiscard]] QAbstractItemModel* exportModel() override;
    [[nodiscard]] widgets::Table* table() const { return table_; }

private:
    void show();
    void applyFilter();
    void showSelection();
    void chooseColumns();
    [[nodiscard]] QStringList selectedIds() const;
    QLineEdit* filter_;
    QLabel* filter_says_;
    widgets::Card* card_;
    FunctionModel* model_;
    FunctionProxy* proxy_;
    widgets::Table* table_;
    QWidget* selection_;
    QLabel* selection_text_;
    QPushButton* selection_what_if_;
    QPushButton* selection_plan_;
    QPushButton* columns_;
};

}  // namespace pilotlight::console
