// What an amount computed for a profile rests on, in words, and the meters that a price factor may name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight {

// Every meter, in the order of cost.h.
[[nodiscard]] const std::vector<std::string>& meterNames();
// "list price", "list price x 0.5 (profile prod)", "list price, duration x 0.88 (profile prod)"
[[nodiscard]] std::string priceWords(const std::map<std::string, double>& factors, const std::string& profile);
[[nodiscard]] std::string priceWords(const Profile& profile);
// Of several: "list price x 0.5 (profile prod); list price (others)".
[[nodiscard]] std::string priceWords(const std::vector<Profile>& profiles);

}  // namespace pilotlight
