#include "tests/support/proxy.h"

#include <httplib.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace pilotlight::test {

struct Proxy::State {
    std::string upstream;
    httplib::Server server;
    std::thread thread;
    int port = 0;
    mutable std::mutex mutex;
    Decide decide;
    std::size_t count = 0;
    std::size_t generation = 0;
    std::vector<Request> forwarded;

    void handle(const httplib::Request& from, std::string body, httplib::Response& to) {
        Request request{from.method, from.target, from.get_header_value("X-Amz-Target"), std::move(body)};
        Fate fate = Fate::pass;
        std::size_t generation_then = 0;
        Decide ask;
        std::size_t n = 0;
        {
            const std::lock_guard lock(mutex);
            n = ++count;
            generation_then = generation;
            ask = decide;
        }
        if (ask) fate = ask(n, request);
        if (fate == Fate::drop) return hangUp(to);
        {
            const std::lock_guard lock(mutex);
            if (generation == generation_then) forwarded.push_back(request);
        }
        httplib::Request out;
        out.method = from.method;
        out.path = from.target;
        out.body = std::move(request.body);
        for (const auto& [name, value] : from.headers) {
            // Length and compression are this hop's; httplib adds addresses of its own to what it received.
            if (name == "Content-Length" || name == "Accept-Encoding" || name == "Connection" || name == "Expect" || name.starts_with("REMOTE_") || name.starts_with("LOCAL_")) continue;
            out.headers.emplace(name, value);
        }
        httplib::Client client(upstream);
        client.set_url_encode(false);
        client.set_read_timeout(120);
        const auto reply = client.send(out);
        if (!reply || fate == Fate::lose_reply) return hangUp(to);
        to.status = reply->status;
        for (const auto& [name, value] : reply->headers) {
            if (name == "Content-Length" || name == "Content-Encoding" || name == "Content-Type" || name == "Connection" || name == "Transfer-Encoding" || name == "Keep-Alive") continue;
            to.set_header(name, value);
        }
        if (reply->status != 204) to.set_content(reply->body, reply->get_header_value("Content-Type"));
    }

    // Announces a body and fails to provide it: the client sees the connection end.
    static void hangUp(httplib::Response& to) {
        to.set_content_provider(1, "application/octet-stream", [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
    }
};

Proxy::Proxy(const std::string& upstream) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.upstream = upstream;
    state.server.new_task_queue = [] { return new httplib::ThreadPool(16); };
    state.server.set_keep_alive_max_count(1'000'000);
    state.server.set_tcp_nodelay(true);
    const auto plain = [&state](const httplib::Request& from, httplib::Response& to) { state.handle(from, {}, to); };
    const auto reading = [&state](const httplib::Request& from, httplib::Response& to, const httplib::ContentReader& reader) {
        std::string body;
        if (from.has_header("Content-Length") || from.has_header("Transfer-Encoding")) {
            reader([&](const char* data, std::size_t n) {
                body.append(data, n);
                return true;
            });
        }
        state.handle(from, std::move(body), to);
    };
    const std::string everything = R"([\s\S]*)";
    state.server.Get(everything, plain);
    state.server.Post(everything, reading);
    state.server.Put(everything, reading);
    state.server.Patch(everything, reading);
    state.server.Delete(everything, reading);
    state.port = state.server.bind_to_any_port("127.0.0.1");
    state.thread = std::thread([&state] { state.server.listen_after_bind(); });
    while (!state.server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

Proxy::~Proxy() {
    state_->server.stop();
    state_->thread.join();
}

std::string Proxy::endpoint() const { return "http://127.0.0.1:" + std::to_string(state_->port); }

void Proxy::restart(Decide decide) {
    const std::lock_guard lock(state_->mutex);
    state_->decide = std::move(decide);
    state_->count = 0;
    ++state_->generation;
    state_->forwarded.clear();
}

std::size_t Proxy::count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->count;
}

std::vector<Proxy::Request> Proxy::forwarded() const {
    const std::lock_guard lock(state_->mutex);
    return state_->forwarded;
}

}  // namespace pilotlight::test
