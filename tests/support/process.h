// Programs under test, run for real.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace pilotlight::test {

struct Finished {
    int exit_code = -1;                    // 128 + signal where it was killed
    std::string out, err;
    double most_mb = 0;                    // most memory that was resident
};

// Runs a program to its end (killed after `timeout`, then exit_code is 137). `environment` adds to the test's own.
[[nodiscard]] Finished runProgram(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {},
                                  std::chrono::seconds timeout = std::chrono::seconds(120));

// A program in the background, killed with this object.
class Background {
public:
    explicit Background(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {});
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    // Next line of its stdout; empty at its end or after `timeout`.
    [[nodiscard]] std::string readLine(std::chrono::seconds timeout = std::chrono::seconds(120));
    [[nodiscard]] int pid() const { return pid_; }
    void kill(int signal);
    // Exit code as in Finished.
    int wait();

private:
    int pid_ = -1, out_ = -1;
    bool ended_ = false;
    int exit_code_ = -1;
    std::string buffer_;
};

// A program of this build ("pilotlightctl"): beside the test.
[[nodiscard]] std::string builtProgram(const std::string& name);

} // namespace pilotlight::test
