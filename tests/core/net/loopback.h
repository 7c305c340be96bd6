// An HTTP server on 127.0.0.1 whose handler may answer properly, or write any bytes, stall, or slam the door.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace pilotlight::test {

struct ServerRequest {
    std::string method, target, body;
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::string header(const std::string& name) const {
        const auto at = headers.find(name);
        return at == headers.end() ? std::string() : at->second;
    }
};

class LoopbackServer {
public:
    // Returns the bytes to put on the wire; "" closes the connection without an answer. keep() marks it to stay open.
    struct Connection {
        int fd = -1;
        bool keep = true;
        void write(const std::string& bytes) const {
            std::size_t at = 0;
            while (at < bytes.size()) {
                const ssize_t sent = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
                if (sent <= 0) return;
                at += static_cast<std::size_t>(sent);
            }
        }
        // The peer sees a reset rather than an end.
        void reset() {
            const linger abort{1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
            keep = false;
        }
    };
    using Handler = std::function<void(Connection&, const ServerRequest&)>;

    explicit LoopbackServer(Handler handler) : handler_(std::move(handler)) {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) abort();
        if (listen(listener_, 64) != 0) abort();
        socklen_t length = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { acceptAll(); });
    }
    ~LoopbackServer() {
        stopping_ = true;
        acceptor_.join();
        for (auto& thread : workers_) thread.join();
        close(listener_);
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    [[nodiscard]] std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] int connections() const { return connections_; }
    [[nodiscard]] int requests() const { return requests_; }
    [[nodiscard]] int peak() const { return peak_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    // Sleeps in small steps, so that the server can be stopped.
    void pause(std::chrono::milliseconds duration) const {
        const auto end = std::chrono::steady_clock::now() + duration;
        while (!stopping_ && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    static std::string answer(int status, const std::string& body, const std::string& more_headers = "") {
        return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers +
               "\r\n" + body;
    }

private:
    void acceptAll() {
        while (!stopping_) {
            pollfd ready{listener_, POLLIN, 0};
            if (poll(&ready, 1, 20) <= 0) continue;
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            ++connections_;
            workers_.emplace_back([this, fd] { serve(fd); });
        }
    }

    // False when the peer closed or the server stops.
    bool more(int fd, std::string& buffer) {
        while (!stopping_) {
            pollfd ready{fd, POLLIN, 0};
            if (poll(&ready, 1, 20) <= 0) continue;
            char bytes[4096];
            const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
            if (got <= 0) return false;
            buffer.append(bytes, static_cast<std::size_t>(got));
            return true;
        }
        return false;
    }

    void serve(int fd) {
        Connection connection{fd};
        std::string buffer;
        while (connection.keep) {
            std::size_t head_end = 0;
            bool open = true;
            while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos && (open = more(fd, buffer))) {
            }
            if (!open || head_end == std::string::npos) break;
            ServerRequest request = parse(buffer.substr(0, head_end));
            buffer.erase(0, head_end + 4);
            const std::string length_text = request.header("content-length");
            const std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
            while (buffer.size() < length && (open = more(fd, buffer))) {
            }
            if (!open && buffer.size() < length) break;
            request.body = buffer.substr(0, length);
            buffer.erase(0, length);
            ++requests_;
            const int now = ++active_;
            int seen = peak_;
            while (now > seen && !peak_.compare_exchange_weak(seen, now)) {
            }
            handler_(connection, request);
            --active_;
        }
        close(fd);
    }

    static ServerRequest parse(const std::string& head) {
        ServerRequest request;
        std::size_t at = head.find("\r\n");
        const std::string first = head.substr(0, at);
        const auto space = first.find(' ');
        request.method = first.substr(0, space);
        request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
        while (at != std::string::npos) {
            const auto next = head.find("\r\n", at + 2);
            const std::string line = head.substr(at + 2, next == std::string::npos ? next : next - at - 2);
            const auto colon = line.find(':');
            if (colon != std::string::npos) {
                std::string name = line.substr(0, colon);
                for (char& c : name) c = static_cast<char>(std::tolower(c));
                auto value = line.substr(colon + 1);
                while (!value.empty() && value.front() == ' ') value.erase(0, 1);
                request.headers.emplace(name, value);
            }
            at = next;
        }
        return request;
    }

    Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0}, requests_{0}, active_{0}, peak_{0};
    std::list<std::thread> workers_;  // touched by the acceptor only, until it has ended
    std::thread acceptor_;
};

}  // namespace pilotlight::test
