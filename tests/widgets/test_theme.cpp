#include <QDirIterator>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>

#include "support.h"
#include "widgets/card.h"

using namespace pilotlight::widgets;

class ThemeTest : public QObject {
    Q_OBJECT
private slots:
    void cleanup() { Theme::instance().setMode(Theme::Mode::dark); }

    // WCAG 2: text 4.5:1 on every surface it stands on, marks 3:1.
    void contrast_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("dark") << true;
        QTest::newRow("light") << false;
    }
    void contrast() {
        QFETCH(bool, dark);
        const Tokens& t = dark ? darkTokens() : lightTokens();
        for (const Role surface : {Role::canvas, Role::surface, Role::raised}) {
            for (const Role ink :
                 {Role::text, Role::muted, Role::faint, Role::accent, Role::cold, Role::warm, Role::good, Role::caution, Role::bad}) {
                const double ratio = contrastRatio(t[ink], t[surface]);
                // Faint words (axis labels, placeholders) stand on canvas and surface only.
                const double least = ink == Role::faint && surface == Role::raised ? 3.0 : 4.5;
                QVERIFY2(
                    ratio >= least,
                    qPrintable(
                        QStringLiteral("ink %1 on surface %2: %3").arg(static_cast<int>(ink)).arg(static_cast<int>(surface)).arg(ratio)));
            }
        }
        for (const Role fill : {Role::accent, Role::bad}) QVERIFY(contrastRatio(t[Role::on_accent], t[fill]) >= 4.5);
        for (const QColor& series : t.series) QVERIFY2(contrastRatio(series, t[Role::surface]) >= 3.0, qPrintable(series.name()));
    }
    void ratioIsTheStandardsOwn() {
        QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
        QVERIFY(std::abs(contrastRatio(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01);  // WCAG's well-known near miss
    }
    void switchingRepaintsInNewColours() {
        QSignalSpy changed(&Theme::instance(), &Theme::changed);
        Card card(QStringLiteral("Title"));
        card.resize(120, 80);
        card.show();
        const QColor dark = card.grab().toImage().pixelColor(60, 60);
        QCOMPARE(dark, darkTokens()[Role::surface]);
        Theme::instance().setMode(Theme::Mode::light);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(card.grab().toImage().pixelColor(60, 60), lightTokens()[Role::surface]);
        Theme::instance().setMode(Theme::Mode::light);
        QCOMPARE(changed.count(), 1);  // nothing new
        QCOMPARE(qApp->palette().color(QPalette::Window), lightTokens()[Role::canvas]);
    }
    void inkFollowsRole() {
        QLabel* label = makeLabel(QStringLiteral("x"), Type::body, Role::bad);
        label->ensurePolished();
        QCOMPARE(label->palette().color(QPalette::WindowText), darkTokens()[Role::bad]);
        setInk(label, Role::good);
        QCOMPARE(label->palette().color(QPalette::WindowText), darkTokens()[Role::good]);
        delete label;
    }
    void everyIconDraws() {
        int seen = 0;
        for (QDirIterator it(QStringLiteral(":/icons")); it.hasNext();) {
            const QString path = it.next();
            const QString name = path.section(QLatin1Char('/'), -1).chopped(4);
            const QImage image = iconPixmap(name, Role::text, 16, 2.0).toImage();
            QCOMPARE(image.size(), QSize(32, 32));
            int inked = 0;
            for (int y = 0; y < 32; ++y) {
                for (int x = 0; x < 32; ++x) inked += qAlpha(image.pixel(x, y)) > 64;
            }
            QVERIFY2(inked > 8, qPrintable(name));
            ++seen;
        }
        QVERIFY(seen >= 30);
    }
    void iconsFollowTheTheme() {
        const QIcon check = icon(QStringLiteral("check"), Role::good);
        const auto hue = [&] { return check.pixmap(16, 16).toImage().pixelColor(6, 11); };
        const QColor dark = hue();
        Theme::instance().setMode(Theme::Mode::light);
        QVERIFY(hue() != dark);
    }
    void seriesColoursAreStableAndRepeat() {
        QCOMPARE(Theme::instance().series(0), Theme::instance().series(kSeriesCount));
        QVERIFY(Theme::instance().series(0) != Theme::instance().series(1));
    }
};

PILOTLIGHT_WIDGET_TEST(ThemeTest)
#include "test_theme.moc"
