#include "core/base/money.h"

#include <cmath>
#include <limits>

namespace pilotlight {
namespace {

using Wide = __int128;
constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
constexpr Wide kMin = -kMax; // symmetric, so that negation never overflows

std::int64_t saturated(Wide value) { return static_cast<std::int64_t>(value > kMax ? kMax : value < kMin ? kMin : value); }

tl::unexpected<Error> unreadable(std::string_view text) {
    return fail(ErrorCode::invalid_argument, "\"" + std::string(text.substr(0, 64)) + "\" is not an amount of money");
}

} // namespace

Result<Money> Money::parse(std::string_view text) {
    std::size_t at = 0;
    const auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
    const auto digit = [&] { return peek() >= '0' && peek() <= '9'; };
    bool negative = false;
    if (peek() == '-' || peek() == '+') negative = text[at++] == '-';

    // Significant digits as an integer, and the power of ten that goes with it.
    std::string digits;
    int exponent = 0;
    bool any = false;
    for (; digit(); ++at, any = true) {
        if (!digits.empty() || peek() != '0') digits += peek();
    }
    if (peek() == '.') {
        for (++at; digit(); ++at, any = true) {
            if (!digits.empty() || peek() != '0') digits += peek();
            --exponent;
        }
    }
    if (!any) return unreadable(text);
    if (peek() == 'e' || peek() == 'E') {
        ++at;
        bool minus = false;
        if (peek() == '-' || peek() == '+') minus = text[at++] == '-';
        if (!digit()) return unreadable(text);
        int value = 0;
        for (; digit(); ++at) {
            if (value < 10'000) value = value * 10 + (peek() - '0');
        }
        exponent += minus ? -value : value;
    }
    if (at != text.size()) return unreadable(text);

    // Cut to what matters: position of the last decimal we keep.
    const long shift = static_cast<long>(exponent) + kDecimals;
    Wide value = 0;
    const long keep = static_cast<long>(digits.size()) + (shift < 0 ? shift : 0);
    if (keep > 30) return fail(ErrorCode::invalid_argument, "The amount " + std::string(text.substr(0, 64)) + " is out of range");
    for (long i = 0; i < keep; ++i) value = value * 10 + (digits[static_cast<std::size_t>(i)] - '0');
    if (shift < 0 && keep >= 0 && keep < static_cast<long>(digits.size()) && digits[static_cast<std::size_t>(keep)] >= '5') ++value;
    for (long i = 0; i < shift && value != 0; ++i) {
        value *= 10;
        if (value > kMax) break;
    }
    if (value > kMax) return fail(ErrorCode::invalid_argument, "The amount " + std::string(text.substr(0, 64)) + " is out of range");
    return Money(static_cast<std::int64_t>(negative ? -value : value));
}

Money Money::fromDouble(double usd) {
    if (std::isnan(usd)) return {};
    const long double units = std::round(static_cast<long double>(usd) * kScale);
    if (units >= static_cast<long double>(kMax)) return Money(static_cast<std::int64_t>(kMax));
    if (units <= static_cast<long double>(kMin)) return Money(static_cast<std::int64_t>(kMin));
    return Money(static_cast<std::int64_t>(units));
}

std::string Money::toDecimal() const {
    const bool negative = units_ < 0;
    const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(units_) : static_cast<std::uint64_t>(units_);
    std::string out = std::to_string(magnitude / kScale);
    std::string decimals = std::to_string(magnitude % kScale);
    decimals.insert(0, static_cast<std::size_t>(kDecimals) - decimals.size(), '0');
    while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
    if (!decimals.empty()) out += "." + decimals;
    return negative ? "-" + out : out;
}

Money Money::times(double quantity) const {
    if (std::isnan(quantity)) return {};
    // 64-bit mantissa: exact for every price and any quantity below 2^63 / price.
    const long double product = std::round(static_cast<long double>(units_) * static_cast<long double>(quantity));
    if (product >= static_cast<long double>(kMax)) return Money(static_cast<std::int64_t>(kMax));
    if (product <= static_cast<long double>(kMin)) return Money(static_cast<std::int64_t>(kMin));
    return Money(static_cast<std::int64_t>(product));
}

Money operator+(Money a, Money b) { return Money(saturated(Wide{a.units_} + b.units_)); }
Money operator-(Money a, Money b) { return Money(saturated(Wide{a.units_} - b.units_)); }

} // namespace pilotlight
