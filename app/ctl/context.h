// What every command shares: global options, the workspace, output and exit codes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/workspace.h"

namespace CLI {
class App;
}

namespace pilotlight::ctl {

// contracts.md: exit codes.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kRefused = 3, kPartial = 4 };

class Context {
public:
    explicit Context(Executor& executor, std::stop_token stop) : executor_(executor), stop_(std::move(stop)) {}

    std::string workspace_dir;
    bool json = false, quiet = false, verbose = false;
    int exit_code = kDone;

    // Opens the workspace once. Errors are for `fail`.
    [[nodiscard]] Result<Workspace*> workspace();
    [[nodiscard]] JobContext job(); // progress to stderr, unless quiet or not a terminal
    [[nodiscard]] Executor& executor() { return executor_; }

    // Prints the error and sets the exit code that fits it.
    void fail(const Error& error);
    void out(const std::string& text);  // stdout, with a newline
    void note(const std::string& text); // stderr, unless quiet

    // Says which profiles' costs are not at list price; nothing where all are. `profile` empty: all.
    void notePrices(Workspace& workspace, const std::string& profile = {});

    // Range of --from/--to on the clock of what is shown.
    [[nodiscard]] Result<TimeRange> range(const std::string& from, const std::string& to, Timestamp now) const;

private:
    Executor& executor_;
    std::stop_token stop_;
    std::optional<Workspace> workspace_;
};

// Adds the --from and --to options with the contract's defaults.
struct RangeOptions {
    std::string from = "now-14d", to = "now";
    void addTo(CLI::App& command);
};

void addProfileCommands(CLI::App& app, Context& context);
void addReadingCommands(CLI::App& app, Context& context);
void addTuningCommands(CLI::App& app, Context& context);
void addChangeCommands(CLI::App& app, Context& context);
void addModelCommands(CLI::App& app, Context& context);
void addReportCommands(CLI::App& app, Context& context);
void addBenchCommands(CLI::App& app, Context& context);

// Runs the command line; returns the exit code.
int run(int argc, const char* const* argv, Executor& executor, std::stop_token stop);

} // namespace pilotlight::ctl
