// An HTTP proxy between a program under test and its endpoint: counts requests, and lets a test act at a chosen one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pilotlight::test {

class Proxy {
public:
    struct Request {
        std::string method, target;  // "PUT", "/2015-03-31/functions/chat/configuration"
        std::string action;          // X-Amz-Target, where there is one
        std::string body;
    };
    // What a test decides about the n-th request (from 1) before it goes on. Called from several threads.
    enum class Fate {
        pass,
        drop,       // never reaches the endpoint; the connection closes
        lose_reply  // reaches the endpoint; the connection closes without the reply
    };
    using Decide = std::function<Fate(std::size_t n, const Request& request)>;

    explicit Proxy(const std::string& upstream);
    ~Proxy();
    [[nodiscard]] std::string endpoint() const;
    // Starts counting from 1 again and forgets what came before. `decide` may block, and may kill the program.
    void restart(Decide decide = {});
    // Arrived since restart(), dropped ones included.
    [[nodiscard]] std::size_t count() const;
    // Of those, the ones that the endpoint got.
    [[nodiscard]] std::vector<Request> forwarded() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pilotlight::test
