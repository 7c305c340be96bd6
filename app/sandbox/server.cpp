#include "app/sandbox/server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/sandbox/certificate.h"

namespace pilotlight::sandbox {
namespace {

constexpr std::size_t kThreads = 64;  // a kept-alive connection holds one
constexpr std::size_t kMostBody = 16U << 20;

// httplib hands out no socket: the one whose other end has this port is looked for among our own.
void hangUp(int remote_port) {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return;
    while (const dirent* entry = ::readdir(folder)) {
        const int fd = std::atoi(entry->d_name);
        sockaddr_in peer{};
        socklen_t length = sizeof peer;
        if (fd > 2 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == remote_port)
            ::shutdown(fd, SHUT_RDWR);
    }
    ::closedir(folder);
}

HttpRequest convert(const httplib::Request& from) {
    HttpRequest request;
    request.method = from.method;
    const auto mark = from.target.find('?');
    request.path = from.target.substr(0, mark);
    if (mark != std::string::npos) request.raw_query = from.target.substr(mark + 1);
    if (request.path.starts_with("http://") || request.path.starts_with("https://")) {  // absolute form
        const auto slash = request.path.find('/', 8);
        request.path = slash == std::string::npos ? "/" : request.path.substr(slash);
    }
    for (const auto& [name, value] : from.headers) {
        std::string lower = name;
        for (char& c : lower)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        if (lower == "remote_addr" || lower == "remote_port" || lower == "local_addr" || lower == "local_port") continue;  // httplib's own
        request.headers.emplace_back(std::move(lower), value);
    }
    return request;
}

void send(const httplib::Request& from, HttpResponse&& answer, httplib::Response& to) {
    if (answer.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(answer.delay_ms));
    if (answer.delivery == HttpResponse::Delivery::dropped) {
        hangUp(from.remote_port);
        return;
    }
    to.status = answer.status;
    for (const auto& [name, value] : answer.headers) to.set_header(name, value);
    if (answer.delivery == HttpResponse::Delivery::truncated && answer.body.size() > 1) {
        auto body = std::make_shared<std::string>(std::move(answer.body));
        const int port = from.remote_port;
        to.set_content_provider(body->size(), answer.content_type, [body, port](std::size_t offset, std::size_t, httplib::DataSink& sink) {
            if (offset == 0) {
                sink.write(body->data(), body->size() / 2);
                return true;
            }
            hangUp(port);
            return false;
        });
        return;
    }
    if (answer.status == 204) return;
    to.set_content(std::move(answer.body), answer.content_type);
}

}  // namespace

struct Server::State {
    std::unique_ptr<httplib::Server> http;
    std::thread thread, ticker;
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    std::condition_variable wake;
    int port = 0;
    bool tls = false;
    std::string ca_path;
    Certificate certificate;
    std::filesystem::path folder;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::start(Service& service, int port, bool tls) {
    auto state = std::make_unique<State>();
    state->tls = tls;
    if (tls) {
        PILOTLIGHT_ASSIGN(state->certificate, makeCertificate());
        std::string pattern = (std::filesystem::temp_directory_path() / "pilotlight-sandbox-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            return fail(ErrorCode::storage, "No folder could be made for the certificate.", "The sandbox does not start.",
                        "Check that the temporary folder can be written to.");
        state->folder = pattern;
        state->ca_path = (state->folder / "ca.pem").string();
        std::ofstream(state->ca_path) << state->certificate.ca_pem;
        state->http = std::make_unique<httplib::SSLServer>(state->certificate.certificate.get(), state->certificate.key.get());
    } else {
        state->http = std::make_unique<httplib::Server>();
    }
    httplib::Server& http = *state->http;
    if (!http.is_valid())
        return fail(ErrorCode::internal, "The TLS server could not be set up.", "The sandbox does not start.", "Start it without --tls.");
    http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    http.set_keep_alive_max_count(1'000'000);
    http.set_keep_alive_timeout(30);
    http.set_tcp_nodelay(true);
    http.set_payload_max_length(kMostBody);
    const auto plain = [&service](const httplib::Request& from, httplib::Response& to) { send(from, service.handle(convert(from)), to); };
    // Bodies are read here and not by httplib, which caps forms at 8 KB.
    const auto reading = [&service](const httplib::Request& from, httplib::Response& to, const httplib::ContentReader& reader) {
        HttpRequest request = convert(from);
        if (from.has_header("Content-Length") || from.has_header("Transfer-Encoding"))
            reader([&](const char* data, std::size_t n) {
                request.body.append(data, n);
                return request.body.size() <= kMostBody;
            });
        send(from, service.handle(request), to);
    };
    const std::string everything = R"([\s\S]*)";
    http.Get(everything, plain);
    http.Post(everything, reading);
    http.Put(everything, reading);
    http.Patch(everything, reading);
    http.Delete(everything, reading);
    http.set_exception_handler([](const httplib::Request&, httplib::Response& to, std::exception_ptr) {
        to.status = 500;
        to.set_content(R"({"__type":"InternalFailure","message":"The sandbox has failed."})", "application/json");
    });
    if (port == 0) {
        state->port = http.bind_to_any_port("127.0.0.1");
    } else {
        state->port = http.bind_to_port("127.0.0.1", port) ? port : -1;
    }
    if (state->port <= 0)
        return fail(ErrorCode::network, "127.0.0.1:" + std::to_string(port) + " cannot be listened on.", "The sandbox does not start.",
                    "Choose another --port, or 0 for a free one.");
    state->thread = std::thread([&http] { http.listen_after_bind(); });
    state->ticker = std::thread([s = state.get(), &service] {
        std::unique_lock lock(s->mutex);
        while (!s->wake.wait_for(lock, std::chrono::milliseconds(500), [s] { return s->stopping.load(); })) service.tick();
    });
    while (!http.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    state_->http->stop();
    state_->thread.join();
    state_->ticker.join();
    if (!state_->folder.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(state_->folder, ignored);
    }
}

int Server::port() const { return state_->port; }
std::string Server::url() const { return std::string(state_->tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(state_->port); }
const std::string& Server::caPath() const { return state_->ca_path; }

}  // namespace pilotlight::sandbox
