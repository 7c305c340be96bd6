#include "signed_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace pilotlight::sandbox::test {
namespace {

std::string hmac(const std::string& key, const std::string& text) {
    unsigned char out[32];
    unsigned n = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &n);
    return {reinterpret_cast<char*>(out), n};
}

std::string hex(const std::string& bytes) {
    std::string out;
    for (const unsigned char c : bytes) {
        char pair[3];
        std::snprintf(pair, sizeof pair, "%02x", c);
        out += pair;
    }
    return out;
}

std::string sha256(const std::string& text) {
    unsigned char out[32];
    unsigned n = 0;
    EVP_Digest(text.data(), text.size(), out, &n, EVP_sha256(), nullptr);
    return {reinterpret_cast<char*>(out), n};
}

}  // namespace

std::string amzNow(std::int64_t shift_s) {
    const std::time_t now = std::time(nullptr) + shift_s;
    char text[32];
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
    return text;
}

std::string authorization(const HttpRequest& request, const std::vector<std::string>& names, const Keys& keys, const std::string& region,
                          const std::string& service) {
    // Paths in these tests hold only %XX and unreserved characters, queries only plain ones: canonical forms are written out plainly.
    std::string path;
    for (const char c : request.path) path += c == '%' ? std::string("%25") : std::string(1, c);
    std::vector<std::string> pairs;
    for (std::size_t i = 0; i < request.raw_query.size();) {
        const auto end = std::min(request.raw_query.find('&', i), request.raw_query.size());
        pairs.push_back(request.raw_query.substr(i, end - i));
        if (pairs.back().find('=') == std::string::npos) pairs.back() += "=";
        i = end + 1;
    }
    std::sort(pairs.begin(), pairs.end());
    std::string query, canonical_headers, list;
    for (const auto& pair : pairs) query += (query.empty() ? "" : "&") + pair;
    for (const auto& name : names) {
        canonical_headers += name + ":" + request.header(name) + "\n";
        list += (list.empty() ? "" : ";") + name;
    }
    const std::string date = request.header("x-amz-date"), day = date.substr(0, 8);
    const std::string scope = day + "/" + region + "/" + service + "/aws4_request";
    const std::string canonical =
        request.method + "\n" + path + "\n" + query + "\n" + canonical_headers + "\n" + list + "\n" + hex(sha256(request.body));
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex(sha256(canonical));
    const std::string key = hmac(hmac(hmac(hmac("AWS4" + keys.secret, day), region), service), "aws4_request");
    return "AWS4-HMAC-SHA256 Credential=" + keys.access_key_id + "/" + scope + ", SignedHeaders=" + list +
           ", Signature=" + hex(hmac(key, to_sign));
}

Sandbox::Sandbox(const std::string& scenario_json, double days, double speed, const std::string& faults_json, bool tls)
    : keys(makeKeys()), sign_with(keys) {
    const auto scenario = parseScenario(scenario_json);
    if (!scenario) throw std::runtime_error(scenario.error().what);
    auto faults = Faults::parse(faults_json);
    if (!faults) throw std::runtime_error(faults.error().what);
    const Micros now = SandboxClock::realNow();
    world_ = std::make_unique<World>(*scenario, 7, now - static_cast<Micros>(days * static_cast<double>(kDay)), now);
    world_->advance(now);
    service_ = std::make_unique<Service>(*world_, keys, SandboxClock(SandboxClock::realNow(), speed), std::move(*faults));
    auto server = Server::start(*service_, 0, tls);
    if (!server) throw std::runtime_error(server.error().what);
    server_ = std::move(*server);
}

json Sandbox::Reply::parsed() const { return json::parse(body, nullptr, false); }

std::string Sandbox::Reply::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

Sandbox::Reply Sandbox::send(const std::string& method, const std::string& path_and_query, const std::string& body,
                             const std::string& service, std::vector<std::pair<std::string, std::string>> extra) {
    HttpRequest request;
    request.method = method;
    const auto mark = path_and_query.find('?');
    request.path = path_and_query.substr(0, mark);
    if (mark != std::string::npos) request.raw_query = path_and_query.substr(mark + 1);
    request.body = body;
    request.headers = {{"host", "127.0.0.1:" + std::to_string(server_->port())}, {"x-amz-date", amzNow(skew_s)}};
    for (auto& header : extra) request.headers.push_back(header);
    std::vector<std::string> names;
    for (const auto& [name, value] : request.headers) names.push_back(name);
    std::sort(names.begin(), names.end());
    httplib::Request out;
    out.method = method;
    out.path = path_and_query;
    out.body = body;
    for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
    if (!sign_with.secret.empty()) out.headers.emplace("Authorization", authorization(request, names, sign_with, region, service));
    httplib::Client client(server_->url());
    client.enable_server_certificate_verification(false);
    client.set_url_encode(false);
    const auto result = client.send(out);
    if (!result) return {};
    return {result->status, result->body, result->headers};
}

Sandbox::Reply Sandbox::rest(const std::string& method, const std::string& path_and_query) {
    return send(method, path_and_query, "", "lambda");
}

Sandbox::Reply Sandbox::rest(const std::string& method, const std::string& path_and_query, const json& body) {
    return send(method, path_and_query, body.dump(), "lambda", {{"content-type", "application/json"}});
}

Sandbox::Reply Sandbox::call(const std::string& service, const std::string& target, const json& body, const std::string& version) {
    return send("POST", "/", body.dump(), service, {{"content-type", "application/x-amz-json-" + version}, {"x-amz-target", target}});
}

Sandbox::Reply Sandbox::form(const std::string& service, const std::string& body) {
    return send("POST", "/", body, service, {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}});
}

}  // namespace pilotlight::sandbox::test
