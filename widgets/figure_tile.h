// One big figure with its unit, interval and change from today.
#pragma once

#include <QWidget>

#include "widgets/theme.h"

namespace pilotlight::widgets {

struct Figure {
    QString value;                  // "$412", "640", "unknown"
    QString unit;                   // "ms", "%"; set small beside the value
    QString interval;               // "± 18", "590–690"
    QString delta;                  // "−$96 (−19 %)"
    Role delta_role = Role::muted;  // good / bad / muted
    QString reference;              // "today $508"
    bool approximate = false;       // drawn lighter until the exact value replaces it
    QString tooltip;                // provenance: source, range, statistic, price date; or why unknown
    friend bool operator==(const Figure&, const Figure&) = default;
};

class FigureTile : public QWidget {
    Q_OBJECT
public:
    explicit FigureTile(const QString& label = {}, QWidget* parent = nullptr);
    void setLabel(const QString& label);
    void setFigure(const Figure& figure);
    [[nodiscard]] const Figure& figure() const { return figure_; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString label_;
    Figure figure_;
};

}  // namespace pilotlight::widgets
