// Plans and changes in time order; each opens its settings, evidence, predicted against measured, journal.
#pragma once

#include "app/console/models/other_models.h"
#include "app/console/pages/page.h"

namespace pilotlight::widgets {
class Card;
class Table;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class ChangeView;

// The table and the view beside it; for the page and, for one function, for its History.
class ChangesPanel : public QWidget {
    Q_OBJECT
public:
    ChangesPanel(Session& session, bool with_function, QWidget* parent = nullptr);
    void setFunction(const std::string& id);  // empty = all
    void choose(const QString& change_id);
    [[nodiscard]] QAbstractItemModel* model() const;
    [[nodiscard]] ChangeModel* changes() const { return model_; }

private:
    void show();
    Session& session_;
    std::string function_id_;
    bool with_function_;
    widgets::Card* card_;
    ChangeModel* model_;
    QAbstractItemModel* proxy_;
    widgets::Table* table_;
    ChangeView* view_;
    QString wanted_;
};

class ChangesPage : public Page {
    Q_OBJECT
public:
    explicit ChangesPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] bool usesRange() const override { return false; }
    [[nodiscard]] QAbstractItemModel* exportModel() override;
    [[nodiscard]] ChangesPanel* panel() const { return panel_; }

private:
    ChangesPanel* panel_;
};

}  // namespace pilotlight::console
