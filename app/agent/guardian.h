// The process that outlives a killed agent for just as long as cleaning up takes: it ends all that the agent had started and removes its
// control groups. It is the agent's parent, so that what a killed agent leaves behind becomes its own (PR_SET_CHILD_SUBREAPER).
#pragma once

#include <sys/types.h>

#include <string>

namespace pilotlight::agent {

class Guardian {
public:
    // Forks; returns in the child, which goes on as the agent. The parent stays, hands on SIGTERM, SIGINT and SIGHUP, and ends with the agent's
    // exit code (128 + signal where it was killed). When the parent is killed the agent is sent SIGTERM. Call first of all, before any thread.
    // Where fork fails the agent works, unguarded.
    Guardian();
    ~Guardian();
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;
    void watchGroup(pid_t process_group);      // SIGKILL
    void forgetGroup(pid_t process_group);
    void watchFolder(const std::string& control_group); // kill all inside, then rmdir
    void forgetFolder(const std::string& control_group);

private:
    void tell(const std::string& line) const;
    int pipe_ = -1;
};

// Kills everything in a control group and removes it. False where it is still there after two seconds.
bool removeControlGroup(const std::string& folder);

}  // namespace pilotlight::agent
