#include "app/ctl/misspelt.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace pilotlight::ctl {
namespace {

// Optimal string alignment distance.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

const CLI::App& deepest(const CLI::App& app) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
    return *at;
}

std::string path(const CLI::App& command) {
    return (command.get_parent() != nullptr ? path(*command.get_parent()) + " " : std::string()) + command.get_name();
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const auto d = distance(word, candidate);
        if (d < least) {
            least = d;
            best = candidate;
        }
    }
    return best;
}

std::string explainLeftOver(const CLI::App& app) {
    const auto left = app.remaining(true);
    if (left.empty()) return {};
    const std::string word = left.front().substr(0, left.front().find('='));
    const CLI::App& command = deepest(app);
    const bool option = word.rfind('-', 0) == 0;
    std::vector<std::string> candidates;
    if (option) {
        for (const CLI::App* level = &command; level != nullptr; level = level->get_parent())
            for (const auto* each : level->get_options())
                for (const auto& name : each->get_lnames()) candidates.push_back("--" + name);
    } else {
        for (const auto* each : command.get_subcommands({})) candidates.push_back(each->get_name());
    }
    const std::string place = path(command);
    std::string text;
    if (option)
        text = word + " is not an option of " + place + ".";
    else if (candidates.empty())
        text = place + " takes no argument " + word + " here.";
    else
        text = word + " is not a command of " + place + ".";
    if (const auto meant = nearest(word, candidates); !meant.empty()) text += " Did you mean " + meant + "?";
    return text + " " + place + " --help lists what it takes.";
}

}  // namespace pilotlight::ctl
