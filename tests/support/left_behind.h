// What agents and what they ran left on this machine.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/process.h"

namespace pilotlight::test {

// The control groups that agents of this build have made and not removed; another build's living agent may have its own.
inline std::vector<std::string> controlGroups() {
    std::vector<std::string> out;
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator at("/sys/fs/cgroup", ignored), end; at != end; at.increment(ignored)) {
        if (ignored) break;
        int owner = 0;
        if (!at->is_directory(ignored) || std::sscanf(at->path().filename().c_str(), "pilotlight-%d-", &owner) != 1) continue;
        const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(owner) + "/exe", ignored);
        if (program.empty() || program == builtProgram("pilotlight-agent")) out.push_back(at->path());
    }
    return out;
}

// Processes whose command line ("cmdline") or environment at their start ("environ") holds `mark`, with their state ("S", "T" = stopped).
inline std::vector<std::pair<int, char>> processesWith(const std::string& mark, const std::string& where = "cmdline") {
    std::vector<std::pair<int, char>> out;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid <= 0 || pid == ::getpid()) continue;
        std::ifstream file(entry.path() / where);
        std::ostringstream text_of;
        text_of << file.rdbuf();  // reading fails, and must not throw, where the process ends meanwhile
        if (text_of.str().find(mark) == std::string::npos) continue;
        std::ifstream stat(entry.path() / "stat");
        std::string text;
        std::getline(stat, text);
        const auto close = text.rfind(')');
        if (close != std::string::npos && close + 2 < text.size()) out.emplace_back(pid, text[close + 2]);
    }
    return out;
}

}  // namespace pilotlight::test
