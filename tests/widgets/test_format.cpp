#include "support.h"
#include "widgets/format.h"

using namespace pilotlight;
using namespace pilotlight::widgets;

namespace {
// Thin spaces are hard to see in a test: written as '_' here, the minus as '~'.
QString plain(QString text) {
    return text.replace(format::kThin, QLatin1Char('_'))
        .replace(format::kMinus, QLatin1Char('~'))
        .replace(QChar(0x00A0), QLatin1Char('_'))
        .replace(format::kEnDash, QLatin1Char('-'));
}
}  // namespace

class FormatTest : public QObject {
    Q_OBJECT
private slots:
    void money() {
        QCOMPARE(plain(format::money(412.345)), QStringLiteral("$412.35"));
        QCOMPARE(plain(format::money(999.99)), QStringLiteral("$999.99"));
        QCOMPARE(plain(format::money(999.996)), QStringLiteral("$1,000"));
        QCOMPARE(plain(format::money(1061.4)), QStringLiteral("$1,061"));
        QCOMPARE(plain(format::money(-96)), QStringLiteral("~$96.00"));
        QCOMPARE(plain(format::money(0)), QStringLiteral("$0.00"));
        QCOMPARE(plain(format::money(0.00149)), QStringLiteral("$0.00149"));
        QCOMPARE(plain(format::money(0.0000166667)), QStringLiteral("$0.0000167"));
        QCOMPARE(plain(format::money(*Money::parse("1234567.891"))), QStringLiteral("$1,234,568"));
        QCOMPARE(plain(format::moneyWhole(508.4)), QStringLiteral("$508"));
        QCOMPARE(plain(format::moneyWhole(6.2)), QStringLiteral("$6.20"));
        QCOMPARE(plain(format::moneySigned(6.2)), QStringLiteral("+$6.20"));
        QCOMPARE(plain(format::moneySigned(-96.3)), QStringLiteral("~$96"));
        QCOMPARE(plain(format::moneyRange(78, 114)), QStringLiteral("$78-114"));
        QCOMPARE(plain(format::plusMinus(18)), QStringLiteral("\u00B1_18"));
        QCOMPARE(format::money(std::nan("")), QStringLiteral("unknown"));
    }
    void durations_data() {
        QTest::addColumn<double>("ms");
        QTest::addColumn<QString>("text");
        QTest::newRow("zero") << 0.0 << "0_ms";
        QTest::newRow("micro") << 0.04 << "40_\u00B5s";
        QTest::newRow("fraction") << 1.24 << "1.2_ms";
        QTest::newRow("ms") << 640.0 << "640_ms";
        QTest::newRow("edge of s") << 999.4 << "999_ms";
        QTest::newRow("s") << 2210.0 << "2.21_s";
        QTest::newRow("ten s") << 31400.0 << "31.4_s";
        QTest::newRow("min") << 84000.0 << "1.4_min";
        QTest::newRow("many min") << 60000.0 * 41 << "41_min";
        QTest::newRow("h") << 3600e3 * 3.2 << "3.2_h";
        QTest::newRow("d") << 86400e3 * 4.1 << "4.1_d";
    }
    void durations() {
        QFETCH(double, ms);
        QFETCH(QString, text);
        QCOMPARE(plain(format::durationText(ms)), text);
    }
    void spansHaveNoEmptyDecimals() {
        QCOMPARE(plain(format::spanText(300e3)), QStringLiteral("5_min"));
        QCOMPARE(plain(format::spanText(14 * 86400e3)), QStringLiteral("14_d"));
        QCOMPARE(plain(format::spanText(90e3)), QStringLiteral("1.5_min"));
        QCOMPARE(plain(format::spanText(100)), QStringLiteral("100_ms"));
    }
    void shares() {
        QCOMPARE(plain(format::percent(0.061)), QStringLiteral("6.1_%"));
        QCOMPARE(plain(format::percentSigned(-0.19)), QStringLiteral("~19_%"));
        QCOMPARE(plain(format::percentSigned(-0.001)), QStringLiteral("0_%"));  // no sign on nothing
        QCOMPARE(plain(format::points(-0.057)), QStringLiteral("~5.7_points"));
        QCOMPARE(plain(format::percentRange(0.002, 0.008)), QStringLiteral("0.2-0.8_%"));
        QCOMPARE(plain(format::durationRange(590, 690)), QStringLiteral("590-690_ms"));
        QCOMPARE(plain(format::durationRange(590, 1200)), QStringLiteral("590_ms-1.20_s"));
        QCOMPARE(plain(format::range(format::money(-4), format::money(12))), QStringLiteral("~$4.00 to $12.00"));
    }
    void sizesAndCounts() {
        QCOMPARE(plain(format::integer(1204118)), QStringLiteral("1,204,118"));
        QCOMPARE(plain(format::integer(-0.2)), QStringLiteral("0"));
        QCOMPARE(plain(format::megabytes(10240)), QStringLiteral("10,240_MB"));
        QCOMPARE(plain(format::compact(1204118)), QStringLiteral("1.2_M"));
        QCOMPARE(plain(format::compact(12400)), QStringLiteral("12.4_k"));
        QCOMPARE(plain(format::bytes(4.7e6)), QStringLiteral("4.7_MB"));
        QCOMPARE(plain(format::times(1)), QStringLiteral("\u00D7_1.0"));
        QCOMPARE(plain(format::vcpu(1.157)), QStringLiteral("1.16_vCPU"));
        QCOMPARE(plain(format::durationSigned(-1570)), QStringLiteral("~1.57_s"));
    }
    void times() {
        const auto at = *parseIso8601("2024-11-22T20:00:00Z");
        QCOMPARE(plain(format::time(at, QTimeZone::utc())), QStringLiteral("20:00_UTC"));
        QCOMPARE(plain(format::dateTime(at, QTimeZone::utc())), QStringLiteral("22 Nov 2024 20:00_UTC"));
        QCOMPARE(plain(format::dateTime(at, QTimeZone("Asia/Kolkata"))).left(18), QStringLiteral("23 Nov 2024 01:30_"));
        QCOMPARE(plain(format::ago(at, at + minutes(14))), QStringLiteral("14_min ago"));
        QCOMPARE(plain(format::ago(at + minutes(41), at)), QStringLiteral("in 41_min"));
        QCOMPARE(plain(format::ago(at, at + milliseconds(300))), QStringLiteral("now"));
        QCOMPARE(plain(format::ago(at, at + seconds(12))), QStringLiteral("12_s ago"));
    }
    void parsing() {
        QCOMPARE(*format::parseNumber(QStringLiteral("2,048 MB")), 2048.0);
        QCOMPARE(*format::parseNumber(format::megabytes(10240)), 10240.0);  // what is shown can be typed
        QCOMPARE(*format::parseNumber(QStringLiteral("2.5 GB")), 2560.0);
        QCOMPARE(*format::parseNumber(format::times(1.5)), 1.5);
        QCOMPARE(*format::parseNumber(QStringLiteral("1.5 s")), 1500.0);
        QCOMPARE(*format::parseNumber(QString(format::kMinus) + QStringLiteral("3")), -3.0);
        QVERIFY(!format::parseNumber(QStringLiteral("lots")));
        QVERIFY(!format::parseNumber(QStringLiteral("12 parsecs")));
        QVERIFY(!format::parseNumber(QString()));
    }
};

PILOTLIGHT_WIDGET_TEST(FormatTest)
#include "test_format.moc"
