// The conversation between a front end and pilotlight-agent: one JSON object a line, requests on the agent's stdin, events on its stdout.
// Wire format: resources/docs/bench.md. Every line is bounded and checked; unknown keys of requests are errors that name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/bench/machine.h"

namespace pilotlight::bench {

inline constexpr int kProtocolVersion = 1;
inline constexpr std::size_t kMostRequestBytes = 1U << 20;  // a longer request line is refused
inline constexpr std::size_t kMostEventBytes = 16U << 20;   // a longer event line means a broken agent
inline constexpr int kMostSamples = 100'000;                // of one mode of one trial

// What is run.
struct Target {
    enum class Kind { onnx, command, lambda, http };
    Kind kind = Kind::command;
    std::string model;                   // onnx: path of the model
    std::string device = "cpu";          // onnx: execution provider: "cpu", or one that `devices` lists
    std::vector<std::string> command;    // command, lambda, http: program and arguments, run without a shell
    std::string input;                   // command, lambda: file with the payload, empty = {}; http: body of a POST, empty = GET;
                                         // onnx: .npy or .pb of the first input, or a folder of them; empty = made from the model's shapes
    std::map<std::string, std::int32_t> dimensions; // onnx: sizes of dimensions that the model leaves open, by name or "input:index"
    std::int32_t batch = 1;              // onnx: size of the first dimension where it is open; 1..100,000
    std::int32_t tokens = 0;             // onnx: 0 = one inference a request; else an autoregressive model makes so many tokens; 0..100,000
    std::string path = "/";              // http: asked in each request
    std::string ready_path;              // http: asked until an answer below 500 comes: then the start is over; empty = until it takes connections
};
[[nodiscard]] const char* name(Target::Kind kind);

// What a serverless size means for a process on this machine.
struct EmulatedSize {
    std::int32_t memory_mb = 0;          // limit of memory; 1..1,000,000
    double vcpu = 0;                     // CPU share of the handler; 0.01..1,024
    double init_vcpu = 0;                // CPU share until the first request; 0 = as vcpu
    double period_ms = 20;               // quota period; 1..1,000
    int visible_cores = 0;               // cores that the process may use; 0 = all of this machine
};

// One fresh child under a limiter: started, brought to its first answer, then measured in the modes asked for.
struct TrialRequest {
    std::string id;                      // 1..64 of A-Z a-z 0-9 . _ -
    Target target;
    EmulatedSize size;
    std::string limiter = "auto";        // auto | none | systemd-scope | cgroup-v2 | cgroup-v1 | duty-cycle
    int threads = 1;                     // onnx: intra-op threads; 1..1,024
    bool spin = false;                   // onnx: threads spin while they wait
    bool huge_pages = false;             // onnx: glibc's malloc asks for transparent huge pages (GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
    bool drop_page_cache = false;        // ask the kernel to forget the model's or program's pages before the start
    int isolated = 0;                    // requests one at a time with a pause before each
    double pause_ms = 60;                // mean pause before an isolated request, drawn from 50 % to 150 %
    int saturated = 0;                   // requests back to back
    int open_loop = 0;                   // requests at planned instants, latency counted from the plan
    double rate_per_s = 0;               // of the open loop; arrivals are Poisson with `seed`
    int concurrency = 1;                 // onnx, http: requests that may be under way at once while saturated and in the open loop; 1..256
    std::uint32_t seed = 1;
    double most_s = 0;                   // each of the three modes ends after so long, with the samples so far; 0 = no limit; up to 86,400
    double timeout_s = 60;               // of the start and of each answer; 0.1..3,600
};

struct CancelRequest {
    std::string id;
};
struct QuitRequest {};
struct DevicesRequest {};
using Request = std::variant<TrialRequest, CancelRequest, QuitRequest, DevicesRequest>;

enum class TrialStatus { ok, failed, out_of_memory, killed, timeout, cancelled, unsupported, wrong_output };
[[nodiscard]] const char* name(TrialStatus status);

// Times from the start of the child; a stage that this kind of target cannot tell apart is absent.
struct ColdStages {
    std::optional<double> exec_ms;       // until the program's own code runs (onnx), asks for work (lambda: all of INIT), or answers the probe (http)
    std::optional<double> load_ms;       // onnx: loading the runtime's library
    std::optional<double> environment_ms;// onnx: runtime set-up
    std::optional<double> session_ms;    // onnx: reading and preparing the model
    std::optional<double> first_ms;      // first answer
    std::optional<double> total_ms;      // start to first answer
};

struct TrialResult {
    std::string id;
    TrialStatus status = TrialStatus::failed;
    std::string detail;                  // where not ok: what happened, for the user
    std::string limiter;                 // the one that was used; empty where none was reached
    bool memory_limited = false;         // the limiter enforced the memory limit
    ColdStages cold;
    std::vector<double> isolated_ms, saturated_ms, open_loop_ms, open_loop_service_ms;
    double saturated_wall_ms = 0;        // from the first to the end of the last saturated request
    std::optional<double> cpu_ms;        // CPU time of one request, mean over the saturated (else isolated) ones
    std::optional<double> cpu_share;     // CPU time over wall time while saturated
    std::optional<double> peak_mb;       // largest memory: VmHWM of the process
    std::optional<double> peak_group_mb; // as the limiter's accounting saw it
    double other_cpu_share = 0;          // CPU time of everything else on the machine over its capacity, during the trial; 0..1
    std::optional<double> pressure_ms;   // time in which some task waited for a CPU (PSI), whole machine
    std::string engine;                  // "ONNX Runtime 1.30.0"
    std::optional<double> largest_difference; // non-CPU device: largest elementwise difference from CPU, relative
    std::optional<double> device_nodes, nodes; // non-CPU device: nodes of the model that ran on it, and all
    std::optional<double> gpu_mb;        // non-CPU device: memory of the first GPU above that before the start (NVML), MB of 2^20 bytes
    std::optional<double> gpu_busy;      // non-CPU device: mean utilisation of the first GPU after the start (NVML), 0..1
    std::vector<double> first_token_ms;  // tokens > 0: each request's time to the first token, the whole prompt included
    std::vector<double> tokens_per_s;    // tokens > 1: each request's further tokens over their time
};

struct Hello {
    int protocol = kProtocolVersion;
    std::string version;
    Machine machine;
    struct Limiter {
        std::string name;
        bool available = false;
        std::string why;                 // where not available
    };
    std::vector<Limiter> limiters;       // in the order in which "auto" tries them
};
struct ProgressEvent {
    std::string id, stage;               // "start", "isolated", "saturated", "open_loop"
    int done = 0, of = 0;
};
struct Device {
    std::string name;                    // "cpu", "cuda", "webgpu"
    bool available = false;
    std::string detail;                  // version and library, or why it cannot be used
};
struct DevicesEvent {
    std::vector<Device> devices;
};
struct ErrorEvent {
    std::string code, what;              // about a line that could not be taken as a request
};
using Event = std::variant<Hello, ProgressEvent, TrialResult, DevicesEvent, ErrorEvent>;

// invalid_argument: not JSON, too long, a missing, unknown or out-of-range field, another protocol version.
[[nodiscard]] Result<Request> parseRequest(std::string_view line);
[[nodiscard]] std::string toLine(const Request& request);       // without the newline
// protocol: not an event of this version.
[[nodiscard]] Result<Event> parseEvent(std::string_view line);
[[nodiscard]] std::string toLine(const Event& event);

}  // namespace pilotlight::bench
