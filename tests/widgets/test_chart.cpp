#include <QSignalSpy>
#include <cmath>

#include "samples.h"
#include "support.h"
#include "widgets/charts/cdf_chart.h"
#include "widgets/charts/heat_map_chart.h"
#include "widgets/charts/legend_table.h"
#include "widgets/charts/pareto_chart.h"
#include "widgets/charts/stack_bar.h"
#include "widgets/charts/week_chart.h"
#include "widgets/format.h"

#include <qcustomplot.h>

using namespace pilotlight::widgets;
using namespace pilotlight::test;

namespace {
TimeSeries series(const char* name, int count, double period, double low, double high) {
    TimeSeries one;
    one.name = QLatin1String(name);
    one.x = makeValues(times(count, period));
    one.y = makeValues(daily(count, period, low, high, 0.1, 1));
    one.period_s = period;
    return one;
}
template <typename C>
void open(C& chart, int width = 800, int height = 220) {
    chart.resize(width, height);
    chart.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chart));
    chart.refreshNow();
}
}  // namespace

class ChartTest : public QObject {
    Q_OBJECT
private slots:
    void atMostTwoPointsAPixelAreDrawn() {
        TimeChart chart;
        chart.setSeries({series("p95", 40320, 30, 10, 300)});
        chart.setTimeRange(kStart, kStart + 40320 * 30.0);
        open(chart);
        QVERIFY(chart.drawnPoints(0) > 700);
        QVERIFY(chart.drawnPoints(0) <= 2 * static_cast<int>(chart.plotRect().width()) + 2);
        chart.group()->setVisible(kStart + 3600, kStart + 7200);  // zoomed in: every point
        chart.refreshNow();
        QCOMPARE(chart.drawnPoints(0), 123);  // 121 inside and a neighbour on each side
    }
    void staticSeriesAndCrosshairHaveBuffersOfTheirOwn() {
        TimeChart chart;
        for (const char* layer : {"main", "live", "overlay"})
            QCOMPARE(chart.plot()->layer(QLatin1String(layer))->mode(), QCPLayer::lmBuffered);
    }
    void crosshairAndZoomAreShared() {
        ChartGroup group;
        TimeChart a, b;
        for (TimeChart* chart : {&a, &b}) {
            chart->setGroup(&group);
            chart->setSeries({series("x", 288, 900, 10, 100)});
        }
        group.setHome(kStart, kStart + 288 * 900.0);
        open(a);
        open(b);
        const QPoint middle = a.plotRect().center().toPoint();
        QTest::mouseMove(a.plot(), middle);
        QVERIFY(std::abs(group.cursor() - (kStart + 144 * 900.0)) < 900);
        // Drag selects a span; double-click returns.
        QTest::mousePress(a.plot(), Qt::LeftButton, {}, middle);
        QTest::mouseMove(a.plot(), middle + QPoint(100, 0));
        QTest::mouseRelease(a.plot(), Qt::LeftButton, {}, middle + QPoint(100, 0));
        QVERIFY(group.isZoomed());
        QVERIFY(std::abs((group.to() - group.from()) - 100.0 / a.plotRect().width() * 288 * 900) < 900);
        b.refreshNow();
        QCOMPARE(b.plot()->xAxis->range().lower, group.from());
        QTest::mouseDClick(a.plot(), Qt::LeftButton, {}, middle);
        QVERIFY(!group.isZoomed());
        a.setFocus();
        QTest::keyClick(&a, Qt::Key_W);
        QVERIFY(group.isZoomed());
        QTest::keyClick(&a, Qt::Key_Escape);
        QVERIFY(!group.isZoomed());
    }
    void focusRingIsForKeys() {
        TimeChart chart;
        chart.setTimeRange(kStart, kStart + 86400);
        open(chart);
        const auto corner = [&] { return chart.grab().toImage().pixelColor(200, 0); };
        QTest::mouseClick(chart.plot(), Qt::LeftButton, {}, QPoint(200, 60));
        QVERIFY(chart.hasFocus());
        QCOMPARE(corner(), colour(Role::surface));
        chart.clearFocus();
        chart.setFocus(Qt::TabFocusReason);
        QVERIFY(corner() != colour(Role::surface));
    }
    void barsStandBeforeAreas() {
        TimeChart chart;
        auto area = series("invocations", 96, 900, 300, 350);
        area.style = TimeSeries::Style::area;
        auto bars = series("errors", 96, 900, 0, 0);
        std::vector<double> values(96, 0.0);
        values[48] = 200;
        bars.y = makeValues(values);
        bars.style = TimeSeries::Style::bars;
        bars.role = Role::bad;
        chart.setSeries({area, bars});
        chart.setTimeRange(kStart, kStart + 86400);
        open(chart);
        const QRectF rect = chart.plotRect();
        QCOMPARE(chart.grab().toImage().pixelColor(qRound(rect.left() + rect.width() * 48.4 / 96), qRound(rect.bottom()) - 20),
                 colour(Role::bad));
    }
    void crosshairFollowsResize() {
        ChartGroup group;
        group.setHome(kStart, kStart + 86400);
        group.setCursor(kStart + 43200);  // before there is a size
        TimeChart chart;
        chart.setReadout(false);
        chart.setGroup(&group);
        open(chart);
        const QRectF rect = chart.plotRect();
        QCOMPARE(chart.grab().toImage().pixelColor(static_cast<int>(std::floor(rect.center().x())), qRound(rect.top()) + 30),
                 colour(Role::muted));
    }
    void refreshKeepsAZoomThatStillFits() {
        ChartGroup group;
        group.setHome(0, 1000);
        group.setVisible(400, 500);
        group.setHome(10, 1010);  // a relative range has moved on
        QCOMPARE(group.from(), 400.0);
        group.setHome(450, 1450);
        QCOMPARE(group.from(), 450.0);  // no longer inside: the whole range
        QCOMPARE(group.to(), 1450.0);
        group.zoom(1e-9, 800);
        QVERIFY(group.to() - group.from() >= 1000.0 / 5000 * (1 - 1e-9));
    }
    void legendCountsOnlyWhatIsVisibleAndIsolates() {
        TimeChart chart;
        auto one = series("invocations", 288, 900, 10, 100);
        std::vector<double> flat(288, 3.0);
        flat[5] = std::nan("");
        auto two = series("errors", 288, 900, 0, 1);
        two.y = makeValues(flat);
        chart.setValueFormat([](double v) { return format::number(v, 1); });
        chart.setTimeRange(kStart, kStart + 288 * 900.0);
        LegendTable legend(&chart, {LegendTable::Column::value, LegendTable::Column::mean, LegendTable::Column::sum});
        chart.setSeries({one, two});
        open(chart);
        QCOMPARE(legend.texts()[1],
                 (QStringList{QStringLiteral("errors"), QStringLiteral("3.0"), QStringLiteral("3.0"), QStringLiteral("861.0")}));
        chart.group()->setCursor(kStart + 5.5 * 900);  // in the gap: nothing is known
        QCOMPARE(legend.texts()[1][1], QStringLiteral("–"));
        chart.group()->setVisible(kStart, kStart + 3.5 * 900);
        QCOMPARE(legend.texts()[1][3], QStringLiteral("12.0"));
        legend.resize(300, 120);
        QTest::mouseClick(&legend, Qt::LeftButton, {}, QPoint(40, 28 + 10));
        QVERIFY(chart.isShown(0) && !chart.isShown(1));
        QTest::mouseClick(&legend, Qt::LeftButton, {}, QPoint(40, 28 + 10));
        QVERIFY(chart.isShown(1));
        QTest::mouseClick(&legend, Qt::LeftButton, Qt::ControlModifier, QPoint(40, 28 + 10));
        QVERIFY(!chart.isShown(0) && chart.isShown(1));
    }
    void theSloIsDragged() {
        TimeChart chart;
        chart.setSeries({series("p95", 288, 900, 400, 900)});
        chart.setTimeRange(kStart, kStart + 288 * 900.0);
        chart.setLimits({{800, QStringLiteral("SLO p95 800 ms"), Role::warm, true}});
        open(chart);
        QSignalSpy dragged(&chart, &TimeChart::limitDragged), committed(&chart, &TimeChart::limitCommitted);
        const QRectF area = chart.plotRect();
        const double top = chart.plot()->yAxis->range().upper;
        const QPoint line(300, qRound(area.bottom() - 800 / top * area.height()));
        QTest::mousePress(chart.plot(), Qt::LeftButton, {}, line);
        QTest::mouseMove(chart.plot(), line + QPoint(0, 30));
        QTest::mouseRelease(chart.plot(), Qt::LeftButton, {}, line + QPoint(0, 30));
        QCOMPARE(committed.count(), 1);
        QVERIFY(dragged.count() >= 1);
        const double value = committed[0][1].toDouble();
        QVERIFY(std::abs(value - (800 - 30 / area.height() * top)) < top / area.height() * 1.5);
        QVERIFY(!chart.group()->isZoomed());  // the drag was not a zoom
    }
    void csvHoldsTheVisibleDataWithGaps() {
        TimeChart chart;
        auto one = series("a \"b\"", 4, 900, 1, 1);
        one.y = makeValues({1, std::nan(""), 3, 4});
        chart.setSeries({one});
        chart.setTimeRange(kStart, kStart + 3600);
        chart.group()->setVisible(kStart, kStart + 1800);
        QCOMPARE(chart.toCsv(),
                 QStringLiteral("series,time,value\r\n\"a \"\"b\"\"\",2026-11-21T00:00:00Z,1\r\n\"a \"\"b\"\"\",2026-11-21T00:15:00Z,\r\n"
                                "\"a \"\"b\"\"\",2026-11-21T00:30:00Z,3\r\n"));
    }
    void exportsAreNotEmpty() {
        TimeChart chart;
        chart.setSeries({series("x", 288, 900, 1, 9)});
        chart.setTimeRange(kStart, kStart + 288 * 900.0);
        open(chart, 400, 160);
        QCOMPARE(chart.toPixmap(2).size(), QSize(800, 320));
        const QByteArray svg = chart.toSvg();
        QVERIFY(svg.startsWith("<?xml"));
        QVERIFY(svg.contains("<polyline") || svg.contains("<path"));
    }
    void heatMapMergesNarrowBinsAndLosesNothing() {
        HeatMapChart chart;
        std::vector<std::vector<float>> cells(2, std::vector<float>(4032, 0));
        cells[0][17] = 1;  // a single cold start
        cells[1][4000] = 50;
        chart.setCells({QStringLiteral("<1 s"), QStringLiteral(">1 s")}, makeValues(times(4032, 300)), 300, cells);
        chart.setTimeRange(kStart, kStart + 4032 * 300.0);
        open(chart);
        QCOMPARE(chart.drawnCells(), 2);
        QVERIFY(HeatMapChart::opacity(1, 50) >= 0.15);
        QCOMPARE(HeatMapChart::opacity(0, 50), 0.0);
        QCOMPARE(HeatMapChart::opacity(50, 50), 1.0);
    }
    void cdfMovesWithoutAFullReplotAndDragsItsSlo() {
        CdfChart chart;
        chart.setToday(latencyCurve(640, 0.34, 0.06, 5200));
        chart.setWhatIf(latencyCurve(400, 0.26, 0.004, 3000), 0.08, false);
        chart.setSlo(800);
        open(chart, 420, 320);
        QSignalSpy replots(chart.plot(), &QCustomPlot::afterReplot);
        for (int step = 0; step < 20; ++step) chart.setWhatIf(latencyCurve(400 + step * 5, 0.26, 0.004, 3000), 0.08, step % 2 == 0);
        QCOMPARE(replots.count(), 0);
        QSignalSpy committed(&chart, &CdfChart::sloCommitted);
        const QRectF area = chart.plotRect();
        const auto range = chart.plot()->xAxis->range();
        const double x = area.left() + std::log(800 / range.lower) / std::log(range.upper / range.lower) * area.width();
        QTest::mousePress(chart.plot(), Qt::LeftButton, {}, QPoint(qRound(x), 200));
        QTest::mouseMove(chart.plot(), QPoint(qRound(x) + 40, 200));
        QTest::mouseRelease(chart.plot(), Qt::LeftButton, {}, QPoint(qRound(x) + 40, 200));
        QCOMPARE(committed.count(), 1);
        QVERIFY(*chart.slo() > 1000);
    }
    void paretoPointIsDraggedOntoCandidates() {
        ParetoChart chart;
        std::vector<ParetoChart::Candidate> candidates;
        for (int i = 0; i < 30; ++i) candidates.push_back({300.0 + i * 10, 1200.0 - i * 25, true, true});
        chart.setCandidates(candidates);
        chart.setWhatIf(QPointF(300, 1200), false);
        open(chart, 420, 320);
        QSignalSpy dragged(&chart, &ParetoChart::candidateDragged), committed(&chart, &ParetoChart::candidateCommitted);
        const QPoint from = chart.toPixel(300, 1200).toPoint(), to = chart.toPixel(500, 700).toPoint();
        QTest::mousePress(chart.plot(), Qt::LeftButton, {}, from);
        QTest::mouseMove(chart.plot(), (from + to) / 2);
        QTest::mouseMove(chart.plot(), to);
        QTest::mouseRelease(chart.plot(), Qt::LeftButton, {}, to);
        QVERIFY(dragged.count() >= 2);
        QCOMPARE(committed.count(), 1);
        QCOMPARE(committed[0][0].toInt(), 20);
        chart.setFocus();
        QTest::keyClick(&chart, Qt::Key_Right);
        QCOMPARE(committed[1][0].toInt(), 21);
    }
    void weekIsPainted() {
        WeekChart chart;
        chart.setDemand(std::vector<float>(2016, 5.0F), {});
        chart.setMaximum(8);
        open(chart, 540, 240);
        QSignalSpy painted(&chart, &WeekChart::poolPainted), committed(&chart, &WeekChart::poolCommitted);
        const QRectF area = chart.plotRect();
        const auto at = [&](double hour, double level) {
            return QPoint(static_cast<int>(area.left() + area.width() * (hour + 0.5) / 168),
                          qRound(area.bottom() - area.height() * level / chart.plot()->yAxis->range().upper));
        };
        QTest::mousePress(chart.plot(), Qt::LeftButton, {}, at(8, 4));
        QTest::mouseMove(chart.plot(), at(18, 4));  // fast hands skip hours; the stroke does not
        QTest::mouseRelease(chart.plot(), Qt::LeftButton, {}, at(18, 4));
        QCOMPARE(committed.count(), 1);
        QVERIFY(painted.count() >= 2);
        for (int hour = 0; hour < 24; ++hour) QCOMPARE(chart.pool()[static_cast<std::size_t>(hour)], hour >= 8 && hour <= 18 ? 4 : 0);
        chart.setEditable(false);
        QTest::mouseClick(chart.plot(), Qt::LeftButton, {}, at(30, 4));
        QCOMPARE(chart.pool()[30], 0);
    }
    void themeSwitchReachesPlots() {
        TimeChart chart;
        chart.setSeries({series("x", 288, 900, 1, 9)});
        chart.setTimeRange(kStart, kStart + 288 * 900.0);
        open(chart);
        Theme::instance().setMode(Theme::Mode::light);
        QTest::qWait(20);
        QCOMPARE(chart.grab().toImage().pixelColor(2, 2), lightTokens()[Role::surface]);
        Theme::instance().setMode(Theme::Mode::dark);
    }
};

PILOTLIGHT_WIDGET_TEST(ChartTest)
#include "test_chart.moc"
