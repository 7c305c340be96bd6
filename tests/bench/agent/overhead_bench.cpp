// What the agent adds to a measured inference or request, and what it uses of a CPU meanwhile.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "app/agent/http_message.h"
#include "app/agent/onnx_runtime.h"
#include "app/agent/processes.h"
#include "core/bench/agent_client.h"
#include "core/bench/quantiles.h"
#include "tests/support/process.h"

namespace {

using namespace pilotlight;

double milliseconds(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

[[noreturn]] void giveUp(const Error& error) {
    std::fprintf(stderr, "%s\n", error.text().c_str());
    std::exit(1);
}
template <typename T>
T need(Result<T> result) {
    if (!result) giveUp(result.error());
    return std::move(*result);
}
void need(const Status& done) {
    if (!done) giveUp(done.error());
}

// This program again: CPU and wall time of one inference in a loop without anything else.
int bare(const char* model, int count) {
    const auto runtime = need(agent::OnnxRuntime::load());
    need(runtime->makeEnvironment());
    const auto session = need(runtime->open({.model = model}));
    need(session->run());
    const double cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID), wall = milliseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; ++i) need(session->run());
    std::printf("%.9g %.9g\n", (milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count, (milliseconds(CLOCK_MONOTONIC) - wall) / count);
    std::fflush(stdout);
    ::_exit(0);
}

// This program again, as a handler: a custom Lambda runtime where the Runtime API is there, else an HTTP server. Works `work_ms` for each
// request and writes what it took itself, in ms, to `notes`: from the whole request to its answer; of a runtime also from the whole reply to its
// response until it asks for the next event.
constexpr std::size_t kMostNotes = 4096;
int handler(double work_ms, const char* notes) {
    const int file = ::open(notes, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    // Mapped: a note takes no time beside the requests.
    const bool sized = file >= 0 && ::ftruncate(file, kMostNotes * sizeof(double)) == 0;
    void* const mapped = sized ? ::mmap(nullptr, kMostNotes * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    auto* note = static_cast<volatile double*>(mapped);
    const char* const api = std::getenv("AWS_LAMBDA_RUNTIME_API");
    const char* const port = api != nullptr ? std::strchr(api, ':') + 1 : std::getenv("PORT");
    if (mapped == MAP_FAILED || port == nullptr) return 1;
    const auto* const last = note + kMostNotes;
    int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    if (api != nullptr) {
        if (::connect(fd, where, sizeof address) != 0) return 1;
    } else if (::bind(fd, where, sizeof address) != 0 || ::listen(fd, 8) != 0) {
        return 1;
    }
    const int listener = fd, yes = 1;
    const auto say = [&](const std::string& text) { (void)!::write(fd, text.data(), text.size()); };
    const auto side = api != nullptr ? agent::HttpReader::Side::responses : agent::HttpReader::Side::requests;
    char bytes[65536];
    for (;;) {
        if (api == nullptr) fd = ::accept(listener, nullptr, nullptr);
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        agent::HttpReader reader(side);
        // The next whole message; false at the end of the connection.
        const auto receive = [&] {
            for (ssize_t got = 0; (got = ::read(fd, bytes, sizeof bytes)) > 0;)
                if (const auto whole = reader.read({bytes, static_cast<std::size_t>(got)}); whole && *whole) return true;
            return false;
        };
        for (int number = 1;; ++number) {
            if (api != nullptr) say("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n");
            if (!receive()) break;
            const double begin = milliseconds(CLOCK_MONOTONIC);
            (void)reader.take();
            // CPU time, so that what others take of it is the handler's own.
            for (const double until = milliseconds(CLOCK_THREAD_CPUTIME_ID) + work_ms; work_ms > 0 && milliseconds(CLOCK_THREAD_CPUTIME_ID) < until;) {}
            char id[64];
            std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012x", number);
            const std::string answer = api != nullptr ? std::string("POST /2018-06-01/runtime/invocation/") + id + "/response HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
                                                      : std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            double own = milliseconds(CLOCK_MONOTONIC) - begin;
            say(answer);
            if (api != nullptr) {
                if (!receive()) break;
                const double replied = milliseconds(CLOCK_MONOTONIC);
                (void)reader.take();
                own += milliseconds(CLOCK_MONOTONIC) - replied;
            }
            if (note < last) *note++ = own;
        }
        if (api != nullptr) return 0;
        ::close(fd);
    }
}

double cpuOf(const std::vector<pid_t>& processes) {
    double sum = 0;
    for (const pid_t one : processes) sum += agent::processCpuMs(one).value_or(0);
    return sum;
}

// Requests of a handler as the agent times them, less what the handler took itself for each.
void benchHandlers(bench::AgentClient& client, const std::vector<pid_t>& processes, int rounds) {
    std::printf("\n%-26s %14s %14s %12s %18s\n", "", "handler us", "measured us", "added us", "agent us/request");
    const std::string notes = (std::filesystem::temp_directory_path() / ("pilotlight-overhead-" + std::to_string(::getpid()))).string();
    for (const auto kind : {bench::Target::Kind::lambda, bench::Target::Kind::http})
        for (const double work_ms : {0.0, 20.0}) {
            std::vector<double> added, own, measured, used;
            for (int round = 0; round < rounds; ++round) {
                bench::TrialRequest request;
                request.id = "overhead";
                request.target.kind = kind;
                request.target.command = {std::filesystem::read_symlink("/proc/self/exe").string(), "--handler", std::to_string(work_ms), notes};
                request.size.memory_mb = 2048;
                request.size.vcpu = 1;
                request.limiter = "none";
                request.saturated = work_ms > 0 ? 150 : 1500;
                const double before = cpuOf(processes);
                const auto result = need(client.run(request, {}));
                used.push_back((cpuOf(processes) - before) * 1e3 / (request.saturated + 1));  // the start of the trial is in it
                if (result.status != bench::TrialStatus::ok) std::fprintf(stderr, "%s\n", result.detail.c_str()), std::exit(1);
                std::vector<double> took(result.saturated_ms.size() + 1);
                const int file = ::open(notes.c_str(), O_RDONLY | O_CLOEXEC);
                const auto got = std::max<ssize_t>(0, ::read(file, took.data(), took.size() * sizeof(double)));
                ::close(file);
                // The first is the first answer's; a server may have been killed before it wrote the last.
                for (std::size_t i = 1; i < static_cast<std::size_t>(got) / sizeof(double) && took[i] > 0; ++i) {
                    own.push_back(took[i] * 1e3);
                    measured.push_back(result.saturated_ms[i - 1] * 1e3);
                    added.push_back(measured.back() - own.back());
                }
            }
            const std::string label = std::string(bench::name(kind)) + (work_ms > 0 ? ", 20 ms of work" : ", no work");
            std::printf("%-26s %14.1f %14.1f %12.1f %18.1f\n", label.c_str(), bench::median(own), bench::median(measured), bench::median(added), bench::median(used));
        }
    std::filesystem::remove(notes);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::strcmp(argv[1], "--handler") == 0) return handler(std::atof(argv[2]), argv[3]);
    if (argc == 4 && std::strcmp(argv[1], "--bare") == 0) return bare(argv[2], std::atoi(argv[3]));
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
    const bool models = argc < 3 || std::strcmp(argv[2], "handlers") != 0;
    auto client = need(bench::AgentClient::start({test::builtProgram("pilotlight-agent")}));
    const auto processes = agent::descendants(::getpid());  // the agent and its guardian
    if (models) std::printf("%-26s %14s %14s %12s %14s %14s %18s\n", "", "bare CPU us", "trial CPU us", "added us", "bare wall us", "trial wall us", "agent, % of a CPU");
    for (const auto& [name, count] : {std::pair("blazeface.onnx", 1500), std::pair("light/light_squeezenet.onnx", 400)}) {
        if (!models) break;
        const std::string model = std::filesystem::path(PILOTLIGHT_MODELS) / name;
        std::vector<double> bare_cpu, bare_wall, trial_cpu, trial_wall, own;
        for (int round = 0; round < rounds; ++round) {
            const auto loop = test::runProgram({"/proc/self/exe", "--bare", model, std::to_string(count)});
            double cpu = 0, wall = 0;
            if (std::sscanf(loop.out.c_str(), "%lf %lf", &cpu, &wall) != 2) return std::fprintf(stderr, "%s\n", loop.err.c_str()), 1;
            bare_cpu.push_back(cpu * 1e3);
            bare_wall.push_back(wall * 1e3);
            bench::TrialRequest request;
            request.id = "overhead";
            request.target.kind = bench::Target::Kind::onnx;
            request.target.model = model;
            request.size.memory_mb = 2048;
            request.size.vcpu = 1;
            request.limiter = "none";
            request.saturated = count;
            const double before = cpuOf(processes), begin = milliseconds(CLOCK_MONOTONIC);
            const auto result = need(client.run(request, {}));
            if (result.status != bench::TrialStatus::ok || !result.cpu_ms) return std::fprintf(stderr, "%s\n", result.detail.c_str()), 1;
            own.push_back((cpuOf(processes) - before) / (milliseconds(CLOCK_MONOTONIC) - begin) * 100);
            trial_cpu.push_back(*result.cpu_ms * 1e3);
            trial_wall.push_back(bench::mean(result.saturated_ms) * 1e3);
        }
        // The shortest: whatever else runs can only add.
        const auto least = [](const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); };
        std::printf("%-26s %14.1f %14.1f %12.1f %14.1f %14.1f %18.2f\n", name, least(bare_cpu), least(trial_cpu), least(trial_cpu) - least(bare_cpu), least(bare_wall), least(trial_wall),
                    bench::median(own));
    }
    benchHandlers(client, processes, rounds);
    return 0;
}
