#include <cmath>

#include "samples.h"
#include "support.h"
#include "widgets/charts/ticks.h"

using namespace pilotlight::widgets;

class TicksTest : public QObject {
    Q_OBJECT
    static QStringList labels(const std::vector<Tick>& ticks) {
        QStringList out;
        for (const Tick& tick : ticks) out << tick.label;
        return out;
    }
    static constexpr double kDay = 86400, kStart = pilotlight::test::kStart;

private slots:
    void niceStepsStayWithinTheLimit() {
        QCOMPARE(niceTicks(0, 400, 3), (std::vector<double>{0, 200, 400}));
        for (double hi = 0.013; hi < 1e7; hi *= 1.37) {
            for (int most = 2; most < 9; ++most) {
                const auto ticks = niceTicks(0, hi, most);
                QVERIFY(static_cast<int>(ticks.size()) <= most && !ticks.empty());
                QVERIFY(ticks.front() >= -1e-9 && ticks.back() <= hi * (1 + 1e-9));
            }
        }
        QVERIFY(niceTicks(1, 1, 5).empty());
        QVERIFY(niceTicks(0, std::nan(""), 5).empty());
    }
    void ceilingHoldsTheValue() {
        QCOMPARE(niceCeiling(347, 4), 400.0);
        QCOMPARE(niceCeiling(0, 4), 1.0);
        for (double v = 1e-4; v < 1e8; v *= 1.7) QVERIFY(niceCeiling(v, 5) >= v * (1 - 1e-9) && niceCeiling(v, 5) <= v * 2.6);
    }
    void logarithms() {
        QCOMPARE(logTicks(100, 5000, 8), (std::vector<double>{100, 200, 500, 1000, 2000, 5000}));
        QCOMPARE(logTicks(100, 10000, 5), (std::vector<double>{100, 300, 1000, 3000, 10000}));
        QVERIFY(logTicks(1e-3, 1e9, 5).size() <= 5);
        QVERIFY(logTicks(0, 10, 5).empty());
        const auto [lo, hi] = logBounds(412, 3900);
        QCOMPARE(lo, 200.0);
        QCOMPARE(hi, 5000.0);
    }
    void labelsLoseDecimalsThatSayNothing() {
        std::vector<Tick> seconds{{0, QStringLiteral("0.00\u202Fs")},
                                  {1, QStringLiteral("1.50\u202Fs")},
                                  {2, QStringLiteral("10.0\u202Fs")},
                                  {3, QStringLiteral("200\u202Fms")}};
        tidyLabels(seconds);
        QCOMPARE(labels(seconds), (QStringList{QStringLiteral("0\u202Fs"), QStringLiteral("1.5\u202Fs"), QStringLiteral("10\u202Fs"),
                                               QStringLiteral("200\u202Fms")}));
        std::vector<Tick> whole{{0, QStringLiteral("$0.00")}, {1, QStringLiteral("$1.00")}};
        tidyLabels(whole);
        QCOMPARE(labels(whole), (QStringList{QStringLiteral("$0"), QStringLiteral("$1")}));
        std::vector<Tick> cents{{0, QStringLiteral("$0.00")}, {1, QStringLiteral("$0.50")}};
        tidyLabels(cents);
        QCOMPARE(labels(cents), (QStringList{QStringLiteral("$0.00"), QStringLiteral("$0.50")}));
    }
    void daysAndHours() {
        QCOMPARE(labels(timeTicks(kStart, kStart + 3 * kDay, 7, QTimeZone::utc())),
                 (QStringList{QStringLiteral("21 Nov"), QStringLiteral("12:00"), QStringLiteral("22 Nov"), QStringLiteral("12:00"),
                              QStringLiteral("23 Nov"), QStringLiteral("12:00"), QStringLiteral("24 Nov")}));
        QCOMPARE(labels(timeTicks(kStart + 3600, kStart + 3600 + 900, 4, QTimeZone::utc())),
                 (QStringList{QStringLiteral("01:00"), QStringLiteral("01:05"), QStringLiteral("01:10"), QStringLiteral("01:15")}));
    }
    void weeksBeginOnMonday() {
        const auto ticks = timeTicks(kStart - 30 * kDay, kStart, 5, QTimeZone::utc());
        for (const Tick& tick : ticks) {
            QCOMPARE(QDateTime::fromSecsSinceEpoch(static_cast<qint64>(tick.at), Qt::UTC).date().dayOfWeek(), 1);
        }
        QVERIFY(ticks.size() >= 3);
    }
    void monthsAndYears() {
        const auto ticks = labels(timeTicks(kStart - 330 * kDay, kStart + 90 * kDay, 6, QTimeZone::utc()));
        QVERIFY(ticks.contains(QStringLiteral("2026")));
        QVERIFY(ticks.contains(QStringLiteral("Jul")));
    }
    void summerTimeKeepsRoundLabels() {
        const QTimeZone berlin("Europe/Berlin");
        const double from = static_cast<double>(QDateTime(QDate(2026, 3, 28), QTime(12, 0), berlin).toSecsSinceEpoch());
        const auto ticks = timeTicks(from, from + 2 * kDay, 10, berlin);
        for (const Tick& tick : ticks) QCOMPARE(QDateTime::fromSecsSinceEpoch(static_cast<qint64>(tick.at), berlin).time().minute(), 0);
        for (std::size_t i = 1; i < ticks.size(); ++i) QVERIFY(ticks[i].at > ticks[i - 1].at);
        QVERIFY(labels(ticks).contains(QStringLiteral("29 Mar")));
        QVERIFY(ticks.size() <= 11);
    }
};

PILOTLIGHT_WIDGET_TEST(TicksTest)
#include "test_ticks.moc"
