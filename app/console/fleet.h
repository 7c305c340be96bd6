// All that the fleet-wide pages show, read in one job and then immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/workspace.h"

namespace pilotlight::console {

// The global time range as the user wrote it; relative ones move with the clock (core/base/time.h has the grammar).
struct RangeText {
    std::string from = "now-14d";
    std::string to = "now";
    [[nodiscard]] Result<TimeRange> evaluate(Timestamp now) const;
    friend bool operator==(const RangeText&, const RangeText&) = default;
};

struct Fleet {
    RangeText text;
    TimeRange range;
    Timestamp now{};  // on the clock of the profiles shown
    std::vector<ProfileHealth> profiles;
    std::vector<FunctionRow> functions;
    std::vector<Recommendation> recommendations;
    std::vector<Change> changes;               // newest first
    std::vector<CostLine> costs;               // computed, by function, day and meter
    // The range as long as this one that ended where it begins, for comparison; empty unless asked for.
    bool compared = false;
    std::vector<CostLine> costs_before;
    std::vector<CostLine> grants;              // most that free grants take off `costs`: of accounts, not of functions
    std::vector<store::ImportRecord> imports;  // newest first
    std::vector<Slo> slos;
    std::vector<Error> problems;  // parts of this that could not be read

    [[nodiscard]] const FunctionRow* function(const std::string& id) const;
    [[nodiscard]] const ProfileHealth* profile(const std::string& name) const;
    [[nodiscard]] const Recommendation* recommendation(const std::string& function_id) const;
    [[nodiscard]] std::optional<Timestamp> dataAsOf() const;  // oldest of the profiles'
};

// `compare`: also the costs of the range before. Errors: what makes everything useless (no workspace, a range that is off). The rest ends up in
// `problems`.
[[nodiscard]] Result<std::shared_ptr<const Fleet>> readFleet(Workspace& workspace, const RangeText& range, bool compare, const JobContext& job);

// Something that wants a person's eye.
struct Need {
    enum class Level { note, watch, caution, bad };
    Level level = Level::note;
    std::string text;         // "speech-to-text throttled 214 times"
    std::string figure;       // "14 min", "$41/mo"; may be empty
    std::string function_id;  // where to go; empty = `page`
    std::string page;         // "connections", "changes"
    std::string key;          // stable identity
};
// Worst first. Pure.
[[nodiscard]] std::vector<Need> needsOf(const Fleet& fleet);

}  // namespace pilotlight::console
