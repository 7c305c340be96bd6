// "http": a server such as functions-framework, an Azure custom handler or a container's command; it is told its port and asked over loopback.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "app/agent/processes.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

// As Cloud Run's default startup probe.
bool takesConnections(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool taken = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return taken;
}

// A port that nothing listens on now.
int freePort() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    return bound ? ntohs(address.sin_port) : 0;
}

// Sends requests from a thread of its own, so that the caller can look after the child and end it: that ends the request too.
class Caller {
public:
    Caller(int port, double timeout_s) : client_("127.0.0.1", port) {
        const auto whole = static_cast<time_t>(timeout_s);
        const auto rest = static_cast<time_t>((timeout_s - static_cast<double>(whole)) * 1e6);
        client_.set_read_timeout(whole, rest);
        client_.set_write_timeout(whole, rest);
        client_.set_connection_timeout(1);
        client_.set_keep_alive(true);
        client_.set_tcp_nodelay(true);
        thread_ = std::thread([this] { loop(); });
    }
    ~Caller() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            changed_.notify_all();
        }
        client_.stop();
        thread_.join();
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    struct Answer {
        int status = 0;         // 0 = none came
        double ms = 0;          // from sending to the whole answer
        std::string what;       // without an answer: why
        std::string body;       // its beginning
    };
    // Empty body = GET. `poll` is called every few ms; its error is returned at once.
    template <typename Poll>
    Result<Answer> call(const std::string& path, const std::string& body, const Poll& poll) {
        std::unique_lock lock(mutex_);
        path_ = path;
        body_ = body;
        asked_ = true;
        done_ = false;
        changed_.notify_all();
        while (!changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return done_; })) {
            lock.unlock();
            PILOTLIGHT_TRY(poll());
            lock.lock();
        }
        return answer_;
    }

private:
    void loop() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return ending_ || asked_; });
            if (ending_) return;
            asked_ = false;
            lock.unlock();
            Answer answer;
            const auto receive = [&](const char* bytes, std::size_t count) {
                if (answer.body.size() < 1024) answer.body.append(bytes, std::min<std::size_t>(count, 1024));
                return true;
            };
            httplib::Request request;
            request.method = body_.empty() ? "GET" : "POST";
            request.path = path_;
            request.body = body_;
            if (!body_.empty()) request.set_header("Content-Type", "application/json");
            request.content_receiver = [&](const char* bytes, std::size_t count, std::uint64_t, std::uint64_t) { return receive(bytes, count); };
            const auto begin = SteadyClock::now();
            const auto got = client_.send(request);
            answer.ms = msSince(begin);
            if (got)
                answer.status = got->status;
            else
                answer.what = httplib::to_string(got.error());
            lock.lock();
            answer_ = std::move(answer);
            done_ = true;
            changed_.notify_all();
        }
    }

    httplib::Client client_;
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string path_, body_;
    Answer answer_;
    bool asked_ = false, done_ = false, ending_ = false;
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
            if (takesConnections(port)) break;
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
            if (answer.ms >= 999 * request.timeout_s) return fail(ErrorCode::network, fmt::format("The handler did not answer within {:g} s", request.timeout_s), {}, "Raise the time-out, or look at what the handler waits for.");
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
