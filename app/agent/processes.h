// What runs below a process, from /proc.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

namespace pilotlight::agent {

// Children, their children and so on; not `root` itself.
[[nodiscard]] std::vector<pid_t> descendants(pid_t root);
// CPU time used so far by all threads of a process; nullopt where it is gone.
[[nodiscard]] std::optional<double> processCpuMs(pid_t pid);
// Largest resident memory so far (VmHWM), MB of 2^20 bytes.
[[nodiscard]] std::optional<double> processPeakMb(pid_t pid);
// A descriptor that means this process and no later one with its number; readable at its end. -1 where there is none.
[[nodiscard]] int holdProcess(pid_t pid);
void signalProcess(int held, int number);
// Kills every descendant of this process, and reaps them.
void killDescendants();

}  // namespace pilotlight::agent
