// Numbers as the console writes them (ui.md, "Words and numbers"): units always, a real minus, a narrow no-break space before units and %,
// thousands separated by commas, money to the cent below 1,000 and whole above, "unknown" rather than 0.
#pragma once

#include <QString>
#include <QTimeZone>
#include <optional>

#include "core/base/money.h"
#include "core/base/time.h"

namespace pilotlight::widgets::format {

inline constexpr QChar kMinus{0x2212};
inline constexpr QChar kThin{0x202F};  // narrow no-break space
inline constexpr QChar kEnDash{0x2013};
inline constexpr QChar kTimes{0x00D7};
inline constexpr QChar kPlusMinus{0x00B1};
inline constexpr QChar kArrow{0x2192};

// A value apart from its unit, for figures that set the two in different sizes.
struct Quantity {
    QString value, unit;
    [[nodiscard]] QString text() const;
};

[[nodiscard]] QString unknown();                           // "unknown"
[[nodiscard]] QString integer(double value);               // "1,204,118", rounded
[[nodiscard]] QString number(double value, int decimals);  // "1,204.5"
// At least `digits` significant digits below 1,000, no trailing zeros: "0.58", "1.16", "12".
[[nodiscard]] QString significant(double value, int digits = 3);
[[nodiscard]] QString compact(double value);  // "812", "12.4 k", "1.2 M"
[[nodiscard]] QString money(Money amount);    // "$412.35", "$1,061", "−$96.00", "$0.00149" (3 digits below a cent)
[[nodiscard]] QString money(double usd);
[[nodiscard]] QString moneyWhole(double usd);          // "$412": headlines, where cents are noise; below $10 as money()
[[nodiscard]] QString moneySigned(double usd);         // "+$6.20", "−$96"; whole from $10 on
[[nodiscard]] Quantity duration(double milliseconds);  // "640" "ms", "2.21" "s", "1.4" "min", "3.2" "h", "4.1" "d"
[[nodiscard]] QString durationText(double milliseconds);
// Of something chosen, not measured: "5 min", "14 d", without decimals that say nothing.
[[nodiscard]] QString spanText(double milliseconds);
[[nodiscard]] QString durationSigned(double milliseconds);            // "−1.57 s"
[[nodiscard]] QString percent(double share, int decimals = 1);        // 0.061 -> "6.1 %"
[[nodiscard]] QString percentSigned(double share, int decimals = 0);  // "−19 %", "+4 %"
[[nodiscard]] QString points(double share);                           // difference of two shares in percentage points: "−5.7 points"
[[nodiscard]] QString megabytes(double mb);                           // "2,048 MB"
[[nodiscard]] QString bytes(double count);                            // "4.7 MB" (SI)
[[nodiscard]] QString vcpu(double count);                             // "1.16 vCPU"
[[nodiscard]] QString times(double factor);                           // "× 1.0"
// "78–114": both ends in the same form; a shared "$", unit or "%" is written once.
[[nodiscard]] QString range(const QString& lo, const QString& hi);
[[nodiscard]] QString moneyRange(double lo, double hi);                      // "$78–114"
[[nodiscard]] QString durationRange(double lo_ms, double hi_ms);             // "590–690 ms"
[[nodiscard]] QString percentRange(double lo, double hi, int decimals = 1);  // "0.2–0.8 %"
[[nodiscard]] QString plusMinus(double half_width_usd);                      // "± 18"

[[nodiscard]] QString zoneName(const QTimeZone& zone, Timestamp at);  // "UTC", "CET", "UTC+05:30"
[[nodiscard]] QString time(Timestamp at, const QTimeZone& zone);      // "14:05 UTC"
// "22 Nov 20:00 UTC"; the year where it is not this one's, or always.
[[nodiscard]] QString dateTime(Timestamp at, const QTimeZone& zone, bool always_year = false);
[[nodiscard]] QString date(Timestamp at, const QTimeZone& zone);  // "22 Nov 2026"
[[nodiscard]] QString ago(Timestamp at, Timestamp now);           // "14 min ago", "in 41 min", "now"

// Reads what people type: "2048", "2,048 MB", "2.5 GB" (as 1,024 MB each), "−3", "1.5 s" (as ms when the unit is a time), "x 1.5".
// nullopt where it is no number.
[[nodiscard]] std::optional<double> parseNumber(const QString& text);

}  // namespace pilotlight::widgets::format
