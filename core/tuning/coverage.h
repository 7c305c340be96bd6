// Which part of the evidence's range was read. What was not read is unknown, not without traffic: sums are over `parts` alone.
#pragma once

#include <string>

#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

struct Coverage {
    RangeSet parts;            // read, within the evidence's range and the function's life
    TimeRange period;          // from the first to the last of them; the whole range where nothing was read
    milliseconds asked{0};     // from the range's begin to the period's end: the time after what was read last is not missing, it is late
    bool born = false;         // the function is taken to be new: its life begins at its first invocation
    [[nodiscard]] milliseconds length() const { return parts.length(); }
    // More than 2 % of what was asked for is not known.
    [[nodiscard]] bool incomplete() const { return length() < asked - asked / 50; }
    // "2.0 of 14.0 days were read: ..."; empty where it is complete.
    [[nodiscard]] std::string caution() const;
};

// By the counts of invocations, else by complete logs. A function that was first seen and last modified within the range and was silent
// at its begin for over a day, and for over three times the longest silence since, is taken to have been created at its first invocation:
// its life counts, of at least a day. No platform that is read says when a function was created.
[[nodiscard]] Coverage coverageOf(const Evidence& evidence);

// Standard deviation of the logarithm of the range's traffic over that of the parts that were read, 0 where it is complete. From the
// spread between whole days that were read and, where those are few, an assumed 30 % (weight of three days): sd^2 = v (1/n - 1/N) for n
// of N days (sampling without replacement).
[[nodiscard]] double demandSpread(const Evidence& evidence, const Coverage& coverage);

}  // namespace pilotlight::tuning
