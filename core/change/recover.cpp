// ChangeService: what a crash, a stop or a lost reply left open.
#include "core/change/change_service.h"
#include "core/change/journal_state.h"
#include "core/change/road.h"

namespace pilotlight::change {

Result<ApplyResult> ChangeService::resume(const Change& change, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto journal, store_.journal(change.id));
    const JournalState state = readJournal(journal);
    PILOTLIGHT_ASSIGN(const Plan plan, store_.plan(change.plan_id));
    Road road(store_, platform_, options_, change, plan, state, job);
    if (!state.anySent() && !state.restoring)
        return road.end(ChangeStatus::failed, "The program ended before anything was sent. Nothing was changed.");
    const bool expired = platform_.clock()->now() >= plan.expires;
    if (state.restoring || state.allDone() || !expired) return road.drive();
    // Confirmed too long ago to go on unseen.
    return road.restore("The program ended half-way, and the plan has expired since.");
}

Result<std::vector<Change>> ChangeService::recover(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto all, store_.changes());
    std::vector<Change> out;
    for (const auto& change : all) {
        if (change.status != ChangeStatus::pending || change.profile != platform_.profile().name) continue;
        PILOTLIGHT_TRY(job.check());
        PILOTLIGHT_TRY(resume(change, job));
        PILOTLIGHT_ASSIGN(auto now, store_.change(change.id));
        out.push_back(std::move(now));
    }
    return out;
}

}  // namespace pilotlight::change
