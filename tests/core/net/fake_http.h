// A scripted HttpClient: one of the seams that tests may fake.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "core/net/http_client.h"

namespace pilotlight::test {

class FakeHttp final : public net::HttpClient {
public:
    using Handler = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;
    explicit FakeHttp(Handler handler) : handler_(std::move(handler)) {}

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
        const std::lock_guard lock(mutex_);
        sent.push_back(request);
        return handler_(request);
    }
    std::vector<Result<net::HttpResponse>> sendAll(std::span<const net::HttpRequest> requests, std::size_t parallel,
                                                   std::stop_token stop) override {
        largest_parallel = std::max(largest_parallel, parallel);
        std::vector<Result<net::HttpResponse>> out;
        for (const auto& request : requests) out.push_back(send(request, stop));
        return out;
    }
    std::vector<net::HttpRequest> sent;
    std::size_t largest_parallel = 0;

private:
    std::mutex mutex_;
    Handler handler_;
};

inline net::HttpResponse response(int status, std::string body = "", net::Headers headers = {}) {
    net::HttpResponse out;
    out.status = status;
    out.body = std::move(body);
    out.headers = std::move(headers);
    out.wire_bytes = out.body.size();
    return out;
}

}  // namespace pilotlight::test
