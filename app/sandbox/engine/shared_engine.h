// One function whose instances serve several requests at once (Cloud Run, Cloud Functions, Azure Functions): who serves a request, how
// long it waits and takes, which instances live, and what of their time is billed. Plays its own events: nothing is shared with others.
// Busiest instance with room first, then the most recently used idle one, then one that is starting, then a new one; at the limit
// requests wait (Cloud Run: about concurrency, container contract).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <vector>

#include "app/sandbox/engine/arrivals.h"
#include "app/sandbox/engine/random.h"
#include "app/sandbox/engine/records.h"
#include "app/sandbox/engine/scenario.h"

namespace pilotlight::sandbox {

struct SharedDeployment {
    int memory_mb = 512;
    double vcpu = 1;
    int concurrency = 1;
    int min_instances = 0;
    int max_instances = 100;
    int timeout_s = 300;
    bool boost = false;  // more CPU while starting
    // Whether going from one to the other replaces instances.
    [[nodiscard]] bool sameInstances(const SharedDeployment& other) const {
        return memory_mb == other.memory_mb && vcpu == other.vcpu && concurrency == other.concurrency && timeout_s == other.timeout_s &&
               boost == other.boost;
    }
};

// What happened in one minute. Times are instance-milliseconds.
struct SharedMinute {
    std::int64_t active_ms = 0;        // starting, or with a request in flight
    std::int64_t rounding_ms = 0;      // what rounding active stretches up to 100 ms adds
    std::int64_t idle_min_ms = 0;      // kept idle by the minimum
    std::int64_t active_min_ms = 0;    // active on the instances that the minimum keeps
    std::int64_t rounding_min_ms = 0;  // part of rounding_ms that is theirs
    std::int64_t execution_mb_ms = 0;  // of requests that ended: each rounded by itself
    std::int64_t requests = 0;         // that ended
    std::int64_t alive_ms = 0;
    std::int64_t request_ms = 0;  // sum of durations of requests that ended
    std::uint16_t peak_active = 0, peak_alive = 0;
    std::uint16_t peak_load = 0;     // most requests at once in one instance
    std::uint16_t peak_used_mb = 0;  // most memory in one instance
};

// Integer usage of one UTC day, for the bill.
struct SharedDayUsage {
    std::int64_t requests = 0;
    std::int64_t active_cpu = 0, active_memory = 0;  // thousandths of a vCPU x ms; MB x ms; rounded up to 100 ms a stretch
    std::int64_t idle_cpu = 0, idle_memory = 0;
    std::int64_t alive_cpu = 0, alive_memory = 0, alive_ms = 0;
    std::int64_t active_min_memory = 0;    // part of active_memory that ran on kept instances,
    std::int64_t rounding_min_memory = 0;  // and what rounding adds to it
    std::int64_t executions_mb_ms = 0;     // each request rounded by itself (Azure): set by `execution_step_ms`, `execution_least_ms`
};

struct InstanceStart {
    std::int64_t at_ms = 0;
    std::uint32_t took_ms = 0;
};

class SharedEngine {
public:
    // Per-request rounding of the bill: at least `least_ms`, in steps of `step_ms`.
    struct ExecutionRounding {
        int least_ms = 1, step_ms = 1,
            memory_step_mb = 0;      // memory_step_mb > 0: used memory rounded up to it counts, not the configured one
        int stretch_least_ms = 100;  // an active stretch of an instance counts at least this
    };
    SharedEngine(const FunctionSpec& spec, const SharedDeployment& deployment, Random random, Micros start, ExecutionRounding rounding);

    // Plays everything up to and including `t`. Going back does nothing.
    void advance(Micros t);
    [[nodiscard]] Micros now() const { return now_; }
    // At now(): new settings; instances of others end as they become free.
    void deploy(const SharedDeployment& deployment);
    [[nodiscard]] const SharedDeployment& deployment() const { return deployment_; }
    void at(Micros t, std::function<void()> what) { timers_.emplace(t, std::move(what)); }

    // In order of service; a request that waited at the limit comes after later ones. init_cms is the time waited for a slot or a new
    // instance.
    [[nodiscard]] const std::deque<Invocation>& rows() const { return rows_; }
    [[nodiscard]] const std::deque<InstanceStart>& starts() const { return starts_; }
    // nullptr outside what was played.
    [[nodiscard]] const SharedMinute* minute(std::int64_t minute) const;
    [[nodiscard]] const std::map<std::int32_t, SharedDayUsage>& days() const { return days_; }
    [[nodiscard]] std::int64_t refused() const { return refused_; }
    void dropBefore(std::int64_t ms);

private:
    struct Instance {
        bool alive = false, starting = false, doomed = false;
        std::uint32_t generation = 0, id = 0;
        int load = 0;
        double speed = 1, used_mb = 0;
        Micros ready = 0, active_since = 0, expires = 0;
    };
    struct Event {
        Micros at;
        std::uint32_t instance;
        bool ready;  // else a request ends
        double used_mb;
        friend bool operator>(const Event& a, const Event& b) { return a.at > b.at; }
    };

    void integrate(Micros t);
    SharedMinute& minuteAt(Micros t);
    void arrive(Micros t, bool waited, Micros arrived);
    std::uint32_t create(Micros t, bool for_request);
    void place(std::uint32_t index, Micros t, Micros arrived);
    void end(const Event& event);
    void goIdle(std::uint32_t index, Micros t);
    void destroy(std::uint32_t index);
    void keepMinimum(Micros t);
    void serveWaiting(Micros t);
    [[nodiscard]] Micros nextExpiry() const;
    void expire(Micros t);
    [[nodiscard]] double driftAt(Micros t) const;
    [[nodiscard]] double cpuMegabytes() const { return deployment_.vcpu * 1769.0; }  // the curves' axis

    FunctionSpec spec_;
    SharedDeployment deployment_;
    ExecutionRounding rounding_;
    Random random_;
    Micros start_, now_;
    Arrivals arrivals_;
    std::vector<Instance> instances_;
    std::vector<std::uint32_t> free_, idle_, active_;  // idle_: the back was used last
    std::uint32_t next_id_ = 1, generation_ = 1;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::multimap<Micros, std::function<void()>> timers_;
    std::deque<Micros> waiting_;
    std::deque<Invocation> rows_;
    std::deque<InstanceStart> starts_;
    std::vector<SharedMinute> minutes_;
    std::map<std::int32_t, SharedDayUsage> days_;
    std::int64_t refused_ = 0;
    Micros integrated_;
    double drift_phase_[2];
};

}  // namespace pilotlight::sandbox
