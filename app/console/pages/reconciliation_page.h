// The bill beside what the usage should have cost, over the whole days that are billed.
#pragma once

#include "app/console/models/bill_model.h"
#include "app/console/pages/page.h"

namespace pilotlight::widgets {
class Card;
class Table;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class ReconciliationPage : public Page {
    Q_OBJECT
public:
    explicit ReconciliationPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QStringList views() const override;
    [[nodiscard]] int view() const override { return static_cast<int>(group_); }
    void setView(int index) override;
    bool cancel() override;
    [[nodiscard]] QAbstractItemModel* exportModel() override { return proxy_; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void read();
    void show();
    Latest job_;
    BillGroup group_ = BillGroup::meter;
    BillCheck check_;
    bool stale_ = true;
    widgets::Card* card_;
    BillModel* model_;
    QAbstractItemModel* proxy_;
    widgets::Table* table_;
};

}  // namespace pilotlight::console
