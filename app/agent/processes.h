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
// Kills every descendant of this process but `spared`, and reaps them.
void killDescendants(pid_t spared);

}  // namespace pilotlight::agent
