// The journal of a change in words: one line for each call, look or verdict.
#pragma once

#include <QString>
#include <vector>

#include "core/domain/change.h"

namespace pilotlight::console {

struct JournalLine {
    Timestamp time{};
    QString text;     // "UpdateFunctionConfiguration MemorySize=2048"
    QString outcome;  // "done", "sent, no answer yet", "no harm in 262 invocations"; may be empty
    bool call = false;  // text is what was sent, to be set in the monospaced font
    QString raw;      // what the journal holds, for the tooltip
};

// Entries of one change in order. What cannot be read as JSON is shown as it stands.
[[nodiscard]] std::vector<JournalLine> journalLines(const std::vector<JournalEntry>& journal);

}  // namespace pilotlight::console
