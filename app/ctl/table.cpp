#include "app/ctl/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pilotlight::ctl {
namespace {

constexpr const char* kUnknown = "unknown";

// Columns on a terminal, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string grouped(std::int64_t value) {
    auto digits = std::to_string(value < 0 ? -value : value);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
    return (value < 0 ? "-" : "") + digits;
}

std::string amount(double usd) {
    if (std::abs(usd) >= 1000) return grouped(std::llround(usd));
    return fmt::format("{:.2f}", usd);
}

} // namespace

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& right) {
    std::vector<std::size_t> widths(header.size());
    for (std::size_t i = 0; i < header.size(); ++i) {
        widths[i] = width(header[i]);
        for (const auto& row : rows) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string out;
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string pad(widths[i] - width(cells[i]), ' ');
            const bool is_right = std::find(right.begin(), right.end(), i) != right.end();
            text += is_right ? pad + cells[i] : cells[i] + pad;
            if (i + 1 < cells.size()) text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    };
    line(header);
    for (const auto& row : rows) line(row);
    if (!out.empty()) out.pop_back();
    return out;
}

std::string money(const std::optional<Money>& value) {
    if (!value) return kUnknown;
    const double usd = value->toDouble();
    return (usd < 0 ? "\u2212$" : "$") + amount(std::abs(usd));
}

std::string money(const std::optional<MoneyEstimate>& value) {
    if (!value) return kUnknown;
    return money(value->value) + " (" + amount(value->lo.toDouble()) + " to " + amount(value->hi.toDouble()) + ")";
}

std::string duration(const std::optional<double>& ms) {
    if (!ms) return kUnknown;
    if (std::abs(*ms) < 10) return fmt::format("{:.1f} ms", *ms);
    if (std::abs(*ms) < 1000) return fmt::format("{:.0f} ms", *ms);
    if (std::abs(*ms) < 120'000) return fmt::format("{:.2f} s", *ms / 1000);
    return fmt::format("{:.1f} min", *ms / 60'000);
}

std::string duration(const std::optional<Estimate>& ms) {
    if (!ms) return kUnknown;
    return duration(std::optional(ms->value)) + " (" + duration(std::optional(ms->lo)) + " to " + duration(std::optional(ms->hi)) + ")";
}

std::string percent(const std::optional<double>& share) {
    if (!share) return kUnknown;
    const double value = *share * 100;
    return std::abs(value) < 1 ? fmt::format("{:.2f} %", value) : fmt::format("{:.1f} %", value);
}

std::string percent(const std::optional<Estimate>& share) {
    if (!share) return kUnknown;
    return percent(std::optional(share->value)) + " (" + percent(std::optional(share->lo)) + " to " + percent(std::optional(share->hi)) + ")";
}

std::string count(const std::optional<std::int64_t>& value) { return value ? grouped(*value) : kUnknown; }

} // namespace pilotlight::ctl
