// CPU time of this thread for one frame: three charts of 4,032 points replotted and painted, and one slider step on a what-if page.
#include <QApplication>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "tests/widgets/samples.h"
#include "widgets/charts/cdf_chart.h"
#include "widgets/charts/pareto_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/charts/week_chart.h"
#include "widgets/theme.h"

using namespace pilotlight::widgets;
using namespace pilotlight::test;

namespace {

double cpuMilliseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <typename Step>
void measure(const char* name, Step step) {
    std::vector<double> each;
    for (int i = 0; i < 60; ++i) {
        const double before = cpuMilliseconds();
        step(i);
        if (i >= 10) each.push_back(cpuMilliseconds() - before);
    }
    std::sort(each.begin(), each.end());
    std::printf("%-46s median %6.2f ms  p95 %6.2f ms\n", name, each[each.size() / 2], each[each.size() * 95 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    Theme::instance().install(application);
    constexpr int count = 4032;
    constexpr double period = 300;
    QWidget window;
    window.resize(1200, 840);
    auto* layout = new QVBoxLayout(&window);
    ChartGroup group;
    group.setHome(kStart, kStart + count * period);
    std::vector<TimeChart*> charts;
    for (int c = 0; c < 3; ++c) {
        auto* chart = new TimeChart;
        chart->setGroup(&group);
        std::vector<TimeSeries> series;
        for (int s = 0; s < (c == 1 ? 3 : 1); ++s) {
            TimeSeries one;
            one.name = QStringLiteral("s");
            one.colour = s;
            one.style = c == 0 ? TimeSeries::Style::area : TimeSeries::Style::line;
            one.x = makeValues(times(count, period));
            one.y = makeValues(daily(count, period, 40 * (s + 1), 350 * (s + 1), 0.2, static_cast<std::uint32_t>(c * 3 + s + 1)));
            one.period_s = period;
            series.push_back(one);
        }
        chart->setSeries(series);
        layout->addWidget(chart);
        charts.push_back(chart);
    }
    window.show();
    QApplication::processEvents();
    std::printf("device pixel ratio %.1f\n", window.devicePixelRatioF());
    measure("three charts, 4,032 points each: replot + paint", [&](int) {
        for (TimeChart* chart : charts) chart->refreshNow();
        QApplication::processEvents();
    });
    measure("the same: pan by a pixel", [&](int i) {
        group.setVisible(kStart + 3600 + i * 300, kStart + count * period - 3600 + i * 300);
        QApplication::processEvents();
        QApplication::processEvents();
    });
    measure("the same: crosshair", [&](int i) {
        group.setCursor(kStart + 86400 + i * 3000);
        QApplication::processEvents();
    });
    window.hide();

    QWidget page;
    page.resize(860, 760);
    auto* column = new QVBoxLayout(&page);
    auto* cdf = new CdfChart;
    auto* pareto = new ParetoChart;
    auto* week = new WeekChart;
    for (QWidget* chart : std::initializer_list<QWidget*>{cdf, pareto, week}) column->addWidget(chart);
    cdf->setToday(latencyCurve(640, 0.34, 0.06, 5200));
    cdf->setWhatIf(latencyCurve(400, 0.26, 0.004, 3000), 0.08, false);
    std::vector<ParetoChart::Candidate> candidates;
    Noise random(7);
    for (int i = 0; i < 3000; ++i) candidates.push_back({300 + random.next() * 400, 400 + random.next() * 900, true, i < 40});
    pareto->setCandidates(candidates);
    std::vector<float> demand;
    for (const double v : daily(2016, 300, 1, 9, 0.2, 3)) demand.push_back(static_cast<float>(v));
    week->setDemand(demand, demand);
    page.show();
    QApplication::processEvents();
    measure("what-if: one slider step on three charts", [&](int i) {
        cdf->setWhatIf(latencyCurve(400 + i, 0.26, 0.004, 3000), 0.08, true);
        pareto->setWhatIf(QPointF(400 + i, 800 - i), true);
        week->setPool(std::vector<int>(168, i % 7));
        QApplication::processEvents();
    });
    return 0;
}
