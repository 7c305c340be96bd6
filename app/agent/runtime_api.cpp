#include "app/agent/runtime_api.h"

#include <fmt/format.h>
#include <httplib.h>
#include <netinet/tcp.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kMostResponse = 64U << 20;  // Lambda's own limit is 6 MB, or 20 MB streamed
constexpr std::size_t kKept = 4096;
constexpr std::size_t kMostConnections = 64;
constexpr int kLookMs = 50;  // looking after the child costs CPU time beside what is measured

}  // namespace

struct RuntimeApi::Impl {
    httplib::Server server;
    std::thread thread;
    std::string address;

    mutable std::mutex mutex;
    std::condition_variable changed;
    bool closing = false, ready = false, handed_out = false, answered = false;
    std::optional<std::string> pending;  // payload that waits for the runtime
    std::string id, failure, init_failure, response;
    std::chrono::milliseconds timeout{60'000};
    std::uint64_t count = 0;
    SteadyClock::time_point begin, end;

    void next(httplib::Response& to) {
        std::unique_lock lock(mutex);
        ready = true;
        changed.notify_all();
        changed.wait(lock, [&] { return closing || pending; });
        if (closing) {
            to.status = 500;
            return;
        }
        to.set_header("Lambda-Runtime-Aws-Request-Id", id);
        to.set_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:pilotlight-bench");
        to.set_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0");
        const auto deadline = std::chrono::system_clock::now() + timeout;
        to.set_header("Lambda-Runtime-Deadline-Ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(deadline.time_since_epoch()).count()));
        to.set_content(std::move(*pending), "application/json");
        pending.reset();
        handed_out = true;
        begin = SteadyClock::now();
    }

    void answer(const std::string& given, std::string body, bool failed, httplib::Response& to) {
        const auto now = SteadyClock::now();
        const std::lock_guard lock(mutex);
        if (!handed_out || answered || given != id) {
            to.status = 400;
            to.set_content(R"({"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"})", "application/json");
            return;
        }
        end = now;
        answered = true;
        failure = failed ? (body.empty() ? "no message" : body.substr(0, kKept)) : "";
        response = std::move(body);
        to.status = 202;
        to.set_content(R"({"status":"OK"})", "application/json");
        changed.notify_all();
    }
};

RuntimeApi::RuntimeApi() : impl_(std::make_unique<Impl>()) {}

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::listen() {
    auto api = std::unique_ptr<RuntimeApi>(new RuntimeApi);
    auto& impl = *api->impl_;
    impl.server.set_tcp_nodelay(true);
    impl.server.set_keep_alive_max_count(10'000'000);
    impl.server.set_keep_alive_timeout(3600);
    impl.server.set_read_timeout(3600);
    impl.server.set_payload_max_length(kMostResponse);
    // A connection that is kept alive keeps its thread. AWS's Node client holds one for each thread of libuv's pool, and one for its responses.
    impl.server.new_task_queue = [] { return new httplib::ThreadPool(kMostConnections); };
    impl.server.Get("/2018-06-01/runtime/invocation/next", [&impl](const httplib::Request&, httplib::Response& to) { impl.next(to); });
    impl.server.Post(R"(/2018-06-01/runtime/invocation/([^/]+)/response)", [&impl](const httplib::Request& from, httplib::Response& to) {
        impl.answer(from.matches[1], from.body, false, to);
    });
    impl.server.Post(R"(/2018-06-01/runtime/invocation/([^/]+)/error)", [&impl](const httplib::Request& from, httplib::Response& to) {
        impl.answer(from.matches[1], from.body, true, to);
    });
    impl.server.Post("/2018-06-01/runtime/init/error", [&impl](const httplib::Request& from, httplib::Response& to) {
        const std::lock_guard lock(impl.mutex);
        impl.init_failure = from.body.empty() ? "no message" : from.body.substr(0, kKept);
        to.status = 202;
        to.set_content(R"({"status":"OK"})", "application/json");
        impl.changed.notify_all();
    });
    const int port = impl.server.bind_to_any_port("127.0.0.1");
    if (port <= 0) return fail(ErrorCode::internal, "No loopback port could be opened for the Runtime API");
    impl.address = fmt::format("127.0.0.1:{}", port);
    impl.thread = std::thread([&impl] { impl.server.listen_after_bind(); });
    return api;
}

RuntimeApi::~RuntimeApi() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->closing = true;
        impl_->changed.notify_all();
    }
    impl_->server.stop();
    if (impl_->thread.joinable()) impl_->thread.join();
}

const std::string& RuntimeApi::address() const { return impl_->address; }

std::string RuntimeApi::lastResponse() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->response;
}

Status RuntimeApi::waitReady(const Poll& poll) {
    std::unique_lock lock(impl_->mutex);
    for (;;) {
        if (!impl_->init_failure.empty()) return fail(ErrorCode::internal, "The runtime reported an error while it started: " + impl_->init_failure);
        if (impl_->ready) return {};
        impl_->changed.wait_for(lock, std::chrono::milliseconds(5));
        lock.unlock();
        PILOTLIGHT_TRY(poll());
        lock.lock();
    }
}

Result<double> RuntimeApi::invoke(const std::string& payload, std::chrono::milliseconds timeout, const Poll& poll) {
    std::unique_lock lock(impl_->mutex);
    impl_->id = fmt::format("00000000-0000-4000-8000-{:012x}", ++impl_->count);
    impl_->handed_out = impl_->answered = false;
    impl_->timeout = timeout;
    impl_->pending = payload;
    impl_->changed.notify_all();
    const auto deadline = SteadyClock::now() + timeout;
    auto look = SteadyClock::now() + std::chrono::milliseconds(kLookMs);
    while (!impl_->answered) {
        impl_->changed.wait_until(lock, look);
        if (impl_->answered) break;
        if (SteadyClock::now() < look) continue;
        lock.unlock();
        PILOTLIGHT_TRY(poll());
        look = SteadyClock::now() + std::chrono::milliseconds(kLookMs);
        lock.lock();
        if (SteadyClock::now() >= deadline && !impl_->answered) return fail(ErrorCode::network, "The handler did not answer in time", {}, "Raise the time-out, or look at what the handler waits for.");
    }
    if (!impl_->failure.empty()) return fail(ErrorCode::internal, "The handler reported an error: " + impl_->failure);
    return std::chrono::duration<double, std::milli>(impl_->end - impl_->begin).count();
}

}  // namespace pilotlight::agent
