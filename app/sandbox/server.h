// The loopback HTTP(S) server around a Service.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/sandbox/service.h"
#include "core/base/result.h"

namespace pilotlight::sandbox {

class Server {
public:
    // Listens on 127.0.0.1:`port` (0 = any free one); with `tls` under a certificate made for this run.
    // Errors: network (port taken), internal (no certificate).
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(Service& service, int port, bool tls);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    [[nodiscard]] int port() const;
    [[nodiscard]] std::string url() const;            // "http://127.0.0.1:40123"
    [[nodiscard]] const std::string& caPath() const;  // "" without TLS; the file goes with the server

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pilotlight::sandbox
