// Sockets on 127.0.0.1.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace pilotlight::agent {

// A descriptor that is closed with its owner.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(other.release()) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { reset(); }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

private:
    int release();
    int fd_ = -1;
};

struct Listener {
    Socket socket;
    int port = 0;
};
// On a port that the kernel chooses; not blocking. internal: none can be had.
[[nodiscard]] Result<Listener> listenOnLoopback();
// The next connection that waits; not blocking, without delay of small packets. Empty where none waits.
[[nodiscard]] Socket acceptFrom(const Socket& listener);
// Connected, then not blocking, without delay of small packets; empty where nothing listens there, or takes no connection within a second.
[[nodiscard]] Socket connectToLoopback(int port);
// A port that nothing listens on now; 0 = none.
[[nodiscard]] int freePort();

// Bytes sent, 0 where the socket takes none now, -1 where the connection has ended.
[[nodiscard]] long sendSome(const Socket& socket, std::string_view bytes);
// What came, in `buffer`; empty where nothing waits. `open` becomes false once the other side has ended.
[[nodiscard]] std::string_view receiveSome(const Socket& socket, char* buffer, std::size_t size, bool& open);

}  // namespace pilotlight::agent
