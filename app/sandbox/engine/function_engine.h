// One function's environments, one object each: who serves a request, how long it takes, who dies of idleness.
// Provisioned slots first (lowest free), then the most recently used idle environment, then a new one
// (AWS Lambda developer guide: lambda-concurrency, provisioned-concurrency, scaling-behavior).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/sandbox/engine/arrivals.h"
#include "app/sandbox/engine/random.h"
#include "app/sandbox/engine/records.h"
#include "app/sandbox/engine/scenario.h"

namespace pilotlight::sandbox {

// The settings of one version that the engine feels.
struct Deployment {
    int memory_mb = 1024;
    int timeout_s = 60;
    int storage_mb = 512;
    friend bool operator==(const Deployment&, const Deployment&) = default;
};

// Integer usage of one UTC day, for the bill.
struct DayUsage {
    std::int64_t requests = 0;
    std::int64_t on_demand_mb_ms = 0;  // INIT included
    std::int64_t pooled_mb_ms = 0;
    std::int64_t storage_mb_ms = 0;  // beyond 512 MB
};

// Provisioned concurrency of one qualifier.
struct Pool {
    struct Segment {  // a time during which the same number was kept
        Micros from = 0, to = 0;
        int count = 0, memory_mb = 0;
    };
    int requested = 0;
    int available = 0;  // ready slots
    bool in_progress = false;
    Micros changed = 0;
    std::uint64_t token = 0;           // of the latest change; an older one's readiness is void
    int version = 0;                   // whose environments the ready slots are
    std::vector<std::uint32_t> slots;  // instance id of each ready slot
    std::vector<bool> busy;
    std::vector<Segment> kept;  // for the bill; the last one is open while `open`
    bool open = false;
    PeakTrack used, size;
    explicit Pool(Micros start) : used(start), size(start) {}
    [[nodiscard]] int busyCount() const;
};

// Where requests go: unqualified, an alias or a version.
struct Route {
    std::string qualifier;  // "" = unqualified
    double share = 0;
    std::vector<std::pair<int, double>> versions;  // weights, sum 1
    PeakTrack busy;
    explicit Route(Micros start) : busy(start) {}
};

// A request that ends at `finish`.
struct Completion {
    Micros finish = 0;
    std::uint32_t function = 0;
    std::uint32_t instance = 0;  // index in the slab
    friend bool operator>(const Completion& a, const Completion& b) { return a.finish > b.finish; }
};

class FunctionEngine {
public:
    FunctionEngine(const FunctionSpec& spec, Random random, Micros start, std::uint32_t index);

    // --- control, at the moment `t` up to which the world has been played ---
    // Settings of a version; a change recycles its environments.
    void deploy(int version, const Deployment& deployment);
    void setRoute(const std::string& qualifier, std::vector<std::pair<int, double>> versions);
    // Begins a change of the pool; finishPool(token) makes it real. Lowering it is real at once.
    std::uint64_t requestPool(const std::string& qualifier, int count, Micros t);
    void finishPool(const std::string& qualifier, std::uint64_t token, Micros t);
    void removePool(const std::string& qualifier, Micros t);

    // --- play ---
    enum class Verdict { served, throttled };
    // One request at `t`. `room` = how many more on-demand environments the limits allow; the caller counts busy().
    Verdict invoke(Micros t, int room, Completion& out);
    void complete(const Completion& completion);

    [[nodiscard]] Arrivals& arrivals() { return arrivals_; }
    [[nodiscard]] int busy() const { return busy_; }
    [[nodiscard]] int busyOnDemand() const { return busy_on_demand_; }
    [[nodiscard]] int alive() const;  // environments that exist, pools included
    [[nodiscard]] const std::vector<Invocation>& invocations() const { return invocations_; }
    [[nodiscard]] const std::vector<Throttle>& throttles() const { return throttles_; }
    [[nodiscard]] const std::map<std::int32_t, DayUsage>& usage() const { return usage_; }
    [[nodiscard]] const std::map<std::string, Pool>& pools() const { return pools_; }
    [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }
    [[nodiscard]] const PeakTrack& concurrency() const { return concurrency_; }
    // Index of invocations().front() since the beginning; older ones have been dropped.
    [[nodiscard]] std::uint64_t firstIndex() const { return first_index_; }
    void dropBefore(std::int64_t ms);
    // When the environment with this id was made.
    [[nodiscard]] Micros birth(std::uint32_t id) const { return id < births_.size() ? start_ + births_[id] * kMinute : start_; }

private:
    struct Instance {
        std::uint32_t id = 0;
        std::uint32_t generation = 0;
        std::int32_t version = 0;
        std::int32_t slot = -1;  // in the pool; -1 = on demand
        std::uint8_t route = 0;
        bool fresh = true, doomed = false;
        Micros dies = 0, expires = 0;
        double speed = 1;
        double peak_mb = 0;
        std::string* pool = nullptr;
    };
    struct Environments {
        Deployment deployment;
        std::uint32_t generation = 0;
        double warm_ms = 0, init_ms = 0;
        std::vector<std::uint32_t> idle;  // the back was used last
        Micros next_tick = 0, next_expiry = INT64_MAX;
    };

    void reap(Environments& environments, Micros t);
    std::uint32_t create(int version, Micros t);
    void destroy(std::uint32_t index) { free_.push_back(index); }
    // Fills the row's times, memory and flags.
    void serve(Instance& instance, const Environments& environments, Micros t, Invocation& row);
    [[nodiscard]] double driftAt(Micros t);
    [[nodiscard]] std::size_t pickRoute();
    [[nodiscard]] int pickVersion(const Route& route);
    Pool& pool(const std::string& qualifier, Micros t);
    void keepSegment(Pool& pool, int count, int memory_mb, Micros t);
    void resize(Pool& pool, int count, int version, Micros t);

    FunctionSpec spec_;
    Random random_;
    Micros start_;
    std::uint32_t index_;
    Arrivals arrivals_;
    std::map<int, Environments> environments_;
    std::vector<Route> routes_;
    std::map<std::string, Pool> pools_;
    std::vector<Instance> slab_;
    std::vector<std::uint32_t> free_;
    [[nodiscard]] std::uint32_t newId(Micros t);
    std::uint32_t next_id_ = 1;
    std::vector<std::uint32_t> births_{0};  // minutes after start_, by id
    std::uint64_t next_token_ = 1;
    int busy_ = 0, busy_on_demand_ = 0;
    double tokens_ = 1000;  // new environments: 1,000 at once, 100 a second
    Micros tokens_at_ = 0;
    double drift_phase_[3], drift_period_[3];
    Micros drift_minute_ = -1;
    double drift_value_ = 1;
    std::vector<Invocation> invocations_;
    std::vector<Throttle> throttles_;
    std::map<std::int32_t, DayUsage> usage_;
    PeakTrack concurrency_;
    std::uint64_t first_index_ = 0;
};

}  // namespace pilotlight::sandbox
