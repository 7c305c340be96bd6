// Tables and numbers for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/domain/tuning.h"

namespace pilotlight::ctl {

// Columns padded to their widest cell; `right` lists those that are right-aligned.
[[nodiscard]] std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                                const std::vector<std::size_t>& right);
[[nodiscard]] std::string money(const std::optional<Money>& amount);                 // "$1,061", "$41.20", "unknown"
[[nodiscard]] std::string money(const std::optional<MoneyEstimate>& amount);         // "$412 (394-430)"
[[nodiscard]] std::string duration(const std::optional<double>& ms);                 // "640 ms", "2.21 s"
[[nodiscard]] std::string duration(const std::optional<Estimate>& ms);
[[nodiscard]] std::string percent(const std::optional<double>& share);               // 0.061 -> "6.1 %"
[[nodiscard]] std::string percent(const std::optional<Estimate>& share);
[[nodiscard]] std::string count(const std::optional<std::int64_t>& value);           // "1,204,118"

} // namespace pilotlight::ctl
