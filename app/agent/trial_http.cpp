// "http": a server such as functions-framework, an Azure custom handler or a container's command; it is told its port and asked over loopback.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "app/agent/http_message.h"
#include "app/agent/loopback.h"
#include "app/agent/processes.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

// Requests on one connection, which is kept while the server keeps it. For one thread, which looks after the child while it waits.
class Caller {
public:
    Caller(int port, double timeout_s) : port_(port), timeout_ms_(timeout_s * 1000) {}

    struct Answer {
        int status = 0;         // 0 = none came
        double ms = 0;          // from sending to the whole answer
        bool late = false;      // none came within the time-out
        std::string what;       // without an answer: why
        std::string body;       // its beginning
    };
    // Empty body = GET. `poll` is called every 50 ms; its error is returned at once.
    template <typename Poll>
    Result<Answer> call(const std::string& path, const std::string& body, const Poll& poll) {
        const std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: pilotlight-agent\r\nAccept: */*\r\n{}\r\n{}", body.empty() ? "GET" : "POST", path, port_,
                                                body.empty() ? "" : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size()), body);
        const auto begin = SteadyClock::now();
        for (;;) {
            const bool kept = static_cast<bool>(socket_);
            if (!kept) {
                socket_ = connectToLoopback(port_);
                reader_ = HttpReader(HttpReader::Side::responses);
                if (!socket_) return Answer{.ms = msSince(begin), .what = "it takes no connections"};
            }
            PILOTLIGHT_ASSIGN(Answer answer, exchange(request, begin, poll));
            answer.ms = msSince(begin);
            if (answer.status == 0) socket_.reset();
            // A server may have closed a connection that it kept just before the request reached it: once more on a new one.
            if (answer.status == 0 && !answer.late && kept && reader_.idle()) continue;
            return answer;
        }
    }

private:
    template <typename Poll>
    Result<Answer> exchange(std::string_view request, SteadyClock::time_point begin, const Poll& poll) {
        auto look = SteadyClock::now() + kLook;
        for (;;) {
            if (!request.empty()) {
                const long sent = sendSome(socket_, request);
                if (sent < 0) return Answer{.what = "it closed the connection"};
                request.remove_prefix(static_cast<std::size_t>(sent));
            }
            pollfd waiting{socket_.get(), static_cast<short>(request.empty() ? POLLIN : POLLIN | POLLOUT), 0};
            const auto wait = std::chrono::ceil<std::chrono::milliseconds>(look - SteadyClock::now()).count();
            ::poll(&waiting, 1, static_cast<int>(std::max<long>(0, wait)));
            if ((waiting.revents & ~POLLOUT) != 0) {
                char bytes[65536];
                bool open = true;
                const auto came = receiveSome(socket_, bytes, sizeof bytes, open);
                auto whole = reader_.read(came);
                if (!whole) return Answer{.what = whole.error().what};
                if (!open && !*whole) whole = reader_.ended();
                if (*whole) {
                    const auto message = reader_.take();
                    if (message.closes || !open) socket_.reset();
                    return Answer{.status = message.status, .body = message.body.substr(0, 1024)};
                }
                if (!open) return Answer{.what = "it closed the connection"};
            }
            if (SteadyClock::now() < look) continue;
            if (msSince(begin) > timeout_ms_) return Answer{.late = true, .what = "time-out"};
            PILOTLIGHT_TRY(poll());
            look = SteadyClock::now() + kLook;
        }
    }

    static constexpr auto kLook = std::chrono::milliseconds(50);
    int port_;
    double timeout_ms_;
    Socket socket_;
    HttpReader reader_{HttpReader::Side::responses};
};

}  // namespace

Status runHttpTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result) {
    const auto& request = context.request;
    std::string body;
    if (!request.target.input.empty()) {
        PILOTLIGHT_ASSIGN(body, payloadOf(request.target));
    }
    const int port = freePort();
    if (port == 0) return fail(ErrorCode::internal, "No loopback port is free");
    if (request.drop_page_cache) dropPageCache(request.target.command.front());
    // As Cloud Run and as Azure's custom handlers tell it; "{port}" in the command for servers that take it as an argument.
    const std::string number = std::to_string(port);
    ChildSpec spec{.command = request.target.command, .environment = {{"PORT", number}, {"FUNCTIONS_CUSTOMHANDLER_PORT", number}}, .visible_cores = request.size.visible_cores};
    for (auto& word : spec.command)
        if (const auto at = word.find("{port}"); at != std::string::npos) word.replace(at, 6, number);

    PILOTLIGHT_ASSIGN(const auto child, Child::start(spec, limiter, context.guardian));
    Served served(context, *child, result);
    const auto poll = [&] { return served.poll("did not answer the readiness probe"); };
    Caller caller(port, request.timeout_s);
    for (;;) {
        if (request.target.ready_path.empty()) {
            if (connectToLoopback(port)) break;  // as Cloud Run's default startup probe
        } else {
            PILOTLIGHT_ASSIGN(const auto probe, caller.call(request.target.ready_path, "", poll));
            if (probe.status > 0 && probe.status < 500) break;
        }
        PILOTLIGHT_TRY(poll());
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    served.started();
    result.cold.exec_ms = msSince(child->startedAt());
    PILOTLIGHT_TRY(limiter.setCpu(request.size.vcpu));
    Lanes lanes{.watch = poll};
    // `meanwhile` is asked while the answer is awaited: the child's state on the main thread, the stop of all on others.
    const auto ask = [&](Caller& through, const auto& meanwhile) -> Result<double> {
        PILOTLIGHT_ASSIGN(const auto answer, through.call(request.target.path, body, meanwhile));
        if (answer.status == 0) {
            PILOTLIGHT_TRY(meanwhile());  // its end, where that is why
            if (answer.late) return fail(ErrorCode::network, fmt::format("The handler did not answer within {:g} s", request.timeout_s), {}, "Raise the time-out, or look at what the handler waits for.");
            return fail(ErrorCode::internal, "The handler gave no answer (" + answer.what + ")", {}, child->tail());
        }
        if (answer.status >= 400) return fail(ErrorCode::internal, fmt::format("The handler answered with status {}", answer.status), {}, answer.body);
        return answer.ms;
    };
    std::vector<std::unique_ptr<Caller>> more;
    if (request.concurrency == 1) {
        lanes.requests.emplace_back([&] { return ask(caller, poll); });
    } else {
        const auto stopped = [&lanes]() -> Status {
            if (lanes.stop) return fail(ErrorCode::cancelled, "Cancelled");
            return {};
        };
        for (int i = 0; i < request.concurrency; ++i) {
            more.push_back(std::make_unique<Caller>(port, request.timeout_s));
            lanes.requests.emplace_back([&ask, &through = *more.back(), stopped] { return ask(through, stopped); });
        }
    }
    PILOTLIGHT_ASSIGN(result.cold.first_ms, ask(caller, poll));
    result.cold.total_ms = *result.cold.exec_ms + *result.cold.first_ms;
    const auto measured = measureWarm(request, context.cancel, context.progress, lanes, [&] { return usedCpuMs(limiter, child->pid()); }, result);
    result.peak_mb = processPeakMb(child->pid());
    return measured;
}

}  // namespace pilotlight::agent
