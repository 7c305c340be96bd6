#include <QBoxLayout>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardItemModel>

#include "support.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/command_palette.h"
#include "widgets/figure_tile.h"
#include "widgets/jobs_panel.h"
#include "widgets/navigation_bar.h"
#include "widgets/status_strip.h"
#include "widgets/summary_tables.h"
#include "widgets/table_delegates.h"
#include "widgets/top_bar.h"

using namespace pilotlight;
using namespace pilotlight::widgets;

class FrameTest : public QObject {
    Q_OBJECT
private slots:
    void navigation() {
        NavigationBar bar;
        bar.addEntry(QStringLiteral("overview"), QStringLiteral("Overview"), QStringLiteral("overview"));
        bar.addEntry(QStringLiteral("costs"), QStringLiteral("Costs"), QStringLiteral("costs"));
        bar.show();
        QSignalSpy activated(&bar, &NavigationBar::activated);
        bar.setCurrent(QStringLiteral("overview"));
        QCOMPARE(activated.count(), 0);
        QTest::mouseClick(bar.findChildren<NavigationItem*>()[1], Qt::LeftButton);
        QCOMPARE(activated.count(), 1);
        QCOMPARE(bar.current(), QStringLiteral("costs"));
        QCOMPARE(bar.width(), 200);
        bar.setCollapsed(true);
        QCOMPARE(bar.width(), 48);
        QCOMPARE(bar.findChildren<NavigationItem*>()[1]->toolTip(), QStringLiteral("Costs"));
    }
    void bandNamesItsEnvironment() {
        ColourBand band;
        band.resize(200, 3);
        band.setEnvironment(ColourBand::Environment::production, false);
        QCOMPARE(band.grab().toImage().pixelColor(100, 1), colour(Role::bad));
        band.setEnvironment(ColourBand::Environment::production, true);
        const QImage image = band.grab().toImage();
        int bad = 0;
        for (int x = 0; x < 200; ++x) bad += image.pixelColor(x, 1) == colour(Role::bad);
        QVERIFY(bad > 60 && bad < 180);  // hatched
        QVERIFY(band.toolTip().contains(QStringLiteral("read-only")));
    }
    void viewSwitch() {
        ViewSwitch views;
        views.setViews({QStringLiteral("Metrics"), QStringLiteral("What-if")});
        views.setCurrent(0);
        views.show();
        QSignalSpy activated(&views, &ViewSwitch::activated);
        const auto buttons = views.findChildren<QAbstractButton*>();
        QTest::mouseClick(buttons[1], Qt::LeftButton);
        QCOMPARE(views.current(), 1);
        QTest::keyClick(&views, Qt::Key_Left);
        QCOMPARE(views.current(), 0);
        QCOMPARE(activated.count(), 2);
    }
    void breadcrumb() {
        Breadcrumb crumb;
        crumb.setPath({QStringLiteral("Functions"), QStringLiteral("chat-inference")});
        crumb.resize(crumb.sizeHint());
        QSignalSpy activated(&crumb, &Breadcrumb::activated);
        QTest::mouseClick(&crumb, Qt::LeftButton, {}, QPoint(10, 14));
        QTest::mouseClick(&crumb, Qt::LeftButton, {}, QPoint(crumb.width() - 10, 14));  // the last is where we are
        QCOMPARE(activated.count(), 1);
    }
    void statusStrip() {
        StatusStrip strip;
        strip.resize(600, 28);
        strip.setItem(QStringLiteral("profile"), StatusStrip::Side::left, QStringLiteral("prod-eu (write)"));
        strip.setItem(QStringLiteral("jobs"), StatusStrip::Side::right, QStringLiteral("2 jobs"), true);
        QSignalSpy clicked(&strip, &StatusStrip::clicked);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(570, 14));
        QCOMPARE(clicked.count(), 1);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(40, 14));  // not a button
        QCOMPARE(clicked.count(), 1);
        strip.setItem(QStringLiteral("jobs"), StatusStrip::Side::right, QString());
        QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(570, 14));
        QCOMPARE(clicked.count(), 1);
    }
    void aLongStatusGivesWayToShortOnes() {
        StatusStrip strip;
        strip.resize(400, 28);
        strip.setItem(QStringLiteral("profile"), StatusStrip::Side::left, QStringLiteral("prod-eu (write)"), true);
        strip.setItem(QStringLiteral("model"), StatusStrip::Side::right, QString(300, QLatin1Char('m')));
        strip.setItem(QStringLiteral("key"), StatusStrip::Side::right, QStringLiteral("Ctrl+K"), true);
        QSignalSpy clicked(&strip, &StatusStrip::clicked);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(30, 14));
        QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(375, 14));
        QCOMPARE(clicked.count(), 2);
    }
    void whatWrapsGetsItsHeight() {
        QWidget box;
        auto* layout = new QVBoxLayout(&box);
        layout->setContentsMargins(0, 0, 0, 0);
        auto* chips = new ChipFlow;
        auto* guards = new GuardrailList;
        layout->addWidget(chips);
        layout->addWidget(guards);
        layout->addStretch(1);
        QList<QPair<QString, Role>> many;
        for (int i = 0; i < 9; ++i) many.append({QStringLiteral("us-east-1 prices, 2026-11-2%1").arg(i), Role::muted});
        chips->setChips(many);
        guards->setItems(
            {{GuardrailList::Verdict::veto, QStringLiteral("a long reason that needs two lines in a narrow column, as reasons do"), {}}});
        box.resize(344, 600);
        box.show();
        QCOMPARE(chips->height(), chips->heightForWidth(344));
        QCOMPARE(guards->height(), guards->heightForWidth(344));
        QVERIFY(guards->height() > 30);
        for (auto* chip : chips->findChildren<Chip*>()) QVERIFY(chip->geometry().bottom() <= chips->height());
    }
    void cardStates() {
        Card card(QStringLiteral("Cost"));
        auto* content = makeLabel(QStringLiteral("content"));
        card.body()->addWidget(content);
        card.resize(400, 240);
        card.show();
        QVERIFY(content->isVisible());
        QSignalSpy action(&card, &Card::actionRequested), cancel(&card, &Card::cancelRequested);
        card.setState(PanelState::empty(QStringLiteral("No costs yet"), {}, QStringLiteral("Import a bill")));
        QVERIFY(!content->isVisible());
        const auto button = [&](const QString& text) {
            for (auto* candidate : card.findChildren<QPushButton*>()) {
                if (candidate->isVisible() && candidate->text() == text) return candidate;
            }
            return static_cast<QPushButton*>(nullptr);
        };
        QVERIFY(button(QStringLiteral("Import a bill")));
        QTest::mouseClick(button(QStringLiteral("Import a bill")), Qt::LeftButton);
        QCOMPARE(action.count(), 1);
        card.setState(PanelState::partial(QStringLiteral("2 of 3 regions")));
        QVERIFY(content->isVisible());  // what there is stays
        card.setState(PanelState::fromError(
            Error{ErrorCode::permission_denied, "Refused.", "Nothing else is affected.", "Allow it.", "ce:GetCostAndUsage"}));
        QVERIFY(!content->isVisible());
        QCOMPARE(card.stateView()->state().kind, PanelState::Kind::permission);
        QTest::mouseClick(button(QStringLiteral("Copy policy")), Qt::LeftButton);
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("ce:GetCostAndUsage")));
        card.setState(PanelState::loading(QStringLiteral("Reading"), 0.5, true));
        QVERIFY(!button(QStringLiteral("Cancel")));  // nothing flashes for what is quick
        card.stateView()->showAtOnce();
        QTest::mouseClick(button(QStringLiteral("Cancel")), Qt::LeftButton);
        QCOMPARE(cancel.count(), 1);
        card.setState(PanelState::content());
        QVERIFY(content->isVisible());
    }
    void figureIsSpoken() {
        FigureTile tile(QStringLiteral("Latency p95"));
        tile.setFigure({QStringLiteral("640"),
                        QStringLiteral("ms"),
                        QStringLiteral("590–690"),
                        QStringLiteral("−71 %"),
                        Role::good,
                        QStringLiteral("today 2.21 s"),
                        false,
                        {}});
        QCOMPARE(tile.accessibleName(), QStringLiteral("Latency p95: 640 ms 590–690"));
        QCOMPARE(tile.accessibleDescription(), QStringLiteral("−71 % today 2.21 s"));
    }
    void paletteFindsAndRuns() {
        QVERIFY(matchScore(QStringLiteral("cost"), QStringLiteral("Go to Costs")) >
                matchScore(QStringLiteral("cost"), QStringLiteral("connect or stop it")));
        QCOMPARE(matchScore(QStringLiteral("xyz"), QStringLiteral("Costs")), 0);
        CommandPalette palette;
        palette.setCommands(
            {{QStringLiteral("overview"), QStringLiteral("Go to Overview"), QStringLiteral("Page"), {}, {}},
             {QStringLiteral("costs"), QStringLiteral("Go to Costs"), QStringLiteral("Page"), {}, QStringLiteral("bill money")},
             {QStringLiteral("chat"), QStringLiteral("chat-inference"), QStringLiteral("Function"), {}, {}}});
        QWidget window;
        window.resize(900, 600);
        window.show();
        palette.openOver(&window);
        QSignalSpy triggered(&palette, &CommandPalette::triggered);
        QTest::keyClicks(palette.edit(), QStringLiteral("bill"));
        QCOMPARE(palette.shownIds(), QStringList{QStringLiteral("costs")});
        palette.edit()->clear();
        QTest::keyClicks(palette.edit(), QStringLiteral("ci"));
        QCOMPARE(palette.shownIds().first(), QStringLiteral("chat"));
        QTest::keyClick(palette.edit(), Qt::Key_Return);
        QCOMPARE(triggered.count(), 1);
        QVERIFY(!palette.isVisible());
    }
    void jobsAreCancelled() {
        QStandardItemModel model;
        auto* item = new QStandardItem;
        item->setData(QStringLiteral("Sync"), JobTitleRole);
        item->setData(static_cast<int>(JobState::running), JobStateRole);
        item->setData(true, JobCancellableRole);
        model.appendRow(item);
        JobsPanel panel;
        panel.setModel(&model);
        panel.resize(420, 160);
        panel.show();
        auto* view = panel.findChild<QAbstractItemView*>();
        QSignalSpy cancel(&panel, &JobsPanel::cancelRequested);
        const QRect cell = view->visualRect(model.index(0, 0));
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, QPoint(cell.left() + 20, cell.top() + 20));
        QCOMPARE(cancel.count(), 0);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, QPoint(cell.right() - 40, cell.top() + 20));
        QCOMPARE(cancel.count(), 1);
    }
    void tableCopiesAndExports() {
        QStandardItemModel model(2, 2);
        model.setHorizontalHeaderLabels({QStringLiteral("Function"), QStringLiteral("Cost")});
        model.setItem(0, 0, new QStandardItem(QStringLiteral("a, \"b\"")));
        model.setItem(0, 1, new QStandardItem(QStringLiteral("$1,061")));
        model.setItem(1, 0, new QStandardItem(QStringLiteral("c")));
        model.setItem(1, 1, new QStandardItem(QStringLiteral("unknown")));
        Table table;
        table.setModel(&model);
        QCOMPARE(table.toCsv(), QStringLiteral("Function,Cost\r\n\"a, \"\"b\"\"\",\"$1,061\"\r\nc,unknown\r\n"));
        table.show();
        table.selectRow(1);
        QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("Function\tCost\nc\tunknown\n"));
        QSignalSpy activated(&table, &Table::rowActivated);
        QTest::keyClick(&table, Qt::Key_Return);
        QCOMPARE(activated.count(), 1);
    }
};

PILOTLIGHT_WIDGET_TEST(FrameTest)
#include "test_frame.moc"
