#include <QLineEdit>
#include <QSignalSpy>
#include <QUndoStack>
#include <QWheelEvent>

#include "support.h"
#include "widgets/format.h"
#include "widgets/setting_slider.h"

using namespace pilotlight::widgets;

class SliderTest : public QObject {
    Q_OBJECT
    std::unique_ptr<SettingSlider> slider_;
    std::unique_ptr<QUndoStack> undo_;

private slots:
    void init() {
        undo_ = std::make_unique<QUndoStack>();
        slider_ = std::make_unique<SettingSlider>(QStringLiteral("Memory"), QStringLiteral("MB"));
        slider_->setMap(ValueMap::linear(128, 10240, 64));
        slider_->setFormat([](double v) { return format::megabytes(v); });
        slider_->setUndoStack(undo_.get());
        slider_->setValue(1024);
        slider_->setToday(1024);
        slider_->resize(344, 70);
        slider_->show();
        QVERIFY(QTest::qWaitForWindowExposed(slider_.get()));
        slider_->activateWindow();
        slider_->track()->setFocus();
    }
    void settersAreSilent() {
        QSignalSpy changed(slider_.get(), &SettingSlider::valueChanged);
        slider_->setValue(2000);
        QCOMPARE(slider_->value(), 1984.0);  // snapped to 128 + 64 k
        QCOMPARE(changed.count(), 0);
        QCOMPARE(undo_->count(), 0);
        QCOMPARE(slider_->box()->text(), format::megabytes(1984));
    }
    void keysStepToTheNextValidValue() {
        QSignalSpy changed(slider_.get(), &SettingSlider::valueChanged), committed(slider_.get(), &SettingSlider::committed);
        QTest::keyClick(slider_->track(), Qt::Key_Right);
        QCOMPARE(slider_->value(), 1088.0);
        QTest::keyClick(slider_->track(), Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(slider_->value(), 1728.0);
        QTest::keyClick(slider_->track(), Qt::Key_Left, Qt::ShiftModifier);
        QTest::keyClick(slider_->track(), Qt::Key_Down);
        QCOMPARE(slider_->value(), 1024.0);
        QTest::keyClick(slider_->track(), Qt::Key_Home);
        QCOMPARE(slider_->value(), 128.0);
        QTest::keyClick(slider_->track(), Qt::Key_Left);  // at the end: nothing happens
        QTest::keyClick(slider_->track(), Qt::Key_End);
        QCOMPARE(slider_->value(), 10240.0);
        QCOMPARE(changed.count(), 6);
        QCOMPARE(committed.count(), 6);
        QTest::keyClick(slider_->track(), Qt::Key_Backspace);
        QCOMPARE(slider_->value(), 1024.0);
    }
    void undoAndRedoAreSignalled() {
        QTest::keyClick(slider_->track(), Qt::Key_Right);
        QTest::keyClick(slider_->track(), Qt::Key_Right);
        QCOMPARE(undo_->count(), 2);
        QSignalSpy changed(slider_.get(), &SettingSlider::valueChanged);
        undo_->undo();
        QCOMPARE(slider_->value(), 1088.0);
        undo_->undo();
        QCOMPARE(slider_->value(), 1024.0);
        undo_->redo();
        QCOMPARE(slider_->value(), 1088.0);
        QCOMPARE(changed.count(), 3);
        QVERIFY(undo_->redoText().contains(QStringLiteral("Memory")));
    }
    void aDragIsOneUndoStepAndSignalsEveryStep() {
        auto* track = slider_->track();
        QSignalSpy changed(slider_.get(), &SettingSlider::valueChanged), committed(slider_.get(), &SettingSlider::committed);
        const int y = track->height() / 2, from = static_cast<int>(track->xOf(1024));
        QTest::mousePress(track, Qt::LeftButton, {}, QPoint(from, y));
        QCOMPARE(slider_->value(), 1024.0);  // pressing the handle does not move it
        for (int x = from; x <= from + 80; x += 8) QTest::mouseMove(track, QPoint(x, y));
        QVERIFY(changed.count() >= 9);
        QCOMPARE(committed.count(), 0);
        QTest::mouseRelease(track, Qt::LeftButton, {}, QPoint(from + 80, y));
        QCOMPARE(committed.count(), 1);
        QCOMPARE(undo_->count(), 1);
        QVERIFY(slider_->value() > 3000);
        undo_->undo();
        QCOMPARE(slider_->value(), 1024.0);
    }
    void doubleClickReturnsToToday() {
        auto* track = slider_->track();
        QTest::keyClick(track, Qt::Key_End);
        const int count = undo_->count();
        const QPoint at(120, track->height() / 2);
        QTest::mouseDClick(track, Qt::LeftButton, {}, at);  // its first press moves there, as a hand does
        QCOMPARE(slider_->value(), 1024.0);
        QCOMPARE(undo_->count(), count + 1);  // one step for the whole gesture
        undo_->undo();
        QCOMPARE(slider_->value(), 10240.0);
    }
    void typingTakesValidValuesOnly() {
        QLineEdit* box = slider_->box();
        QSignalSpy committed(slider_.get(), &SettingSlider::committed);
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QStringLiteral("99999"));
        QCOMPARE(box->property("validity").toString(), QStringLiteral("bad"));
        QVERIFY(box->toolTip().contains(QStringLiteral("128")));
        QTest::keyClick(box, Qt::Key_Return);
        QCOMPARE(slider_->value(), 1024.0);
        QCOMPARE(box->text(), format::megabytes(1024));  // put back
        QCOMPARE(committed.count(), 0);
        box->selectAll();
        QTest::keyClicks(box, QStringLiteral("2 GB"));
        QCOMPARE(box->property("validity").toString(), QStringLiteral("good"));
        QTest::keyClick(box, Qt::Key_Return);
        QCOMPARE(slider_->value(), 2048.0);
        QCOMPARE(committed.count(), 1);
        QCOMPARE(undo_->count(), 1);
    }
    void escapeKeepsTheOldValue() {
        QLineEdit* box = slider_->box();
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QStringLiteral("4096"));
        QTest::keyClick(box, Qt::Key_Escape);
        QCOMPARE(box->text(), format::megabytes(1024));
        QCOMPARE(slider_->value(), 1024.0);
        QVERIFY(slider_->track()->hasFocus());
    }
    void typedStepIsFinerThanTheTrack() {
        slider_->setTypedStep(1);
        QLineEdit* box = slider_->box();
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QStringLiteral("1769"));
        QTest::keyClick(box, Qt::Key_Return);
        QCOMPARE(slider_->value(), 1769.0);
        slider_->track()->setFocus();
        QTest::keyClick(slider_->track(), Qt::Key_Right);  // from between two steps to the next one
        QCOMPARE(slider_->value(), 1792.0);
    }
    void wheelNeedsTheFocus() {
        const auto roll = [&] {
            QWheelEvent event(QPointF(50, 8), slider_->track()->mapToGlobal(QPointF(50, 8)), {}, QPoint(0, 120), Qt::NoButton,
                              Qt::NoModifier, Qt::NoScrollPhase, false);
            QApplication::sendEvent(slider_->track(), &event);
            return event.isAccepted();
        };
        QVERIFY(slider_->track()->hasFocus());
        QVERIFY(roll());
        QCOMPARE(slider_->value(), 1088.0);
        slider_->track()->clearFocus();
        QVERIFY(!roll());  // the page scrolls instead
        QCOMPARE(slider_->value(), 1088.0);
    }
    void disabledSaysWhy() {
        slider_->setDisabledReason(QStringLiteral("Read-only profile."));
        QVERIFY(!slider_->isEnabled());
        QCOMPARE(slider_->toolTip(), QStringLiteral("Read-only profile."));
        QTest::keyClick(slider_->track(), Qt::Key_Right);
        QCOMPARE(slider_->value(), 1024.0);
        slider_->setDisabledReason({});
        QVERIFY(slider_->isEnabled());
        QCOMPARE(slider_->track()->accessibleName(), QStringLiteral("Memory"));
    }
    void maps() {
        const ValueMap list = ValueMap::list({1, 2, 4, 8, 80});
        QCOMPARE(list.stepped(4, 1), 8.0);
        QCOMPARE(list.stepped(5, 1), 8.0);
        QCOMPARE(list.stepped(5, -1), 4.0);
        QCOMPARE(list.stepped(80, 10), 80.0);
        QCOMPARE(list.position(2), 0.25);
        QCOMPARE(list.valueAt(0.74), 8.0);
        QCOMPARE(list.snapped(7), 8.0);
        QVERIFY(list.isValid(80) && !list.isValid(3));
        const ValueMap log = ValueMap::logarithmic(128, 10240, 1);
        QVERIFY(std::abs(log.position(std::sqrt(128.0 * 10240)) - 0.5) < 1e-9);
        for (double value = 128; value < 10240;) {  // every step moves, and all values are valid
            const double next = log.stepped(value, 1);
            QVERIFY(next > value);
            QVERIFY(log.isValid(next));
            value = next;
        }
        const ValueMap from_zero = ValueMap::logarithmic(0, 1000, 1);
        QCOMPARE(from_zero.position(0), 0.0);
        QCOMPARE(from_zero.valueAt(1), 1000.0);
        QCOMPARE(from_zero.stepped(0, 1), 1.0);
        const ValueMap odd = ValueMap::linear(128, 10240, 1000);  // the top is valid though the step does not reach it
        QCOMPARE(odd.stepped(9128 + 1000, 1), 10240.0);
        QCOMPARE(odd.snapped(10239), 10240.0);
        for (double p = 0; p <= 1; p += 0.01) QVERIFY(odd.isValid(odd.valueAt(p)));
    }
};

PILOTLIGHT_WIDGET_TEST(SliderTest)
#include "test_slider.moc"
