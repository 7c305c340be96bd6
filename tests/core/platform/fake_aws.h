// An HttpClient that answers by method and path (or X-Amz-Target) and remembers what it was asked. Everything else is the HTML page that
// AWS-compatible servers send for operations they lack.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/http_client.h"

namespace pilotlight::test {

inline net::HttpResponse answer(int status, std::string body, net::Headers headers = {}) {
    net::HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    response.wire_bytes = response.body.size();
    return response;
}

class FakeAws final : public net::HttpClient {
public:
    using Handler = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;

    // key: "GET /2015-03-31/functions/chat" (without query) or an X-Amz-Target.
    void on(const std::string& key, Handler handler) { handlers_[key] = std::move(handler); }
    void on(const std::string& key, std::string body, int status = 200) {
        on(key, [body = std::move(body), status](const net::HttpRequest&) { return answer(status, body); });
    }
    // Answers in turn; the last one stays.
    void inTurn(const std::string& key, std::deque<net::HttpResponse> answers) {
        on(key, [answers = std::move(answers)](const net::HttpRequest&) mutable {
            auto first = answers.front();
            if (answers.size() > 1) answers.pop_front();
            return first;
        });
    }

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
        const std::lock_guard lock(mutex_);
        requests.push_back(request);
        const auto handler = handlers_.find(keyOf(request));
        if (handler == handlers_.end()) return answer(404, "<!doctype html><title>404 Not Found</title>");
        return handler->second(request);
    }
    std::vector<Result<net::HttpResponse>> sendAll(std::span<const net::HttpRequest> list, std::size_t, std::stop_token stop) override {
        std::vector<Result<net::HttpResponse>> results;
        for (const auto& request : list) results.push_back(send(request, stop));
        return results;
    }

    static std::string headerOf(const net::HttpRequest& request, std::string_view name) {
        for (const auto& [key, value] : request.headers) {
            if (key == name) return value;
        }
        return {};
    }
    static std::string keyOf(const net::HttpRequest& request) {
        if (const std::string target = headerOf(request, "X-Amz-Target"); !target.empty()) return target;
        const auto host = request.url.find("://");
        const auto path = request.url.find('/', host + 3);
        return request.method + " " + request.url.substr(path, request.url.find('?') - path);
    }
    static std::string queryOf(const net::HttpRequest& request) {
        const auto mark = request.url.find('?');
        return mark == std::string::npos ? std::string{} : request.url.substr(mark + 1);
    }
    [[nodiscard]] std::size_t count(const std::string& key) const {
        std::size_t n = 0;
        for (const auto& request : requests) n += keyOf(request) == key ? 1 : 0;
        return n;
    }
    [[nodiscard]] const net::HttpRequest* last(const std::string& key) const {
        const net::HttpRequest* found = nullptr;
        for (const auto& request : requests) {
            if (keyOf(request) == key) found = &request;
        }
        return found;
    }

    std::vector<net::HttpRequest> requests;

private:
    std::mutex mutex_;
    std::map<std::string, Handler> handlers_;
};

}  // namespace pilotlight::test
