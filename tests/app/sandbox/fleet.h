// A small fleet for protocol tests.
#pragma once

namespace pilotlight::sandbox::test {

inline constexpr const char* kFleet = R"({
  "account": "123456789012", "concurrency_limit": 1000,
  "profiles": {"p": {"source": "test", "points": [[128, 2000], [1024, 500], [2048, 400]]}},
  "functions": [
    {"name": "alpha", "profile": "p", "memory_mb": 1024, "timeout_s": 30, "versions": 2, "aliases": [{"name": "live", "version": 2}],
     "traffic": {"live": 1}, "pools": [{"qualifier": "live", "count": 2}], "tags": {"team": "a"}, "arrivals": {"per_day": 3000}, "error_rate": 0.05},
    {"name": "beta", "profile": "p", "memory_mb": 512, "reserved": 5, "arrivals": {"per_day": 2000}, "tags": {"team": "b", "aws:cloudformation:stack-name": "s"}},
    {"name": "gamma", "profile": "p", "memory_mb": 2048, "architecture": "arm64", "json_logs": true, "arrivals": {"per_day": 500},
     "event_source": "arn:aws:sqs:us-east-1:123456789012:q"},
    {"name": "elsewhere", "region": "eu-west-1", "profile": "p", "memory_mb": 256, "arrivals": {"per_day": 100}}
  ]})";

}  // namespace pilotlight::sandbox::test
