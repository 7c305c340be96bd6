#include "app/agent/processes.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

#include "app/agent/control_group.h"

namespace pilotlight::agent {

namespace {

// Parent of every process, ascending by process. For kernels without the "children" files (CONFIG_PROC_CHILDREN).
std::vector<std::pair<pid_t, pid_t>> parents() {
    std::vector<std::pair<pid_t, pid_t>> out;
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return out;
    while (const dirent* entry = ::readdir(folder)) {
        const pid_t pid = std::atoi(entry->d_name);
        if (pid <= 0) continue;
        const std::string stat = readText("/proc/" + std::string(entry->d_name) + "/stat");
        const auto end = stat.rfind(')');  // the name may hold anything
        if (end == std::string::npos || stat.size() < end + 4) continue;
        out.emplace_back(pid, std::atoi(stat.c_str() + end + 4));
    }
    ::closedir(folder);
    return out;
}

std::vector<pid_t> scanDescendants(pid_t root) {
    const auto all = parents();
    std::vector<pid_t> found, todo{root};
    while (!todo.empty()) {
        const pid_t parent = todo.back();
        todo.pop_back();
        for (const auto& [pid, of] : all) {
            if (of != parent) continue;
            found.push_back(pid);
            todo.push_back(pid);
        }
    }
    return found;
}

}  // namespace

std::vector<pid_t> descendants(pid_t root) {
    static const bool kListed = ::access("/proc/thread-self/children", R_OK) == 0;
    if (!kListed) return scanDescendants(root);
    std::vector<pid_t> found, todo{root};
    while (!todo.empty()) {
        const std::string tasks = "/proc/" + std::to_string(todo.back()) + "/task";
        todo.pop_back();
        DIR* folder = ::opendir(tasks.c_str());
        if (folder == nullptr) continue;
        while (const dirent* entry = ::readdir(folder)) {
            if (entry->d_name[0] == '.') continue;
            std::ifstream children(tasks + "/" + entry->d_name + "/children");
            for (pid_t pid = 0; children >> pid;) {
                found.push_back(pid);
                todo.push_back(pid);
            }
        }
        ::closedir(folder);
    }
    return found;
}

std::optional<double> processCpuMs(pid_t pid) {
    clockid_t clock = 0;
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return std::nullopt;
    return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

std::optional<double> processPeakMb(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return std::nullopt;
}

// By number: glibc 2.36 declares the functions for C alone.
int holdProcess(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
void signalProcess(int held, int number) { (void)::syscall(SYS_pidfd_send_signal, held, number, nullptr, 0); }

void killDescendants() {
    for (int i = 0; i < 200; ++i) {
        const auto found = descendants(::getpid());
        if (found.empty()) return;
        for (const pid_t pid : found) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, WNOHANG);
        }
        const timespec pause{0, 5'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

}  // namespace pilotlight::agent
