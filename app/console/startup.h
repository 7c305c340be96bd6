// Options of the program, the sandbox it may start, and the runs that end by themselves (screenshots, PDF).
#pragma once

#include <QObject>
#include <QPointer>
#include <QStringList>
#include <functional>
#include <memory>
#include <optional>

#include "app/common/sandbox_process.h"
#include "app/console/session.h"

class QTemporaryDir;

namespace pilotlight::console {

class MainWindow;

struct StartOptions {
    QString workspace;  // empty = default (with --sandbox: a temporary one)
    bool sandbox = false;
    int sandbox_days = 14;
    double sandbox_speed = 60;
    quint64 sandbox_seed = 1;
    QString page, function;
    QString theme;  // dark, light, system; empty = as remembered
    QString screenshot_dir;
    bool screenshots_2x = false;
    QString report;
    int refresh_seconds = 60;
};
// invalid_argument (exit 2), or nullopt where help or the version was printed.
[[nodiscard]] Result<std::optional<StartOptions>> parseStartOptions(const QStringList& arguments);

// Starts the sandbox, waits for it, exports its credentials to this process and adds a profile for each of its clouds, which may be written to.
class SandboxStarter : public QObject {
    Q_OBJECT
public:
    SandboxStarter(const StartOptions& options, QObject* parent = nullptr);
    ~SandboxStarter() override;
    void start();

signals:
    void ready(const std::vector<pilotlight::Profile>& profiles);
    void failed(const QString& text);

private:
    struct Waiting;
    common::SandboxOptions options_;
    std::unique_ptr<Waiting> waiting_;
};
// The profiles that the sandbox is entered as: one for each cloud that it speaks.
[[nodiscard]] std::vector<Profile> sandboxProfiles(const std::map<std::string, std::string>& endpoints);
// A target for the sandbox's chat function, so that there is one to meet from the start.
[[nodiscard]] Slo sandboxSlo();

// Calls `then` when nothing has run for a while and the first read and judging are over, or after `at_most_ms`.
void whenSettled(Session& session, int at_most_ms, std::function<void(bool settled)> then);

// Every page, dark and light, as PNG files of 1440 x 900; returns how many were written through `done` (-1 = an error, told on stderr).
void takeScreenshots(Session& session, MainWindow& window, const StartOptions& options, std::function<void(int)> done);
// One PDF with the figures, charts and tables of the fleet, always light, with a line of provenance on every page.
[[nodiscard]] Status writePdfReport(Session& session, MainWindow& window, const QString& path);

}  // namespace pilotlight::console
