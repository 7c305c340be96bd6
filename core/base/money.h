// Money: US dollars in fixed point, 10 decimals, in 64 bits. Range +-922,337,203 USD.
// Sums are exact; products round half away from zero at the last decimal.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pilotlight {

class Money {
public:
    static constexpr int kDecimals = 10;
    static constexpr std::int64_t kScale = 10'000'000'000;

    constexpr Money() = default;
    [[nodiscard]] static constexpr Money fromUnits(std::int64_t ten_billionths) { return Money(ten_billionths); }
    [[nodiscard]] static constexpr Money dollars(std::int64_t whole) { return Money(whole * kScale); }
    // Parses "0.0000166667", "-12", "7.0E-10". More than 10 decimals are rounded. Errors: invalid_argument (also out of range).
    [[nodiscard]] static Result<Money> parse(std::string_view text);
    // Rounds; values out of range saturate. For model output, never for bills.
    [[nodiscard]] static Money fromDouble(double usd);

    [[nodiscard]] constexpr std::int64_t units() const { return units_; }
    [[nodiscard]] double toDouble() const { return static_cast<double>(units_) / static_cast<double>(kScale); }
    // Shortest exact decimal, e.g. "0.0000166667", "-3.5", "0".
    [[nodiscard]] std::string toDecimal() const;

    // price x quantity, e.g. USD per GB-second x GB-seconds. Saturates at the range's ends.
    [[nodiscard]] Money times(double quantity) const;

    // Saturating, so that a sum never wraps into the other sign.
    friend Money operator+(Money a, Money b);
    friend Money operator-(Money a, Money b);
    friend constexpr Money operator-(Money a) { return Money(a.units_ == INT64_MIN ? INT64_MAX : -a.units_); }
    Money& operator+=(Money other) { return *this = *this + other; }
    Money& operator-=(Money other) { return *this = *this - other; }
    friend constexpr auto operator<=>(Money, Money) = default;

private:
    constexpr explicit Money(std::int64_t units) : units_(units) {}
    std::int64_t units_ = 0;
};

} // namespace pilotlight
