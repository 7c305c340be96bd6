#include "app/agent/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pilotlight::agent {
namespace {

sockaddr_in addressOf(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

void withoutDelay(const Socket& socket) {
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// 0 where it cannot be bound.
int bindAny(const Socket& socket) {
    sockaddr_in address = addressOf(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    return ::bind(socket.get(), any, size) == 0 && ::getsockname(socket.get(), any, &size) == 0 ? ntohs(address.sin_port) : 0;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

void Socket::reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

int Socket::release() { return std::exchange(fd_, -1); }

Result<Listener> listenOnLoopback() {
    Listener out{.socket = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
    if (out.socket) out.port = bindAny(out.socket);
    if (out.port == 0 || ::listen(out.socket.get(), 128) != 0) return fail(ErrorCode::internal, std::string("No loopback port could be opened: ") + std::strerror(errno));
    return out;
}

Socket acceptFrom(const Socket& listener) {
    Socket out(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (out) withoutDelay(out);
    return out;
}

Socket connectToLoopback(int port) {
    // Blocking until it is connected or refused, at most a second: without that a refusal would look like a connection for a moment.
    Socket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = addressOf(port);
    const timeval most{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(out.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    if (!out || ::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::fcntl(out.get(), F_SETFL, O_NONBLOCK) != 0) return Socket();
    withoutDelay(out);
    return out;
}

int freePort() {
    const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return socket ? bindAny(socket) : 0;
}

long sendSome(const Socket& socket, std::string_view bytes) {
    for (;;) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        return errno == EAGAIN ? 0 : -1;
    }
}

std::string_view receiveSome(const Socket& socket, char* buffer, std::size_t size, bool& open) {
    for (;;) {
        const ssize_t got = ::recv(socket.get(), buffer, size, 0);
        if (got > 0) return {buffer, static_cast<std::size_t>(got)};
        if (got < 0 && errno == EINTR) continue;
        if (got == 0 || errno != EAGAIN) open = false;
        return {};
    }
}

}  // namespace pilotlight::agent
