// Local time in an IANA time zone, from this machine's zone files.
#pragma once

#include <optional>
#include <string>

#include "core/base/time.h"

namespace date {
class time_zone;
}

namespace pilotlight {

class TimeZone {
public:
    TimeZone() = default;  // UTC
    // "Europe/Paris"; empty = UTC, which is known even without zone files. nullopt for a name that this machine does not know.
    [[nodiscard]] static std::optional<TimeZone> named(const std::string& name);
    // East of UTC, at an instant.
    [[nodiscard]] seconds offsetAt(Timestamp t) const;
    // Of a local time since 1970-01-01 00:00 on the zone's clocks. A local time that comes twice is the first of the two; one that the
    // clocks skip is as much later as they skip.
    [[nodiscard]] Timestamp atLocal(seconds local) const;

private:
    const date::time_zone* zone_ = nullptr;  // kept by the library to the end of the program
};

}  // namespace pilotlight
