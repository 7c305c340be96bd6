#include "app/console/startup.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QThread>
#include <QTimer>
#include <cstdio>

#include "app/console/models/words.h"

namespace pilotlight::console {

Result<std::optional<StartOptions>> parseStartOptions(const QStringList& arguments) {
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Observability and cost-tuning console for AI inference on serverless platforms"));
    const auto help = parser.addHelpOption();
    const auto version = parser.addVersionOption();
    const auto add = [&](const char* name, const char* what, const char* value = nullptr, const char* fallback = nullptr) {
        QCommandLineOption option(QString::fromLatin1(name), QString::fromUtf8(what), value ? QString::fromLatin1(value) : QString(),
                                  fallback ? QString::fromLatin1(fallback) : QString());
        parser.addOption(option);
        return option;
    };
    const auto workspace = add("workspace", "Folder of the workspace", "DIR");
    const auto sandbox = add("sandbox", "Start the built-in sandbox and connect to it; without --workspace nothing is kept");
    const auto days = add("sandbox-days", "Days of history the sandbox makes", "N", "14");
    const auto speed = add("sandbox-speed", "Sandbox seconds a second", "X", "60");
    const auto seed = add("sandbox-seed", "Seed of the sandbox", "N", "1");
    const auto page =
        add("page", "Page to open: overview, functions, costs, reconciliation, benchmarks, changes, connections, settings", "NAME");
    const auto function =
        add("function", "Function to open, by name or id; with --page metrics, whatif, recommendations or history", "NAME");
    const auto theme = add("theme", "dark, light or system", "THEME");
    const auto refresh = add("refresh", "Automatic refresh in seconds; 0 = off", "S", "60");
    const auto shots = add("screenshot-dir", "Write every page, dark and light, as PNG into DIR and exit", "DIR");
    const auto twice = add("screenshots-2x", "Also at twice the resolution, as NAME@2x.png");
    const auto report = add("report", "Write a PDF report to FILE and exit", "FILE");
    if (!parser.parse(arguments)) return fail(ErrorCode::invalid_argument, parser.errorText().toStdString(), {}, "See pilotlight --help");
    if (parser.isSet(help)) {
        std::fputs(qPrintable(parser.helpText()), stdout);
        return std::optional<StartOptions>();
    }
    if (parser.isSet(version)) {
        std::printf("pilotlight %s\n", PILOTLIGHT_VERSION);
        return std::optional<StartOptions>();
    }
    StartOptions out;
    out.workspace = parser.value(workspace);
    out.sandbox = parser.isSet(sandbox);
    bool fine = true, all_fine = true;
    out.sandbox_days = parser.value(days).toInt(&fine);
    all_fine = all_fine && fine && out.sandbox_days > 0;
    out.sandbox_speed = parser.value(speed).toDouble(&fine);
    all_fine = all_fine && fine && out.sandbox_speed >= 1;
    out.sandbox_seed = parser.value(seed).toULongLong(&fine);
    all_fine = all_fine && fine;
    out.refresh_seconds = parser.value(refresh).toInt(&fine);
    all_fine = all_fine && fine && out.refresh_seconds >= 0;
    if (!all_fine)
        return fail(ErrorCode::invalid_argument, "--sandbox-days, --sandbox-speed, --sandbox-seed and --refresh want numbers", {},
                    "See pilotlight --help");
    out.page = parser.value(page);
    out.function = parser.value(function);
    out.theme = parser.value(theme);
    if (!out.theme.isEmpty() && !QStringList{"dark", "light", "system"}.contains(out.theme)) {
        return fail(ErrorCode::invalid_argument, "--theme is dark, light or system");
    }
    out.screenshot_dir = parser.value(shots);
    out.screenshots_2x = parser.isSet(twice);
    out.report = parser.value(report);
    return std::optional<StartOptions>(out);
}

struct SandboxStarter::Waiting {
    std::optional<common::SandboxProcess> process;
    std::stop_source stop;
    std::unique_ptr<QThread> thread;
    Result<common::SandboxReady> result = fail(ErrorCode::internal, "not started");
};

SandboxStarter::SandboxStarter(const StartOptions& options, QObject* parent) : QObject(parent), waiting_(std::make_unique<Waiting>()) {
    options_.days = options.sandbox_days;
    options_.speed = options.sandbox_speed;
    options_.seed = options.sandbox_seed;
}

SandboxStarter::~SandboxStarter() {
    waiting_->stop.request_stop();
    if (waiting_->thread) waiting_->thread->wait();
}

void SandboxStarter::start() {
    auto process = common::SandboxProcess::start(options_);  // from the main thread: the sandbox ends with the thread that started it
    if (!process) {
        emit failed(qs(process.error().text()));
        return;
    }
    waiting_->process = std::move(*process);
    waiting_->thread.reset(
        QThread::create([this] { waiting_->result = waiting_->process->waitReady(std::chrono::minutes(3), waiting_->stop.get_token()); }));
    connect(waiting_->thread.get(), &QThread::finished, this, [this] {
        if (!waiting_->result) {
            emit failed(qs(waiting_->result.error().text()));
            return;
        }
        common::exportEnvironment(*waiting_->result);  // no other thread of ours is running yet
        const auto profiles = sandboxProfiles(waiting_->result->endpoints);
        if (profiles.empty()) {
            emit failed(QStringLiteral("The sandbox names no endpoint"));
            return;
        }
        emit ready(profiles);
    });
    waiting_->thread->start();
}

std::vector<Profile> sandboxProfiles(const std::map<std::string, std::string>& endpoints) {
    std::vector<Profile> profiles;
    for (const auto& [key, name, platform, region] :
         {std::tuple{"aws", "sandbox", PlatformKind::aws, "us-east-1"}, std::tuple{"gcp", "sandbox-gcp", PlatformKind::gcp, "all"},
          std::tuple{"azure", "sandbox-azure", PlatformKind::azure, "all"}}) {
        const auto endpoint = endpoints.find(key);
        if (endpoint == endpoints.end()) continue;
        Profile profile;
        profile.name = name;
        profile.platform = platform;
        profile.regions = {region};
        profile.endpoint_url = endpoint->second;
        profile.environment = Environment::dev;
        profile.write = true;
        profiles.push_back(std::move(profile));
    }
    return profiles;
}

Slo sandboxSlo() {
    Slo slo;
    slo.tag_key = "service";
    slo.tag_value = "chat";
    slo.p95_ms = 3000;
    return slo;
}

void whenSettled(Session& session, int at_most_ms, std::function<void(bool)> then) {
    auto* timer = new QTimer(&session);
    auto since = std::make_shared<QElapsedTimer>(), quiet = std::make_shared<QElapsedTimer>();
    since->start();
    quiet->start();
    QObject::connect(timer, &QTimer::timeout, &session, [&session, timer, since, quiet, at_most_ms, then = std::move(then)] {
        if (!session.loaded() || session.jobs().activeVisible() > 0 || session.syncing()) quiet->restart();
        const bool settled = quiet->elapsed() > 1'200;
        if (!settled && since->elapsed() < at_most_ms) return;
        timer->stop();
        timer->deleteLater();
        then(settled);
    });
    timer->start(100);
}

}  // namespace pilotlight::console
