// Gathers what is known of functions from one store. Internal to Workspace.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "core/store/store.h"
#include "core/tuning/evidence.h"
#include "core/workspace.h"

namespace pilotlight {

// What many functions have in common (profiles, prices, limits, targets) is read once. For one thread, like its store.
class EvidenceReader {
public:
    explicit EvidenceReader(store::Store& store) : store_(store) {}

    // What was read for one function, and what a narrower look at it needs.
    struct Gathered {
        tuning::Evidence evidence;
        std::vector<SeriesKey> keys;
        std::vector<store::Store::SettingsAt> seen;
    };
    [[nodiscard]] Result<Gathered> gather(const Function& function, TimeRange range);
    // The same evidence over a part of its range. Points and lines outside it stay; who measures looks at the range.
    [[nodiscard]] Status narrow(Gathered& gathered, TimeRange range);
    [[nodiscard]] store::Store& store() { return store_; }

    // By platform, region and architecture: the newest list read by then, else the bundled one.
    [[nodiscard]] Result<std::optional<PriceBook>> prices(const Function& function, Timestamp when);

private:
    [[nodiscard]] Result<std::map<std::string, double>> factors(const std::string& profile);
    [[nodiscard]] Result<std::optional<AccountLimits>> limits(const std::string& profile, const std::string& region);

    store::Store& store_;
    std::map<std::tuple<std::string, std::string, std::string, Timestamp>, std::optional<PriceBook>> prices_;
    std::map<std::string, std::map<std::string, double>> factors_;
    std::map<std::pair<std::string, std::string>, std::optional<AccountLimits>> limits_;
    std::optional<std::vector<Slo>> slos_;
    std::optional<std::map<std::string, std::vector<std::string>>> plans_;  // those that several apps share
};

// What the bill calls the service that runs it.
[[nodiscard]] const char* serviceName(const Function& function);
// One line of the Functions table from evidence.
[[nodiscard]] FunctionRow rowOf(const tuning::Evidence& evidence);
// Computed cost per UTC day and meter, with quantities, cut at what was read.
[[nodiscard]] Result<std::vector<CostLine>> dailyCosts(const tuning::Evidence& evidence);

}  // namespace pilotlight
