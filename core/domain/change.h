// Plans (proposed) and changes (journaled) of settings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/domain/tuning.h"

namespace pilotlight {

enum class Verdict { pass, veto, overridden };
[[nodiscard]] const char* name(Verdict verdict);
struct Guardrail {
    std::string name;                      // "memory-floor", "infrastructure-code", ...
    Verdict verdict = Verdict::pass;
    std::string reason;
};

struct Plan {
    std::string id;                        // 8 hex digits
    std::string function_id, profile;
    std::string alias;                     // empty = $LATEST
    DesiredSettings desired;
    Function before;                       // as freshly read, with revision
    std::vector<SettingChange> changes;
    Effect effect;
    std::vector<Guardrail> guardrails;
    std::vector<std::string> calls;        // "UpdateFunctionConfiguration MemorySize=2048 RevisionId=41"
    std::string traffic;                   // which traffic is affected
    std::string revert;                    // in words
    DesiredSettings revert_settings;       // settings that restore `before`
    std::string recommendation_id;
    Timestamp made_at{}, expires{};
    [[nodiscard]] bool vetoed() const;
};

enum class ChangeStatus { pending, applied, failed, refused, watching, kept, reverted, inconclusive };
[[nodiscard]] const char* name(ChangeStatus status);
[[nodiscard]] Result<ChangeStatus> parseChangeStatus(std::string_view text);

struct JournalEntry {
    std::int64_t sequence = 0;             // per change, from 1
    Timestamp time{};
    std::string step;                      // "started", "send UpdateFunctionConfiguration", "read back", "applied", "watch", "kept", ...
    std::string detail;                    // JSON or text; never a secret
};

struct Change {
    std::string id;
    std::string plan_id, function_id, profile;
    ChangeStatus status = ChangeStatus::pending;
    std::string detail;                    // why it is in this state
    std::vector<SettingChange> changes;
    Effect predicted;
    std::optional<Effect> realised;        // before = baseline, after = measured since
    std::optional<MoneyEstimate> predicted_saving_month, realised_saving_month;
    Timestamp started{}, applied{}, watch_until{}, decided{};
    std::string reverted_by;               // change id of the revert, or "watch"
};

} // namespace pilotlight
