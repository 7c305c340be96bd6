#include "app/agent/guardian.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>

#include "app/agent/processes.h"

namespace pilotlight::agent {
namespace {

void pause10ms() {
    const timespec ten{0, 10'000'000};
    ::nanosleep(&ten, nullptr);
}

pid_t ward = 0;  // the agent, for the handler below
void handOn(int number) { ::kill(ward, number); }

[[noreturn]] void guard(pid_t agent, int from) {
    ward = agent;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, handOn);
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_NAME, "pl-guardian");
    // Its input and output are the agent's alone: they end with it.
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 2; ++fd) ::dup2(null, fd);
    std::set<std::string> groups, folders;
    std::string buffer;
    char bytes[4096];
    for (;;) {
        const ssize_t got = ::read(from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;  // the agent is gone
        buffer.append(bytes, static_cast<std::size_t>(got));
        for (std::size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
            const std::string line = buffer.substr(0, end), what = line.size() > 2 ? line.substr(2) : "";
            auto& set = line[1] == 'g' ? groups : folders;
            if (line[0] == '+') set.insert(what);
            if (line[0] == '-') set.erase(what);
        }
    }
    int status = 0;
    while (::waitpid(agent, &status, 0) < 0 && errno == EINTR) {}
    for (const auto& group : groups) ::kill(-std::atoi(group.c_str()), SIGKILL);
    for (const auto& folder : folders) removeControlGroup(folder);
    killDescendants();
    ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace

bool removeControlGroup(const std::string& folder) {
    for (int i = 0; i < 200; ++i) {
        {
            std::ofstream all(folder + "/cgroup.kill");  // v2 only
            if (all) all << "1";
        }
        std::ifstream inside(folder + "/cgroup.procs");
        for (pid_t pid = 0; inside >> pid;)
            if (pid > 0) ::kill(pid, SIGKILL);
        if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return true;
        pause10ms();
    }
    return false;
}

Guardian::Guardian() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t parent = ::getpid(), agent = ::fork();
    if (agent > 0) {
        ::close(ends[1]);
        guard(agent, ends[0]);
    }
    ::close(ends[0]);
    if (agent < 0) {
        ::close(ends[1]);
        return;
    }
    pipe_ = ends[1];
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a handler leaves behind comes to us first
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
}

Guardian::~Guardian() {
    if (pipe_ >= 0) ::close(pipe_);
}

void Guardian::tell(const std::string& line) const {
    if (pipe_ >= 0 && ::write(pipe_, line.data(), line.size()) < 0) return;  // it was killed: nothing can be done about it
}

void Guardian::watchGroup(pid_t group) { tell("+g" + std::to_string(group) + "\n"); }
void Guardian::forgetGroup(pid_t group) { tell("-g" + std::to_string(group) + "\n"); }
void Guardian::watchFolder(const std::string& folder) { tell("+d" + folder + "\n"); }
void Guardian::forgetFolder(const std::string& folder) { tell("-d" + folder + "\n"); }

}  // namespace pilotlight::agent
