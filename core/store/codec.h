// Domain structs as JSON text, as the store keeps them. Reading is tolerant: a missing or oddly typed key leaves the struct's default,
// an unknown key is ignored, so that files of older and newer versions are read. Text that is no JSON object is `storage`.
#pragma once

#include <string>
#include <string_view>

#include "core/domain/change.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"
#include "core/store/store.h"

namespace pilotlight::store {

[[nodiscard]] std::string toJson(const Profile& profile);
[[nodiscard]] std::string toJson(const Function& function);
[[nodiscard]] std::string toJson(const Observation& observation);
[[nodiscard]] std::string toJson(const PriceBook& book);
[[nodiscard]] std::string toJson(const Recommendation& recommendation);
[[nodiscard]] std::string toJson(const Plan& plan);
[[nodiscard]] std::string toJson(const Change& change);
[[nodiscard]] std::string toJson(const ImportRecord& record);

[[nodiscard]] Status fromJson(std::string_view text, Profile& profile);
[[nodiscard]] Status fromJson(std::string_view text, Function& function);
[[nodiscard]] Status fromJson(std::string_view text, Observation& observation);
[[nodiscard]] Status fromJson(std::string_view text, PriceBook& book);
[[nodiscard]] Status fromJson(std::string_view text, Recommendation& recommendation);
[[nodiscard]] Status fromJson(std::string_view text, Plan& plan);
[[nodiscard]] Status fromJson(std::string_view text, Change& change);
[[nodiscard]] Status fromJson(std::string_view text, ImportRecord& record);

// The settings that Pilotlight tunes or prices (memory, vCPU, concurrency, limit, pools, timeout, architecture, storage), as comparable
// text.
[[nodiscard]] std::string tunedSettings(const Function& function);
// Those of them that move the platform's own modification time.
[[nodiscard]] std::string configurationSettings(const Function& function);

}  // namespace pilotlight::store
