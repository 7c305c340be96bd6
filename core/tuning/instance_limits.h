// The instance limit's part of the search. Internal to core/tuning.
#pragma once

#include <optional>
#include <string>

#include "core/tuning/engine_core.h"

namespace pilotlight::tuning {

inline constexpr double kMostThrottled = 1e-3;  // share of requests that a recommended setting may refuse

[[nodiscard]] double throttledShareOf(const Point& point);
// Lowest limit under which at most one request in ten thousand is refused at this size of the grid, a fifth on top.
[[nodiscard]] std::int32_t neededLimit(const EngineCore& core, std::size_t size);
// A limit above the function's own that the size needs, as far as the account has concurrency left. nullopt: the function has no limit of
// its own, or it is enough.
[[nodiscard]] std::optional<std::int32_t> raisedLimit(const EngineCore& core, std::size_t size);
// Today's settings refuse more than kMostThrottled, and a higher limit would not: that limit.
[[nodiscard]] std::optional<std::int32_t> limitAgainstThrottling(const EngineCore& core);
// What a setting may refuse: kMostThrottled, or as much as today's where the account has no more to give.
[[nodiscard]] double throttledAllowed(const EngineCore& core);
// The limit to try at this size with today's pool: the one in force, or a higher one where that would refuse more than `allowed`.
[[nodiscard]] std::optional<std::int32_t> limitToTry(const EngineCore& core, std::size_t size, double allowed);
// A reservation far above what is used takes capacity from the account's other functions. It is said where that is scarce, not changed:
// a reservation costs nothing, and may be meant for a surge that the period did not see.
[[nodiscard]] std::optional<std::string> spareReservation(const EngineCore& core);

}  // namespace pilotlight::tuning
