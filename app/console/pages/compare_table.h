// Label, today, plan: a small painted table that changes on every slider step without layout.
#pragma once

#include <QWidget>

#include "app/console/models/what_if_state.h"

namespace pilotlight::console {

class CompareTable : public QWidget {
    Q_OBJECT
public:
    CompareTable(const QString& today, const QString& plan, QWidget* parent = nullptr);
    void setRows(std::vector<CompareRow> rows);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    QString today_, plan_;
    std::vector<CompareRow> rows_;
};

// Guardrails with tick or veto.
class GuardrailList : public QWidget {
    Q_OBJECT
public:
    explicit GuardrailList(QWidget* parent = nullptr);
    void setRows(std::vector<GuardrailPreview> rows);
    [[nodiscard]] bool vetoed() const;
    [[nodiscard]] QString firstVeto() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    std::vector<GuardrailPreview> rows_;
};

} // namespace pilotlight::console
