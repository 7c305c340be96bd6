#include "core/base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace pilotlight {
namespace {

Timestamp at(const char* text) { return *parseIso8601(text); }

TEST(Time, ReadsIso8601) {
    EXPECT_EQ(toIso8601(at("2026-11-24T14:05:00Z")), "2026-11-24T14:05:00Z");
    EXPECT_EQ(toIso8601(at("2026-11-24T14:05:00.250+01:00")), "2026-11-24T13:05:00.250Z");
    EXPECT_EQ(toIso8601(at("2026-11-24")), "2026-11-24T00:00:00Z");
    EXPECT_EQ(toIso8601(at("2023-01-21T11:30:00.000+0000")), "2023-01-21T11:30:00Z") << "Lambda's LastModified";
    EXPECT_EQ(toIso8601(at("2026-11-24 14:05:00")), "2026-11-24T14:05:00Z") << "FOCUS files without a zone are UTC";
    for (const char* text : {"", "2026-13-01", "2026-02-30", "2026-11-24T25:00:00Z", "2026-11-24T14:05:00Zx", "20261124", "2026-11-24T14:05:00.Z"})
        EXPECT_FALSE(parseIso8601(text)) << text;
}

TEST(Time, UnderstandsTheRangeGrammar) {
    const auto now = at("2026-11-24T14:05:30Z"); // a Tuesday
    const auto iso = [&](const char* text, bool up = false) { return toIso8601(*parseTimeExpression(text, now, up)); };
    EXPECT_EQ(iso("now"), "2026-11-24T14:05:30Z");
    EXPECT_EQ(iso("now-14d"), "2026-11-10T14:05:30Z");
    EXPECT_EQ(iso("now-1d+2h"), "2026-11-23T16:05:30Z");
    EXPECT_EQ(iso("now/d"), "2026-11-24T00:00:00Z");
    EXPECT_EQ(iso("now/d", true), "2026-11-25T00:00:00Z");
    EXPECT_EQ(iso("now/w"), "2026-11-23T00:00:00Z") << "weeks begin on Monday";
    EXPECT_EQ(iso("now-1d/d"), "2026-11-23T00:00:00Z");
    EXPECT_EQ(iso("2026-11-20"), "2026-11-20T00:00:00Z");
    for (const char* text : {"nowish", "now-", "now-5", "now-5y", "now/", "now/dd", "yesterday", "now-99999999999d"})
        EXPECT_FALSE(parseTimeExpression(text, now, false)) << text;
}

TEST(RangeSet, BehavesLikeASetOfInstants) {
    EXPECT_TRUE(rc::check([] {
        const auto ranges = *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(rc::gen::inRange(0, 60), rc::gen::inRange(0, 12)));
        RangeSet set;
        std::set<int> reference;
        for (const auto& [begin, length] : ranges) {
            set.add({Timestamp(milliseconds(begin)), Timestamp(milliseconds(begin + length))});
            for (int t = begin; t < begin + length; ++t) reference.insert(t);
        }
        const auto contains = [](const RangeSet& s, int t) {
            for (const auto& range : s.ranges()) {
                if (range.contains(Timestamp(milliseconds(t)))) return true;
            }
            return false;
        };
        const TimeRange window{Timestamp(milliseconds(10)), Timestamp(milliseconds(50))};
        const auto missing = set.missingIn(window), inside = set.intersectedWith(window);
        for (int t = 0; t < 80; ++t) {
            RC_ASSERT(contains(set, t) == (reference.count(t) > 0));
            const bool in = t >= 10 && t < 50;
            RC_ASSERT(contains(missing, t) == (in && reference.count(t) == 0));
            RC_ASSERT(contains(inside, t) == (in && reference.count(t) > 0));
        }
        RC_ASSERT(set.length() == milliseconds(static_cast<int>(reference.size())));
        RC_ASSERT(set.covers(window) == missing.ranges().empty());
        std::vector<TimeRange> all;
        for (const auto& [begin, length] : ranges) all.push_back({Timestamp(milliseconds(begin)), Timestamp(milliseconds(begin + length))});
        RC_ASSERT(RangeSet(all) == set);
    }));
}

} // namespace
} // namespace pilotlight
