// HTTP/1.1 messages on a connection, read as their bytes come: of a handler that serves HTTP, and of a runtime that asks the Runtime API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pilotlight::agent {

struct HttpMessage {
    std::string method, path;   // of a request
    int status = 0;             // of a response
    std::string body;           // its first kKeptBody bytes
    std::uint64_t length = 0;   // bytes of the whole body
    bool closes = false;        // the connection ends after it
};

// One side's messages of one connection. Bodies by Content-Length, chunked, or (responses) until the end of the connection; what is beyond
// kKeptBody is counted and dropped, so that memory stays bounded whatever the other side sends. Interim responses (1xx) are passed over.
class HttpReader {
public:
    enum class Side { requests, responses };
    static constexpr std::size_t kMostHead = 64U << 10;
    static constexpr std::size_t kKeptBody = 4096;

    explicit HttpReader(Side side) : side_(side) {}
    // Takes bytes; true once a message is whole: take() gives it, and read("") goes on with what came after it. protocol: not HTTP/1.x, or a
    // head beyond kMostHead; the connection is of no use any more.
    [[nodiscard]] Result<bool> read(std::string_view bytes);
    // The connection ended: true where that is how the message ends.
    [[nodiscard]] bool ended();
    [[nodiscard]] HttpMessage take();
    // Once, after the head of a request whose sender waits for "100 Continue" before it sends the body.
    [[nodiscard]] bool wantsContinue();
    // Nothing of a message has come yet.
    [[nodiscard]] bool idle() const { return at_ == At::head && in_.empty(); }

private:
    enum class At { head, sized, chunk_size, chunk_data, chunk_end, trailer, until_end, whole };
    Status readHead(std::string_view head);
    bool readSize(std::string_view line);
    void keep(std::string_view bytes);
    Side side_;
    At at_ = At::head;
    bool continue_ = false;
    std::uint64_t left_ = 0;  // bytes of the body or chunk that have not come
    std::string in_;
    HttpMessage message_;
};

}  // namespace pilotlight::agent
