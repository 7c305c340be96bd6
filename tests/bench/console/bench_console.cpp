// Time to the first Overview with data, and GUI-thread CPU of a slider step, on the console itself.
#include <QApplication>
#include <QElapsedTimer>
#include <QProcess>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include "app/console/main_window.h"
#include "app/console/models/words.h"
#include "app/console/pages/function_page.h"
#include "app/console/pages/what_if_tab.h"
#include "widgets/setting_slider.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;

namespace {

double cpuMilliseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void print(const char* name, std::vector<double> each) {
    std::sort(each.begin(), each.end());
    std::printf("%-44s median %7.2f ms  p95 %7.2f ms  max %7.2f ms  (%zu)\n", name, each[each.size() / 2], each[each.size() * 95 / 100],
                each.back(), each.size());
}

bool runUntil(const std::function<bool()>& done, int at_most_ms) {
    QElapsedTimer clock;
    clock.start();
    while (!done() && clock.elapsed() < at_most_ms) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 20);
    return done();
}

SessionOptions optionsFor(const char* directory) {
    SessionOptions options;
    options.workspace = directory;
    options.refresh_seconds = 0;
    return options;
}

// In a child: the window as the program opens it; ends when the first fleet has been painted.
int paintOnce(const char* directory) {
    Session session(optionsFor(directory));
    MainWindow window(session);
    window.show();
    session.start();
    if (!runUntil([&] { return session.loaded(); }, 60'000)) return 1;
    window.grab();  // pays for layout and painting of all that is now shown
    std::puts("painted");
    std::fflush(stdout);
    std::_Exit(0);
}

int firstPaint(const char* program, const char* directory) {
    std::vector<double> each;
    for (int run = 0; run < 11; ++run) {
        QElapsedTimer clock;
        clock.start();
        QProcess child;
        child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        child.start(QString::fromLocal8Bit(program), {QStringLiteral("paint-once"), QString::fromLocal8Bit(directory)});
        while (!child.canReadLine() && child.waitForReadyRead(60'000)) {
        }
        if (!child.readLine().startsWith("painted")) return std::puts("the child did not paint"), 1;
        if (run > 0) each.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);  // the first warms the cache
        child.waitForFinished();
    }
    print("process start to first paint, wall", std::move(each));
    return 0;
}

int sliderSteps(const char* directory, const QString& name) {
    Session session(optionsFor(directory));
    MainWindow window(session);
    window.show();
    session.start();
    if (!runUntil([&] { return session.loaded(); }, 60'000)) return std::puts("the workspace was not read"), 1;
    QString id;
    for (const auto& row : session.fleet()->functions) {
        if (qs(row.function.name) == name || qs(row.function.id) == name) id = qs(row.function.id);
    }
    if (id.isEmpty()) return std::puts("no such function"), 1;
    window.openFunction(id, QStringLiteral("whatif"));
    auto* what_if = static_cast<WhatIfTab*>(window.functionPage()->tab(QStringLiteral("whatif")));
    if (!runUntil([&] { return what_if->ready() && session.jobs().idle(); }, 120'000)) return std::puts("no engine"), 1;
    std::printf("window %dx%d, device pixel ratio %.1f\n", window.width(), window.height(), window.devicePixelRatioF());
    const struct {
        const char* name;
        double first, by;
    } sliders[] = {{"memory", 1024, 64}, {"pool", 0, 1}, {"traffic", 1, 0.05}};
    for (const auto& [which, first, by] : sliders) {
        auto* slider = what_if->slider(QString::fromLatin1(which));
        std::vector<double> each;
        for (int i = 0; i < 120; ++i) {
            const double before = cpuMilliseconds();
            slider->change(first + by * (i % 20));
            // Repaints are posted; two rounds draw them all. What other threads compute does not count, what they hand over does.
            QCoreApplication::processEvents();
            QCoreApplication::processEvents();
            if (i >= 20) each.push_back(cpuMilliseconds() - before);
        }
        print(qPrintable(QStringLiteral("slider step to repaint, %1, CPU").arg(QString::fromLatin1(which))), std::move(each));
        runUntil([&] { return session.jobs().idle(); }, 10'000);
    }
    std::fflush(stdout);
    std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    widgets::Theme::instance().install(application);
    widgets::Theme::instance().setReducedMotion(true);
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "first-paint" && argc == 3) return firstPaint(argv[0], argv[2]);
    if (what == "paint-once" && argc == 3) return paintOnce(argv[2]);
    if (what == "slider" && argc == 4) return sliderSteps(argv[2], QString::fromLocal8Bit(argv[3]));
    std::puts("bench_console first-paint DIR | slider DIR FUNCTION");
    return 2;
}
