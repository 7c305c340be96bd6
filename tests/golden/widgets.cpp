// The sample pages against stored pictures, within a tolerance. PILOTLIGHT_UPDATE_GOLDEN=1 rewrites the pictures.
#include <QDir>
#include <QImage>
#include <cmath>

#include "tests/support/data.h"
#include "tests/widgets/pages.h"
#include "tests/widgets/support.h"

using namespace pilotlight;
using namespace pilotlight::widgets;

class GoldenWidgets : public QObject {
    Q_OBJECT

    // Mean absolute difference of channels, 0..255, and the share of pixels that differ by more than 24.
    static std::pair<double, double> difference(const QImage& a, const QImage& b) {
        double sum = 0;
        qint64 far = 0;
        for (int y = 0; y < a.height(); ++y) {
            for (int x = 0; x < a.width(); ++x) {
                const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
                const int off = std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) + std::abs(qBlue(p) - qBlue(q));
                sum += off / 3.0;
                far += off > 72;
            }
        }
        const double pixels = static_cast<double>(a.width()) * a.height();
        return {sum / pixels, static_cast<double>(far) / pixels};
    }

private slots:
    void pages_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("dark");
        for (const char* name : {"whatif", "metrics", "overview", "plan", "parts"}) {
            for (const bool dark : {true, false})
                QTest::addRow("%s-%s", name, dark ? "dark" : "light") << QString::fromLatin1(name) << dark;
        }
    }
    void pages() {
        if (!Theme::instance().hasRoboto())
            QSKIP("skipped: Roboto (fonts-roboto-unhinted) is not installed, and letters are most of a picture");
        QFETCH(QString, name);
        QFETCH(bool, dark);
        Theme::instance().setMode(dark ? Theme::Mode::dark : Theme::Mode::light);
        using Make = QWidget* (*)();
        static const QHash<QString, Make> makers{{QStringLiteral("whatif"), test::makeWhatIfPage},
                                                 {QStringLiteral("metrics"), test::makeMetricsPage},
                                                 {QStringLiteral("overview"), test::makeOverviewPage},
                                                 {QStringLiteral("plan"), test::makePlanDialog},
                                                 {QStringLiteral("parts"), test::makePartsPage}};
        const std::unique_ptr<QWidget> page(makers[name]());
        page->show();
        page->setFocus();
        QTest::qWait(100);
        // Halved: small files, and a pixel of hinting here or there does not matter.
        const QImage full = page->grab().toImage().convertToFormat(QImage::Format_RGB32);
        const QImage now = full.scaled(full.size() / 2, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
        const QString path = QString::fromStdString((test::sourceDir() / "tests/golden").string()) +
                             QStringLiteral("/widgets_%1_%2.png").arg(name, dark ? "dark" : "light");
        if (qEnvironmentVariableIntValue("PILOTLIGHT_UPDATE_GOLDEN") != 0) {
            QVERIFY(now.save(path));
            return;
        }
        const QImage stored = QImage(path).convertToFormat(QImage::Format_RGB32);
        QVERIFY2(!stored.isNull(), qPrintable(path));
        QCOMPARE(now.size(), stored.size());
        const auto [mean, far] = difference(now, stored);
        if (mean > 1.0 || far > 0.01)
            now.save(QDir::current().filePath(QStringLiteral("widgets_%1_%2_now.png").arg(name, dark ? "dark" : "light")));
        QVERIFY2(mean <= 1.0 && far <= 0.01, qPrintable(QStringLiteral("mean %1, far %2").arg(mean).arg(far)));
    }
};

PILOTLIGHT_WIDGET_TEST(GoldenWidgets)
#include "widgets.moc"
