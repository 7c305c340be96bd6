#include "widgets/charts/heat_map_chart.h"

#include <algorithm>
#include <cmath>

#include "widgets/charts/time_chart_p.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

struct HeatMapChart::Cells {
    QStringList buckets;
    Values x;
    double period = 1;
    std::vector<std::vector<float>> counts;
    std::vector<std::pair<QRectF, QColor>> drawn;
};

HeatMapChart::HeatMapChart(QWidget* parent) : TimeChart(parent), cells_(std::make_unique<Cells>()) {
    new Hook(plot_, "main", true, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        for (const auto& [box, ink] : cells_->drawn) painter.fillRect(box, ink);
        if (!cells_->drawn.empty() || cells_->buckets.isEmpty()) return;
        painter.setAntialiasing(true);
        painter.setFont(textFont(Type::label));
        painter.setPen(colour(Role::muted));
        painter.drawText(plotRect(), Qt::AlignCenter, QStringLiteral("none in this span"));
    });
    plot_->yAxis->grid()->setVisible(false);
}

HeatMapChart::~HeatMapChart() = default;

void HeatMapChart::setCells(QStringList buckets, Values x, double period_s, std::vector<std::vector<float>> counts) {
    cells_->buckets = std::move(buckets);
    cells_->x = std::move(x);
    cells_->period = period_s;
    cells_->counts = std::move(counts);
    refresh();
}

double HeatMapChart::opacity(double count, double greatest) {
    return greatest > 0 && count > 0 ? 0.15 + 0.85 * std::sqrt(std::min(1.0, count / greatest)) : 0;
}

int HeatMapChart::drawnCells() const { return static_cast<int>(cells_->drawn.size()); }

void HeatMapChart::rebuildValues() {
    const QRectF area = plotRect();
    const auto rows = static_cast<int>(cells_->buckets.size());
    cells_->drawn.clear();
    d_->y_lo = 0;
    d_->y_hi = std::max(rows, 1);
    plot_->yAxis->setRange(0, d_->y_hi);
    std::vector<Tick> ticks;
    for (int row = 0; row < rows; ++row) ticks.push_back({row + 0.5, cells_->buckets[row]});
    setTicks(plot_->yAxis, ticks);
    if (!cells_->x || cells_->x->empty() || rows == 0) return;
    const auto& x = *cells_->x;
    const double wide = xToPixel(x.front() + cells_->period) - xToPixel(x.front());
    // Whole bins are merged until a column is at least 3 px wide; merging is by sum, so nothing disappears.
    const int merge = std::max(1, static_cast<int>(std::ceil(3.0 / std::max(wide, 1e-6))));
    const double row_height = area.height() / rows;
    struct Sum {
        double left, right;
        std::vector<float> counts;
    };
    std::vector<Sum> columns;
    float greatest = 0;
    for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(merge)) {
        const std::size_t end = std::min(x.size(), i + static_cast<std::size_t>(merge));
        const double from = x[i], to = x[end - 1] + cells_->period;
        if (to < d_->group->from() || from > d_->group->to()) continue;
        Sum column{xToPixel(from), xToPixel(to), std::vector<float>(static_cast<std::size_t>(rows), 0)};
        for (int row = 0; row < rows; ++row) {
            const auto& counts = cells_->counts[static_cast<std::size_t>(row)];
            for (std::size_t k = i; k < end && k < counts.size(); ++k) {
                if (std::isfinite(counts[k])) column.counts[static_cast<std::size_t>(row)] += counts[k];
            }
            greatest = std::max(greatest, column.counts[static_cast<std::size_t>(row)]);
        }
        columns.push_back(std::move(column));
    }
    const QColor surface = colour(Role::surface), cold = colour(Role::cold);
    for (const Sum& column : columns) {
        const double left = std::round(column.left),
                     right = std::max(left + 1, std::round(column.right) - (column.right - column.left > 4 ? 1 : 0));
        for (int row = 0; row < rows; ++row) {
            const float count = column.counts[static_cast<std::size_t>(row)];
            if (!(count > 0)) continue;
            const double top = std::round(area.bottom() - row_height * (row + 1)), bottom = std::round(area.bottom() - row_height * row);
            cells_->drawn.emplace_back(QRectF(QPointF(left, top + 1), QPointF(right, bottom - 1)),
                                       mixed(surface, cold, opacity(count, greatest)));
        }
    }
}

std::vector<std::pair<QColor, QString>> HeatMapChart::readoutAt(double time) const {
    std::vector<std::pair<QColor, QString>> lines;
    if (!cells_->x) return lines;
    const std::size_t i = lastAtOrBefore(*cells_->x, time);
    if (i == kNoIndex || time > (*cells_->x)[i] + cells_->period) return lines;
    for (auto row = static_cast<int>(cells_->buckets.size()) - 1; row >= 0; --row) {
        const auto& counts = cells_->counts[static_cast<std::size_t>(row)];
        if (i < counts.size() && counts[i] > 0) {
            lines.emplace_back(colour(Role::cold), format::integer(counts[i]) + QStringLiteral("  ") + cells_->buckets[row]);
        }
    }
    return lines;
}

QString HeatMapChart::toCsv() const {
    if (!cells_->x) return TimeChart::toCsv();
    QString out = QStringLiteral("time,bucket,count\r\n");
    for (std::size_t i = 0; i < cells_->x->size(); ++i) {
        const double at = (*cells_->x)[i];
        if (at + cells_->period < d_->group->from() || at > d_->group->to()) continue;
        for (int row = 0; row < cells_->buckets.size(); ++row) {
            const auto& counts = cells_->counts[static_cast<std::size_t>(row)];
            if (i < counts.size()) {
                out += csvTime(at) + QStringLiteral(",\"") + cells_->buckets[row] + QStringLiteral("\",") +
                       csvNumber(static_cast<double>(counts[i])) + QStringLiteral("\r\n");
            }
        }
    }
    return out;
}

}  // namespace pilotlight::widgets
