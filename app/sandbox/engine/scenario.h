// What a fleet does, as read from a scenario file (resources/docs/sandbox.md gives the JSON). The truth that the engine plays;
// no client of the sandbox can read it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::sandbox {

struct CurvePoint {
    double memory_mb = 0;
    double ms = 0;
};

// Measured points, straight lines between them in log-log space. Below the first point the first line goes on; above the
// last the last value holds. No formula is fitted.
struct Curve {
    std::vector<CurvePoint> points;  // ascending memory
    [[nodiscard]] double at(double memory_mb) const;
};

struct BurstSpec {
    double per_day = 0;     // how many bursts
    double mean_size = 0;   // requests in one, geometric
    double spacing_ms = 0;  // mean gap inside one
};

struct BatchSpec {
    int hour = 2;  // UTC
    int minute = 0;
    int count = 0;          // requests of one night
    double spread_s = 600;  // arriving over this time
};

struct ArrivalSpec {
    double per_day = 0;      // of the steady, Poisson part, on an average weekday
    double peak_hour = 14;   // UTC
    double swing = 0;        // 0..1: how far the day's rate swings about its mean
    double weekend = 1;      // factor on Saturday and Sunday
    double restless = 0;     // sigma of an hourly factor nobody can foresee
    double growth_week = 0;  // relative growth a week
    BurstSpec bursts;
    std::vector<BatchSpec> batches;
};

struct MemorySpec {
    double base_mb = 60;     // after loading
    double request_mb = 10;  // mean of what one request adds
    double sigma = 0.3;      // of its logarithm
    double squeeze = 3;      // how much slower at the very limit (factor - 1); from 85 % of the limit on
};

struct KeepAliveSpec {
    enum class Kind { window, halving };
    Kind kind = Kind::window;
    double from_s = 290, to_s = 350;  // window: an idle instance dies after a time drawn from here
    double period_s = 360;            // halving: the idle ones that were used longest ago die, half of them each period
    double max_life_s = 7200;         // give or take 200 s
};

struct PoolSpec {
    std::string qualifier;
    int count = 0;
};

struct ScheduleSpec {
    std::string qualifier, name, expression, timezone = "UTC";
    std::optional<int> min, max;
};

struct MemoryChange {
    double days_ago = 0;
    int memory_mb = 0;
};

struct AliasSpec {
    std::string name;
    int version = 1;
};

struct FunctionSpec {
    std::string name, region = "us-east-1", runtime = "python3.12", architecture = "x86_64", description, handler = "app.handler";
    std::string package = "Zip";  // or Image
    int memory_mb = 1024, timeout_s = 60, storage_mb = 512;
    bool json_logs = false;
    std::map<std::string, std::string> tags;
    bool insights = false;  // Azure: linked to Application Insights
    std::optional<int> reserved;
    int versions = 0;  // how many are published; the last one has today's settings
    std::vector<AliasSpec> aliases;
    std::vector<PoolSpec> pools;
    std::vector<ScheduleSpec> schedules;    // Application Auto Scaling
    std::vector<MemoryChange> history;      // memory that was in force before, newest change last
    std::map<std::string, double> traffic;  // qualifier ("" = unqualified) -> share
    ArrivalSpec arrivals;
    Curve warm_ms;                  // handler, profile x scale + io
    double io_ms = 0;               // part that memory does not change
    double jitter = 0.1;            // sigma of the request's own factor
    double instance_jitter = 0.03;  // sigma of the instance's factor
    double drift = 0.02;            // amplitude of slow common changes
    Curve init_ms;
    double init_jitter = 0.15;
    double first_call_factor = 1.15;  // the first request of a fresh instance
    MemorySpec memory;
    KeepAliveSpec keep_alive;
    double error_rate = 0;
    // Platforms whose instances serve several requests at once. `kind`: service | gen2 | gen1 (gcp), flex | premium | consumption (azure).
    std::string platform = "aws", kind;
    double vcpu = 1;
    int concurrency = 1, min_instances = 0, max_instances = 100;
    bool instance_billed = false;  // CPU always allocated (Cloud Run)
    std::string accelerator;       // Cloud Run: "nvidia-l4", one an instance; empty = none
    bool gpu_redundant = true;     // and one more in another zone
    std::string plan;              // Azure: apps of the same plan share its instances; empty = one of its own
    bool insights_denied = false;  // Azure: the telemetry refuses the caller
    std::map<std::string, std::string> functions;  // Azure: those inside the app, name -> trigger ("httpTrigger"); none given: one of the app's name
    double slowdown = 0;           // how much longer a request takes for each other one in its instance
    std::string event_source;  // ARN of an SQS queue, empty = none
};

struct Scenario {
    std::string name;
    std::string account = "123456789012";
    std::string project = "pilotlight-demo";                                   // Google Cloud
    std::string subscription = "6f2b1c34-5d0e-4a79-9c1d-2e8f7a6b5c40";         // Azure
    int concurrency_limit = 1000;
    std::vector<FunctionSpec> functions;
    // Those of one platform: "aws", "gcp", "azure".
    [[nodiscard]] std::vector<FunctionSpec> of(std::string_view platform) const;
};

// Errors: invalid_argument, naming the key; an unknown key is one.
[[nodiscard]] Result<Scenario> parseScenario(std::string_view json);
// The fleet that is built in.
[[nodiscard]] std::string_view defaultScenario();

}  // namespace pilotlight::sandbox
