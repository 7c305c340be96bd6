// TimeChart's insides, shared by its .cpp files.
#pragma once

#include "widgets/charts/decimate.h"
#include "widgets/charts/plot_support.h"
#include "widgets/charts/time_chart.h"

namespace pilotlight::widgets {

enum class Drag { none, zoom, pan, limit };

struct TimeChart::Private {
    struct Drawn {
        std::vector<double> x, y;  // with gaps; stacked: cumulative
        std::vector<double> base;  // stacked: what lies below
        QCPGraph* graph = nullptr;
        QCPGraph* base_graph = nullptr;  // invisible lower edge of a stacked area
        std::vector<QRectF> bars;        // pixel rectangles
        int points = 0;
    };
    struct Flag {
        double x = 0;
        QRectF box;  // clickable; null = line only
        QString text;
        Role role;
        QString id;
    };

    std::vector<TimeSeries> series;
    std::vector<Drawn> drawn;
    std::vector<TimeBand> bands;
    std::vector<std::pair<QCPGraph*, QCPGraph*>> band_graphs;
    std::vector<LimitLine> limits;
    std::vector<Annotation> annotations;
    std::vector<Flag> flags;
    std::optional<double> fixed_top;
    std::vector<std::pair<double, double>> incomplete;
    std::vector<int> isolated;
    bool logarithmic = false, readout = true, graphs_stale = true;
    QTimeZone zone = QTimeZone::utc();
    ChartGroup* group = nullptr;
    Hook* bars_hook = nullptr;
    double y_lo = 0, y_hi = 1;
    std::vector<QRectF> hatched;
    // Gesture
    Drag drag = Drag::none;
    double drag_from = 0, drag_now = 0;
    int limit = -1, hovered_limit = -1;
    double pan_from = 0, pan_to = 0;
    // Crosshair, prepared on mouse move
    double cursor_x = -1;
    std::vector<std::pair<QPointF, QColor>> dots;
    std::vector<std::pair<QColor, QString>> lines;
    QString cursor_text;
};

}  // namespace pilotlight::widgets
