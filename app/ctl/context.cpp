#include "app/ctl/context.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/ctl/misspelt.h"
#include "core/base/log.h"
#include "core/domain/price_words.h"

namespace pilotlight::ctl {

Result<Workspace*> Context::workspace() {
    if (!workspace_) {
        auto opened = Workspace::open({.directory = workspace_dir, .program = "pilotlightctl"}, executor_);
        if (!opened) return pilotlight::fail(std::move(opened).error());
        workspace_.emplace(std::move(*opened));
    }
    return &*workspace_;
}

JobContext Context::job() {
    if (quiet || isatty(STDERR_FILENO) == 0) return JobContext(stop_);
    return JobContext(stop_, [](const Progress& progress) {
        std::fprintf(stderr, "\r\033[K%s", progress.step.c_str());
        if (progress.fraction) std::fprintf(stderr, " %.0f %%", *progress.fraction * 100);
        std::fflush(stderr);
    });
}

void Context::fail(const Error& error) {
    if (isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "pilotlightctl: %s\n", redacted(error.text()).c_str());
    if (!error.permission.empty()) std::fprintf(stderr, "Missing permission: %s (pilotlightctl policy read shows the whole policy)\n", error.permission.c_str());
    switch (error.code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::ambiguous: exit_code = kUsage; break;
        case ErrorCode::refused:
        case ErrorCode::stale: exit_code = kRefused; break;
        default: exit_code = kFailed;
    }
}

void Context::out(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
}

void Context::note(const std::string& text) {
    if (quiet) return;
    if (isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "%s\n", redacted(text).c_str());
}

Result<TimeRange> Context::range(const std::string& from, const std::string& to, Timestamp now) const {
    PILOTLIGHT_ASSIGN(const auto begin, parseTimeExpression(from, now, false));
    PILOTLIGHT_ASSIGN(const auto end, parseTimeExpression(to, now, true));
    if (end <= begin) return pilotlight::fail(ErrorCode::invalid_argument, "The range ends (" + toIso8601(end) + ") before it begins (" + toIso8601(begin) + ")");
    return TimeRange{begin, end};
}

void Context::notePrices(Workspace& workspace, const std::string& profile) {
    const auto profiles = workspace.profiles();
    if (!profiles) return;
    for (const auto& health : *profiles) {
        if (health.profile.price_factors.empty() || (!profile.empty() && health.profile.name != profile)) continue;
        note("Costs: " + priceWords(health.profile));
    }
}

void RangeOptions::addTo(CLI::App& command) {
    command.add_option("--from", from, "Begin of the range: now-14d, now/d, 2026-11-24T14:05:00Z")->capture_default_str();
    command.add_option("--to", to, "End of the range, exclusive")->capture_default_str();
}

int run(int argc, const char* const* argv, Executor& executor, std::stop_token stop) {
    Context context(executor, std::move(stop));
    CLI::App app("Observe, tune and change AI inference on serverless platforms. Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 partial data.", "pilotlightctl");
    app.set_version_flag("--version", std::string("pilotlightctl ") + PILOTLIGHT_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--workspace", context.workspace_dir, "Folder of the workspace (default: " + Workspace::defaultDirectory() + "); given twice, the last counts")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_flag("--json", context.json, "JSON on stdout");
    app.add_flag("--quiet", context.quiet, "No progress or notes on stderr");
    app.add_flag("--verbose", context.verbose, "Diagnostics on stderr");
    // Logging must be set before a command runs.
    app.parse_complete_callback([&] { setLogLevel(context.verbose ? LogLevel::debug : context.quiet ? LogLevel::error : LogLevel::warning); });
    addProfileCommands(app, context);
    addReadingCommands(app, context);
    addTuningCommands(app, context);
    addChangeCommands(app, context);
    addModelCommands(app, context);
    addReportCommands(app, context);
    addBenchCommands(app, context);
    // Global options are accepted after any subcommand, at any depth.
    const std::function<void(CLI::App*)> fall = [&](CLI::App* command) {
        command->fallthrough();
        for (auto* sub : command->get_subcommands({})) fall(sub);
    };
    for (auto* sub : app.get_subcommands({})) fall(sub);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
        if (const auto text = unknown ? explainLeftOver(app) : std::string(); !text.empty()) {
            std::fprintf(stderr, "pilotlightctl: %s\n", redacted(text).c_str());
            return kUsage;
        }
        const int code = app.exit(error);
        return code == 0 ? kDone : kUsage;
    }
    if (isatty(STDERR_FILENO) != 0 && !context.quiet) std::fputs("\r\033[K", stderr);
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && context.exit_code != kFailed) {
        // A reader that has seen enough (head) closed the pipe: nothing to complain about.
        if (errno != EPIPE) std::fprintf(stderr, "pilotlightctl: the output could not be written (%s), and is not whole\n", std::strerror(errno));
        return kFailed;
    }
    return context.exit_code;
}

} // namespace pilotlight::ctl
