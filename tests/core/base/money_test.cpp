#include "core/base/money.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace pilotlight {
namespace {

TEST(Money, ReadsWhatBillsContain) {
    EXPECT_EQ(Money::parse("0.0000166667")->units(), 166'667);
    EXPECT_EQ(Money::parse("-12")->units(), -120'000'000'000);
    EXPECT_EQ(Money::parse("7.0E-10")->units(), 7);
    EXPECT_EQ(Money::parse("0.00000080000")->units(), 8'000);
    EXPECT_EQ(Money::parse("1e3"), Money::dollars(1000));
    EXPECT_EQ(Money::parse("+.5")->units(), 5'000'000'000);
    EXPECT_EQ(Money::parse("0.00000000005")->units(), 1) << "rounds half away from zero";
    EXPECT_EQ(Money::parse("0.000000000049")->units(), 0);
    EXPECT_EQ(Money::parse("0e999999999999")->units(), 0);
}

TEST(Money, RefusesWhatIsNotMoney) {
    for (const char* text : {"", "-", ".", "1,000", "12 USD", "1e", "0x10", "NaN", "1..2", "NULL"}) {
        const auto money = Money::parse(text);
        ASSERT_FALSE(money) << text;
        EXPECT_EQ(money.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(Money::parse("1000000000")) << "out of range is an error, not another amount";
    EXPECT_FALSE(Money::parse("1e30"));
    EXPECT_TRUE(Money::parse("900000000")) << "above 100 M USD";
}

TEST(Money, PriceTimesQuantityMatchesTheBill) {
    // AWS Lambda rows of the official FOCUS sample: 142.628 GB-s at 0.0000166667 USD.
    EXPECT_EQ(Money::parse("0.0000166667")->times(142.628).toDecimal(), "0.0023771381");
    EXPECT_EQ(Money::parse("0.0000002")->times(1e6).toDecimal(), "0.2");
}

TEST(Money, SaturatesInsteadOfWrapping) {
    const auto most = Money::fromUnits(INT64_MAX);
    EXPECT_EQ(most + Money::dollars(1), most);
    EXPECT_LT(-most - Money::dollars(1), Money());
    EXPECT_EQ(Money::dollars(900'000'000).times(1e12), most);
    EXPECT_EQ(Money::fromDouble(1e300), most);
    EXPECT_EQ(Money::fromDouble(std::nan("")), Money());
}

TEST(Money, Properties) {
    const auto some = rc::gen::inRange<std::int64_t>(-Money::kScale * 1'000'000, Money::kScale * 1'000'000);
    EXPECT_TRUE(rc::check("decimal text reads back", [&] {
        const auto money = Money::fromUnits(*rc::gen::arbitrary<std::int64_t>());
        if (money.units() == INT64_MIN) return;
        RC_ASSERT(*Money::parse(money.toDecimal()) == money);
    }));
    EXPECT_TRUE(rc::check("sums do not depend on order", [&] {
        auto parts = *rc::gen::container<std::vector<std::int64_t>>(some);
        Money forwards, backwards;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            forwards += Money::fromUnits(parts[i]);
            backwards += Money::fromUnits(parts[parts.size() - 1 - i]);
        }
        RC_ASSERT(forwards == backwards);
    }));
    EXPECT_TRUE(rc::check("subtraction undoes addition", [&] {
        const auto a = Money::fromUnits(*some), b = Money::fromUnits(*some);
        RC_ASSERT(a + b - b == a);
        RC_ASSERT((a < b) == (a - b < Money()));
    }));
    EXPECT_TRUE(rc::check("a product is within half a unit", [&] {
        const auto price = Money::fromUnits(*rc::gen::inRange<std::int64_t>(0, 1'000'000));
        const auto count = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
        RC_ASSERT(price.times(static_cast<double>(count)).units() == price.units() * count);
    }));
}

} // namespace
} // namespace pilotlight
