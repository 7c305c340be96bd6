#include <gtest/gtest.h>
#include <sys/wait.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/base/log.h"
#include "core/net/curl_http_client.h"
#include "core/net/gzip.h"
#include "tests/core/net/loopback.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

using test::LoopbackServer;
using test::ServerRequest;
using Connection = LoopbackServer::Connection;
using std::chrono::steady_clock;

std::string gzipped(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(text.size() + 1000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

HttpRequest get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
}

TEST(CurlClient, SendsWhatWasAskedAndNothingMore) {
    ServerRequest seen;
    LoopbackServer server([&](Connection& c, const ServerRequest& r) {
        seen = r;
        c.write(LoopbackServer::answer(200, "hello", "X-Amzn-RequestId:  abc \r\n"));
    });
    auto client = makeCurlClient();
    HttpRequest request;
    request.method = "PUT";
    request.url = server.url("/a/../b/arn%3Aaws?List=ALL&x=%24LATEST");
    request.headers = {{"X-Amz-Target", "T"}, {"X-Empty", ""}};
    request.body = std::string(2'000'000, 'x');
    const auto response = client->send(request, {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->header("x-amzn-requestid"), "abc");
    EXPECT_GT(response->wire_bytes, 5u);
    EXPECT_EQ(seen.method, "PUT");
    EXPECT_EQ(seen.target, "/a/../b/arn%3Aaws?List=ALL&x=%24LATEST");
    EXPECT_EQ(seen.body.size(), 2'000'000u);
    EXPECT_EQ(seen.header("x-amz-target"), "T");
    EXPECT_EQ(seen.headers.count("x-empty"), 1u);
    EXPECT_EQ(seen.headers.count("expect"), 0u);
    EXPECT_EQ(seen.headers.count("content-type"), 0u);
    EXPECT_EQ(seen.header("user-agent"), std::string("pilotlight/") + PILOTLIGHT_VERSION);
    EXPECT_EQ(seen.header("accept-encoding"), "gzip");
}

TEST(CurlClient, EmptyPostHasALength) {
    std::string length = "none";
    LoopbackServer server([&](Connection& c, const ServerRequest& r) {
        if (r.headers.count("content-length") != 0) length = r.header("content-length");
        c.write(LoopbackServer::answer(204, ""));
    });
    HttpRequest request = get(server.url());
    request.method = "POST";
    const auto response = makeCurlClient()->send(request, {});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 204);
    EXPECT_EQ(length, "0");
}

TEST(CurlClient, ReusesConnections) {
    LoopbackServer server([](Connection& c, const ServerRequest&) { c.write(LoopbackServer::answer(200, "x")); });
    auto client = makeCurlClient();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->send(get(server.url()), {}));
    EXPECT_EQ(server.connections(), 1);
    std::vector<HttpRequest> many(40, get(server.url()));
    for (const auto& result : client->sendAll(many, 4, {})) ASSERT_TRUE(result);
    EXPECT_LE(server.connections(), 5);
}

TEST(CurlClient, DecodesGzipAndRefusesADamagedOne) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
    const std::string packed = gzipped(text);
    LoopbackServer server([&](Connection& c, const ServerRequest& r) {
        const bool damaged = r.target == "/damaged";
        const std::string body = damaged ? packed.substr(0, packed.size() / 2) : packed;
        if (r.target == "/unbounded") {  // ends with the connection: only the gzip trailer tells that it is whole
            c.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed.substr(0, packed.size() - 9));
            c.keep = false;
            return;
        }
        c.write(LoopbackServer::answer(200, body, "Content-Encoding: gzip\r\n"));
    });
    auto client = makeCurlClient();
    const auto whole = client->send(get(server.url("/whole")), {});
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->body, text);
    EXPECT_LT(whole->wire_bytes, text.size());
    for (const char* path : {"/damaged", "/unbounded"}) {
        const auto cut = client->send(get(server.url(path)), {});
        ASSERT_FALSE(cut) << path;
        EXPECT_EQ(cut.error().code, ErrorCode::network);
    }
    HttpRequest small = get(server.url("/whole"));
    small.max_body = packed.size() + 10;  // fits on the wire, not once decoded
    EXPECT_EQ(client->send(small, {}).error().code, ErrorCode::network);
}

TEST(CurlClient, CutBodiesAreErrorsNeverEmptyAnswers) {
    LoopbackServer server([](Connection& c, const ServerRequest& r) {
        if (r.target == "/length") c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        if (r.target == "/nothing-of-it") c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        if (r.target == "/chunk") c.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        if (r.target == "/head") c.write("HTTP/1.1 200 OK\r\nContent-Le");
        if (r.target == "/excess") c.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{}],{}]");
        if (r.target == "/reset") {
            c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
            c.reset();
        }
        c.keep = false;
    });
    auto client = makeCurlClient();
    for (const char* path : {"/length", "/nothing-of-it", "/chunk", "/head", "/excess", "/reset", "/silent"}) {
        SCOPED_TRACE(path);
        const auto result = client->send(get(server.url(path)), {});
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::network);
        EXPECT_NE(result.error().meaning, kNothingSent);
    }
}

TEST(CurlClient, BodyCap) {
    LoopbackServer server([](Connection& c, const ServerRequest&) { c.write(LoopbackServer::answer(200, std::string(10'000, 'x'))); });
    HttpRequest request = get(server.url());
    request.max_body = 9'999;
    const auto result = makeCurlClient()->send(request, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::network);
    EXPECT_NE(result.error().what.find("9999"), std::string::npos);
    request.max_body = 10'000;
    EXPECT_TRUE(makeCurlClient()->send(request, {}));
}

TEST(CurlClient, DeadlineCoversSlowAnswers) {
    LoopbackServer server([&](Connection& c, const ServerRequest&) {
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for (int i = 0; i < 40 && c.keep; ++i) {
            c.write("x");
            std::this_thread::sleep_for(milliseconds(25));
        }
        c.keep = false;
    });
    HttpRequest request = get(server.url());
    request.deadline = milliseconds(150);
    const auto started = steady_clock::now();
    const auto result = makeCurlClient()->send(request, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::network);
    EXPECT_LT(steady_clock::now() - started, seconds(3));
}

TEST(CurlClient, NothingWasSentWhereNobodyListens) {
    int port = 0;
    {
        LoopbackServer gone([](Connection&, const ServerRequest&) {});
        port = gone.port();
    }
    const auto result = makeCurlClient()->send(get("http://127.0.0.1:" + std::to_string(port) + "/x?token=SECRET"), {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::network);
    EXPECT_EQ(result.error().meaning, kNothingSent);
    EXPECT_EQ(result.error().text().find("SECRET"), std::string::npos);
    EXPECT_EQ(makeCurlClient()->send(get("file:///etc/passwd"), {}).error().code, ErrorCode::invalid_argument);
}

TEST(CurlClient, CancelEndsAWaitSoon) {
    LoopbackServer* self = nullptr;
    LoopbackServer server([&](Connection& c, const ServerRequest&) {
        self->pause(seconds(20));
        c.keep = false;
    });
    self = &server;
    auto client = makeCurlClient();
    std::vector<milliseconds> latencies;
    for (int i = 0; i < 5; ++i) {
        std::stop_source stop;
        steady_clock::time_point asked;
        std::thread canceller([&] {
            std::this_thread::sleep_for(milliseconds(80));
            asked = steady_clock::now();
            stop.request_stop();
        });
        std::vector<HttpRequest> requests(3, get(server.url()));
        const auto results = client->sendAll(requests, 2, stop.get_token());
        const auto ended = steady_clock::now();
        canceller.join();
        for (const auto& result : results) {
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().code, ErrorCode::cancelled);
        }
        latencies.push_back(std::chrono::duration_cast<milliseconds>(ended - asked));
    }
    std::sort(latencies.begin(), latencies.end());
    EXPECT_LE(latencies[2].count(), 100) << "median of five";
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(client->send(get(server.url()), stopped.get_token()).error().code, ErrorCode::cancelled);
}

TEST(CurlClient, ParallelIsBoundedAndResultsKeepTheirOrder) {
    LoopbackServer server([](Connection& c, const ServerRequest& r) {
        std::this_thread::sleep_for(milliseconds(r.target.size() % 3 * 5 + 5));
        c.write(LoopbackServer::answer(200, r.target));
    });
    std::vector<HttpRequest> requests;
    for (int i = 0; i < 60; ++i) requests.push_back(get(server.url("/" + std::to_string(i))));
    const auto results = makeCurlClient()->sendAll(requests, 5, {});
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(results[static_cast<std::size_t>(i)]);
        EXPECT_EQ(results[static_cast<std::size_t>(i)]->body, "/" + std::to_string(i));
    }
    EXPECT_LE(server.peak(), 5);
    EXPECT_GE(server.peak(), 2);
}

TEST(CurlClient, ManyThreadsShareOneClient) {
    LoopbackServer server([](Connection& c, const ServerRequest& r) { c.write(LoopbackServer::answer(200, r.target)); });
    auto client = makeCurlClient();
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
                const auto result = client->send(get(server.url(path)), {});
                if (result && result->body == path) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 150);
    EXPECT_LE(server.connections(), 6);
}

// libcurl would resend on a fresh connection when a reused one is closed without an answer.
TEST(CurlClient, NotIdempotentIsPutOnTheWireOnce) {
    std::atomic<int> posts{0};
    LoopbackServer server([&](Connection& c, const ServerRequest& r) {
        if (r.method == "POST") {
            ++posts;
            c.keep = false;  // done, but the answer is lost
            return;
        }
        c.write(LoopbackServer::answer(200, "x"));
    });
    auto client = makeCurlClient();
    ASSERT_TRUE(client->send(get(server.url()), {}));
    HttpRequest request = get(server.url());
    request.method = "POST";
    request.idempotent = false;
    const auto result = client->send(request, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::network);
    EXPECT_EQ(posts, 1);
}

TEST(CurlClient, InterimAnswersAndManyHeadersOfOneName) {
    LoopbackServer server([](Connection& c, const ServerRequest&) {
        c.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
        c.write(LoopbackServer::answer(200, "x", "Set-Cookie: a\r\nSet-Cookie: b\r\n"));
    });
    const auto result = makeCurlClient()->send(get(server.url()), {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->header("x-early"), "");
    EXPECT_EQ(std::count_if(result->headers.begin(), result->headers.end(), [](const auto& h) { return h.first == "set-cookie"; }), 2);
}

TEST(CurlClient, GoesThroughAProxyUnlessTheRequestIsDirect) {
    LoopbackServer proxy([](Connection& c, const ServerRequest& r) { c.write(LoopbackServer::answer(200, "proxied " + r.target)); });
    LoopbackServer server([](Connection& c, const ServerRequest&) { c.write(LoopbackServer::answer(200, "direct")); });
    CurlOptions options;
    options.proxy = proxy.url("");
    auto client = makeCurlClient(options);
    EXPECT_EQ(client->send(get(server.url("/x")), {})->body, "proxied " + server.url("/x"));
    HttpRequest request = get(server.url("/x"));
    request.direct = true;
    EXPECT_EQ(client->send(request, {})->body, "direct");

    setenv("http_proxy", proxy.url("").c_str(), 1);
    EXPECT_EQ(makeCurlClient()->send(get(server.url("/y")), {})->body, "proxied " + server.url("/y"));
    setenv("no_proxy", "127.0.0.1", 1);
    EXPECT_EQ(makeCurlClient()->send(get(server.url("/y")), {})->body, "direct");
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

TEST(Gzip, MembersOneAfterTheOtherAndEmpty) {
    EXPECT_EQ(gunzip(gzipped("ab") + gzipped("cd"), 100).value(), "abcd");
    EXPECT_EQ(gunzip(gzipped(""), 100).value(), "");
    EXPECT_FALSE(gunzip("not gzip at all", 100));
    EXPECT_FALSE(gunzip("", 100));
    EXPECT_FALSE(gunzip(gzipped(std::string(1000, 'x')), 999));
}

// TLS and HTTP/2 against Node's own server, where there is one.
class NodeServer {
public:
    explicit NodeServer(const std::filesystem::path& dir) {
        std::ofstream(dir / "server.js") << R"(
const fs = require('fs'), http2 = require('http2');
const server = http2.createSecureServer({key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem'), allowHTTP1: true},
  (q, s) => { s.setHeader('content-type', 'text/plain'); s.end(q.httpVersion + ' ' + q.url); });
let sessions = 0;
server.on('session', () => { ++sessions; });
server.listen(0, '127.0.0.1', () => fs.writeFileSync('port.tmp', '' + server.address().port) || fs.renameSync('port.tmp', 'port'));
process.stdin.on('end', () => process.exit(0)); process.stdin.resume();
)";
        const std::string cd = "cd '" + dir.string() + "' && ";
        if (std::system((cd + "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 "
                              "-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1")
                            .c_str()) != 0)
            return;
        pipe_ = popen((cd + "exec node server.js >/dev/null 2>&1").c_str(), "w");
        for (int i = 0; i < 400 && port.empty(); ++i) {
            std::this_thread::sleep_for(milliseconds(25));
            std::ifstream(dir / "port") >> port;
        }
    }
    ~NodeServer() {
        if (pipe_ != nullptr) pclose(pipe_);
    }
    std::string port;

private:
    FILE* pipe_ = nullptr;
};

TEST(CurlClient, TlsWithACertificateOfOnesOwnAndHttp2) {
    if (std::system("command -v node >/dev/null 2>&1 && command -v openssl >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "skipped: no node or no openssl";
    const test::TemporaryDirectory dir;
    const NodeServer server(dir.path());
    ASSERT_FALSE(server.port.empty());
    const std::string url = "https://127.0.0.1:" + server.port + "/x";
    const auto distrusted = makeCurlClient()->send(get(url), {});
    ASSERT_FALSE(distrusted);
    EXPECT_EQ(distrusted.error().code, ErrorCode::network);
    EXPECT_NE(distrusted.error().action.find("AWS_CA_BUNDLE"), std::string::npos);
    EXPECT_EQ(distrusted.error().meaning, kNothingSent);

    const std::string ca = (dir.path() / "cert.pem").string();
    CurlOptions options;
    options.ca_file = ca;
    std::vector<HttpRequest> many(30, get(url));
    auto client = makeCurlClient(options);
    for (const auto& result : client->sendAll(many, 8, {})) {
        ASSERT_TRUE(result) << result.error().text();
        EXPECT_EQ(result->body, "2.0 /x");
    }
    options.http2 = false;
    EXPECT_EQ(makeCurlClient(options)->send(get(url), {})->body, "1.1 /x");

    setenv("AWS_CA_BUNDLE", ca.c_str(), 1);
    EXPECT_TRUE(makeCurlClient()->send(get(url), {}));
    unsetenv("AWS_CA_BUNDLE");
}

TEST(Curl, ACaFileThatIsNotThereIsNamedAndNothingIsSent) {
    CurlOptions options;
    options.ca_file = "/nonexistent/ca.pem";
    const auto client = makeCurlClient(options);
    const auto answer = client->send({.method = "GET", .url = "https://127.0.0.1:1/"}, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(answer.error().what.find("/nonexistent/ca.pem"), std::string::npos) << answer.error().text();
}

}  // namespace
}  // namespace pilotlight::net
