// Charts that share one x axis and one crosshair.
#pragma once

#include <QObject>
#include <cmath>
#include <limits>

namespace pilotlight::widgets {

class ChartGroup : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    // Seconds since the epoch (or the chart's own x unit). `home` is what double-click returns to; setting it also shows it.
    void setHome(double from, double to);
    void setVisible(double from, double to);  // clamped to home; at least 1/5000 of it
    void resetZoom() { setVisible(home_from_, home_to_); }
    void zoom(double factor, double about);  // < 1 zooms in
    void pan(double by);
    void setCursor(double at);  // NaN = none
    [[nodiscard]] double from() const { return from_; }
    [[nodiscard]] double to() const { return to_; }
    [[nodiscard]] double homeFrom() const { return home_from_; }
    [[nodiscard]] double homeTo() const { return home_to_; }
    [[nodiscard]] bool isZoomed() const { return from_ != home_from_ || to_ != home_to_; }
    [[nodiscard]] double cursor() const { return cursor_; }

signals:
    void visibleChanged(double from, double to);
    void cursorChanged(double at);  // NaN = none

private:
    double home_from_ = 0, home_to_ = 1, from_ = 0, to_ = 1;
    double cursor_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace pilotlight::widgets
