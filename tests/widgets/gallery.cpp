// Renders the sample pages to PNG: widget_gallery DIR [scale]. For looking at, not shipped. Run with QT_QPA_PLATFORM=offscreen.
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QPixmap>
#include <QTest>
#include <cstdio>
#include <utility>

#include "pages.h"
#include "widgets/theme.h"

int main(int argc, char** argv) {
    if (argc > 2) qputenv("QT_SCALE_FACTOR", argv[2]);
    QApplication application(argc, argv);
    using pilotlight::widgets::Theme;
    Theme::instance().install(application);
    const QDir out(argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("."));
    using namespace pilotlight::test;
    for (const auto mode : {Theme::Mode::dark, Theme::Mode::light}) {
        Theme::instance().setMode(mode);
        struct Sample {
            const char* name;
            QWidget* (*make)();
        };
        for (const auto& [name, make] :
             {Sample{"whatif", makeWhatIfPage}, Sample{"metrics", makeMetricsPage}, Sample{"overview", makeOverviewPage},
              Sample{"plan", makePlanDialog}, Sample{"parts", makePartsPage}}) {
            QWidget* page = make();
            page->show();
            page->setFocus();  // no ring on whatever comes first
            QTest::qWait(300);
            const QString path =
                out.filePath(QStringLiteral("%1-%2%3.png")
                                 .arg(QLatin1String(name), mode == Theme::Mode::dark ? "dark" : "light", argc > 2 ? "-2x" : ""));
            page->grab().save(path);
            std::printf("%s\n", qPrintable(path));
            delete page;
        }
    }
    return 0;
}
