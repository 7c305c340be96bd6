// Workspace: what charts and single functions read.
#include "core/workspace_evidence.h"
#include "core/workspace_impl.h"

namespace pilotlight {

Result<store::DataVersion> Workspace::version() {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->version();
}

Result<FunctionRow> Workspace::functionRow(std::string_view id_or_name, TimeRange range) {
    PILOTLIGHT_ASSIGN(const auto found, function(id_or_name));
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto gathered, EvidenceReader(*store).gather(found, range));
    return rowOf(gathered.evidence);
}

Result<Function> Workspace::function(std::string_view id_or_name) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->function(id_or_name);
}

Result<MetricSeries> Workspace::metrics(const SeriesKey& key, TimeRange range, seconds period) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    auto stored = key;
    PILOTLIGHT_ASSIGN(const auto keys, store->seriesKeys(key.function_id));
    bool found = false;
    for (const auto& other : keys) {
        if (other.metric != key.metric || other.statistic != key.statistic || other.qualifier != key.qualifier) continue;
        if (!found || other.period < stored.period) stored.period = other.period;
        found = true;
    }
    if (!found)
        return fail(ErrorCode::not_found, std::string("No ") + name(key.statistic) + " of " + name(key.metric) + " has been read for this function",
                    "It is unknown, not zero", "Sync the range first, or choose another statistic");
    if (period.count() == 0 || period == stored.period) return store->series(stored, range);
    return store->rolledUp(stored, range, period);
}

Result<InvocationLog> Workspace::invocations(const std::string& function_id, TimeRange range) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->invocations(function_id, range);
}

Result<std::vector<store::ImportRecord>> Workspace::imports(std::size_t newest) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->imports(newest);
}

} // namespace pilotlight
