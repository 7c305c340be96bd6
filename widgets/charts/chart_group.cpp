#include "widgets/charts/chart_group.h"

#include <algorithm>

namespace pilotlight::widgets {

void ChartGroup::setHome(double from, double to) {
    if (!(to > from)) return;
    const bool was_zoomed = isZoomed();
    const bool moved = from != home_from_ || to != home_to_;
    home_from_ = from;
    home_to_ = to;
    if (!moved) return;
    // A refresh that shifts a relative range must not throw the user out of a zoom that still lies inside it.
    if (was_zoomed && from_ >= from && to_ <= to) return;
    from_ = from;
    to_ = to;
    emit visibleChanged(from_, to_);
}

void ChartGroup::setVisible(double from, double to) {
    const double home = home_to_ - home_from_;
    double length = std::clamp(to - from, home / 5000, home);
    from = std::clamp(from, home_from_, home_to_ - length);
    to = from + length;
    if (length >= home * (1 - 1e-9)) {
        from = home_from_;
        to = home_to_;
    }
    if (from == from_ && to == to_) return;
    from_ = from;
    to_ = to;
    emit visibleChanged(from_, to_);
}

void ChartGroup::zoom(double factor, double about) {
    about = std::clamp(about, from_, to_);
    setVisible(about - (about - from_) * factor, about + (to_ - about) * factor);
}

void ChartGroup::pan(double by) {
    const double length = to_ - from_;
    const double from = std::clamp(from_ + by, home_from_, home_to_ - length);
    setVisible(from, from + length);
}

void ChartGroup::setCursor(double at) {
    if (at == cursor_ || (std::isnan(at) && std::isnan(cursor_))) return;
    cursor_ = at;
    emit cursorChanged(at);
}

}  // namespace pilotlight::widgets
