// pilotlight: the console.
#include <QApplication>
#include <QTemporaryDir>
#include <QTimer>
#include <cstdio>
#include <memory>

#include "app/console/main_window.h"
#include "app/console/models/words.h"
#include "app/console/startup.h"
#include "core/base/log.h"
#include "core/workspace.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;
using widgets::Theme;

namespace {

Theme::Mode themeMode(const QString& name) {
    return name == QLatin1String("light") ? Theme::Mode::light : name == QLatin1String("system") ? Theme::Mode::system : Theme::Mode::dark;
}

void openWanted(MainWindow& window, Session& session, const StartOptions& options) {
    if (options.function.isEmpty()) {
        if (!options.page.isEmpty()) window.openPage(options.page);
        return;
    }
    for (const auto& row : session.fleet()->functions) {
        if (qs(row.function.name) == options.function || qs(row.function.id) == options.function) {
            window.openFunction(qs(row.function.id), options.page);
            return;
        }
    }
}

// What earlier runs remembered; the command line wins.
void restore(Session& session, const StartOptions& options) {
    using Notes = std::vector<std::optional<std::string>>;
    session.jobs().run<Notes>(
        {QStringLiteral("Read settings")},
        [](Workspace& workspace, const JobContext&) -> Result<Notes> {
            Notes notes;
            for (const char* key : {"console.theme", "console.reduced_motion", "console.refresh_seconds"}) {
                PILOTLIGHT_ASSIGN(auto note, workspace.note(key));
                notes.push_back(std::move(note));
            }
            return notes;
        },
        &session,
        [&session, options](Result<Notes> notes) {
            if (!notes) return;  // shown where the first read fails
            if (options.theme.isEmpty() && (*notes)[0]) Theme::instance().setMode(themeMode(qs(*(*notes)[0])));
            if ((*notes)[1]) Theme::instance().setReducedMotion(*(*notes)[1] == "1");
            if ((*notes)[2] && options.refresh_seconds == 60) session.setRefreshSeconds(qs(*(*notes)[2]).toInt());
        });
}

}  // namespace

int main(int argc, char** argv) {
    QCoreApplication::setApplicationName(QStringLiteral("pilotlight"));
    QCoreApplication::setApplicationVersion(QStringLiteral(PILOTLIGHT_VERSION));
    QApplication application(argc, argv);
    auto parsed = parseStartOptions(application.arguments());
    if (!parsed) {
        std::fprintf(stderr, "pilotlight: %s\n", parsed.error().text().c_str());
        return 2;
    }
    if (!*parsed) return 0;
    const StartOptions options = **parsed;
    const bool ends_by_itself = !options.screenshot_dir.isEmpty() || !options.report.isEmpty();
    Theme::instance().install(application);
    Theme::instance().setMode(themeMode(options.theme));
    if (ends_by_itself) Theme::instance().setReducedMotion(true);

    std::unique_ptr<QTemporaryDir> temporary;
    SessionOptions session_options;
    session_options.workspace = options.workspace.toStdString();
    session_options.refresh_seconds = ends_by_itself ? 0 : options.refresh_seconds;
    if (options.sandbox && options.workspace.isEmpty()) {
        temporary = std::make_unique<QTemporaryDir>();
        session_options.workspace = temporary->path().toStdString();
        session_options.temporary = true;
    }
    std::unique_ptr<SandboxStarter> sandbox;
    int code = 0;
    {
        Session session(session_options);
        MainWindow window(session);
        if (!ends_by_itself || QGuiApplication::platformName() == QLatin1String("offscreen"))
            window.show();
        else {
            window.setAttribute(Qt::WA_DontShowOnScreen);
            window.show();
        }
        const auto finish = [&](bool settled) {
            if (!settled) std::fprintf(stderr, "pilotlight: jobs were still running; what is drawn may be partial\n");
            const auto report = [&] {
                if (options.report.isEmpty()) return;
                if (const auto written = writePdfReport(session, window, options.report); !written) {
                    std::fprintf(stderr, "pilotlight: %s\n", written.error().text().c_str());
                    code = 1;
                }
            };
            if (options.screenshot_dir.isEmpty()) {
                report();
                application.exit(code);
                return;
            }
            takeScreenshots(session, window, options, [&, report](int written) {
                if (written <= 0) code = 1;
                report();
                application.exit(code);
            });
        };
        bool wanted_opened = false;
        QObject::connect(&session, &Session::fleetChanged, &window, [&] {
            if (wanted_opened || (session.fleet()->functions.empty() && !options.function.isEmpty())) return;
            wanted_opened = true;
            openWanted(window, session, options);
        });
        if (options.sandbox) {
            sandbox = std::make_unique<SandboxStarter>(options);
            QObject::connect(sandbox.get(), &SandboxStarter::failed, &window, [&](const QString& text) {
                emit session.reported(QStringLiteral("The sandbox did not start"), text);
                std::fprintf(stderr, "pilotlight: %s\n", qPrintable(text));
                if (ends_by_itself) application.exit(1);
                session.start();
            });
            QObject::connect(sandbox.get(), &SandboxStarter::ready, &window, [&](const std::vector<Profile>& profiles) {
                session.jobs().run<void>(
                    {QStringLiteral("Connect to the sandbox"), Lane::write, true},
                    [profiles](Workspace& workspace, const JobContext&) -> Status {
                        for (const auto& profile : profiles) PILOTLIGHT_TRY(workspace.addProfile(profile));
                        return workspace.setSlo(sandboxSlo());
                    },
                    &window,
                    [&](Status added) {
                        if (!added) emit session.reported(qs(added.error().what), qs(added.error().text()));
                        restore(session, options);
                        session.start();
                        session.syncNow();
                        if (ends_by_itself) whenSettled(session, 240'000, finish);
                    });
            });
            emit session.reported({}, {});
            sandbox->start();
        } else {
            restore(session, options);
            session.start();
            if (ends_by_itself) whenSettled(session, 120'000, finish);
        }
        const int returned = application.exec();
        if (code == 0) code = returned;
    }
    return code;
}
