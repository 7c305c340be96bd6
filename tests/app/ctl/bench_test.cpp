// pilotlightctl bench against the real agent and real handlers.
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

using Json = nlohmann::json;

class Bench : public testing::Test {
protected:
    Folder folder_;
    std::vector<std::string> command(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {builtProgram("pilotlightctl"), "--workspace", folder_.file("workspace"), "bench"});
        return arguments;
    }
    Finished bench(std::vector<std::string> arguments) const { return runProgram(command(std::move(arguments)), {}, std::chrono::seconds(240)); }
    std::string handler(const std::string& body = "x = 0\nfor i in range(600000): x += i\nreturn str(x).encode()") const { return folder_.script("bootstrap", bootstrap(body)); }
};

TEST_F(Bench, RunGivesTheContractsJsonAndPredictReadsIt) {
    const auto run = bench({"run", "--handler", "lambda", "--sizes", "512,1024,1769", "--colds", "2", "--warm", "30", "--json", "--", handler()});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto json = Json::parse(run.out);
    ASSERT_EQ(json["points"].size(), 3U);
    EXPECT_FALSE(json["machine"]["cpu_model"].get<std::string>().empty());
    for (const auto& point : json["points"]) {
        for (const char* key : {"memory_mb", "vcpu", "threads", "device", "limiter", "mean_ms", "p50_ms", "p95_ms", "cold_ms", "cold_stages", "peak_mb", "throughput_per_s", "cpu_ms", "verdict"})
            EXPECT_TRUE(point.contains(key)) << key;
        EXPECT_GT(point["mean_ms"], 0);
        EXPECT_GT(point["cold_ms"], point["p50_ms"]);
        EXPECT_TRUE(point["p95_ms"].is_null());  // 30 samples are not enough, and that is said
        EXPECT_NE(point["notes"].dump().find("p95: not enough samples (30 of 130)"), std::string::npos);
        EXPECT_GT(point["peak_mb"], 5);
        EXPECT_NE(point["limiter"], "");
    }
    const std::string id = json["campaign_id"];
    EXPECT_EQ(bench({"list"}).out.find(id) != std::string::npos, true);
    const auto shown = bench({"show", "last", "--json"});
    EXPECT_EQ(Json::parse(shown.out)["points"], json["points"]);

    const auto csv = folder_.file("observations.csv");
    ASSERT_EQ(bench({"export", id, "--format", "observations", "--output", csv}).exit_code, 0);
    const auto predicted = runProgram({builtProgram("pilotlightctl"), "predict", "memory", "--observations", csv, "--platform", "aws", "--at", "512,768,1769", "--json"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    const auto curve = Json::parse(predicted.out)["curve"];
    EXPECT_LT(curve[1]["duration_ms"], curve[0]["duration_ms"]);
    // The machine's own CPU and one point of another: 1.5 times the CPU time there.
    const auto here = Json::parse(bench({"predict", id, "--at", "512,1769", "--json"}).out);
    const double expected = 1.5 * here["cpu_ms"].get<double>();
    const auto there = Json::parse(bench({"predict", id, "--cloud", "1769=" + std::to_string(expected + here["other_ms"].get<double>()), "--at", "512,1769", "--json"}).out);
    EXPECT_NEAR(there["k"]["value"], 1.5, 0.1);
    EXPECT_GT(there["curve"][0]["duration_ms"], here["curve"][0]["duration_ms"]);
    EXPECT_LT(there["curve"][1]["hi_ms"].get<double>() / there["curve"][1]["lo_ms"].get<double>(), here["curve"][1]["hi_ms"].get<double>() / here["curve"][1]["lo_ms"].get<double>());
    EXPECT_EQ(bench({"predict", id, "--cloud", "fast"}).exit_code, 2);
    for (const char* format : {"csv", "json", "markdown"}) {
        const auto out = bench({"export", id, "--format", format});
        EXPECT_EQ(out.exit_code, 0);
        EXPECT_NE(out.out.find("512"), std::string::npos) << format;
    }
    const auto same = bench({"compare", id, id, "--json"});
    ASSERT_EQ(same.exit_code, 0) << same.err;
    for (const auto& row : Json::parse(same.out)) EXPECT_EQ(row["verdict"], "no difference shown");
}

TEST_F(Bench, RateAndSmallestMemoryAreMeasuredWhereAsked) {
    const auto run = bench({"run", "--handler", "command", "--sizes", "512", "--colds", "1", "--warm", "6", "--rate", "5", "--find-memory", "--json", "--", "python3", "-c", "b = bytearray(90 << 20)"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto json = Json::parse(run.out);
    EXPECT_EQ(json["rate_per_s"], 5);
    const auto& point = json["points"][0];
    EXPECT_GE(point["open_loop"]["mean_ms"], point["open_loop"]["service_mean_ms"]);
    EXPECT_TRUE(point["open_loop"]["p99_ms"].is_null());
    EXPECT_EQ(point["concurrency"], 1);
    const auto& found = json["smallest_memory"];
    if (!point["memory_limited"].get<bool>()) {
        EXPECT_NE(found["why_not"], "");
    } else {
        EXPECT_TRUE(found["settled"]);
        EXPECT_GE(found["survives_mb"], 90);
        EXPECT_LE(found["survives_mb"], 130);
        EXPECT_LT(found["fails_mb"], found["survives_mb"]);
    }
    EXPECT_NE(bench({"show", "last"}).out.find("Smallest memory"), std::string::npos);
    const auto two = bench({"run", "--handler", "lambda", "--concurrency", "2", "--", "true"});
    EXPECT_EQ(two.exit_code, 2);
    EXPECT_NE(two.err.find("one request at a time"), std::string::npos) << two.err;
}

TEST_F(Bench, ThousandInferencesArePricedOnCpuAndGpu) {
    ASSERT_EQ(bench({"run", "--handler", "lambda", "--sizes", "512,1769", "--colds", "1", "--warm", "20", "--", handler()}).exit_code, 0);
    const auto without = Json::parse(bench({"cost", "last", "--json"}).out);
    ASSERT_EQ(without["costs"].size(), 3U);
    EXPECT_EQ(without["costs"][0]["where"], "Lambda");
    for (const int cpu : {0, 1}) {
        const auto& usd = without["costs"][cpu]["usd_per_1000"];
        EXPECT_GT(usd["lo"], 0);
        EXPECT_GE(usd["value"], usd["lo"]);
        EXPECT_LE(usd["value"], usd["hi"]);
        EXPECT_FALSE(without["costs"][cpu]["price_date"].get<std::string>().empty());
    }
    // No figure that nobody measured or gave.
    EXPECT_TRUE(without["costs"][2]["usd_per_1000"].is_null());
    EXPECT_NE(without["costs"][2]["basis"].get<std::string>().find("must be measured"), std::string::npos);
    const auto with = Json::parse(bench({"cost", "last", "--gpu-ms", "2.5", "--json"}).out);
    // An L4 without zonal redundancy, 4 vCPU and 16 GiB by the instance, us-central1.
    EXPECT_NEAR(with["costs"][2]["usd_per_1000"]["value"], 2.5 * (0.0001867 + 4 * 0.000018 + 16 * 0.000002), 1e-9);
    EXPECT_NEAR(with["gpu_break_even_ms"].get<double>() * (0.0001867 + 4 * 0.000018 + 16 * 0.000002), std::min(with["costs"][0]["usd_per_1000"]["value"].get<double>(), with["costs"][1]["usd_per_1000"]["value"].get<double>()), 1e-9);
    EXPECT_EQ(bench({"cost", "last", "--gpu", "last"}).exit_code, 2);  // measured on a CPU
}

TEST_F(Bench, InterruptedItIsResumedWithoutRepeating) {
    const auto program = handler("time.sleep(0.02)\nreturn event");
    auto arguments = command({"run", "--handler", "lambda", "--sizes", "512,1769", "--colds", "3", "--warm", "40", "--json", "--", program});
    {
        Background run(arguments);
        std::this_thread::sleep_for(std::chrono::seconds(5));
        run.kill(SIGINT);
        const int code = run.wait();
        EXPECT_TRUE(code == 4 || code == 0) << code;
    }
    EXPECT_TRUE(processesWith(program).empty());
    const auto before = Json::parse(bench({"list", "--json"}).out);
    ASSERT_EQ(before.size(), 1U);
    const auto resumed = bench({"run", "--resume", "last", "--json"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    const auto after = Json::parse(resumed.out);
    EXPECT_EQ(after["end"], "complete");
    EXPECT_EQ(after["campaign_id"], before[0]["campaign_id"]);
    EXPECT_EQ(Json::parse(bench({"list", "--json"}).out)[0]["trials"], 6);
}

TEST_F(Bench, KilledAtAnyMomentItLeavesNothingAndItsCampaignIsReadable) {
    const auto program = handler("time.sleep(0.02)\nreturn event");
    const auto temporary = folder_.file("temporary");
    std::filesystem::create_directory(temporary);
    // Before the agent, at its start, in an INIT, in requests, between trials.
    for (const int after_ms : {0, 15, 40, 90, 160, 250, 400, 700, 1100, 1900, 3000}) {
        {
            Background run(command({"run", "--handler", "lambda", "--sizes", "512,1769", "--", program}), {{"TMPDIR", temporary}});
            std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
            run.kill(SIGKILL);
            run.wait();
        }
        const auto left = [&] { return !processesWith(program).empty() || !processesWith(temporary, "environ").empty() || !controlGroups().empty(); };
        for (int i = 0; i < 300 && left(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_FALSE(left()) << after_ms;
        EXPECT_TRUE(std::filesystem::is_empty(temporary)) << after_ms;
        EXPECT_EQ(bench({"list"}).exit_code, 0) << after_ms;
    }
    EXPECT_EQ(bench({"show", "last"}).exit_code, 0);
}

TEST_F(Bench, BudgetEndsItInPart) {
    const auto begin = std::chrono::steady_clock::now();
    const auto run = bench({"run", "--handler", "lambda", "--sizes", "512,1024,1769", "--budget", "3s", "--json", "--", handler("time.sleep(0.2)\nreturn event")});
    EXPECT_EQ(run.exit_code, 4) << run.err;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
    EXPECT_EQ(Json::parse(run.out)["end"], "budget");
    EXPECT_NE(run.err.find("--resume"), std::string::npos);
}

TEST_F(Bench, WrongWordsAreUsageErrorsAndFailuresAreTold) {
    EXPECT_EQ(bench({"run"}).exit_code, 2);
    EXPECT_EQ(bench({"run", folder_.file("none.onnx")}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "magic", "--", "true"}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "lambda"}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "command", "--sizes", "64", "--", "true"}).exit_code, 2);  // no such Lambda
    EXPECT_EQ(bench({"run", "--handler", "command", "--budget", "soon", "--", "true"}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "command", "--limiter", "magic", "--", "true"}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "command", "--batch", "1,8", "--", "true"}).exit_code, 2);
    EXPECT_EQ(bench({"run", "--handler", "http", "--concurrency", "1,1000", "--", "true"}).exit_code, 2);
    const auto elsewhere = bench({"run", "model.onnx", "--agent", "ssh box pilotlight-agent"});
    EXPECT_EQ(elsewhere.exit_code, 2);
    EXPECT_NE(elsewhere.err.find("whole path"), std::string::npos) << elsewhere.err;
    EXPECT_EQ(bench({"show", "20991231"}).exit_code, 1);
    EXPECT_TRUE(Json::parse(bench({"list", "--json"}).out).empty());  // and nothing was begun
    const auto failing = bench({"run", "--handler", "command", "--sizes", "512", "--json", "--", "sh", "-c", "echo no weights >&2; exit 7"});
    EXPECT_EQ(failing.exit_code, 1);
    const std::string verdict = Json::parse(failing.out)["points"][0]["verdict"];
    EXPECT_NE(verdict.find("exit code 7"), std::string::npos) << verdict;
    const auto absent = bench({"run", "--agent", "/no/such/agent", "--handler", "command", "--", "true"});
    EXPECT_EQ(absent.exit_code, 1);
    EXPECT_NE(absent.err.find("/no/such/agent"), std::string::npos);
    const auto silent = bench({"run", "--agent", "echo hello", "--handler", "command", "--", "true"});
    EXPECT_EQ(silent.exit_code, 1);
    EXPECT_NE(silent.err.find("echo hello"), std::string::npos) << silent.err;
}

TEST_F(Bench, RequestsAtOnceAreVariedWhereTheAgentIsStartedByACommandOfTheUsers) {
    const auto server = folder_.script("server", R"(#!/usr/bin/env python3
import http.server, os, time
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.02)
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
class S(http.server.ThreadingHTTPServer):
    request_queue_size = 64
S(("127.0.0.1", int(os.environ["PORT"])), H).serve_forever()
)");
    const auto run = bench({"run", "--agent", "env FROM=here " + builtProgram("pilotlight-agent"), "--handler", "http", "--platform", "gcp", "--sizes", "512", "--vcpu", "1", "--concurrency", "4,1", "--colds", "1", "--warm", "40", "--json", "--", server});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto points = Json::parse(run.out)["points"];
    ASSERT_EQ(points.size(), 2U);
    EXPECT_EQ(points[0]["concurrency"], 1);
    EXPECT_EQ(points[1]["concurrency"], 4);
    const auto rows = Json::parse(bench({"compare", "last", "--json"}).out);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["verdict"], "more a second");  // it sleeps
    EXPECT_TRUE(rows[0]["ratio"].is_null());
    EXPECT_NE(bench({"compare", "last"}).out.find("1 at once / 4 at once"), std::string::npos);
    EXPECT_EQ(bench({"run", "--resume", "last"}).exit_code, 0);  // by the same command
}

TEST_F(Bench, DevicesNamesLimitersAndMachine) {
    const auto devices = bench({"devices", "--json"});
    ASSERT_EQ(devices.exit_code, 0) << devices.err;
    const auto json = Json::parse(devices.out);
    EXPECT_EQ(json["limiters"].size(), 4U);
    EXPECT_GE(json["devices"].size(), 1U);
    EXPECT_GT(json["machine"]["calibration_ms"], 0);
}

TEST_F(Bench, CommandsAndServersOnOtherPlatforms) {
    const auto command = bench({"run", "--handler", "command", "--platform", "azure", "--sizes", "512,2048", "--colds", "1", "--warm", "10", "--json", "--", "true"});
    ASSERT_EQ(command.exit_code, 0) << command.err;
    EXPECT_EQ(Json::parse(command.out)["points"][0]["vcpu"], 0.25);
    EXPECT_NE(command.err.find("assumed"), std::string::npos);
    const auto server = bench({"run", "--handler", "http", "--platform", "gcp", "--sizes", "512", "--vcpu", "1", "--colds", "1", "--warm", "10", "--json", "--", "sh", "-c",
                               "exec python3 -m http.server --bind 127.0.0.1 --directory " + folder_.file("") + " $PORT"});
    ASSERT_EQ(server.exit_code, 0) << server.err;
    EXPECT_EQ(Json::parse(server.out)["points"][0]["vcpu"], 1.0);
}

}  // namespace
}  // namespace pilotlight::test
