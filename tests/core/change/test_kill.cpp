// Stops the program at every journal entry and at every request, before and after its effect, and looks at what recovery makes of it.
#include <algorithm>
#include <iostream>

#include "tests/core/change/rig.h"

namespace pilotlight::change {
namespace {

using test::FakeLambda;
using test::memory;
using test::Rig;

enum class At { journal, before_effect, after_effect };

struct Case {
    const char* function;
    const char* alias;
    bool late;              // recovery comes after the plan has expired
    int status_of_publish;  // 0, or an error half-way: then the kill may hit the restoration
};

// Runs apply and kills it at the n-th point of that kind. False: it came to its end before.
bool runAndKill(Rig& rig, const Plan& plan, At at, int n, int status_of_publish) {
    std::stop_source stop;
    int journal_entries = 0, requests = 0;
    rig.lambda->fate = [&](const std::string& operation, bool) {
        FakeLambda::Fate fate;
        if (operation == "POST versions" && status_of_publish != 0) {
            fate.status = status_of_publish;
            fate.code = "AccessDeniedException";
        }
        if (at != At::journal && ++requests == n) {
            stop.request_stop();
            if (at == At::before_effect) fate.effect = false;
        }
        return fate;
    };
    const JobContext job(stop.get_token(), [&](const Progress&) {
        if (at == At::journal && ++journal_entries == n) stop.request_stop();
    });
    (void)rig.service->apply({plan.id, true, plan.before.name}, job);
    rig.lambda->fate = [&, status_of_publish](const std::string& operation, bool) {
        return operation == "POST versions" && status_of_publish != 0
                   ? FakeLambda::Fate{.status = status_of_publish, .code = "AccessDeniedException"}
                   : FakeLambda::Fate{};
    };
    return stop.stop_requested();
}

class Kill : public ::testing::TestWithParam<Case> {};

TEST_P(Kill, EveryPrefixIsResumed) {
    const Case& c = GetParam();
    int points = 0;
    for (const At at : {At::journal, At::before_effect, At::after_effect}) {
        for (int n = 1; n < 400; ++n) {
            SCOPED_TRACE(std::to_string(static_cast<int>(at)) + " #" + std::to_string(n));
            Rig rig;
            const int before_memory = rig.lambda->functions[c.function].latest.memory;
            const Plan plan = rig.planned(c.function, memory(1536), c.alias);
            rig.lambda->requests = 0;
            if (!runAndKill(rig, plan, at, n, c.status_of_publish)) break;
            ++points;
            rig.connect();  // a new program
            if (c.late) rig.clock->advance(hours(1));
            for (int round = 0; round < 3; ++round) {
                const auto recovered = rig.service->recover(rig.job);
                ASSERT_TRUE(recovered) << recovered.error().text();
            }
            const auto& function = rig.lambda->functions[c.function];
            const auto changes = rig.store->changes().value();
            ASSERT_LE(changes.size(), 1u);
            const int served = *c.alias != 0 ? function.versions.at(function.aliases.at(c.alias).version).memory : function.latest.memory;
            const bool came_through = !changes.empty() && changes[0].status == ChangeStatus::watching;
            if (!changes.empty()) {
                EXPECT_TRUE(came_through || changes[0].status == ChangeStatus::failed)
                    << name(changes[0].status) << " " << changes[0].detail;
                const auto journal = rig.store->journal(changes[0].id).value();
                for (std::size_t i = 0; i < journal.size(); ++i) EXPECT_EQ(journal[i].sequence, static_cast<std::int64_t>(i + 1));
                EXPECT_EQ(journal.back().step, came_through ? "applied" : "failed");
            }
            EXPECT_EQ(served, came_through ? 1536 : before_memory);
            EXPECT_EQ(function.latest.memory, came_through ? 1536 : before_memory);
            if (*c.alias != 0) {
                EXPECT_EQ(function.pools.at(c.alias), 3);
            }
            const auto& writes = rig.lambda->writes;
            EXPECT_LE(std::count(writes.begin(), writes.end(), "UpdateFunctionConfiguration MemorySize=1536"), 1) << "applied twice";
            EXPECT_LE(std::count_if(writes.begin(), writes.end(), [](const std::string& w) { return w.starts_with("PublishVersion 2"); }),
                      1);
            if (came_through) {
                EXPECT_LE(function.versions.size(), 2u);
            }
        }
    }
    std::cout << "stopped at " << points << " points\n";
    EXPECT_GT(points, 15);
}

INSTANTIATE_TEST_SUITE_P(Roads, Kill,
                         ::testing::Values(Case{"chat", "", false, 0}, Case{"chat", "", true, 0}, Case{"ocr", "live", false, 0},
                                           Case{"ocr", "live", true, 0}, Case{"ocr", "live", false, 403}));

}  // namespace
}  // namespace pilotlight::change
