#include "app/ctl/table.h"

#include <gtest/gtest.h>

namespace pilotlight::ctl {
namespace {

TEST(Table, AlignsColumns) {
    EXPECT_EQ(table({"Name", "Cost"}, {{"a", "$1.00"}, {"longer", "$12.00"}}, {1}), "Name      Cost\na        $1.00\nlonger  $12.00");
}

TEST(Numbers, ReadAsPeopleWriteThem) {
    EXPECT_EQ(money(std::optional(*Money::parse("1061.4"))), "$1,061");
    EXPECT_EQ(money(std::optional(*Money::parse("-41.2"))), "\u2212$41.20");
    EXPECT_EQ(money(std::optional<Money>()), "unknown");
    EXPECT_EQ(duration(std::optional(640.0)), "640 ms");
    EXPECT_EQ(duration(std::optional(2210.0)), "2.21 s");
    EXPECT_EQ(percent(std::optional(0.061)), "6.1 %");
    EXPECT_EQ(percent(std::optional(0.004)), "0.40 %");
    EXPECT_EQ(count(std::optional<std::int64_t>(1204118)), "1,204,118");
}

} // namespace
} // namespace pilotlight::ctl
