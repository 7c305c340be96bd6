#include "app/agent/runtime_api.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "app/agent/http_message.h"
#include "app/agent/loopback.h"

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kMostConnections = 64;  // AWS's Node client holds one for each thread of libuv's pool, and one for its responses
constexpr auto kLook = std::chrono::milliseconds(50);  // looking after the child costs CPU time beside what is measured
constexpr std::string_view kInvocation = "/2018-06-01/runtime/invocation/";
constexpr const char* kTaken = R"({"status":"OK"})";

}  // namespace

struct RuntimeApi::Impl {
    struct Connection {
        Socket socket;
        HttpReader reader{HttpReader::Side::requests};
        std::string out;      // what the socket did not take yet
        bool waits = false;   // it asked for an invocation and has none yet
        bool open = true, closes = false;
    };

    Listener listener;
    std::string address;
    std::vector<Connection> connections;
    std::vector<pollfd> polled;

    bool ready = false, handed_out = false, answered = false;
    std::optional<std::string> pending;  // payload that waits for the runtime
    std::string id, failure, init_failure;
    std::chrono::milliseconds timeout{60'000};
    std::uint64_t count = 0;
    SteadyClock::time_point begin, end;

    // The runtime has asked for an event that it was not given yet.
    [[nodiscard]] bool asked() const {
        return std::any_of(connections.begin(), connections.end(), [](const Connection& one) { return one.waits; });
    }

    static void flush(Connection& to) {
        while (!to.out.empty()) {
            const long sent = sendSome(to.socket, to.out);
            if (sent < 0) to.open = false;
            if (sent <= 0) return;
            to.out.erase(0, static_cast<std::size_t>(sent));
        }
        if (to.closes) to.open = false;
    }

    static void send(Connection& to, const char* status, const std::string& headers, std::string_view body) {
        to.out += fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
        flush(to);
    }

    void handOut(Connection& to) {
        const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>((std::chrono::system_clock::now() + timeout).time_since_epoch()).count();
        const std::string headers = fmt::format("Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:pilotlight-bench\r\n"
                                                "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\nLambda-Runtime-Deadline-Ms: {}\r\n",
                                                id, deadline);
        to.waits = false;
        handed_out = true;
        const std::string payload = std::move(*pending);
        pending.reset();
        begin = SteadyClock::now();
        send(to, "200 OK", headers, payload);
    }

    void answer(Connection& to, HttpMessage message, SteadyClock::time_point came) {
        to.closes = message.closes;
        const std::string_view path = std::string_view(message.path).substr(0, message.path.find('?'));
        if (message.method == "POST" && path == "/2018-06-01/runtime/init/error") {
            init_failure = message.body.empty() ? "no message" : std::move(message.body);
            return send(to, "202 Accepted", {}, kTaken);
        }
        const auto rest = path.starts_with(kInvocation) ? path.substr(kInvocation.size()) : std::string_view();
        if (message.method == "GET" && rest == "next") {
            if (answered && !asked()) end = came;
            ready = to.waits = true;
            return;
        }
        const auto slash = rest.find('/');
        const auto what = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
        if (message.method != "POST" || (what != "response" && what != "error")) return send(to, "404 Not Found", {}, R"({"errorMessage":"There is no such path","errorType":"NotFound"})");
        if (!handed_out || answered || rest.substr(0, slash) != id) return send(to, "400 Bad Request", {}, R"({"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"})");
        end = came;
        answered = true;
        failure = what == "response" ? std::string() : message.body.empty() ? "no message" : std::move(message.body);
        send(to, "202 Accepted", {}, kTaken);
    }

    void receive(Connection& from) {
        char bytes[65536];
        const auto came = receiveSome(from.socket, bytes, sizeof bytes, from.open);
        const auto now = SteadyClock::now();
        auto whole = from.reader.read(came);
        while (whole && *whole) {
            answer(from, from.reader.take(), now);
            whole = from.reader.read({});
        }
        if (!whole) {
            from.closes = true;
            send(from, "400 Bad Request", {}, R"({"errorMessage":"This is not HTTP/1.1","errorType":"InvalidRequest"})");
        } else if (from.reader.wantsContinue()) {
            from.out += "HTTP/1.1 100 Continue\r\n\r\n";
            flush(from);
        }
    }

    // Waits for bytes until then at most, and answers what came.
    void round(SteadyClock::time_point until) {
        for (auto& one : connections) {
            if (!pending) break;
            if (one.waits) handOut(one);
        }
        polled.assign(1, {connections.size() < kMostConnections ? listener.socket.get() : -1, POLLIN, 0});
        for (const auto& one : connections) polled.push_back({one.socket.get(), static_cast<short>(one.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
        if (::poll(polled.data(), polled.size(), static_cast<int>(std::max<long>(0, wait))) <= 0) return;
        for (std::size_t i = 1; i < polled.size(); ++i) {
            auto& one = connections[i - 1];
            if ((polled[i].revents & POLLOUT) != 0) flush(one);
            if ((polled[i].revents & ~POLLOUT) != 0) receive(one);
        }
        std::erase_if(connections, [](const Connection& one) { return !one.open; });
        if (polled[0].revents == 0) return;
        while (connections.size() < kMostConnections) {
            Socket next = acceptFrom(listener.socket);
            if (!next) break;
            connections.emplace_back().socket = std::move(next);
        }
    }

    // Serves until `done`, looking after the child meanwhile.
    template <typename Done>
    Status serve(const Poll& poll, const Done& done) {
        auto look = SteadyClock::now() + kLook;
        while (!done()) {
            round(look);
            if (SteadyClock::now() < look || done()) continue;
            PILOTLIGHT_TRY(poll());
            look = SteadyClock::now() + kLook;
        }
        return {};
    }
};

RuntimeApi::RuntimeApi() : impl_(std::make_unique<Impl>()) {}
RuntimeApi::~RuntimeApi() = default;

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::listen() {
    auto api = std::unique_ptr<RuntimeApi>(new RuntimeApi);
    PILOTLIGHT_ASSIGN(api->impl_->listener, listenOnLoopback());
    api->impl_->address = fmt::format("127.0.0.1:{}", api->impl_->listener.port);
    return api;
}

const std::string& RuntimeApi::address() const { return impl_->address; }

Status RuntimeApi::waitReady(const Poll& poll) {
    auto& impl = *impl_;
    const Status served = impl.serve(poll, [&] { return impl.ready || !impl.init_failure.empty(); });
    if (!impl.init_failure.empty()) return fail(ErrorCode::internal, "The runtime reported an error while it started: " + impl.init_failure);
    return served;
}

Result<double> RuntimeApi::invoke(const std::string& payload, std::chrono::milliseconds timeout, const Poll& poll) {
    auto& impl = *impl_;
    impl.id = fmt::format("00000000-0000-4000-8000-{:012x}", ++impl.count);
    impl.handed_out = impl.answered = false;
    impl.timeout = timeout;
    impl.pending = payload;
    const auto deadline = SteadyClock::now() + timeout;
    const auto looked = [&]() -> Status {
        PILOTLIGHT_TRY(poll());
        if (SteadyClock::now() < deadline) return {};
        if (impl.answered)
            return fail(ErrorCode::network, "The runtime answered, but did not ask for the next event in time", "A request lasts until it asks, and is billed until then.",
                        "Look at what the runtime does after the answer.");
        return fail(ErrorCode::network, "The handler did not answer in time", {}, "Raise the time-out, or look at what the handler waits for.");
    };
    PILOTLIGHT_TRY(impl.serve(looked, [&] { return impl.answered && (!impl.failure.empty() || impl.asked()); }));
    if (!impl.failure.empty()) return fail(ErrorCode::internal, "The handler reported an error: " + impl.failure);
    return std::chrono::duration<double, std::milli>(impl.end - impl.begin).count();
}

}  // namespace pilotlight::agent
