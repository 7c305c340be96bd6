// CPU-quota steps: how long a short CPU burst takes under the Linux CFS bandwidth controller. Internal to the latency model.
#pragma once

namespace pilotlight::model {

// Mean duration in ms of a burst of `cpu_ms` at `share` of a CPU, quota refilled every `period_ms`, use accounted every `tick_ms`, with the
// refill at a random phase of the burst. Source: Linux kernel/sched/fair.c (bandwidth slice 5 ms, debt carried over a refill).
[[nodiscard]] double quotaRandomPhaseMs(double cpu_ms, double share, double period_ms, double tick_ms);

// The same where the burst starts a period and overuse is paid afterwards: whole periods, then a remainder.
[[nodiscard]] double quotaDeferredDebtMs(double cpu_ms, double share, double period_ms);

// As above without the part of a period that comes after the last whole one: for a caller that counts what else a request waits for itself.
[[nodiscard]] double quotaWholePeriodsMs(double cpu_ms, double share, double period_ms);

}  // namespace pilotlight::model
