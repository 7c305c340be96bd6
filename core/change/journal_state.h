// How far a change came, as its journal tells. Internal to core/change.
#pragma once

#include <string>
#include <vector>

#include "core/domain/change.h"
#include "core/platform/platform.h"

namespace pilotlight::change {

// Steps of the journal. What they announce happens only after they are on disk.
namespace entry {
inline constexpr const char* kStarted = "started";      // {"plan_id", "reverts", "by", "steps": [{operation, describe, arguments}]}
inline constexpr const char* kSend = "send";            // "send <operation>", {"index", "attempt"}
inline constexpr const char* kDone = "done";            // "done <operation>", {"index", "request_id", "output", "how": "sent"|"found"}
inline constexpr const char* kRestoring = "restoring";  // {"reason"}: from here on everything sent brings the old settings back
inline constexpr const char* kRestoreSend = "restore";  // "restore <operation>", {"describe"}
inline constexpr const char* kReadBack = "read back";
inline constexpr const char* kApplied = "applied";
inline constexpr const char* kFailed = "failed";
inline constexpr const char* kRefused = "refused";
inline constexpr const char* kWatch = "watch";  // {"look", "observed_until", ...}
inline constexpr const char* kHarm = "harm";
inline constexpr const char* kVerdict = "verdict";  // {"status"}
inline constexpr const char* kRealised = "realised";
}  // namespace entry

struct StepProgress {
    platform::ApplyStep step;
    int attempts = 0;  // times it was announced; > 0 without `done` = in doubt
    bool done = false;
};

struct JournalState {
    bool started = false;
    std::vector<StepProgress> steps;
    std::string context = "{}";  // merged output of the steps done
    std::string reverts;         // change that this one takes back; empty = none
    std::string by;              // "watch" where the watch asked for it
    bool restoring = false;
    std::string restore_reason;
    bool ended = false;          // applied, failed or refused
    int looks = 0;               // of the watch
    Timestamp observed_until{};  // of the last look
    Timestamp realised_at{};
    [[nodiscard]] bool anySent() const;
    [[nodiscard]] bool anyDone() const;
    [[nodiscard]] bool allDone() const;
};

[[nodiscard]] JournalState readJournal(const std::vector<JournalEntry>& journal);
// Members of `more` over those of `context`; both JSON objects.
[[nodiscard]] std::string mergedContext(const std::string& context, const std::string& more);

}  // namespace pilotlight::change
