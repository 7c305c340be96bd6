// A small process that outlives a killed agent for just as long as cleaning up takes: it kills what the agent had started and removes its
// control groups.
#pragma once

#include <sys/types.h>

#include <string>

namespace pilotlight::agent {

class Guardian {
public:
    Guardian();   // forks; call before any thread is started. Without a guardian (fork failed) the agent works, unguarded.
    ~Guardian();  // tells it that all is well
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;
    void watchGroup(pid_t process_group);      // SIGKILL
    void forgetGroup(pid_t process_group);
    void watchFolder(const std::string& control_group); // kill all inside, then rmdir
    void forgetFolder(const std::string& control_group);
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    void tell(const std::string& line) const;
    int pipe_ = -1;
    pid_t pid_ = -1;
};

// Kills everything in a control group and removes it. False where it is still there after two seconds.
bool removeControlGroup(const std::string& folder);

}  // namespace pilotlight::agent
