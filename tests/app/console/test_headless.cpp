// The headless run as a user without a display has it: packaging/headless on a fresh sandbox, its report, and pictures of every page
// that still look like those in resources/screenshots.
#include <QDir>
#include <QFile>
#include <QImage>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>
#include <cmath>

#include "tests/support/data.h"

namespace {

// Mean difference of brightness over blocks of 16 pixels, 0 to 255: figures and curves may differ (the sandbox ends its history today),
// a page that is laid out, coloured or filled differently may not.
double difference(const QImage& a, const QImage& b) {
    const QSize blocks(a.width() / 16, a.height() / 16);
    const auto small = [&](const QImage& image) {
        return image.scaled(blocks, Qt::IgnoreAspectRatio, Qt::SmoothTransformation).convertToFormat(QImage::Format_Grayscale8);
    };
    const QImage x = small(a), y = small(b);
    double sum = 0;
    for (int row = 0; row < x.height(); ++row)
        for (int column = 0; column < x.width(); ++column) sum += std::abs(qGray(x.pixel(column, row)) - qGray(y.pixel(column, row)));
    return sum / (x.width() * x.height());
}

}  // namespace

class HeadlessTest : public QObject {
    Q_OBJECT
private slots:
    void observesTunesChangesAndShows() {
        if (QStandardPaths::findExecutable(QStringLiteral("jq")).isEmpty()) QSKIP("skipped: jq is not installed");
        const pilotlight::test::TemporaryDirectory folder;
        const QString out = QString::fromStdString((folder.path() / "out").string());
        QProcess run;
        run.setProcessChannelMode(QProcess::MergedChannels);
        run.start(QStringLiteral(PILOTLIGHT_SOURCE_DIR "/packaging/headless"), {QCoreApplication::applicationDirPath(), out});
        QVERIFY(run.waitForFinished(15 * 60'000));
        const QByteArray said = run.readAll();
        QVERIFY2(run.exitStatus() == QProcess::NormalExit && run.exitCode() == 0, said.constData());
        QVERIFY2(said.contains("kept") || said.contains("reverted"), said.constData());

        QFile report(out + QStringLiteral("/report.html"));
        QVERIFY(report.open(QIODevice::ReadOnly));
        const QByteArray html = report.readAll();
        for (const char* word : {"<svg", "Predicted", "Measured", "kept"}) QVERIFY2(html.contains(word), word);

        const QDir expected(QStringLiteral(PILOTLIGHT_SOURCE_DIR "/resources/screenshots"));
        const QDir pages(out + QStringLiteral("/pages"));
        if (qEnvironmentVariableIsSet("PILOTLIGHT_UPDATE_SCREENSHOTS")) {
            for (const auto& name : pages.entryList({QStringLiteral("*.png")}, QDir::Files)) {
                QFile::remove(expected.filePath(name));
                QVERIFY(QFile::copy(pages.filePath(name), expected.filePath(name)));
            }
        }
        const auto names = expected.entryList({QStringLiteral("*.png")}, QDir::Files, QDir::Name);
        QVERIFY(names.size() >= 26);  // 13 pages, dark and light
        QCOMPARE(pages.entryList({QStringLiteral("*.png")}, QDir::Files, QDir::Name), names);
        for (const auto& name : names) {
            const QImage now(pages.filePath(name)), then(expected.filePath(name));
            QVERIFY2(QFile(expected.filePath(name)).size() < 300'000, qPrintable(name));
            QVERIFY2(now.size() == then.size(), qPrintable(name));
            const double off = difference(now, then);
            QVERIFY2(off < 6.0, qPrintable(QStringLiteral("%1 differs by %2").arg(name).arg(off)));
        }
    }
};

QTEST_GUILESS_MAIN(HeadlessTest)
#include "test_headless.moc"
