#include "core/bench/protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace pilotlight::bench {
namespace {

TrialRequest example() {
    TrialRequest t;
    t.id = "p1.512-a";
    t.target = {.kind = Target::Kind::http, .command = {"node", "server.js"}, .input = "/tmp/in.json", .path = "/predict", .ready_path = "/health"};
    t.size = {.memory_mb = 512, .vcpu = 0.29, .init_vcpu = 2, .period_ms = 20, .visible_cores = 2};
    t.limiter = "cgroup-v1";
    t.threads = 4;
    t.spin = true;
    t.huge_pages = true;
    t.isolated = 10;
    t.saturated = 20;
    t.open_loop = 30;
    t.rate_per_s = 12.5;
    t.concurrency = 8;
    t.seed = 4'000'000'000U;
    t.timeout_s = 5;
    return t;
}

TEST(BenchProtocol, ATrialComesBackAsItWasSent) {
    const auto sent = example();
    const auto got = parseRequest(toLine(Request(sent)));
    ASSERT_TRUE(got) << got.error().text();
    const auto& t = std::get<TrialRequest>(*got);
    EXPECT_EQ(toLine(Request(t)), toLine(Request(sent)));
    EXPECT_EQ(t.target.kind, Target::Kind::http);
    EXPECT_EQ(t.target.command, sent.target.command);
    EXPECT_EQ(t.target.path, "/predict");
    EXPECT_EQ(t.seed, 4'000'000'000U);
    EXPECT_DOUBLE_EQ(t.size.init_vcpu, 2);
    EXPECT_TRUE(t.spin);
    EXPECT_TRUE(t.huge_pages);
    EXPECT_EQ(t.concurrency, 8);
}

TEST(BenchProtocol, AModelsDimensionsAndTokensAreChecked) {
    auto sent = example();
    sent.target = {.kind = Target::Kind::onnx, .model = "m.onnx", .device = "cuda", .input = "in.npy", .dimensions = {{"x:2", 640}, {"sequence", 16}}, .batch = 8, .tokens = 32};
    EXPECT_FALSE(parseRequest(toLine(Request(sent)))) << "tokens are timed one request at a time";
    sent.concurrency = 1;
    const auto got = parseRequest(toLine(Request(sent)));
    ASSERT_TRUE(got) << got.error().text();
    const auto& target = std::get<TrialRequest>(*got).target;
    EXPECT_EQ(target.dimensions, sent.target.dimensions);
    EXPECT_EQ(target.input, "in.npy");
    EXPECT_EQ(target.batch, 8);
    EXPECT_EQ(target.tokens, 32);
    const std::string head = R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"kind":"onnx","model":"m",)";
    for (const char* bad : {R"("batch":0}})", R"("tokens":-1}})", R"("dimensions":{"x":-2}}})", R"("dimensions":{"x":1.5}}})", R"("dimensions":{"x":"1"}}})", R"("dimensions":[1]}})"})
        EXPECT_FALSE(parseRequest(head + bad)) << bad;
    EXPECT_TRUE(parseRequest(head + R"("dimensions":{"x":0}}})"));
}

TEST(BenchProtocol, AResultComesBackAsItWasSentWithUnknownKeptUnknown) {
    TrialResult r;
    r.id = "x";
    r.status = TrialStatus::out_of_memory;
    r.detail = "say \"why\"\n\xff";  // a handler may print any bytes
    r.cold.exec_ms = 1.5;
    r.isolated_ms = {1, 2, 3.25};
    r.peak_mb = 71;
    r.gpu_mb = 900;
    r.device_nodes = 26;
    r.tokens_per_s = {31.5};
    const auto got = parseEvent(toLine(Event(r)));
    ASSERT_TRUE(got) << got.error().text();
    const auto& back = std::get<TrialResult>(*got);
    EXPECT_EQ(back.status, TrialStatus::out_of_memory);
    EXPECT_EQ(back.isolated_ms, r.isolated_ms);
    EXPECT_EQ(back.cold.exec_ms, r.cold.exec_ms);
    EXPECT_FALSE(back.cold.session_ms);
    EXPECT_FALSE(back.cpu_ms);
    EXPECT_EQ(back.peak_mb, r.peak_mb);
    EXPECT_EQ(back.gpu_mb, r.gpu_mb);
    EXPECT_EQ(back.device_nodes, r.device_nodes);
    EXPECT_FALSE(back.nodes);
    EXPECT_EQ(back.tokens_per_s, r.tokens_per_s);
    EXPECT_NE(back.detail.find("say \"why\"\n"), std::string::npos);
}

TEST(BenchProtocol, HelloAndDevicesComeBack) {
    Hello hello{.version = "1.2", .limiters = {{"cgroup-v2", false, "not mounted"}, {"duty-cycle", true, ""}}};
    hello.machine.cpu_model = "Some CPU";
    hello.machine.memory_mb = 7'900;
    const auto got = parseEvent(toLine(Event(hello)));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(std::get<Hello>(*got).limiters.at(0).why, "not mounted");
    EXPECT_EQ(std::get<Hello>(*got).machine.memory_mb, 7'900);
    const auto devices = parseEvent(toLine(Event(DevicesEvent{{{"cpu", true, "1.30.0"}}})));
    ASSERT_TRUE(devices);
    EXPECT_TRUE(std::get<DevicesEvent>(*devices).devices.at(0).available);
}

// Each with what the error must name.
TEST(BenchProtocol, MalformedRequestsAreNamed) {
    const std::string trial = R"("v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"command":["true"]})";
    ASSERT_TRUE(parseRequest("{" + trial + "}"));
    const std::pair<std::string, std::string> cases[] = {
        {"", "not a JSON object"},
        {"[]", "not a JSON object"},
        {R"({"v":1)", "not a JSON object"},
        {R"({"v":2,"type":"quit"})", "protocol version"},
        {R"({"type":"quit"})", "protocol version"},
        {R"({"v":"1","type":"quit"})", "protocol version"},
        {R"({"v":1})", "no type"},
        {R"({"v":1,"type":"dance"})", "dance"},
        {R"({"v":1,"type":"quit","now":true})", "now is not known"},
        {"{" + trial + R"(,"colour":1})", "colour is not known"},
        {"{" + trial + R"(,"threads":1.5})", "threads is not a whole number"},
        {"{" + trial + R"(,"threads":0})", "threads"},
        {"{" + trial + R"(,"isolated":100001})", "isolated"},
        {"{" + trial + R"(,"timeout_s":1e999})", "not a JSON object"},
        {"{" + trial + R"(,"limiter":"magic"})", "magic"},
        {"{" + trial + R"(,"open_loop":5})", "rate_per_s"},
        {"{" + trial + R"(,"concurrency":2})", "concurrency"},
        {R"({"v":1,"type":"trial","id":"a b","size":{"memory_mb":512,"vcpu":1},"target":{"command":["true"]}})", "id"},
        {R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512},"target":{"command":["true"]}})", "size needs"},
        {R"({"v":1,"type":"trial","id":"a","size":7,"target":{"command":["true"]}})", "size is not an object"},
        {R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"command":[]}})", "command is missing"},
        {R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"command":["a\u0000b"]}})", "zero byte"},
        {R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"kind":"onnx"}})", "model is missing"},
        {R"({"v":1,"type":"trial","id":"a","size":{"memory_mb":512,"vcpu":1},"target":{"kind":"http","command":["x"],"path":"/a b"}})", "path"},
    };
    for (const auto& [line, named] : cases) {
        const auto got = parseRequest(line);
        ASSERT_FALSE(got) << line;
        EXPECT_EQ(got.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(got.error().what.find(named), std::string::npos) << line << " gave: " << got.error().what;
    }
}

TEST(BenchProtocol, LinesAreBounded) {
    const std::string filler(kMostRequestBytes, 'a');
    const auto request = parseRequest(R"({"v":1,"type":"cancel","id":")" + filler + "\"}");
    ASSERT_FALSE(request);
    EXPECT_NE(request.error().what.find("longer"), std::string::npos);
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += '[';
    EXPECT_FALSE(parseEvent(deep));  // neither a crash nor a hang
    TrialResult r;
    r.id = "x";
    r.isolated_ms.assign(kMostSamples + 1, 1.0);
    const auto event = parseEvent(toLine(Event(r)));
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, ErrorCode::protocol);
}

}  // namespace
}  // namespace pilotlight::bench
