#include <QLineEdit>
#include <QSignalSpy>

#include "support.h"
#include "widgets/time_range_button.h"

using namespace pilotlight;
using namespace pilotlight::widgets;

class TimeRangeTest : public QObject {
    Q_OBJECT
    Timestamp now_ = *parseIso8601("2026-11-24T14:05:00Z");

    static QString validity(TimeExpressionEdit* edit) { return edit->edit()->property("validity").toString(); }

private slots:
    void resolvesHalfOpen() {
        const TimeRangeChoice yesterday{QStringLiteral("now-1d/d"), QStringLiteral("now-1d/d"), true};
        const auto range = yesterday.resolve(now_);
        QVERIFY(range.has_value());
        QCOMPARE(toIso8601(range->begin), std::string("2026-11-23T00:00:00Z"));
        QCOMPARE(toIso8601(range->end), std::string("2026-11-24T00:00:00Z"));
        QVERIFY(!(TimeRangeChoice{QStringLiteral("now"), QStringLiteral("now-1h"), true}.resolve(now_)));
    }
    void theFieldShowsValidityAtOnce() {
        TimeRangePopup popup;
        popup.setChoice({}, now_);
        auto* edit = popup.from()->edit();
        QCOMPARE(validity(popup.from()), QStringLiteral("good"));
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("now-"));
        QCOMPARE(validity(popup.from()), QStringLiteral("bad"));
        QVERIFY(!popup.applyButton()->isEnabled());
        QTest::keyClicks(edit, QStringLiteral("6h"));
        QCOMPARE(validity(popup.from()), QStringLiteral("good"));
        QVERIFY(popup.applyButton()->isEnabled());
        QCOMPARE(popup.choice().from, QStringLiteral("now-6h"));
    }
    void epochsAndARealMinusArePastedAsTheyAre() {
        TimeRangePopup popup;
        popup.setChoice({}, now_);
        popup.from()->setText(QStringLiteral("1795219200"));
        QCOMPARE(popup.from()->expression(), QStringLiteral("2026-11-21T00:00:00Z"));
        popup.from()->setText(QStringLiteral("1795219200000"));
        QCOMPARE(popup.from()->expression(), QStringLiteral("2026-11-21T00:00:00Z"));
        popup.from()->setText(QStringLiteral("now\u22123d"));
        QCOMPARE(popup.from()->expression(), QStringLiteral("now-3d"));
        QVERIFY(popup.from()->instant().has_value());
    }
    void aRangeThatEndsBeforeItBeginsCannotBeApplied() {
        TimeRangePopup popup;
        popup.setChoice({}, now_);
        popup.from()->setText(QStringLiteral("now-1h"));
        popup.to()->setText(QStringLiteral("now-2h"));
        QCOMPARE(validity(popup.from()), QStringLiteral("good"));  // each end by itself is fine
        QVERIFY(!popup.applyButton()->isEnabled());
    }
    void everyQuickRangeResolves() {
        for (const QuickRange& quick : quickRanges()) {
            const auto range = TimeRangeChoice{quick.from, quick.to, true}.resolve(now_);
            QVERIFY2(range.has_value(), qPrintable(quick.name));
        }
    }
    void labelsCarryTheZone() {
        QCOMPARE(TimeRangeChoice{}.label(now_), QStringLiteral("now\u221214d \u2192 now \u00B7 UTC"));
        QCOMPARE((TimeRangeChoice{QStringLiteral("now/d"), QStringLiteral("now/d"), true}.label(now_)), QStringLiteral("Today \u00B7 UTC"));
        QVERIFY((TimeRangeChoice{QStringLiteral("2026-11-01"), QStringLiteral("now"), true}.label(now_)).endsWith(QStringLiteral("UTC")));
    }
    void buttonRemembersWhereItWas() {
        TimeRangeButton button;
        button.setClock([this] { return now_; });
        QSignalSpy changed(&button, &TimeRangeButton::rangeChanged);
        button.openPopup();
        auto* popup = button.findChild<TimeRangePopup*>();
        QVERIFY(popup);
        popup->from()->setText(QStringLiteral("now-6h"));
        QTest::mouseClick(popup->applyButton(), Qt::LeftButton);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(button.choice().from, QStringLiteral("now-6h"));
        button.goBack();
        QCOMPARE(button.choice().from, QStringLiteral("now-14d"));
        button.goForward();
        QCOMPARE(button.choice().from, QStringLiteral("now-6h"));
        QCOMPARE(changed.count(), 3);
    }
};

PILOTLIGHT_WIDGET_TEST(TimeRangeTest)
#include "test_time_range.moc"
