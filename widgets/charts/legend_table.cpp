#include "widgets/charts/legend_table.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/charts/decimate.h"

namespace pilotlight::widgets {

LegendTable::LegendTable(TimeChart* chart, std::vector<Column> columns, QWidget* parent)
    : QWidget(parent), chart_(chart), columns_(std::move(columns)) {
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    chart->setReadout(false);
    connect(chart, &TimeChart::seriesChanged, this, &LegendTable::rebuild);
    connect(chart->group(), &ChartGroup::visibleChanged, this, &LegendTable::rebuild);
    connect(chart->group(), &ChartGroup::cursorChanged, this, &LegendTable::updateValues);
    connect(&Theme::instance(), &Theme::changed, this, &LegendTable::rebuild);
    rebuild();
}

void LegendTable::setExtraRows(std::vector<ExtraRow> rows) {
    extra_ = std::move(rows);
    rebuild();
}

void LegendTable::rebuild() {
    rows_.clear();
    const auto& all = chart_->series();
    const ChartGroup& group = *chart_->group();
    for (std::size_t s = 0; s < all.size(); ++s) {
        const TimeSeries& one = all[s];
        if (!one.in_legend) continue;
        Row row;
        row.series = static_cast<int>(s);
        row.ink = one.ink();
        row.name = one.name;
        row.dashed = one.dashed;
        row.dimmed = !chart_->isShown(row.series);
        const auto text = [&](double v) {
            return std::isfinite(v) ? (one.text ? one.text(v) : chart_->valueText(v)) : QStringLiteral("–");
        };
        SeriesStatistics statistics{};
        if (one.x && one.y) statistics = statisticsOf(*one.x, *one.y, group.from(), group.to());
        for (const Column column : columns_) {
            switch (column) {
                case Column::value:
                    row.cells << text(statistics.count ? statistics.last : NAN);
                    break;
                case Column::min:
                    row.cells << text(statistics.count ? statistics.min : NAN);
                    break;
                case Column::max:
                    row.cells << text(statistics.count ? statistics.max : NAN);
                    break;
                case Column::mean:
                    row.cells << text(statistics.count ? statistics.mean : NAN);
                    break;
                case Column::p95:
                    row.cells << text(statistics.count ? statistics.p95 : NAN);
                    break;
                case Column::sum:
                    row.cells << text(statistics.count ? statistics.sum : NAN);
                    break;
            }
        }
        rows_.push_back(std::move(row));
    }
    for (const ExtraRow& extra : extra_) rows_.push_back({-1, extra.ink, extra.name, extra.cells, false, false});
    updateValues();
    updateGeometry();
}

void LegendTable::updateValues() {
    const auto found = std::find(columns_.begin(), columns_.end(), Column::value);
    if (found != columns_.end()) {
        const auto column = static_cast<int>(found - columns_.begin());
        const double at = chart_->group()->cursor();
        for (Row& row : rows_) {
            if (row.series < 0) continue;
            const TimeSeries& one = chart_->series()[static_cast<std::size_t>(row.series)];
            if (!one.x || !one.y) continue;
            double value = NAN;
            if (std::isfinite(at)) {
                const std::size_t i = lastAtOrBefore(*one.x, at);
                const bool in_gap = i == kNoIndex || i >= one.y->size() || (one.period_s > 0 && at > (*one.x)[i] + 1.5 * one.period_s);
                if (!in_gap) value = (*one.y)[i];
            } else {
                value = statisticsOf(*one.x, *one.y, chart_->group()->from(), chart_->group()->to()).last;
            }
            row.cells[column] = std::isfinite(value) ? (one.text ? one.text(value) : chart_->valueText(value)) : QStringLiteral("–");
        }
    }
    const QFontMetricsF metrics(textFont(Type::body, 500)), small(textFont(Type::label));
    widths_.assign(columns_.size(), 0);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        widths_[c] = 56;
        for (const Row& row : rows_) {
            if (static_cast<int>(c) < row.cells.size())
                widths_[c] = std::max(widths_[c], metrics.horizontalAdvance(row.cells[static_cast<int>(c)]) + 14);
        }
    }
    update();
}

std::vector<QStringList> LegendTable::texts() const {
    std::vector<QStringList> out;
    for (const Row& row : rows_) out.push_back(QStringList{row.name} + row.cells);
    return out;
}

QSize LegendTable::sizeHint() const {
    double wide = 110;
    for (const double w : widths_) wide += w;
    return {static_cast<int>(std::max(wide, 260.0)), kRowHeight * static_cast<int>(rows_.size() + 1)};
}

QSize LegendTable::minimumSizeHint() const { return {160, kRowHeight * 2}; }

int LegendTable::rowAt(const QPoint& at) const {
    const int row = at.y() / kRowHeight - 1;
    return row >= 0 && row < static_cast<int>(rows_.size()) ? row : -1;
}

void LegendTable::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool at_cursor = std::isfinite(chart_->group()->cursor());
    const auto cell = [&](std::size_t column, double y) {
        double right = width();
        for (std::size_t c = columns_.size(); c-- > column + 1;) right -= widths_[c];
        return QRectF(right - widths_[column], y, widths_[column] - 2, kRowHeight);
    };
    painter.setFont(textFont(Type::label));
    painter.setPen(colour(Role::muted));
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        QString title;
        switch (columns_[c]) {
            case Column::value:
                title = at_cursor ? tr("at cursor") : tr("last");
                break;
            case Column::min:
                title = tr("min");
                break;
            case Column::max:
                title = tr("max");
                break;
            case Column::mean:
                title = tr("mean");
                break;
            case Column::p95:
                title = tr("p95");
                break;
            case Column::sum:
                title = tr("sum");
                break;
        }
        painter.drawText(cell(c, 0), Qt::AlignRight | Qt::AlignVCenter, title);
    }
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        const Row& row = rows_[r];
        const double y = kRowHeight * static_cast<double>(r + 1);
        if (y + kRowHeight > height() + 1) break;
        painter.fillRect(QRectF(0, y - 1, width(), 1), colour(Role::border));
        if (static_cast<int>(r) == hovered_ && row.series >= 0) {
            painter.fillRect(QRectF(0, y, width(), kRowHeight - 1), mixed(colour(Role::surface), colour(Role::raised), 0.6));
        }
        painter.setPen(Qt::NoPen);
        painter.setBrush(row.dimmed ? colour(Role::border) : row.ink);
        if (row.dashed) {
            painter.drawRoundedRect(QRectF(2, y + kRowHeight / 2.0 - 2, 4, 4), 1, 1);
            painter.drawRoundedRect(QRectF(8, y + kRowHeight / 2.0 - 2, 4, 4), 1, 1);
        } else {
            painter.drawRoundedRect(QRectF(2, y + kRowHeight / 2.0 - 2, 10, 4), 1, 1);
        }
        const double name_right = columns_.empty() ? width() : cell(0, y).left();
        painter.setFont(textFont(Type::body));
        painter.setPen(colour(row.dimmed ? Role::faint : Role::text));
        painter.drawText(QRectF(18, y, name_right - 20, kRowHeight - 1), Qt::AlignVCenter | Qt::AlignLeft,
                         QFontMetricsF(textFont(Type::body)).elidedText(row.name, Qt::ElideRight, name_right - 20));
        for (std::size_t c = 0; c < columns_.size() && static_cast<int>(c) < row.cells.size(); ++c) {
            const bool main = columns_[c] == Column::value;
            painter.setFont(textFont(Type::body, main ? 500 : 400));
            painter.setPen(colour(row.dimmed ? Role::faint : main ? Role::text : Role::muted));
            painter.drawText(cell(c, y).adjusted(0, 0, 0, -1), Qt::AlignRight | Qt::AlignVCenter, row.cells[static_cast<int>(c)]);
        }
    }
    const double end = kRowHeight * static_cast<double>(rows_.size() + 1);
    if (!rows_.empty() && end <= height() + 1) painter.fillRect(QRectF(0, end - 1, width(), 1), colour(Role::border));
}

void LegendTable::mousePressEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos());
    if (row < 0 || rows_[static_cast<std::size_t>(row)].series < 0 || event->button() != Qt::LeftButton) return;
    const int series = rows_[static_cast<std::size_t>(row)].series;
    std::vector<int> shown;
    for (int i = 0; i < static_cast<int>(chart_->series().size()); ++i) {
        if (chart_->isShown(i)) shown.push_back(i);
    }
    if (event->modifiers() & Qt::ControlModifier) {
        const auto at = std::find(shown.begin(), shown.end(), series);
        if (at == shown.end())
            shown.push_back(series);
        else
            shown.erase(at);
        if (shown.size() == chart_->series().size()) shown.clear();
        chart_->setIsolated(shown);
        return;
    }
    chart_->setIsolated(shown == std::vector<int>{series} ? std::vector<int>{} : std::vector<int>{series});
}

void LegendTable::mouseMoveEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos());
    if (row == hovered_) return;
    hovered_ = row;
    setCursor(row >= 0 && rows_[static_cast<std::size_t>(row)].series >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void LegendTable::leaveEvent(QEvent*) {
    hovered_ = -1;
    update();
}

}  // namespace pilotlight::widgets
