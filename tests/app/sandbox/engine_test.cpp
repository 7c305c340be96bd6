#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "app/sandbox/billing.h"
#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {
namespace {

constexpr Micros kStart = 1'795'000'000LL * kSecond / kDay * kDay;  // a midnight

Scenario scenarioOf(const std::string& function, int limit = 1000) {
    const auto scenario =
        parseScenario(R"({"concurrency_limit":)" + std::to_string(limit) +
                      R"(,"profiles":{"p":{"source":"test","points":[[128,2000],[1024,500],[2048,400]]}},"functions":[)" + function + "]}");
    if (!scenario) throw std::runtime_error(scenario.error().what);
    return *scenario;
}

std::string functionJson(const std::string& more) {
    return R"({"name":"f","profile":"p","memory_mb":1024,"drift":0,"instance_jitter":0)" + more + "}";
}

World play(const Scenario& scenario, std::uint64_t seed, Micros length) {
    World world(scenario, seed, kStart, kStart + length);
    world.advance(kStart + length);
    return world;
}

TEST(Curve, JoinsMeasuredPointsInLogSpaceAndFitsNothing) {
    const Curve curve{{{128, 2000}, {512, 500}, {1024, 400}}};
    EXPECT_NEAR(curve.at(128), 2000, 1e-9);
    EXPECT_NEAR(curve.at(256), 1000, 1e-6);  // half way in log-log
    EXPECT_NEAR(curve.at(64), 4000, 1e-6);   // the first line goes on
    EXPECT_NEAR(curve.at(5000), 400, 1e-9);  // the last value holds
}

TEST(Engine, SameSeedSameHistoryOtherSeedAnotherOne) {
    const auto s = scenarioOf(functionJson(R"(,"arrivals":{"per_day":2000,"swing":0.5,"restless":0.3})"));
    const World a = play(s, 5, kDay), b = play(s, 5, kDay), c = play(s, 6, kDay);
    const auto &ra = a.all()[0]->engine->invocations(), &rb = b.all()[0]->engine->invocations(), &rc = c.all()[0]->engine->invocations();
    ASSERT_EQ(ra.size(), rb.size());
    for (std::size_t i = 0; i < ra.size(); ++i) {
        ASSERT_EQ(ra[i].start_ms, rb[i].start_ms);
        ASSERT_EQ(ra[i].duration_cms, rb[i].duration_cms);
        ASSERT_EQ(ra[i].instance, rb[i].instance);
        ASSERT_EQ(ra[i].init_cms, rb[i].init_cms);
    }
    EXPECT_FALSE(ra.size() == rc.size() && ra[0].start_ms == rc[0].start_ms);
}

TEST(Engine, PlayingInStepsChangesNothing) {
    const auto s = scenarioOf(functionJson(R"(,"arrivals":{"per_day":3000})"));
    const World whole = play(s, 9, kDay);
    World steps(s, 9, kStart, kStart + kDay);
    for (Micros t = kStart; t <= kStart + kDay; t += 7 * kMinute) steps.advance(t);
    steps.advance(kStart + kDay);
    const auto &a = whole.all()[0]->engine->invocations(), &b = steps.all()[0]->engine->invocations();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i].duration_cms, b[i].duration_cms);
}

TEST(Engine, LittlesLawHolds) {
    const World world = play(scenarioOf(functionJson(R"(,"jitter":0.4,"arrivals":{"per_day":172800})")), 3, kDay);  // 2 a second
    const auto& rows = world.all()[0]->engine->invocations();
    double busy_ms = 0;
    for (const auto& r : rows) busy_ms += (r.duration_cms + r.init_cms) / 100.0;
    const double mean_busy = busy_ms / 86'400'000.0, rate = static_cast<double>(rows.size()) / 86'400.0,
                 mean_s = busy_ms / static_cast<double>(rows.size()) / 1000;
    EXPECT_NEAR(mean_busy, rate * mean_s, 1e-9);
    EXPECT_NEAR(rate, 2.0, 0.03);
    EXPECT_NEAR(mean_s, 0.5, 0.02);  // the profile's mean at 1,024 MB: the jitter has mean 1
    // Sampled concurrency agrees: Poisson arrivals see time averages (each finds `mean_busy` others on average).
    std::vector<double> ends;
    double seen = 0;
    for (const auto& r : rows) {
        std::erase_if(ends, [&](double end) { return end <= static_cast<double>(r.start_ms); });
        seen += static_cast<double>(ends.size());
        ends.push_back(static_cast<double>(r.start_ms) + (r.duration_cms + r.init_cms) / 100.0);
    }
    EXPECT_NEAR(seen / static_cast<double>(rows.size()), mean_busy, 0.05);
}

TEST(Engine, ProvisionedSlotsServeFirstAndTheRestSpills) {
    const World world = play(
        scenarioOf(functionJson(
            R"(,"versions":1,"aliases":[{"name":"live","version":1}],"traffic":{"live":1},"pools":[{"qualifier":"live","count":2}],"arrivals":{"per_day":345600})")),
        4, kDay / 4);
    const auto& engine = *world.all()[0]->engine;
    std::map<std::uint32_t, std::int64_t> pool_free;  // slot's environment -> when it is free again
    int pooled = 0, spilled = 0;
    for (const auto& r : engine.invocations()) {
        int busy = 0;
        for (const auto& [id, until] : pool_free) busy += until + 1 >= r.start_ms; // rows are in whole milliseconds
        if (r.is(Invocation::pooled)) {
            ++pooled;
            EXPECT_EQ(r.init_cms, 0U);
            pool_free[r.instance] = r.endMs();
        } else {
            ++spilled;
            EXPECT_TRUE(r.is(Invocation::spilled));
            EXPECT_EQ(busy, 2) << "a request went on demand although a slot was free";
        }
    }
    EXPECT_EQ(pool_free.size(), 2U);
    EXPECT_GT(pooled, spilled);
    EXPECT_GT(spilled, 0);
}

TEST(Engine, AReservedCapThrottlesAndIsNeverExceeded) {
    const World world = play(scenarioOf(functionJson(R"(,"reserved":2,"arrivals":{"per_day":345600})")), 4, kDay / 8);  // about 2 at once
    const auto& engine = *world.all()[0]->engine;
    EXPECT_GT(engine.throttles().size(), 100U);
    int most = 0;
    for (std::int64_t m = kStart / kMinute; m < (kStart + kDay / 8) / kMinute; ++m) most = std::max(most, engine.concurrency().peak(m));
    EXPECT_EQ(most, 2);
    // Erlang's loss formula for 2 servers (any service law): B = (a^2/2) / (1 + a + a^2/2).
    double busy_ms = 0;
    for (const auto& r : engine.invocations()) busy_ms += (r.duration_cms + r.init_cms) / 100.0;
    const double n = static_cast<double>(engine.invocations().size()), lost = static_cast<double>(engine.throttles().size());
    const double a = (n + lost) / (86'400.0 / 8) * busy_ms / n / 1000;
    EXPECT_NEAR(lost / (n + lost), a * a / 2 / (1 + a + a * a / 2), 0.02);
}

TEST(Engine, TheAccountsLimitThrottlesEverybodyElse) {
    const World world = play(scenarioOf(functionJson(R"(,"arrivals":{"per_day":864000})"), 3), 4, kHour);
    EXPECT_GT(world.all()[0]->engine->throttles().size(), 50U);
    int most = 0;
    for (std::int64_t m = kStart / kMinute; m < (kStart + kHour) / kMinute; ++m) most = std::max(most, world.busy("us-east-1")->peak(m));
    EXPECT_EQ(most, 3);
}

TEST(Engine, IdleEnvironmentsLiveAsLongAsTheHiddenWindowSays) {
    // One request at a time: every gap is seen by the same environment.
    const World world =
        play(scenarioOf(
                 functionJson(R"(,"keep_alive":{"kind":"window","from_s":290,"to_s":350,"max_life_s":100000},"arrivals":{"per_day":300})")),
             8, 10 * kDay);
    const auto& rows = world.all()[0]->engine->invocations();
    int short_gaps = 0, long_gaps = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const double gap_s = static_cast<double>(rows[i].start_ms - rows[i - 1].endMs()) / 1000;
        if (gap_s > 1 && gap_s < 265) {  // hidden factor is within 7 %
            ++short_gaps;
            EXPECT_EQ(rows[i].init_cms, 0U) << gap_s;
        } else if (gap_s > 380) {
            ++long_gaps;
            // Unless an earlier, second environment is still idle it is cold; with this little traffic that is rare.
            if (rows[i].init_cms == 0) {
                EXPECT_NE(rows[i].instance, rows[i - 1].instance);
            }
        }
    }
    EXPECT_GT(short_gaps, 500);
    EXPECT_GT(long_gaps, 500);
}

TEST(Engine, MaximumLifeEndsEvenABusyEnvironment) {
    const World world = play(scenarioOf(functionJson(R"(,"keep_alive":{"max_life_s":3600},"arrivals":{"per_day":17280})")), 8, kDay);
    std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>> life;
    for (const auto& r : world.all()[0]->engine->invocations()) {
        auto& [first, last] = life.try_emplace(r.instance, r.start_ms, r.start_ms).first->second;
        last = r.start_ms;
    }
    EXPECT_GE(life.size(), 20U);
    for (const auto& [id, span] : life) EXPECT_LE(span.second - span.first, 3'800'000);
}

TEST(Engine, TooLittleMemorySlowsThenKills) {
    const std::string hidden =
        R"(,"memory":{"base_mb":400,"request_mb":40,"sigma":0.3},"jitter":0,"arrivals":{"per_day":4000},"memory_mb":)";
    const auto run = [&](const char* mb) {
        const World world = play(
            scenarioOf(R"({"name":"f","profile":"p","drift":0,"instance_jitter":0,"first_call_factor":1)" + hidden + mb + "}"), 2, kDay);
        double ms = 0, killed = 0, used = 0;
        const auto& rows = world.all()[0]->engine->invocations();
        for (const auto& r : rows) {
            if (!r.is(Invocation::out_of_memory)) ms += r.duration_cms / 100.0;
            killed += r.is(Invocation::out_of_memory);
            used = std::max<double>(used, r.used_mb);
            EXPECT_LE(r.used_mb, r.memory_mb);
        }
        return std::array<double, 3>{ms / (static_cast<double>(rows.size()) - killed), killed / static_cast<double>(rows.size()), used};
    };
    const auto roomy = run("1024"), tight = run("480"), impossible = run("300");
    EXPECT_EQ(roomy[1], 0);
    EXPECT_GT(roomy[2], 440);
    EXPECT_GT(tight[0], roomy[0] * 1.5);  // squeezed, beyond what less CPU explains (x 2.1 at most by the curve)
    EXPECT_GT(tight[1], 0.001);
    EXPECT_EQ(impossible[1], 1.0);
}

TEST(Engine, ATimeoutIsCutAndTheEnvironmentIsLost) {
    const World world = play(scenarioOf(functionJson(R"(,"timeout_s":1,"jitter":0.9,"arrivals":{"per_day":20000})")), 2, kDay);
    int timeouts = 0;
    std::map<std::uint32_t, bool> dead;
    for (const auto& r : world.all()[0]->engine->invocations()) {
        EXPECT_FALSE(dead[r.instance]);
        if (!r.is(Invocation::timed_out)) continue;
        ++timeouts;
        EXPECT_EQ(r.duration_cms, 100'000U);
        dead[r.instance] = true;
    }
    EXPECT_GT(timeouts, 100);
}

TEST(Engine, SettingsInForceChangeWhatHappensNext) {
    World world(scenarioOf(functionJson(R"(,"jitter":0,"first_call_factor":1,"arrivals":{"per_day":17280})")), 2, kStart, kStart);
    world.advance(kStart + kHour);
    auto& f = *world.all()[0];
    VersionState next = f.latest;
    next.deployment.memory_mb = 128;
    const std::string before = f.latest.revision;
    world.beginUpdate(f, next);
    EXPECT_NE(f.latest.revision, before);
    EXPECT_EQ(f.update_status, "InProgress");
    const std::size_t split = f.engine->invocations().size();
    world.advance(kStart + 2 * kHour);
    EXPECT_EQ(f.update_status, "Successful");
    const auto& rows = f.engine->invocations();
    EXPECT_NEAR(rows[split - 1].duration_cms, 50'000, 100);
    EXPECT_NEAR(rows.back().duration_cms, 200'000, 100);
    EXPECT_EQ(rows.back().memory_mb, 128);
    // The first one after the change is cold: the environments were recycled.
    const auto first = std::find_if(rows.begin(), rows.end(), [](const Invocation& r) { return r.memory_mb == 128; });
    EXPECT_GT(first->init_cms, 0U);
}

TEST(Engine, ScheduledActionsMoveThePool) {
    World world(
        scenarioOf(functionJson(R"j(,"versions":1,"aliases":[{"name":"live","version":1}],"traffic":{"live":1},"arrivals":{"per_day":10},
        "schedules":[{"qualifier":"live","name":"up","expression":"cron(0 8 ? * * *)","min":3,"max":3},{"qualifier":"live","name":"down","expression":"cron(0 18 ? * * *)","min":0,"max":0}])j")),
        2, kStart, kStart);
    const auto& pools = world.all()[0]->engine->pools();
    world.advance(kStart + 7 * kHour);
    EXPECT_TRUE(pools.empty() || pools.at("live").available == 0);
    world.advance(kStart + 8 * kHour + 10 * kSecond);
    EXPECT_TRUE(pools.at("live").in_progress);
    EXPECT_EQ(pools.at("live").available, 0);
    world.advance(kStart + 9 * kHour);
    EXPECT_EQ(pools.at("live").available, 3);
    EXPECT_FALSE(pools.at("live").in_progress);
    world.advance(kStart + 19 * kHour);
    EXPECT_EQ(pools.at("live").available, 0);
    // 10 hours of 3 x 1 GB, in steps of 5 minutes
    std::int64_t milli = 0;
    for (const auto& line : billOf(world, 0, 1 << 20))
        if (line.usage_type == "Lambda-Provisioned-Concurrency") milli += line.milli_units;
    EXPECT_EQ(milli, 3LL * 10 * 3600 * 1000);
}

TEST(Schedule, CronAtRateAndZones) {
    const Micros monday = 1'795'996'800LL * kSecond;  // 2026-11-30T00:00:00Z
    const auto cron = Schedule::parse("cron(45 7 ? * MON-FRI *)", "UTC");
    ASSERT_TRUE(cron);
    EXPECT_EQ(*cron->next(monday, 0), monday + 7 * kHour + 45 * kMinute);
    EXPECT_EQ(*cron->next(monday + 7 * kHour + 45 * kMinute, 0), monday + kDay + 7 * kHour + 45 * kMinute);
    EXPECT_EQ(*cron->next(monday + 4 * kDay + 12 * kHour, 0), monday + 7 * kDay + 7 * kHour + 45 * kMinute);  // Friday noon -> Monday
    if (const auto paris = Schedule::parse("cron(0 9 ? * * *)", "Europe/Paris")) {
        EXPECT_EQ(*paris->next(monday, 0), monday + 8 * kHour);
    }
    EXPECT_EQ(*Schedule::parse("at(2026-12-01T10:00:00)", "UTC")->next(monday, 0), monday + kDay + 10 * kHour);
    EXPECT_FALSE(Schedule::parse("at(2026-11-01T10:00:00)", "UTC")->next(monday, 0));
    EXPECT_EQ(*Schedule::parse("rate(2 hours)", "UTC")->next(monday + 3 * kHour, monday), monday + 4 * kHour);
    for (const char* bad : {"cron(0 8 * * MON-FRI *)", "cron(0 8 ? * ? *)", "cron(61 8 ? * * *)", "rate(1 hours)", "rate(0 minutes)",
                            "at(tomorrow)", "every day", ""})
        EXPECT_FALSE(Schedule::parse(bad, "UTC")) << bad;
    EXPECT_FALSE(Schedule::parse("rate(1 day)", "Mars/Olympus"));
}

TEST(Billing, IsExactIntegers) {
    const World world = play(scenarioOf(functionJson(R"(,"jitter":0,"error_rate":0,"arrivals":{"per_day":5000})")), 2, kDay);
    const auto& rows = world.all()[0]->engine->invocations();
    std::int64_t billed_ms = 0;
    for (const auto& r : rows) billed_ms += (static_cast<std::int64_t>(r.duration_cms) + r.init_cms + 99) / 100;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> by_type;
    for (const auto& line : billOf(world, 0, 1 << 20)) {
        by_type[line.usage_type].first += line.milli_units;
        by_type[line.usage_type].second += line.picodollars;
    }
    EXPECT_EQ(by_type.at("Request").first, static_cast<std::int64_t>(rows.size()) * 1000);
    EXPECT_EQ(by_type.at("Request").second, static_cast<std::int64_t>(rows.size()) * 200'000);
    EXPECT_EQ(by_type.at("Lambda-GB-Second").first, billed_ms);  // 1,024 MB
    EXPECT_NEAR(static_cast<double>(by_type.at("Lambda-GB-Second").second), static_cast<double>(billed_ms) * 16'666.7, 1.0);
    EXPECT_EQ(decimal(16'666'700, 12), "0.0000166667");
    EXPECT_EQ(decimal(-1'500'000'000'000, 12), "-1.5");
    EXPECT_EQ(decimal(0, 12), "0");
}

TEST(Scenario, TheBuiltInOneKeepsItsPromises) {
    const auto scenario = parseScenario(defaultScenario());
    ASSERT_TRUE(scenario) << scenario.error().what;
    World world(*scenario, 1, kStart, kStart + 2 * kDay);
    world.advance(kStart + 2 * kDay);
    std::size_t total = 0;
    for (const auto& f : world.all()) {
        const std::size_t n = f->engine->invocations().size();
        total += n;
        EXPECT_LE(n * 7, 210'000U) << f->spec.name;  // 200 k in 14 days, weekdays being the busier ones
    }
    EXPECT_GE(world.all().size(), 9U);
    EXPECT_LE(total * 7, 1'500'000U);
    const auto* speech = world.find("us-east-1", "speech-to-text");
    EXPECT_GT(speech->engine->throttles().size(), 5U);
    const auto& chat = world.find("us-east-1", "chat-inference")->engine->invocations();
    const auto cold = std::count_if(chat.begin(), chat.end(), [](const Invocation& r) { return r.init_cms > 0; });
    EXPECT_GT(static_cast<double>(cold) / static_cast<double>(chat.size()), 0.02);
    EXPECT_LT(world.find("us-east-1", "legacy-ranker")->engine->invocations().size(), 30U);
}

TEST(Scenario, RefusesWhatItDoesNotKnow) {
    for (const char* bad : {R"({"functions":[]})", R"({"function":[]})", R"(nonsense)",
                            R"({"profiles":{"p":{"points":[[128,1]]}},"functions":[{"name":"f","profile":"p","memroy_mb":5}]})",
                            R"({"profiles":{"p":{"points":[[128,1]]}},"functions":[{"name":"f","profile":"q"}]})",
                            R"({"profiles":{"p":{"points":[[256,1],[128,1]]}},"functions":[{"name":"f","profile":"p"}]})",
                            R"({"profiles":{"p":{"points":[[128,1]]}},"functions":[{"name":"f","profile":"p","memory_mb":64}]})"})
        EXPECT_FALSE(parseScenario(bad)) << bad;
    const auto named = parseScenario(R"({"profiles":{"p":{"points":[[128,1]]}},"functions":[{"name":"f","profile":"p","memroy_mb":5}]})");
    EXPECT_NE(named.error().what.find("memroy_mb"), std::string::npos);
}

}  // namespace
}  // namespace pilotlight::sandbox
