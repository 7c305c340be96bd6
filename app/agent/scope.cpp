#include "app/agent/scope.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "app/agent/control_group.h"

namespace pilotlight::agent {
namespace {

constexpr const char* kMark = "PILOTLIGHT_AGENT_SCOPE";  // name of the scope, in the environment of the program inside
constexpr int kMostAnswerMs = 3000;

std::string no_scope = "Not tried";  // why this program is in none
std::string own_unit;                // the scope that it is in

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (auto& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> scopeCommand(const std::string& unit) {
    return {"systemd-run", "--user", "--scope", "--quiet", "--collect", "--unit=" + unit, "-p", "Delegate=yes", "--"};
}

// Whether a scope can be made now; else `no_scope` says why.
bool scopesWork() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    struct stat socket{};
    if (runtime == nullptr || ::stat((std::string(runtime) + "/systemd/private").c_str(), &socket) != 0) {
        no_scope = "No systemd user manager runs for this user (no systemd/private in XDG_RUNTIME_DIR)";
        return false;
    }
    auto words = scopeCommand("pilotlight-probe-" + std::to_string(::getpid()) + ".scope");
    words.emplace_back("true");
    const auto arguments = pointers(words);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int null = ::open("/dev/null", O_RDWR);
        ::dup2(null, 0);
        ::dup2(null, 1);
        ::dup2(ends[1], 2);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    std::string said;
    bool ended = pid < 0;
    while (!ended) {
        pollfd fd{ends[0], POLLIN, 0};
        if (::poll(&fd, 1, kMostAnswerMs) <= 0) break;
        char bytes[512];
        const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
        ended = got <= 0;
        if (got > 0 && said.size() < 512) said.append(bytes, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    if (pid < 0) return false;
    if (!ended) ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (ended && status == 0) return true;
    for (char& c : said)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    no_scope = !ended ? "systemd-run did not answer within 3 s" : status >> 8 == 127 ? "systemd-run is not installed" : "systemd-run refused: " + said;
    return false;
}

}  // namespace

void enterScope(int argc, char** argv) {
    if (const char* unit = std::getenv(kMark)) {
        own_unit = unit;
        ::unsetenv(kMark);  // not for what is run from here
        return;
    }
    if (!scopesWork()) return;
    const std::string unit = "pilotlight-agent-" + std::to_string(::getpid()) + ".scope";
    ::setenv(kMark, unit.c_str(), 1);
    auto words = scopeCommand(unit);
    words.emplace_back("/proc/self/exe");
    char self[4096];
    const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self);
    if (length > 0) words.back().assign(self, static_cast<std::size_t>(length));
    for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
    ::execvp(words.front().c_str(), pointers(words).data());
    no_scope = std::string("systemd-run cannot be run: ") + std::strerror(errno);
    ::unsetenv(kMark);
}

std::string scopeControlGroup(std::string& why) {
    if (own_unit.empty()) {
        why = no_scope;
        return {};
    }
    const std::string own = ownControlGroup("");
    const auto at = own.rfind("/" + own_unit);
    if (at == std::string::npos) {
        why = "This program is not in " + own_unit + ", where systemd-run put it";
        return {};
    }
    const std::string scope = own.substr(0, at + 1 + own_unit.size());
    const std::string controllers = " " + readText(scope + "/cgroup.controllers");
    if (controllers.find(" cpu") == std::string::npos || controllers.find("memory") == std::string::npos) {
        why = "The systemd user manager does not hand on cpu and memory";
        return {};
    }
    if (own == scope) {  // a group that holds processes may not hand controllers to groups below it
        const std::string inner = scope + "/agent";
        if (::mkdir(inner.c_str(), 0755) != 0 && errno != EEXIST) {
            why = inner + " cannot be made: " + std::strerror(errno);
            return {};
        }
        std::ifstream inside(scope + "/cgroup.procs");
        for (pid_t pid = 0; inside >> pid;) (void)writeText(inner + "/cgroup.procs", std::to_string(pid));
    }
    if (const auto done = writeText(scope + "/cgroup.subtree_control", "+cpu +memory"); !done) {
        why = done.error().what;
        return {};
    }
    (void)writeText(scope + "/cgroup.subtree_control", "+pids");  // where it is offered
    return scope;
}

}  // namespace pilotlight::agent
