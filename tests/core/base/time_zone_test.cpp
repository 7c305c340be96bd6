#include "core/base/time_zone.h"

#include <gtest/gtest.h>

namespace pilotlight {
namespace {

Timestamp at(const char* text) { return *parseIso8601(text); }
seconds localOf(const char* text) { return std::chrono::floor<seconds>(at(text).time_since_epoch()); }

TEST(TimeZones, FollowSummerTime) {
    const auto paris = TimeZone::named("Europe/Paris");
    if (!paris) GTEST_SKIP() << "no zone files on this machine (package tzdata)";
    EXPECT_EQ(paris->offsetAt(at("2026-11-24T12:00:00Z")), seconds(3600));
    EXPECT_EQ(paris->offsetAt(at("2026-07-01T12:00:00Z")), seconds(7200));
    EXPECT_EQ(TimeZone::named("America/New_York")->offsetAt(at("2026-11-24T12:00:00Z")), seconds(-5 * 3600));
    EXPECT_EQ(toIso8601(paris->atLocal(localOf("2026-07-01T08:00:00Z"))), "2026-07-01T06:00:00Z");
}

TEST(TimeZones, LocalTimesThatComeTwiceOrNever) {
    const auto paris = TimeZone::named("Europe/Paris");
    if (!paris) GTEST_SKIP() << "no zone files on this machine (package tzdata)";
    EXPECT_EQ(toIso8601(paris->atLocal(localOf("2026-10-25T02:30:00Z"))), "2026-10-25T00:30:00Z");  // 02:30 summer time
    EXPECT_EQ(toIso8601(paris->atLocal(localOf("2026-03-29T02:30:00Z"))), "2026-03-29T01:30:00Z");  // 03:30
}

TEST(TimeZones, UtcIsKnownAndWhatIsNoZoneIsNot) {
    EXPECT_EQ(TimeZone::named("")->offsetAt(at("2026-07-01T12:00:00Z")), seconds(0));
    EXPECT_EQ(toIso8601(TimeZone::named("UTC")->atLocal(localOf("2026-07-01T08:00:00Z"))), "2026-07-01T08:00:00Z");
    EXPECT_FALSE(TimeZone::named("Europe/Nowhere").has_value());
    EXPECT_FALSE(TimeZone::named("../../etc/hostname").has_value());
}

}  // namespace
}  // namespace pilotlight
