// Offsets from UTC of an IANA time zone, from this machine's zone files (TZif, RFC 8536).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pilotlight::tuning {

class TimeZone {
public:
    // "UTC", "Europe/Paris". nullopt for a name that this machine has no file for.
    [[nodiscard]] static std::optional<TimeZone> load(const std::string& name);
    // The bytes of a zone file. nullopt where they are not one.
    [[nodiscard]] static std::optional<TimeZone> parse(std::string_view bytes);
    // Seconds east of UTC at an instant, in seconds since 1970.
    [[nodiscard]] std::int64_t offsetAt(std::int64_t utc) const;

private:
    // "M3.5.0/2": month, week of it (5 = last), weekday (0 = Sunday), seconds after local midnight.
    struct Turn {
        int month = 0, week = 0, weekday = 0;
        std::int64_t at = 7200;
        [[nodiscard]] std::int64_t in(int year) const;  // local seconds since 1970
    };
    // After the last listed change: the rule in the file's footer ("CET-1CEST,M3.5.0,M10.5.0/3").
    [[nodiscard]] bool parseRule(std::string_view text);

    std::vector<std::int64_t> at_, offset_;
    std::int64_t first_ = 0;
    bool has_rule_ = false, has_summer_ = false;
    std::int64_t winter_ = 0, summer_ = 0;
    Turn begin_, end_;
};

}  // namespace pilotlight::tuning
