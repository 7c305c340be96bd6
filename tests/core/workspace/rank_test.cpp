// The fleet's order: by what is saved, or by how much less callers wait in all.
#include <gtest/gtest.h>

#include "core/workspace.h"

namespace pilotlight {
namespace {

Recommendation made(const char* function, RecommendationStatus status, double saving, double p95_before, double p95_after) {
    Recommendation r;
    r.function_id = function;
    r.status = status;
    const Money usd = Money::fromDouble(saving);
    r.saving_month = MoneyEstimate{usd, usd, usd};
    r.effect.p95_ms = EffectValue{p95_before, p95_after, p95_after, p95_after};
    return r;
}

std::string order(const std::vector<Recommendation>& all) {
    std::string out;
    for (const auto& r : all) out += r.function_id;
    return out;
}

TEST(Rank, BySavingAndByLatencyWon) {
    using enum RecommendationStatus;
    std::vector<Recommendation> all{made("o", optimal, 9, 9000, 1), made("a", recommended, 1, 500, 200), made("b", recommended, 80, 300, 310),
                                    made("c", recommended, -20, 900, 850)};
    rank(all, RankBy::saving);
    EXPECT_EQ(order(all), "baco");
    rank(all, RankBy::latency, {{"a", 100}, {"b", 1e6}, {"c", 1e5}});  // a wins 30 s of waiting, c 5,000 s, b none
    EXPECT_EQ(order(all), "cabo");
}

}  // namespace
}  // namespace pilotlight
