// Kills pilotlightctl at many moments of sync and apply, runs it again, and looks at the store and at what the endpoint got.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "core/store/store.h"
#include "tests/support/proxy.h"
#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;
using test::Proxy;

// About how many moments are visited of each kind.
std::size_t most() {
    const char* value = std::getenv("PILOTLIGHT_KILL_POINTS");
    return value != nullptr ? static_cast<std::size_t>(std::atoi(value)) : 4;
}

constexpr std::size_t kNoKill = 1'000'000;

class KillTest : public ::testing::Test {
protected:
    // A change takes minutes on the platform's clock: at this speed that is seconds.
    void SetUp() override {
        sandbox_ = std::make_unique<test::SandboxSession>(std::vector<std::string>{"--days", "1.2", "--speed", "60", "--seed", "1"});
        ASSERT_TRUE(sandbox_->ready());
        proxy_ = std::make_unique<Proxy>(sandbox_->endpoint());
        const auto now = std::chrono::floor<hours>(std::chrono::system_clock::now());
        from_ = toIso8601(now - hours(22));
        to_ = toIso8601(now - hours(2));
    }

    std::vector<std::string> command(const std::string& workspace, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {test::builtProgram("pilotlightctl"), "--workspace", workspace, "--quiet"});
        return arguments;
    }
    test::Finished run(const std::string& workspace, std::vector<std::string> arguments) {
        return test::runProgram(command(workspace, std::move(arguments)), sandbox_->environment());
    }
    std::string newWorkspace(const std::string& name) {
        const auto workspace = (sandbox_->directory() / name).string();
        const auto added = run(workspace, {"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", proxy_->endpoint(), "--write"});
        EXPECT_EQ(added.exit_code, 0) << added.err;
        return workspace;
    }
    std::vector<std::string> syncArguments() { return {"sync", "--from", from_, "--to", to_, "--no-costs", "--json"}; }

    // Runs until the n-th request arrives, kills there, before or after its effect. False: it ended before.
    bool killAtRequest(const std::string& workspace, const std::vector<std::string>& arguments, std::size_t n, bool after_effect) {
        std::atomic<int> pid = 0;
        std::atomic<bool> killed = false;
        proxy_->restart([&](std::size_t count, const Proxy::Request&) {
            while (pid == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (count < n) return Proxy::Fate::pass;
            if (!killed.exchange(true)) ::kill(pid, SIGKILL);
            return after_effect && count == n ? Proxy::Fate::lose_reply : Proxy::Fate::drop;
        });
        test::Background program(command(workspace, arguments), sandbox_->environment());
        pid = program.pid();
        const int code = program.wait();
        EXPECT_EQ(code, killed ? 128 + SIGKILL : 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // what was on its way when it died
        return killed;
    }
    bool killAfter(const std::string& workspace, const std::vector<std::string>& arguments, std::chrono::milliseconds delay) {
        test::Background program(command(workspace, arguments), sandbox_->environment());
        std::this_thread::sleep_for(delay);
        program.kill(SIGKILL);
        return program.wait() == 128 + SIGKILL;
    }

    // Everything that was measured, read through the store.
    struct Content {
        std::vector<std::string> functions;
        std::map<SeriesKey, std::pair<std::vector<MetricPoint>, RangeSet>> series;
        std::map<std::string, std::vector<std::pair<std::int64_t, std::uint64_t>>> invocations;  // time and request
        std::map<std::string, RangeSet> complete;
    };
    Content contentOf(const std::string& workspace) {
        Content content;
        auto store = store::Store::open(workspace, {});
        EXPECT_TRUE(store) << store.error().text();
        if (!store) return content;
        const TimeRange range{*parseIso8601(from_), *parseIso8601(to_)};
        const auto functions = store->functions().value();
        for (const auto& function : functions) {
            content.functions.push_back(function.id);
            const auto keys = store->seriesKeys(function.id).value();
            for (const auto& key : keys) {
                auto series = store->series(key, range).value();
                content.series[key] = {series.points, series.coverage};
            }
            auto log = store->invocations(function.id, range).value();
            for (const auto& line : log.invocations) content.invocations[function.id].emplace_back(line.time.time_since_epoch().count(), line.request);
            std::sort(content.invocations[function.id].begin(), content.invocations[function.id].end());
            content.complete[function.id] = log.complete;
        }
        return content;
    }
    static void expectSame(const Content& got, const Content& wanted) {
        EXPECT_EQ(got.functions, wanted.functions);
        ASSERT_EQ(got.series.size(), wanted.series.size());
        for (const auto& [key, series] : wanted.series) {
            const auto found = got.series.find(key);
            ASSERT_NE(found, got.series.end()) << key.function_id << " " << name(key.metric) << " " << name(key.statistic);
            EXPECT_EQ(found->second.first, series.first) << key.function_id << " " << name(key.metric) << " " << name(key.statistic);
            EXPECT_EQ(found->second.second, series.second) << key.function_id << " " << name(key.metric) << " " << name(key.statistic);
        }
        for (const auto& [id, lines] : wanted.invocations) EXPECT_EQ(got.invocations.at(id), lines) << id;
        for (const auto& [id, ranges] : wanted.complete) EXPECT_EQ(got.complete.at(id), ranges) << id;
    }

    std::size_t writes(const std::string& part) {
        const auto all = proxy_->forwarded();
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Proxy::Request& request) {
            return request.method != "GET" && (request.method + " " + request.target + " " + request.action + " " + request.body).find(part) != std::string::npos;
        }));
    }
    int memoryThere(const std::string& function) {
        const auto shown = sandbox_->aws({"lambda", "get-function-configuration", "--function-name", function});
        return json::parse(shown.out)["MemorySize"].get<int>();
    }

    void nothingIsAppliedTwice(const std::string& function, const std::string& alias);

    std::unique_ptr<test::SandboxSession> sandbox_;
    std::unique_ptr<Proxy> proxy_;
    std::string from_, to_;
};

TEST_F(KillTest, SyncGoesOnWhereItWasKilled) {
    const auto calm = newWorkspace("calm");
    proxy_->restart();
    const auto started = std::chrono::steady_clock::now();
    const auto undisturbed = run(calm, syncArguments());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    ASSERT_EQ(undisturbed.exit_code, 0) << undisturbed.err << undisturbed.out;
    const auto requests = proxy_->count();
    const auto wanted = contentOf(calm);
    ASSERT_GT(wanted.series.size(), 20u);
    ASSERT_FALSE(wanted.invocations.empty());
    std::cout << requests << " requests in " << took.count() << " ms undisturbed\n";

    // One workspace, killed again and again, each time a bit later than the run before came.
    const auto chain = newWorkspace("chain");
    const std::size_t step = std::max<std::size_t>(1, requests / most());
    std::size_t kills = 0, at = 1;
    while (killAtRequest(chain, syncArguments(), at, kills % 2 == 1)) {
        ++kills;
        at += step;
        ASSERT_LT(kills, 1000u);
        (void)contentOf(chain);  // it opens
    }
    std::cout << kills << " kills of one workspace by request\n";
    EXPECT_GT(kills, 3u);
    proxy_->restart();
    EXPECT_EQ(run(chain, syncArguments()).exit_code, 0);
    expectSame(contentOf(chain), wanted);

    // Fresh workspaces, killed once by the clock, also between requests.
    std::mt19937 random(7);
    std::uniform_int_distribution<std::int64_t> delay(5, std::max<std::int64_t>(10, took.count()));
    for (std::size_t i = 0; i < most(); ++i) {
        const auto workspace = newWorkspace("timed" + std::to_string(i));
        const auto after = std::chrono::milliseconds(delay(random));
        SCOPED_TRACE("killed after " + std::to_string(after.count()) + " ms");
        proxy_->restart();
        (void)killAfter(workspace, syncArguments(), after);
        const auto again = run(workspace, syncArguments());
        EXPECT_EQ(again.exit_code, 0) << again.err;
        expectSame(contentOf(workspace), wanted);
    }
}

void KillTest::nothingIsAppliedTwice(const std::string& function, const std::string& alias) {
    const auto workspace = newWorkspace("apply");
    ASSERT_EQ(run(workspace, syncArguments()).exit_code, 0);
    int memory = memoryThere(function);
    std::size_t points = 0, finished = 0, restored = 0;
    for (const bool after_effect : {false, true}) {
        std::size_t step = 1;  // known once a run has come to its end
        for (std::size_t n = kNoKill;; n = n == kNoKill ? 1 + (after_effect ? step / 2 : 0) : n + step) {
            SCOPED_TRACE((after_effect ? "after request " : "before request ") + std::to_string(n));
            const int before = memoryThere(function);
            memory = before == 2100 ? 2200 : 2100;
            std::vector<std::string> planning{"plan", function, "--memory", std::to_string(memory), "--json"};
            if (!alias.empty()) planning.insert(planning.end(), {"--alias", alias});
            proxy_->restart();
            const auto planned = run(workspace, planning);
            ASSERT_EQ(planned.exit_code, 0) << planned.err;
            const auto plan = json::parse(planned.out);
            const std::vector<std::string> applying{"apply", plan["plan_id"], "--yes", "--json"};
            const bool killed = killAtRequest(workspace, applying, n, after_effect);
            const std::string memory_written = "\"MemorySize\":" + std::to_string(memory);
            const auto written_first = writes(memory_written), published_first = writes("/versions");
            if (n == kNoKill) step = std::max<std::size_t>(1, proxy_->count() / most());
            proxy_->restart();
            const auto again = run(workspace, applying);
            if (!killed) {
                EXPECT_EQ(again.exit_code, 3) << "a plan is applied once: " << again.out;
                if (n == kNoKill) continue;
                break;
            }
            ++points;
            const auto result = json::parse(again.out, nullptr, false);
            ASSERT_TRUE(result.is_object()) << again.err;
            const std::string status = result["status"];
            EXPECT_TRUE(status == "applied" || status == "failed") << again.out;
            EXPECT_LE(written_first + writes(memory_written), 1u) << "applied twice";
            EXPECT_LE(published_first + writes("/versions"), 1u) << "published twice";
            EXPECT_EQ(memoryThere(function), status == "applied" ? memory : before);
            ++(status == "applied" ? finished : restored);
            const auto changes = json::parse(run(workspace, {"changes", "--json"}).out);
            EXPECT_TRUE(std::none_of(changes.begin(), changes.end(), [](const json& change) { return change["status"] == "pending"; })) << changes.dump(2);
        }
    }
    std::cout << function << ": killed at " << points << " points; " << finished << " went through, " << restored << " ended unchanged\n";
    EXPECT_GE(points, 6u);
}

TEST_F(KillTest, NothingIsAppliedTwice) { nothingIsAppliedTwice("image-classify", ""); }

// Six calls, and a warm pool to wait for.
TEST_F(KillTest, NothingIsAppliedTwiceOnTheRoadOfAnAlias) { nothingIsAppliedTwice("thumbnailer", "prod"); }

TEST_F(KillTest, TwoOnOneWorkspace) {
    const auto workspace = newWorkspace("two");
    ASSERT_EQ(run(workspace, syncArguments()).exit_code, 0);
    // The first one stands still in the middle of its sync, the lock in its hands.
    std::atomic<bool> holding = false, go_on = false;
    proxy_->restart([&](std::size_t, const Proxy::Request& request) {
        if (holding || !request.target.ends_with("/aliases")) return Proxy::Fate::pass;
        holding = true;
        while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return Proxy::Fate::drop;  // and it sends that again
    });
    test::Background first(command(workspace, syncArguments()), sandbox_->environment());
    while (!holding) std::this_thread::sleep_for(std::chrono::milliseconds(5));

    const auto seconds_for = [&](const std::vector<std::string>& arguments, test::Finished& finished) {
        const auto started = std::chrono::steady_clock::now();
        finished = run(workspace, arguments);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    // Reading goes on.
    test::Finished read;
    EXPECT_LT(seconds_for({"functions", "--from", from_, "--to", to_, "--json"}, read), 4.0);
    EXPECT_EQ(read.exit_code, 0) << read.err;
    EXPECT_GE(json::parse(read.out).size(), 6u);

    // A second writer waits 5 s, then names the holder.
    for (const auto& arguments : {syncArguments(), std::vector<std::string>{"slo", "set", "image-classify", "--p95", "900"}}) {
        test::Finished second;
        const double waited = seconds_for(arguments, second);
        EXPECT_EQ(second.exit_code, 1);
        EXPECT_GE(waited, 4.9);
        EXPECT_LT(waited, 8.0);
        EXPECT_NE(second.err.find("pilotlightctl pid " + std::to_string(first.pid())), std::string::npos) << second.err;
        EXPECT_NE(second.err.find("Wait until it has finished"), std::string::npos) << second.err;
    }

    // One that waits less than that gets its turn; and a killed holder holds nothing.
    test::Finished third;
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        first.kill(SIGKILL);
        go_on = true;
    });
    const double waited = seconds_for({"slo", "set", "image-classify", "--p95", "900"}, third);
    release.join();
    EXPECT_EQ(third.exit_code, 0) << third.err;
    EXPECT_GE(waited, 1.0);
    EXPECT_EQ(first.wait(), 128 + SIGKILL);
    proxy_->restart();
    EXPECT_EQ(run(workspace, syncArguments()).exit_code, 0);
}

}  // namespace
}  // namespace pilotlight
