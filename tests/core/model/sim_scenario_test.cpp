// The scenario file: what it may say, what it must not, and that the answer does not depend on who runs it.
#include "core/model/sim_scenario.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <thread>

#include "tests/support/data.h"

namespace pilotlight::model {
namespace {

constexpr const char* kExample =
    R"({"platform":"aws","arrivals":{"poisson_rate":0.9},"duration_s":2e4,"warmup_s":3000,"service_warm":{"distribution":"exponential","mean_s":1.991},
"service_cold":{"distribution":"exponential","mean_s":2.244},"keep_alive":{"kind":"fixed","seconds":600},"provisioned":0,"concurrency":1,"instance_limit":null,
"seed":1,"replications":8})";

std::string errorOf(const std::string& json) {
    const auto result = parseScenario(json, ".");
    return result ? "" : result.error().text();
}
std::string with(std::string extra) {
    std::string json = kExample;
    json.insert(json.size() - 1, "," + std::move(extra));
    return json;
}

// Runs tasks on real threads, in whatever order.
class ThreadedExecutor final : public Executor {
public:
    ~ThreadedExecutor() override {
        for (auto& t : threads_) t.join();
    }
    void post(std::function<void()> task) override { threads_.emplace_back(std::move(task)); }
    [[nodiscard]] std::size_t parallelism() const override { return 4; }

private:
    std::vector<std::thread> threads_;
};

TEST(SimScenario, ContractExampleParses) {
    const auto s = parseScenario(kExample, ".");
    ASSERT_TRUE(s.has_value()) << s.error().text();
    EXPECT_EQ(*s->poisson_rate, 0.9);
    EXPECT_EQ(s->replications, 8);
    EXPECT_EQ(s->service_cold->mean_s, 2.244);
    EXPECT_FALSE(s->instance_limit.has_value());
}

TEST(SimScenario, UnknownKeysAreNamed) {
    EXPECT_NE(errorOf(with(R"("keepalive":1)")).find("keepalive"), std::string::npos);
    EXPECT_NE(errorOf(with(R"("scale":{"burst":1,"per_s":1,"rate":2})")).find("\"rate\""), std::string::npos);
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":1,"jitter":2},"duration_s":1,"service_warm":{"distribution":"constant","mean_s":1}})")
                  .find("jitter"),
              std::string::npos);
    EXPECT_NE(
        errorOf(R"({"arrivals":{"poisson_rate":1},"duration_s":1,"service_warm":{"distribution":"constant","mean":1}})").find("\"mean\""),
        std::string::npos);
}

TEST(SimScenario, NonsenseIsRefused) {
    EXPECT_NE(errorOf("{"), "");
    EXPECT_NE(errorOf("[]"), "");
    EXPECT_NE(errorOf(R"({"arrivals":{}})"), "");
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":1},"service_warm":{"distribution":"constant","mean_s":1}})"), "");  // endless
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":-1},"duration_s":1,"service_warm":{"distribution":"constant","mean_s":1}})"), "");
    EXPECT_NE(errorOf(with(R"("min_instances":1.5)")), "");
    // Days of computing, and more requests at once than memory holds.
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":1e6},"duration_s":1e6,"service_warm":{"distribution":"constant","mean_s":0.1}})"), "");
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":1e8},"duration_s":1,"service_warm":{"distribution":"constant","mean_s":1}})"), "");
    EXPECT_NE(
        errorOf(
            R"({"arrivals":{"trace_csv":"no-such-file.csv","column":"t","unit":"s"},"service_warm":{"distribution":"constant","mean_s":1}})"),
        "");
    EXPECT_NE(errorOf(R"({"arrivals":{"poisson_rate":1},"duration_s":1,"service_warm":{"distribution":"constant","mean_s":1},
        "keep_alive":{"kind":"empirical","cdf":[[10,0.5],[5,1]]}})"),
              "");
}

TEST(SimScenario, SameSeedSameBytesOnAnyExecutor) {
    const auto s = parseScenario(kExample, ".");
    ASSERT_TRUE(s.has_value());
    InlineExecutor inline_executor;
    auto a = simulate(*s, inline_executor, {});
    std::optional<Result<SimulationResult>> b;
    {
        ThreadedExecutor threads;
        b = simulate(*s, threads, {});
    }
    ASSERT_TRUE(a.has_value() && b->has_value());
    a->engine_seconds = (*b)->engine_seconds = 0;
    EXPECT_EQ(toJson(*a), toJson(**b));
    EXPECT_TRUE(a->cold_probability.lo.has_value());
    auto other = *s;
    other.seed = 2;
    EXPECT_NE(toJson(*simulate(other, inline_executor, {})), toJson(*a));
}

TEST(SimScenario, NothingServedHasNoLatency) {
    auto s = parseScenario(kExample, ".");
    s->instance_limit = 0;
    s->provisioned = s->min_instances = 0;
    InlineExecutor executor;
    const auto r = simulate(*s, executor, {});
    ASSERT_TRUE(r.has_value());
    EXPECT_EQ(r->throttled_probability.value, 1);
    EXPECT_TRUE(std::isnan(r->latency_p95_ms.value));
    EXPECT_NE(toJson(*r).find("\"value\": null"), std::string::npos);
}

TEST(SimScenario, StopsAtOnce) {
    const auto s = parseScenario(R"({"arrivals":{"poisson_rate":1000},"duration_s":1e7,"service_warm":{"distribution":"constant","mean_s":0.1}})", ".");
    ASSERT_TRUE(s.has_value());
    std::stop_source stop;
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        stop.request_stop();
    });
    InlineExecutor executor;
    const auto r = simulate(*s, executor, JobContext(stop.get_token()));
    later.join();
    ASSERT_FALSE(r.has_value());
    EXPECT_EQ(r.error().code, ErrorCode::cancelled);
}

TEST(SimScenario, OneSyntheticReplicationHasNoInterval) {
    auto s = parseScenario(kExample, ".");
    s->replications = 1;
    InlineExecutor executor;
    const auto r = simulate(*s, executor, {});
    EXPECT_FALSE(r->cold_probability.lo.has_value());
    EXPECT_NE(toJson(*r).find("\"lo\": null"), std::string::npos);
}

TEST(SimScenario, TraceWithServiceColumnAndCounts) {
    test::TemporaryDirectory dir;
    {
        std::ofstream trace(dir.path() / "trace.csv");
        trace << "name,when,\"took, ms\"\n\"a,b\",1000,500\n\"c\",1200,500\n\"d\",60000,250\n";
        std::ofstream counts(dir.path() / "counts.csv");
        counts << "count\n3\n0\n5\n";
    }
    const auto s = parseScenario(R"({"arrivals":{"trace_csv":"trace.csv","column":"when","unit":"ms","service_column":"took, ms"},
        "keep_alive":{"kind":"fixed","seconds":10}})",
                                 dir.path().string());
    ASSERT_TRUE(s.has_value()) << s.error().text();
    InlineExecutor executor;
    const auto r = simulate(*s, executor, {});
    ASSERT_TRUE(r.has_value());
    EXPECT_EQ(r->arrivals, 3U);
    EXPECT_DOUBLE_EQ(r->cold_probability.value, 1.0);  // 58 s apart, kept for 10 s; the second overlaps the first
    EXPECT_DOUBLE_EQ(r->latency_p50_ms.value, 500);
    EXPECT_TRUE(r->cold_probability.lo.has_value());  // a replayed trace: bootstrap of blocks
    const auto c =
        parseScenario(R"({"arrivals":{"counts_csv":"counts.csv","bin_s":60},"service_warm":{"distribution":"constant","mean_s":1}})",
                      dir.path().string());
    ASSERT_TRUE(c.has_value()) << c.error().text();
    EXPECT_EQ(simulate(*c, executor, {})->arrivals, 8U);
}

TEST(SimScenario, CancelledJobIsAnError) {
    std::stop_source stop;
    stop.request_stop();
    InlineExecutor executor;
    const auto r = simulate(*parseScenario(kExample, "."), executor, JobContext(stop.get_token()));
    ASSERT_FALSE(r.has_value());
    EXPECT_EQ(r.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace pilotlight::model
