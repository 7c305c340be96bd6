#include <cmath>
#include <map>

#include "samples.h"
#include "support.h"
#include "widgets/charts/decimate.h"
#include "widgets/charts/tree_map.h"

using namespace pilotlight::widgets;
using namespace pilotlight::test;

class DecimateTest : public QObject {
    Q_OBJECT
    static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

private slots:
    void atMostTwoAColumnAndExtremesSurvive() {
        const int count = 40320, columns = 700;
        const auto x = times(count, 30);
        auto y = daily(count, 30, 10, 300, 0.3, 5);
        y[12345] = 9999;  // one spike
        y[30001] = -5;
        const auto kept = decimatedIndices(x, y, x.front(), x.back(), columns);
        QVERIFY(kept.size() <= 2 * columns + 2);
        QVERIFY(std::is_sorted(kept.begin(), kept.end()));
        QVERIFY(std::find(kept.begin(), kept.end(), 12345U) != kept.end());
        QVERIFY(std::find(kept.begin(), kept.end(), 30001U) != kept.end());
        // Every column keeps its own minimum and maximum.
        std::map<int, std::pair<double, double>> wanted, got;
        const auto column = [&](std::size_t i) {
            return std::min(columns - 1, static_cast<int>((x[i] - x.front()) * columns / (x.back() - x.front())));
        };
        const auto note = [&](auto& into, std::size_t i) {
            auto [at, fresh] = into.try_emplace(column(i), y[i], y[i]);
            at->second.first = std::min(at->second.first, y[i]);
            at->second.second = std::max(at->second.second, y[i]);
        };
        for (std::size_t i = 0; i < x.size(); ++i) note(wanted, i);
        for (const std::size_t i : kept) note(got, i);
        QVERIFY(wanted == got);
        std::map<int, int> each;
        for (const std::size_t i : kept) ++each[column(i)];
        for (const auto& [c, n] : each) QVERIFY(n <= 2);
    }
    void fewPointsStayAndNeighboursRunToTheEdge() {
        const auto x = times(100, 60);
        const auto y = daily(100, 60, 1, 2, 0, 1);
        QCOMPARE(decimatedIndices(x, y, x.front(), x.back(), 200).size(), 100U);
        const auto part = decimatedIndices(x, y, x[10] + 1, x[20] + 1, 200);
        QCOMPARE(part.front(), 10U);  // one before
        QCOMPARE(part.back(), 21U);   // one after
    }
    void gapsStayGaps() {
        const int count = 20000;
        const auto x = times(count, 30);
        auto y = daily(count, 30, 10, 20, 0.1, 2);
        for (int i = 8000; i < 12000; ++i) y[static_cast<std::size_t>(i)] = kNan;
        const auto kept = decimatedIndices(x, y, x.front(), x.back(), 400);
        bool inside = false;
        for (const std::size_t i : kept) {
            if (i >= 8000 && i < 12000) {
                QVERIFY(std::isnan(y[i]));
                inside = true;
            } else {
                QVERIFY(!std::isnan(y[i]));
            }
        }
        QVERIFY(inside);
    }
    void missingPeriodsBecomeGaps() {
        const std::vector<double> x{0, 60, 120, 600, 660}, y{1, 2, 3, 4, 5};
        const auto gapped = withGaps(x, y, 60);
        QCOMPARE(gapped.x.size(), 6U);
        QCOMPARE(gapped.x[3], 180.0);
        QVERIFY(std::isnan(gapped.y[3]));
        QCOMPARE(withGaps(x, y, 0).x.size(), 5U);
    }
    void emptyAndOddRanges() {
        const std::vector<double> none;
        QVERIFY(decimatedIndices(none, none, 0, 1, 10).empty());
        const std::vector<double> x{1, 2, 3}, y{1, 2, 3};
        QVERIFY(decimatedIndices(x, y, 5, 4, 10).empty());
        QVERIFY(decimatedIndices(x, y, 0, 4, 0).empty());
        QCOMPARE(lastAtOrBefore(x, 0.5), kNoIndex);
        QCOMPARE(lastAtOrBefore(x, 2.5), 1U);
        QCOMPARE(lastAtOrBefore(x, 9), 2U);
    }
    void statistics() {
        std::vector<double> x, y;
        for (int i = 0; i < 100; ++i) {
            x.push_back(i);
            y.push_back(i + 1);
        }
        y[50] = kNan;
        const auto all = statisticsOf(x, y, 0, 99);
        QCOMPARE(all.count, 99U);
        QCOMPARE(all.min, 1.0);
        QCOMPARE(all.max, 100.0);
        QCOMPARE(all.last, 100.0);
        QCOMPARE(all.sum, 5050.0 - 51);
        QCOMPARE(all.p95, 96.0);  // rank ceil(0.95 x 99) = 95 of 1..100 without 51
        const auto part = statisticsOf(x, y, 10, 19);
        QCOMPARE(part.count, 10U);
        QCOMPARE(part.mean, 15.5);
        QCOMPARE(statisticsOf(x, y, 50, 50).count, 0U);  // missing is not zero
        QVERIFY(std::isnan(statisticsOf(x, y, 50, 50).mean));
    }
    void treeMapFillsItsAreaWithoutOverlap() {
        const std::vector<double> values{508, 301, 214, 188, 121, 64, 9};
        const QRectF area(0, 0, 400, 240);
        const auto boxes = squarified(values, area);
        double total = 0;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            total += boxes[i].width() * boxes[i].height();
            QVERIFY(std::abs(boxes[i].width() * boxes[i].height() - values[i] / 1405 * 96000) < 1e-6 * 96000);
            QVERIFY(area.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(boxes[i]));
            for (std::size_t k = 0; k < i; ++k) {
                const QRectF both = boxes[i].intersected(boxes[k]);
                QVERIFY(both.width() * both.height() < 1e-6);
            }
        }
        QVERIFY(std::abs(total - 96000) < 1e-3);
    }
};

PILOTLIGHT_WIDGET_TEST(DecimateTest)
#include "test_decimate.moc"
