#include "widgets/format.h"

#include <QDateTime>
#include <QLocale>
#include <QRegularExpression>
#include <array>
#include <cmath>

namespace pilotlight::widgets::format {
namespace {

const QLocale& english() {
    static const QLocale locale(QLocale::English, QLocale::UnitedStates);
    return locale;
}

QString minusFixed(QString text) {
    text.replace(QLatin1Char('-'), kMinus);
    return text;
}

// "-0.00" reads as a change that is not there.
double withoutNegativeZero(double value, int decimals) {
    const double scale = std::pow(10.0, decimals);
    return std::round(value * scale) == 0 ? 0.0 : value;
}

QString fixed(double value, int decimals) { return minusFixed(english().toString(withoutNegativeZero(value, decimals), 'f', decimals)); }

int decimalsFor(double magnitude, int digits) {
    if (magnitude <= 0) return 0;
    const int before = static_cast<int>(std::floor(std::log10(magnitude))) + 1;
    return std::clamp(digits - before, 0, 10);
}

QString withSign(double value, const QString& magnitude) {
    if (value > 0) return QLatin1Char('+') + magnitude;
    if (value < 0) return kMinus + magnitude;
    return magnitude;
}

QDateTime toQt(Timestamp at, const QTimeZone& zone) { return QDateTime::fromMSecsSinceEpoch(at.time_since_epoch().count(), zone); }

const char* month(int m) {
    static constexpr std::array names{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[static_cast<std::size_t>(std::clamp(m, 1, 12) - 1)];
}

}  // namespace

QString Quantity::text() const { return unit.isEmpty() ? value : value + kThin + unit; }

QString unknown() { return QStringLiteral("unknown"); }

QString integer(double value) { return std::isfinite(value) ? fixed(value, 0) : unknown(); }

QString number(double value, int decimals) { return std::isfinite(value) ? fixed(value, decimals) : unknown(); }

QString significant(double value, int digits) {
    if (!std::isfinite(value)) return unknown();
    const int decimals = decimalsFor(std::abs(value), digits);
    QString text = fixed(value, decimals);
    if (decimals > 0 && text.contains(QLatin1Char('.'))) {
        while (text.endsWith(QLatin1Char('0'))) text.chop(1);
        if (text.endsWith(QLatin1Char('.'))) text.chop(1);
    }
    return text;
}

QString compact(double value) {
    if (!std::isfinite(value)) return unknown();
    const double magnitude = std::abs(value);
    if (magnitude < 9999.5) return significant(value, 3);
    if (magnitude < 999.5e3) return significant(value / 1e3, 3) + kThin + QLatin1Char('k');
    if (magnitude < 999.5e6) return significant(value / 1e6, 3) + kThin + QLatin1Char('M');
    return significant(value / 1e9, 3) + kThin + QLatin1Char('G');
}

QString money(Money amount) { return money(amount.toDouble()); }

QString money(double usd) {
    if (!std::isfinite(usd)) return unknown();
    const double magnitude = std::abs(usd);
    QString text;
    if (magnitude >= 999.995) {
        text = english().toString(magnitude, 'f', 0);
    } else if (magnitude >= 0.00995 || magnitude == 0) {
        text = english().toString(magnitude, 'f', 2);
    } else {
        text = english().toString(magnitude, 'f', std::max(decimalsFor(magnitude, 3), 2));
    }
    return (usd < 0 ? QString(kMinus) : QString()) + QLatin1Char('$') + text;
}

QString moneyWhole(double usd) {
    if (!std::isfinite(usd)) return unknown();
    if (std::abs(usd) < 9.995) return money(usd);
    return (usd < 0 ? QString(kMinus) : QString()) + QLatin1Char('$') + english().toString(std::abs(usd), 'f', 0);
}

QString moneySigned(double usd) {
    if (!std::isfinite(usd)) return unknown();
    return withSign(usd, moneyWhole(std::abs(usd)));
}

Quantity duration(double ms) {
    if (!std::isfinite(ms)) return {unknown(), {}};
    const double magnitude = std::abs(ms);
    if (magnitude == 0) return {QStringLiteral("0"), QStringLiteral("ms")};
    if (magnitude < 0.0995) return {significant(ms * 1e3, 2), QStringLiteral("µs")};
    if (magnitude < 9.95) return {significant(ms, 2), QStringLiteral("ms")};
    if (magnitude < 999.5) return {fixed(ms, 0), QStringLiteral("ms")};
    if (magnitude < 9995) return {fixed(ms / 1e3, 2), QStringLiteral("s")};
    if (magnitude < 59950) return {fixed(ms / 1e3, 1), QStringLiteral("s")};
    const double min = ms / 60e3;
    if (std::abs(min) < 9.95) return {fixed(min, 1), QStringLiteral("min")};
    if (std::abs(min) < 119.5) return {fixed(min, 0), QStringLiteral("min")};
    const double h = min / 60;
    if (std::abs(h) < 47.95) return {fixed(h, 1), QStringLiteral("h")};
    return {fixed(h / 24, 1), QStringLiteral("d")};
}

QString durationText(double ms) { return duration(ms).text(); }

QString spanText(double ms) {
    auto span = duration(ms);
    if (span.value.contains(QLatin1Char('.'))) {
        while (span.value.endsWith(QLatin1Char('0'))) span.value.chop(1);
        if (span.value.endsWith(QLatin1Char('.'))) span.value.chop(1);
    }
    return span.text();
}

QString durationSigned(double ms) {
    if (!std::isfinite(ms)) return unknown();
    return withSign(ms, durationText(std::abs(ms)));
}

QString percent(double share, int decimals) {
    return std::isfinite(share) ? fixed(share * 100, decimals) + kThin + QLatin1Char('%') : unknown();
}

QString percentSigned(double share, int decimals) {
    if (!std::isfinite(share)) return unknown();
    const double shown = withoutNegativeZero(share * 100, decimals);
    return withSign(shown, fixed(std::abs(shown), decimals)) + kThin + QLatin1Char('%');
}

QString points(double share) {
    if (!std::isfinite(share)) return unknown();
    const double shown = withoutNegativeZero(share * 100, 1);
    return withSign(shown, fixed(std::abs(shown), 1)) + QChar(0x00A0) + QLatin1String("points");
}

QString megabytes(double mb) { return std::isfinite(mb) ? fixed(mb, 0) + kThin + QLatin1String("MB") : unknown(); }

QString bytes(double count) {
    if (!std::isfinite(count)) return unknown();
    static constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (std::abs(count) >= 999.5 && unit + 1 < units.size()) {
        count /= 1000;
        ++unit;
    }
    return (unit == 0 ? fixed(count, 0) : significant(count, 3)) + kThin + QLatin1String(units[unit]);
}

QString vcpu(double count) { return significant(count, 3) + kThin + QLatin1String("vCPU"); }

QString times(double factor) {
    if (!std::isfinite(factor)) return unknown();
    QString text = significant(factor, 3);
    if (!text.contains(QLatin1Char('.')) && std::abs(factor) < 10) text += QLatin1String(".0");
    return kTimes + QString(kThin) + text;
}

QString range(const QString& lo, const QString& hi) {
    if (lo == hi) return lo;
    QString first = lo, second = hi;
    const auto cut = first.lastIndexOf(kThin);
    if (cut > 0 && second.endsWith(first.mid(cut))) first.truncate(cut);
    if (first.startsWith(QLatin1Char('$')) && second.startsWith(QLatin1Char('$'))) second.remove(0, 1);
    // A dash between signed numbers reads as another minus.
    const bool negative = first.startsWith(kMinus) || second.startsWith(kMinus);
    return negative ? first + QLatin1String(" to ") + second : first + kEnDash + second;
}

QString moneyRange(double lo, double hi) { return range(moneyWhole(lo), moneyWhole(hi)); }
QString durationRange(double lo_ms, double hi_ms) { return range(durationText(lo_ms), durationText(hi_ms)); }
QString percentRange(double lo, double hi, int decimals) { return range(percent(lo, decimals), percent(hi, decimals)); }

QString plusMinus(double half_width_usd) {
    QString text = moneyWhole(std::abs(half_width_usd));
    text.remove(QLatin1Char('$'));
    return kPlusMinus + QString(kThin) + text;
}

QString zoneName(const QTimeZone& zone, Timestamp at) {
    if (zone == QTimeZone::utc()) return QStringLiteral("UTC");
    const QDateTime when = toQt(at, zone);
    const QString name = zone.abbreviation(when);
    if (!name.isEmpty() && name.at(0).isLetter()) return name;
    const int offset = zone.offsetFromUtc(when) / 60;
    return QStringLiteral("UTC%1%2:%3")
        .arg(offset < 0 ? kMinus : QLatin1Char('+'))
        .arg(std::abs(offset) / 60, 2, 10, QLatin1Char('0'))
        .arg(std::abs(offset) % 60, 2, 10, QLatin1Char('0'));
}

QString time(Timestamp at, const QTimeZone& zone) {
    return toQt(at, zone).toString(QStringLiteral("HH:mm")) + QChar(0x00A0) + zoneName(zone, at);
}

QString dateTime(Timestamp at, const QTimeZone& zone, bool always_year) {
    const QDateTime when = toQt(at, zone);
    QString text = QStringLiteral("%1 %2").arg(when.date().day()).arg(QLatin1String(month(when.date().month())));
    if (always_year || when.date().year() != QDateTime::currentDateTimeUtc().date().year())
        text += QStringLiteral(" %1").arg(when.date().year());
    return text + QLatin1Char(' ') + time(at, zone);
}

QString date(Timestamp at, const QTimeZone& zone) {
    const QDate day = toQt(at, zone).date();
    return QStringLiteral("%1 %2 %3").arg(day.day()).arg(QLatin1String(month(day.month()))).arg(day.year());
}

QString ago(Timestamp at, Timestamp now) {
    const auto distance = static_cast<double>((now - at).count());
    if (std::abs(distance) < 1000) return QStringLiteral("now");
    const double rounded = std::abs(distance) < 60e3 ? std::round(std::abs(distance) / 1e3) * 1e3 : std::abs(distance);
    Quantity quantity = duration(rounded);
    if (rounded < 60e3) quantity = {fixed(rounded / 1e3, 0), QStringLiteral("s")};
    return distance > 0 ? quantity.text() + QLatin1String(" ago") : QLatin1String("in ") + quantity.text();
}

std::optional<double> parseNumber(const QString& text) {
    QString plain = text.trimmed().toLower();
    plain.replace(kMinus, QLatin1Char('-'));
    plain.replace(kThin, QLatin1Char(' '));
    plain.replace(QChar(0x00A0), QLatin1Char(' '));
    plain.remove(QLatin1Char(','));
    static const QRegularExpression pattern(QStringLiteral("^(?:[x\u00D7$]\\s*)?([+-]?\\d*\\.?\\d+(?:e[+-]?\\d+)?)\\s*([a-z%µ]*)$"));
    const auto match = pattern.match(plain);
    if (!match.hasMatch()) return std::nullopt;
    bool ok = false;
    const double value = match.captured(1).toDouble(&ok);
    if (!ok) return std::nullopt;
    const QString unit = match.captured(2);
    if (unit == QLatin1String("gb") || unit == QLatin1String("gib") || unit == QLatin1String("g")) return value * 1024;
    if (unit == QLatin1String("s")) return value * 1e3;
    if (unit == QLatin1String("min")) return value * 60e3;
    if (unit.isEmpty() || unit == QLatin1String("mb") || unit == QLatin1String("mib") || unit == QLatin1String("ms") ||
        unit == QLatin1String("%") || unit == QLatin1String("vcpu") || unit == QLatin1String("m")) {
        return value;
    }
    return std::nullopt;
}

}  // namespace pilotlight::widgets::format
