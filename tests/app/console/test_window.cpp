#include <QLineEdit>
#include <QTest>

#include "app/console/main_window.h"
#include "app/console/pages/function_page.h"
#include "app/console/startup.h"
#include "tests/app/console/samples.h"
#include "tests/support/data.h"
#include "widgets/card.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;

class WindowTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { widgets::Theme::instance().install(*qApp); }

    void anEmptyWorkspaceShowsWhatToDo() {
        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        MainWindow window(session);
        window.show();
        session.start();
        QTRY_VERIFY(session.loaded());
        const auto names = window.pageNames();
        QVERIFY(names.contains("overview") && names.contains("settings") && names.contains("function"));
        for (const auto& name : names) {
            for (const auto mode : {widgets::Theme::Mode::dark, widgets::Theme::Mode::light}) {
                widgets::Theme::instance().setMode(mode);
                window.openPage(name);
                QCOMPARE(window.currentPage()->name(), name);
                QVERIFY(!window.currentPage()->heading().crumbs.isEmpty());
                QVERIFY(!window.grab().isNull());
            }
        }
        window.openPage("overview");
        bool says = false;
        for (auto* card : window.page("overview")->findChildren<widgets::Card*>()) {
            const auto& state = card->stateView()->state();
            says = says || (state.kind == widgets::PanelState::Kind::empty && state.action == QLatin1String("Add a connection"));
        }
        QVERIFY(says);
    }

    void aBrokenWorkspaceIsSaidOnce() {
        SessionOptions options;
        options.refresh_seconds = 0;
        options.opener = []() -> Result<std::shared_ptr<Workspace>> {
            return fail(ErrorCode::too_new, "The workspace was written by a newer version", "It is left untouched", "Update Pilotlight");
        };
        Session session(options);
        MainWindow window(session);
        window.show();
        session.start();
        QTRY_VERIFY(session.loadError().has_value());
        QTest::qWait(50);
        int banners = 0;
        for (auto* banner : window.findChildren<widgets::Banner*>()) banners += banner->isVisible() ? 1 : 0;
        QCOMPARE(banners, 1);
    }

    void shortcutsLead() {
        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        MainWindow window(session);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QTest::keyClick(&window, Qt::Key_3, Qt::ControlModifier);
        QCOMPARE(window.currentPage()->name(), QStringLiteral("costs"));
        QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(window.currentPage()->name(), QStringLiteral("functions"));
        QTest::keyClick(&window, Qt::Key_Slash);
        QVERIFY(qobject_cast<QLineEdit*>(QApplication::focusWidget()) != nullptr);
        QTest::keyClicks(QApplication::focusWidget(), "cold>5%");
        QCOMPARE(qobject_cast<QLineEdit*>(QApplication::focusWidget())->text(), QStringLiteral("cold>5%"));
        QTest::keyClick(&window, Qt::Key_Escape);
        QCOMPARE(window.page("functions")->findChild<QLineEdit*>()->text(), QString());
    }

    void options() {
        auto parsed = parseStartOptions({"pilotlight", "--sandbox", "--theme", "light", "--page", "whatif", "--function", "chat"});
        QVERIFY(parsed && *parsed);
        QVERIFY((*parsed)->sandbox);
        QCOMPARE((*parsed)->theme, QStringLiteral("light"));
        QCOMPARE((*parsed)->function, QStringLiteral("chat"));
        QCOMPARE(parseStartOptions({"pilotlight", "--theme", "pink"}).error().code, ErrorCode::invalid_argument);
        QCOMPARE(parseStartOptions({"pilotlight", "--nonsense"}).error().code, ErrorCode::invalid_argument);
        QCOMPARE(parseStartOptions({"pilotlight", "--refresh", "often"}).error().code, ErrorCode::invalid_argument);
    }
    void rangesThatMakeNoSense() {
        QVERIFY(!(RangeText{"now", "now-14d"}).evaluate(console::test::at("2026-11-24T00:00:00Z")));
        QVERIFY(!(RangeText{"yesterday", "now"}).evaluate(console::test::at("2026-11-24T00:00:00Z")));
        const auto day = RangeText{"now-1d/d", "now-1d/d"}.evaluate(console::test::at("2026-11-24T14:05:00Z"));
        QVERIFY(day.has_value());
        QCOMPARE(day->length(), milliseconds(hours(24)));
    }
};

QTEST_MAIN(WindowTest)
#include "test_window.moc"
