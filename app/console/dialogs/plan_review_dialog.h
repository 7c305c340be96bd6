// Before and after, effect with interval, guardrails, what will be called, how it will be undone; typed confirm in production.
#pragma once

#include <QDialog>

#include "app/console/dialogs/confirm_gate.h"
#include "app/console/session.h"

class QLineEdit;
class QPushButton;
class QTimer;

namespace pilotlight::widgets {
class Banner;
}

namespace pilotlight::console {

class PlanReviewDialog : public QDialog {
    Q_OBJECT
public:
    PlanReviewDialog(Session& session, Plan plan, QWidget* parent);
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] QPushButton* applyButton() const { return apply_; }
    [[nodiscard]] QLineEdit* confirmField() const { return confirm_; }

signals:
    // The change is on its way (applied, watching or pending).
    void applied(const QString& change_id);
    // Stale or expired, or a veto is to be overridden: the same change, planned anew.
    void planAgain(const QStringList& overrides);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void build();
    [[nodiscard]] QWidget* changesTable();
    [[nodiscard]] QWidget* effectTiles();
    [[nodiscard]] QWidget* guardrails();
    void updateGate();
    void apply();
    void exportPatch();
    Session& session_;
    Plan plan_;
    ConfirmGate gate_;
    widgets::Banner* banner_ = nullptr;
    QLineEdit* confirm_ = nullptr;
    QPushButton* apply_ = nullptr;
    QPushButton* cancel_ = nullptr;
    QTimer* expiry_ = nullptr;
    bool sending_ = false;
};

}  // namespace pilotlight::console
